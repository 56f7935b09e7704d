"""A child process of ours: output in files, and an end that is certain.

`python -m local.run`, the Azurite launcher and the tests start their processes with it.
"""

import os
import signal
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.tether import tethered

STOP_GRACE_SECONDS = 10.0
"""From SIGTERM to SIGKILL. Azurite waits up to 5 s for clients that keep connections alive."""


class Child:
    """One process, not yet started.

    `outputs` is a folder: standard output goes to `<name>.out` there, standard error to `<name>.log`. Both start
    empty. `keep_fds` stay open in the child. The child has a session of its own, so that Ctrl-C reaches only us and
    we choose the order in which things end; `on_parent_death` is what it gets if we are killed.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        outputs: Path,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        keep_fds: Sequence[int] = (),
        on_parent_death: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = name
        self.log = outputs / f"{name}.log"
        self._out = outputs / f"{name}.out"
        self._command = tethered(command, on_parent_death)
        self._cwd = cwd
        self._env = dict(os.environ if env is None else env)
        self._keep_fds = tuple(keep_fds)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; call it from the main thread (see local.tether)."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self._out.open("wb") as out, self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is our own
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                cwd=self._cwd,
                env=self._env,
                pass_fds=self._keep_fds,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The id of the started process."""
        return self._started.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs, then its exit status; minus the signal's number if a signal ended it."""
        return self._started.poll()

    def output_lines(self) -> list[str]:
        """Return the complete lines on standard output so far."""
        text = self._out.read_text(errors="replace")
        return text[: text.rfind("\n") + 1].splitlines()

    def log_tail(self, lines: int = 20) -> str:
        """Return the end of standard error, or of standard output if that is empty."""
        for path in (self.log, self._out):
            with path.open(errors="replace") as stream:
                if tail := "".join(deque(stream, maxlen=lines)).rstrip():
                    return tail
        return ""

    def stop(self, grace: float = STOP_GRACE_SECONDS) -> None:
        """End the process: SIGTERM, and SIGKILL after `grace` seconds. Does nothing if it has ended."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._process
