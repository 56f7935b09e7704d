"""Hosts inside this process: for tests, one at a time, and how they end when something breaks."""

import asyncio
import contextlib
import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import azure.functions as func
import httpx
import pytest

from local.host.durable.store import Store
from local.host.errors import AddressTaken, HostError
from local.host.server import running
from tests.local.host.conftest import APPS, ROOT, connected, kinds


def test_an_app_object_runs_without_a_folder() -> None:
    app = func.FunctionApp()

    @app.route(route="hi")
    def hi(req: func.HttpRequest) -> str:
        return "hi"

    for _ in range(2):
        with running(app) as host:
            assert httpx.get(f"{host.url}/api/hi").text == "hi"


def test_no_more_activities_run_at_a_time_than_host_json_allows(write_app: Callable[..., Path]) -> None:
    body = """
import asyncio
running = [0, 0]

@app.activity_trigger(input_name="x")
async def busy(x):
    running[0] += 1
    running[1] = max(running)
    await asyncio.sleep(0.01)
    running[0] -= 1
    return running[1]

@app.orchestration_trigger(context_name="context")
def many(context):
    return max((yield context.task_all([context.call_activity("busy", number) for number in range(20)])))
"""
    folder = write_app(body, {"version": "2.0", "extensions": {"durableTask": {"maxConcurrentActivityFunctions": 3}}})
    with running(folder) as host, connected(host.url) as hub:
        assert hub.run("many") == 3


def test_an_instance_goes_on_in_the_next_host_on_its_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    with running(APPS / "features", state=state) as host, connected(host.url) as hub:
        instance_id = hub.start("late_waits")
        hub.event(instance_id, "Begin", None)
        hub.until(instance_id, lambda status: "EventRaised" in kinds(status))
    with running(APPS / "features", state=state) as host, connected(host.url) as hub:
        hub.event(instance_id, "Item", 1)
        hub.until(instance_id, lambda status: kinds(status).count("EventRaised") == 2)
    with running(APPS / "features", state=state) as host, connected(host.url) as hub:
        hub.event(instance_id, "Item", 2)
        assert hub.completed(instance_id)["output"] == [1, 2]


def test_an_instance_whose_function_is_gone_fails_and_says_so(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    with running(APPS / "features", state=state) as host, connected(host.url) as hub:
        instance_id = hub.start("one_event")
        hub.until(instance_id, lambda status: status["runtimeStatus"] == "Running")
    with running(APPS / "web", state=state) as host, connected(host.url) as hub:
        hub.event(instance_id, "Go", 1)
        assert (
            "The function 'one_event' doesn't exist, is disabled, or is not an orch" in hub.ended(instance_id)["output"]
        )


def test_two_hosts_do_not_fit_into_one_process() -> None:
    with (
        running(APPS / "web"),
        pytest.raises(HostError, match="running in this process already"),
        running(APPS / "web"),
    ):
        raise AssertionError("it runs")


def test_a_taken_port_stops_the_start() -> None:
    with running(APPS / "web") as host:
        port = int(host.url.rpartition(":")[2])
        with pytest.raises(AddressTaken, match=str(port)), running(APPS / "web", port=port):
            raise AssertionError("it runs")


def test_a_store_that_breaks_stops_the_host_loudly(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk, say: nobody hangs, and whoever waits is told."""

    def broken(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Store, "append_history", broken)
    with pytest.raises(HostError, match="has failed"), running(APPS / "features") as host:  # noqa: PT012 - it takes both
        response = httpx.post(f"{host.url}/runtime/webhooks/durabletask/orchestrators/nothing")
        assert response.status_code in (202, 503)
    assert "no space left" in caplog.text


@pytest.mark.parametrize("step", ["append_history", "update_instance", "add_activities", "add_messages", "consume"])
@pytest.mark.parametrize("call", [1, 2, 4])
def test_a_round_that_breaks_anywhere_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, call: int
) -> None:
    """Whichever write of an episode breaks, the next host finds the state before it, and goes on from there."""
    state = tmp_path / "state.sqlite"
    whole = getattr(Store, step)
    monkeypatch.setattr(Store, step, breaking_after(call, whole))
    with pytest.raises(HostError):
        use_until_it_fails(state)
    monkeypatch.setattr(Store, step, whole)
    with running(APPS / "features", state=state) as host, connected(host.url) as hub:
        hub.http.post(f"{hub.base}/orchestrators/everything/me")
        status = hub.completed("me")
        assert status["output"] == ["Hello Bob", 9, [0, 1]]
        middle = ["TaskCompleted", "TimerCreated", "TimerFired", "SubOrchestrationInstanceCompleted"]
        assert kinds(status) == ["ExecutionStarted", *middle, *["TaskCompleted"] * 2, "ExecutionCompleted"]


def use_until_it_fails(state: Path) -> None:
    gone = contextlib.suppress(httpx.TransportError)
    with running(APPS / "features", state=state) as host, connected(host.url) as hub, gone:
        while hub.http.post(f"{hub.base}/orchestrators/everything/me"):
            pass


def breaking_after(calls: int, method: Callable[..., None]) -> Callable[..., None]:
    """Wrap a method so that its n-th call raises, when it has done its work."""
    counter = itertools.count(1)

    def wrapped(*arguments: object) -> None:
        method(*arguments)
        if next(counter) == calls:
            raise OSError("no space left")

    return wrapped


def test_a_body_that_fails_does_not_keep_its_host() -> None:
    with pytest.raises(ZeroDivisionError), running(APPS / "web") as host:
        raise ZeroDivisionError
    with pytest.raises(httpx.ConnectError):
        httpx.get(host.url)


def test_a_running_loop_is_left_alone() -> None:
    """The host has a loop of its own, so an asynchronous test can use one too."""

    async def use() -> int:
        with running(APPS / "web") as host:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{host.url}/admin/host/status")).status_code

    assert asyncio.run(use()) == 200


def test_an_app_without_timers_and_queues_does_not_wait_for_their_libraries() -> None:
    program = """
import sys
from pathlib import Path
from local.host.server import running

with running(Path("tests/local/host/apps/web")):
    print([name for name in sys.modules if name == "croniter" or name.startswith("azure.storage")])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
