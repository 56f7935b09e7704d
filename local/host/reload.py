"""`--reload`: a supervisor that runs the host as its child, and starts it again when files of the app change.

The supervisor holds the port and hands its socket to each child, so that requests made meanwhile wait for the next
one. The state file stays, so orchestrations go on. The child cannot outlive the supervisor, however that ends.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from watchfiles import Change, watch

from local.tether import tethered

LISTENER_OPTION = "--listener-fd"
"""How the child gets the socket: by the number of its file descriptor."""

STOP_SECONDS = 10.0
"""From SIGTERM to SIGKILL; the host itself gives its functions three seconds."""

_CONFIGURATION = ("host.json", "local.settings.json")
_IGNORED = ("__pycache__", "node_modules")
_POLL_MILLISECONDS = 200
"""How soon the end of the child, or a stop, is noticed."""

_DEBOUNCE_MILLISECONDS = 1000
_QUIET_MILLISECONDS = 50
"""Changes that follow each other this closely are one, but never for longer than the above."""

logger = logging.getLogger(__name__)


def supervise(directory: Path, arguments: Sequence[str], listener: socket.socket, stop: threading.Event) -> None:
    """Run `python -m local.host` with these arguments and the socket, and again at each change, until `stop` is set.

    Call it from the main thread (see local.tether). A host that ends by itself, as it does when the app cannot be
    imported, has said why; it starts again at the next change.
    """
    known = _stamps(_folders(directory))
    host = _Host(arguments, listener)
    host.start()
    try:
        for now in _looks(directory, known, stop):
            changed = sorted(path for path in known.keys() | now.keys() if known.get(path) != now.get(path))
            known = now
            if changed:
                names = ", ".join(str(path.relative_to(directory)) for path in changed)
                logger.info("Changed: %s. Starting the host again", names)
                host.stop()
                host.start()
            host.look()
    finally:
        host.stop()


class _Host:
    """The child. It is in our process group: Ctrl-C reaches both, and it may read from the terminal (breakpoint())."""

    def __init__(self, arguments: Sequence[str], listener: socket.socket) -> None:
        self._fd = listener.fileno()
        # -B: a cached module is told from its source by seconds and size, and edits may be quicker.
        self._command = tethered([sys.executable, "-B", "-m", "local.host", *arguments, LISTENER_OPTION, str(self._fd)])
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # Until the host listens to signals itself, Ctrl-C is for us alone: it must not end an import with a traceback.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process = subprocess.Popen(self._command, pass_fds=[self._fd])  # noqa: S603 - our own command
        finally:
            signal.signal(signal.SIGINT, before)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            logger.warning("The host has not stopped within %d s and is killed", STOP_SECONDS)
            process.kill()
            process.wait()

    def look(self) -> None:
        """Say so, once, if the child has ended by itself."""
        status = self._process.poll() if self._process else None
        if status is not None:
            logger.warning("The host has ended (exit status %d). It starts again at the next change", status)
            self._process = None


Stamps = dict[Path, tuple[int, int]]
"""Of each file that matters, the time of its last change and its size."""


def _looks(directory: Path, known: Stamps, stop: threading.Event) -> Iterator[Stamps]:
    """Yield the stamps whenever something may have changed, and the last ones again while nothing does.

    Folders are watched one by one, because a recursive watch would walk a virtual environment or node_modules too.
    So the watch begins anew when there are others, and then looks for itself at what it may have missed.
    """
    now = known
    while not stop.is_set():
        folders = _folders(directory)
        changes = watch(
            *folders,
            watch_filter=_may_matter,
            debounce=_DEBOUNCE_MILLISECONDS,
            step=_QUIET_MILLISECONDS,
            stop_event=stop,
            rust_timeout=_POLL_MILLISECONDS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
        )
        try:
            for number, change in enumerate(changes):
                if change or number == 0:
                    now = _stamps(folders)
                yield now
                if (change or number == 0) and _folders(directory) != folders:
                    break
        except FileNotFoundError:  # a folder that went while the watch began
            stop.wait(_POLL_MILLISECONDS / 1000)


def _may_matter(_: Change, path: str) -> bool:
    """Let through the files that matter, and what may be a folder; the stamps tell whether there is a change."""
    name = Path(path).name
    return _matters(name) or "." not in name


def _matters(name: str) -> bool:
    return name.endswith(".py") or name in _CONFIGURATION


def _folders(directory: Path) -> list[Path]:
    """Return the folders of the app: none that is hidden, generated, or a virtual environment."""
    found: list[Path] = []
    for folder, names, files in os.walk(directory):
        if "pyvenv.cfg" in files:
            names.clear()
            continue
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _IGNORED)
        found.append(Path(folder))
    return found


def _stamps(folders: Sequence[Path]) -> Stamps:
    stamps: Stamps = {}
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if _matters(entry.name):
                        status = entry.stat()
                        stamps[Path(entry.path)] = (status.st_mtime_ns, status.st_size)
        except FileNotFoundError:  # it went meanwhile; the next look sees that
            continue
    return stamps
