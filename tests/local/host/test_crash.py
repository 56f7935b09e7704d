"""A host that is killed at any moment and started again: nothing is lost, nothing doubled, nothing hangs."""

import random
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.local.host import statefile
from tests.local.host.conftest import Hub, Process, connected, kinds

SEED = 20260101
KILLS = 15
MOST_JOURNEYS = 45
SLOWEST_KILL_SECONDS = 0.4

pytestmark = pytest.mark.timeout(110)


def expected(me: str) -> list[Any]:
    sides = [f"did {me}/side-{number}" for number in range(3)]
    middle = [f"did {me}/retried", f"did {me}/leg", {"for": me}, "rounds done"]
    return [f"did {me}/first", *sides, *middle, f"did {me}/last"]


def steps(me: str) -> set[str]:
    inner = {f"{me}/{name}" for name in ("first", "side-0", "side-1", "side-2", "retried", "leg", "last")}
    return inner | {f"{me}-rounds/{left}" for left in range(1, 5)}


class Traveller:
    """Starts journeys and sends their events while hosts come and go, and remembers what it was promised."""

    def __init__(self) -> None:
        self.asked = 0
        self.accepted: list[str] = []
        self.sent: set[str] = set()

    def travel(self, hub: Hub) -> None:
        """Use a host until it dies, which may be in the middle of a request."""
        try:
            while hub.http.get("/admin/host/status"):
                if self.asked < MOST_JOURNEYS:
                    self.asked += 1
                    self.accepted.append(hub.start("journey", instance_id=f"journey-{self.asked}"))
                self.send_events(hub)
        except httpx.TransportError:
            return

    def send_events(self, hub: Hub) -> None:
        """Send each journey the event it waits for; one that was sent without an answer may have arrived."""
        for me in self.accepted:
            if me in self.sent:
                continue
            seen = kinds(hub.status(me))
            if "SubOrchestrationInstanceCompleted" in seen and "EventRaised" not in seen:
                hub.event(me, "Arrived", {"for": me})
            if "SubOrchestrationInstanceCompleted" in seen:
                self.sent.add(me)

    def find_unpromised(self, hub: Hub) -> None:
        """Count in the journeys that began although the host died before it could say so."""
        there = _ids(hub)
        everything = [f"journey-{number + 1}" for number in range(self.asked)]
        assert set(self.accepted) <= there
        self.accepted = [me for me in everything if me in there]


def test_killed_again_and_again_every_accepted_journey_ends_as_it_should(
    process: Callable[..., Process], apps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace"
    monkeypatch.setenv("CRASH_TRACE", str(trace))
    chance = random.Random(SEED)  # noqa: S311 - for a test that can be repeated
    traveller = Traveller()
    for _ in range(KILLS):
        host = process(apps / "crash", "--port", "0", "--log-level", "error")
        url = host.ready()["url"]
        killer = threading.Timer(chance.uniform(0.0, SLOWEST_KILL_SECONDS), host.signal, [signal.SIGKILL])
        killer.start()
        with connected(url) as hub:
            traveller.travel(hub)
        killer.join()
        assert host.wait() == -signal.SIGKILL
        assert statefile.read(tmp_path / "state.sqlite").faults() == []
    host = process(apps / "crash", "--port", "0", "--log-level", "error")
    with connected(host.ready()["url"]) as hub:
        traveller.find_unpromised(hub)
        check(hub, traveller, trace)
    assert "engine has failed" not in host.log.read_text()


def check(hub: Hub, traveller: Traveller, trace: Path) -> None:
    """Let every journey end, then look at results, histories and the trace of the steps."""
    journeys = traveller.accepted
    assert len(journeys) > KILLS
    while len(traveller.sent) < len(journeys):
        traveller.send_events(hub)
    for me in journeys:
        status = hub.completed(me)
        assert status["output"] == expected(me)
        counted = Counter(kinds(status))
        # Each effect is in the history once: three side steps, the retry's failure at most once, two children …
        assert counted["TaskCompleted"] == 6, status["historyEvents"]
        assert counted["TaskFailed"] <= 1
        assert counted["SubOrchestrationInstanceCompleted"] == 2
        assert counted["EventRaised"] == 1
        assert counted["ExecutionCompleted"] == 1
    ran = Counter(trace.read_text().splitlines())
    wanted = set().union(*(steps(me) for me in journeys))
    assert wanted <= set(ran)
    assert len(_ids(hub)) == 3 * len(journeys)


def _ids(hub: Hub) -> set[str]:
    return {each["instanceId"] for each in hub.http.get(f"{hub.base}/instances?top=10000").json()}


def test_a_timer_rings_after_a_restart_at_the_time_it_was_set_for(
    process: Callable[..., Process], apps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_TRACE", str(tmp_path / "trace"))
    host = process(apps / "features", "--port", "0")
    with connected(host.ready()["url"]) as hub:
        instance_id = hub.start("timer")
        before = hub.until(instance_id, lambda status: "TimerCreated" in kinds(status))
    host.signal(signal.SIGKILL)
    host.wait()
    with connected(process(apps / "features", "--port", "0").ready()["url"]) as hub:
        after = hub.completed(instance_id)
    due = [event["FireAt"] for event in before["historyEvents"] if event["EventType"] == "TimerCreated"]
    rung = [event["FireAt"] for event in after["historyEvents"] if event["EventType"] == "TimerFired"]
    assert due == rung


def test_a_stopped_host_lets_its_work_end_and_resumes_the_rest(
    process: Callable[..., Process], apps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM: exit status 0, an activity that ends in time runs once, one that does not runs again."""
    trace = tmp_path / "trace"
    trace.touch()
    monkeypatch.setenv("CRASH_TRACE", str(trace))
    host = process(apps / "crash", "--port", "0")
    with connected(host.ready()["url"]) as hub:
        hub.start("endless", instance_id="restless")
        short, long = hub.start("sleeper", 0.3), hub.start("sleeper", 30)
        hub.until(long, lambda _: trace.read_text().count("sleep") == 2)
    host.signal(signal.SIGTERM)
    assert host.wait() == 0
    with connected(process(apps / "crash", "--port", "0").ready()["url"]) as hub:
        assert hub.completed(short)["output"] == "slept"
        hub.until(long, lambda _: trace.read_text().count("sleep") == 3)
        assert hub.status(long)["runtimeStatus"] == "Running"
        assert hub.status("restless")["runtimeStatus"] == "Running"


def test_a_request_to_a_dead_host_fails_and_the_state_file_is_free(process: Callable[..., Process], apps: Path) -> None:
    host = process(apps / "web", "--port", "0")
    url = host.ready()["url"]
    host.signal(signal.SIGKILL)
    host.wait()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    assert process(apps / "web", "--port", "0").ready()["taskHub"] == "TestHubName"
