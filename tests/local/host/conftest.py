"""Shared by the tests of the local host: small apps, hosts that run them, and a client of the public API."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

APPS = Path(__file__).parent / "apps"
ROOT = Path(__file__).parents[3]

DEADLINE_SECONDS = 20.0
POLL_SECONDS = 0.01

Json = Any


class Hub:
    """The public management API of a running host, and waiting for what it shows."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=DEADLINE_SECONDS)
        self.base = "/runtime/webhooks/durabletask"

    def start(self, name: str, data: Json = None, instance_id: str | None = None) -> str:
        """Start an instance; the input goes in double-encoded, as the SDK's client does it."""
        path = f"{self.base}/orchestrators/{name}" + (f"/{instance_id}" if instance_id else "")
        response = self.http.post(path, json=None if data is None else json.dumps(data))
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    def status(self, instance_id: str, *, history: bool = True) -> dict[str, Json]:
        query = {"showHistory": str(history).lower(), "showHistoryOutput": "true"}
        response = self.http.get(f"{self.base}/instances/{instance_id}", params=query)
        assert response.status_code in (200, 202), response.status_code
        body: dict[str, Json] = response.json()
        return body

    def event(self, instance_id: str, name: str, data: Json) -> None:
        path = f"{self.base}/instances/{instance_id}/raiseEvent/{name}"
        response = self.http.post(path, content=json.dumps(data), headers={"Content-Type": "application/json"})
        assert response.status_code == 202, response.text

    def until(
        self, instance_id: str, met: Callable[[dict[str, Json]], object], *, history: bool = True
    ) -> dict[str, Json]:
        """Poll an instance's status until the condition is met."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            status = self.status(instance_id, history=history)
            if met(status):
                return status
            assert time.monotonic() < deadline, status
            time.sleep(POLL_SECONDS)

    def ended(self, instance_id: str, *, history: bool = True) -> dict[str, Json]:
        over = lambda status: status["runtimeStatus"] not in ("Pending", "Running")  # noqa: E731
        return self.until(instance_id, over, history=history)

    def completed(self, instance_id: str) -> dict[str, Json]:
        status = self.ended(instance_id)
        assert status["runtimeStatus"] == "Completed", status
        return status

    def run(self, name: str, data: Json = None) -> Json:
        """Run an instance to its end and return its output."""
        return self.completed(self.start(name, data))["output"]

    def failed(self, name: str, data: Json = None) -> str:
        """Run an instance that must fail and return why it did."""
        status = self.ended(self.start(name, data))
        assert status["runtimeStatus"] == "Failed", status
        return str(status["output"])


def kinds(status: dict[str, Json]) -> list[str]:
    """Return the kinds of a status's history events, in order."""
    return [event["EventType"] for event in status.get("historyEvents", ())]


class Process:
    """A host in a process of its own, whose stdout is read and whose stderr goes to a file."""

    def __init__(self, app: Path, state: Path, *options: str) -> None:
        self.log = state.with_suffix(".log")
        command = [sys.executable, "-m", "local.host", "--app", str(app), "--state", str(state), *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, env=os.environ | {"PYTHONWARNINGS": "error"}
            )

    def ready(self) -> dict[str, str]:
        """Wait until it answers, and return the line it announces that with."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.log.read_text()
        announced: dict[str, str] = json.loads(line)
        return announced

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(DEADLINE_SECONDS)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def connected(url: str) -> Iterator[Hub]:
    """A client of a host, closed with the block."""
    client = Hub(url)
    try:
        yield client
    finally:
        client.http.close()


@pytest.fixture(name="apps")
def _apps() -> Path:
    return APPS


@pytest.fixture(name="process")
def _process(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start hosts in processes of their own; they end with the test."""
    started: list[Process] = []

    def start(app: Path, *options: str, state: Path | None = None) -> Process:
        started.append(Process(app, state or tmp_path / "state.sqlite", *options))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture(name="write_app")
def _write_app(tmp_path: Path) -> Callable[..., Path]:
    """Write an app folder from the body of its function_app.py."""

    def write(body: str, host: dict[str, Json] | None = None, settings: dict[str, Json] | None = None) -> Path:
        folder = tmp_path / "app"
        folder.mkdir(exist_ok=True)
        head = "import azure.durable_functions as df\nimport azure.functions as func\n\napp = df.DFApp()\n"
        (folder / "function_app.py").write_text(head + body)
        (folder / "host.json").write_text(json.dumps(host or {"version": "2.0"}))
        if settings is not None:
            (folder / "local.settings.json").write_text(json.dumps(settings))
        return folder

    return write
