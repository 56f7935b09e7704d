"""`python -m local.run` as a process, over a fake of the API."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]
FAKE_APP = Path(__file__).resolve().parent / "fake_app"
DEADLINE_SECONDS = 60.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Poll until the condition holds; fails with `what` after the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.05)


class Run:
    """One `python -m local.run` over the fake app, with its data in `data`."""

    def __init__(self, data: Path, outcome: str, *options: str) -> None:
        self.data = data
        self._output = data.parent / f"output-{time.monotonic_ns()}"
        environment = {**os.environ, "FAKE_OUTCOME": outcome, "FAKE_STATE": str(data.parent / "fake.json")}
        command = [sys.executable, "-m", "local.run", "--free-ports", "--app", str(FAKE_APP), "--data", str(data)]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                [*command, *options],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, text: str) -> None:
        """Wait until the run has printed a text."""
        wait_until(lambda: text in self.output or self._process.poll() is not None, f"printed {text!r}: {self.output}")
        assert text in self.output

    def wait(self) -> int:
        """Wait for the end, and return the exit status."""
        return self._process.wait(DEADLINE_SECONDS)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def processes(self) -> list[psutil.Process]:
        """Return all living processes of the run: each has its data folder on its command line."""
        return [process for process in psutil.process_iter() if str(self.data) in _command_line(process)]

    def service(self, name: str) -> psutil.Process:
        """Return the process of a service, such as host."""
        return next(process for process in self.processes() if f"local.{name}" in _command_line(process))

    def url(self, title: str) -> str:
        """Return the URL that the run has printed for a service."""
        match = re.search(rf"{title} +(https?://\S+)", self.output)
        assert match is not None, self.output
        return match[1]

    def end(self) -> None:
        """End it, however it is."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(DEADLINE_SECONDS)
        wait_until(lambda: not self.processes(), "all processes of the run have ended")


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(name="start_run")
def _start_run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Return a function that starts a run with an outcome and options; all runs of a test share their data."""
    runs = []

    def start_run(outcome: str, *options: str) -> Run:
        runs.append(Run(tmp_path / "data", outcome, *options))
        return runs[-1]

    yield start_run
    for run in runs:
        run.end()


@pytest.fixture(name="wait_until")
def _wait_until() -> Callable[[Callable[[], bool], str], None]:
    return wait_until
