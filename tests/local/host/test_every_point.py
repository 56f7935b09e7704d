"""A host dies after every single step of its work, one after the other, and the next one ends what it began."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.host.durable.history import EventType
from local.host.server import listen
from tests.local.host import statefile
from tests.local.host.conftest import ROOT, Hub, connected
from tests.local.host.mortal import POINTS

FEWEST = 10
"""So often at least does the orchestration come to each of the points."""

pytestmark = pytest.mark.timeout(110)


class Lives:
    """Hosts, one life after the other; the first one dies at a point, if it comes to it."""

    def __init__(self, process: subprocess.Popen[str], app: Path) -> None:
        self._process = process
        self._app = app
        with closing(listen(0)) as listener:
            self._port = str(listener.getsockname()[1])

    def live(self, state: Path, use: Callable[[Hub], None], end: signal.Signals, **death: Any) -> int:
        """Run a host for as long as it is used, or until it dies; returns its exit status. `end` is how it is ended."""
        arguments = ["--app", str(self._app), "--state", str(state), "--port", self._port, "--log-level", "error"]
        self._say({"arguments": arguments, **death})
        said = self._hear()
        if "url" in said:
            with connected(said["url"]) as hub:
                _use(hub, use, end)
            said = self._hear()
        return int(said["ended"])

    def _say(self, life: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(life) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line: dict[str, Any] = json.loads(self._process.stdout.readline())
        return line


def _use(hub: Hub, use: Callable[[Hub], None], end: signal.Signals) -> None:
    """Use a host and end it; it may die in the middle of that."""
    try:
        process = hub.http.get("/admin/host/status").json()["processId"]
        use(hub)
        os.kill(process, end)
    except httpx.TransportError:
        pass


@pytest.fixture(name="lives")
def _lives(apps: Path, tmp_path: Path) -> Iterator[Lives]:
    log = tmp_path / "log"
    environment = os.environ | {"CRASH_TRACE": str(tmp_path / "trace")}
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.local.host.mortal"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    try:
        yield Lives(process, apps / "crash")
    finally:
        process.kill()
        process.communicate()
    assert "engine has failed" not in log.read_text()


class Guide:
    """Starts the orchestration, and tells it what it waits for: each thing once, whatever a dying host answered."""

    def __init__(self, me: str, state: Path) -> None:
        self._me = me
        self._is_started, self._has_sent = _told(me, state)

    def __call__(self, hub: Hub) -> None:
        """Stay with a host until everything is done."""
        if not self._is_started:
            hub.start("everything", f"{hub.http.base_url}/ping", self._me)
        status = hub.until(self._me, lambda status: self._help(hub, status))
        assert status["runtimeStatus"] == "Completed", status

    def _help(self, hub: Hub, status: dict[str, Any]) -> bool:
        """Give an orchestration what it waits for; returns whether it has ended."""
        instance = f"{hub.base}/instances/{self._me}"
        if status["customStatus"] == "waiting" and not self._has_sent:
            hub.http.post(f"{instance}/suspend")
            hub.event(self._me, "Arrived", "here")
            self._has_sent = True
        if status["runtimeStatus"] == "Suspended" and self._has_sent:
            hub.http.post(f"{instance}/resume")
        return status["runtimeStatus"] not in statefile.ACTIVE


def _told(me: str, path: Path) -> tuple[bool, bool]:
    """Whether an earlier host took in the orchestration's start, and its event."""
    if not path.exists():
        return False, False
    state = statefile.read(path)
    if me not in state.instances:
        return False, False
    events = [event for owner, event in state.messages if owner == me] + state.instances[me].events
    return True, any(event.get("Name") == "Arrived" for event in events)


@pytest.mark.parametrize("point", POINTS)
def test_wherever_a_host_dies_the_next_one_ends_its_work(lives: Lives, tmp_path: Path, point: str) -> None:
    """Killed when it comes to the point for the first time, for the second, … until it never does any more."""
    for number in count(1):
        me, path = f"me-{number}", tmp_path / f"{number}.sqlite"
        exit_status = lives.live(path, Guide(me, path), signal.SIGTERM, point=point, number=number)
        if exit_status != 0:
            assert exit_status == -signal.SIGKILL
            assert statefile.read(path).faults() == []
            # Whoever has seen the end may kill the host: nothing is left to do.
            assert lives.live(path, Guide(me, path), signal.SIGKILL) == -signal.SIGKILL
        check(me, statefile.read(path))
        if exit_status == 0:
            break
    assert number > FEWEST


def check(me: str, state: statefile.StateFile) -> None:
    """Everything is done, and each effect is there once."""
    assert state.faults() == []
    assert state.leftovers() == []
    assert sorted(state.instances) == [me, f"{me}-leg", f"{me}-rounds"]
    assert {each.status for each in state.instances.values()} == {"Completed"}
    assert state.entities == {f"@till@{me}": 3}
    counted = Counter(event["EventType"] for event in state.instances[me].events)
    work = [f"did {me}/{step}" for step in ("first", "side-0", "side-1", "retried", "leg")]
    assert state.instances[me].output == [*work, "rounds done", 3, "pong", "here"]
    assert counted[EventType.TASK_COMPLETED] == 5
    assert counted[EventType.TASK_FAILED] <= 1
    assert counted[EventType.EVENT_RAISED] == 2  # the entity's answer, and ours
