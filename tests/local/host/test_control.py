"""What can be done to an instance from outside: suspend, resume, rewind, restart."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from local.host.server import running
from tests.local.host.conftest import APPS, Hub, connected, kinds

BASE = "/runtime/webhooks/durabletask"


@pytest.fixture(name="hub", scope="module")
def _hub() -> Iterator[Hub]:
    with running(APPS / "control") as host, connected(host.url) as hub:
        yield hub


@pytest.fixture(name="steps")
def _steps(hub: Hub) -> Iterator[Any]:
    """The running app's module: which steps fail, and how often each ran."""
    module = sys.modules["function_app"]
    module.broken.clear()
    module.ran.clear()
    yield module
    module.broken.clear()


def post(hub: Hub, instance_id: str, operation: str, **query: str) -> int:
    response = hub.http.post(f"{BASE}/instances/{instance_id}/{operation}", params=query)
    return response.status_code


def failed(hub: Hub, name: str, data: Any) -> str:
    instance_id = hub.start(name, data)
    assert hub.ended(instance_id)["runtimeStatus"] == "Failed"
    return instance_id


class TestSuspend:
    def test_what_comes_while_suspended_counts_when_resumed(self, hub: Hub) -> None:
        instance_id = hub.start("waits")
        hub.until(instance_id, lambda status: status["runtimeStatus"] == "Running")
        assert post(hub, instance_id, "suspend", reason="lunch") == 202
        hub.until(instance_id, lambda status: status["runtimeStatus"] == "Suspended")
        hub.event(instance_id, "Go", 1)
        status = hub.until(instance_id, lambda status: "EventRaised" in kinds(status))
        assert status["runtimeStatus"] == "Suspended"
        assert post(hub, instance_id, "resume", reason="back") == 202
        status = hub.completed(instance_id)
        assert status["output"] == 1
        reasons = [event["Reason"] for event in status["historyEvents"] if "Reason" in event]
        assert reasons == ["lunch", "back"]

    def test_a_timer_that_rings_while_suspended_waits(self, hub: Hub) -> None:
        instance_id = hub.start("waits", "timer")
        assert post(hub, instance_id, "suspend") == 202
        hub.until(instance_id, lambda status: "TimerFired" in kinds(status))
        assert hub.status(instance_id)["runtimeStatus"] == "Suspended"
        assert post(hub, instance_id, "resume") == 202
        assert hub.completed(instance_id)["output"] == "rung"

    def test_a_suspended_instance_can_be_terminated(self, hub: Hub) -> None:
        instance_id = hub.start("waits")
        assert post(hub, instance_id, "suspend") == 202
        hub.until(instance_id, lambda status: status["runtimeStatus"] == "Suspended")
        assert post(hub, instance_id, "terminate", reason="no more") == 202
        assert hub.ended(instance_id)["runtimeStatus"] == "Terminated"

    def test_suspending_twice_and_resuming_what_runs_are_500(self, hub: Hub) -> None:
        instance_id = hub.start("waits")
        hub.until(instance_id, lambda status: status["runtimeStatus"] == "Running")
        assert post(hub, instance_id, "resume") == 500
        assert post(hub, instance_id, "suspend") == 202
        hub.until(instance_id, lambda status: status["runtimeStatus"] == "Suspended")
        assert post(hub, instance_id, "suspend") == 500
        assert hub.http.get(f"{BASE}/instances/{instance_id}").status_code == 202
        found = hub.http.get(f"{BASE}/instances?runtimeStatus=Suspended").json()
        assert instance_id in {each["instanceId"] for each in found}

    @pytest.mark.parametrize("operation", ["suspend", "resume"])
    def test_an_ended_instance_is_410(self, hub: Hub, operation: str) -> None:
        instance_id = hub.start("echo", {})
        hub.completed(instance_id)
        assert post(hub, instance_id, operation) == 410


def test_terminating_without_a_reason_leaves_no_output(hub: Hub) -> None:
    instance_id = hub.start("waits")
    assert post(hub, instance_id, "terminate") == 202
    assert hub.ended(instance_id)["output"] is None


def test_an_orchestrator_that_exits_fails_alone(hub: Hub) -> None:
    assert "SystemExit: 3" in hub.failed("exits")
    assert hub.run("echo", {}) == {}


class TestRewind:
    def test_the_failed_step_runs_again_and_the_good_ones_do_not(self, hub: Hub, steps: Any) -> None:
        steps.broken.add("two")
        instance_id = failed(hub, "walks", ["one", "two", "three"])
        steps.broken.clear()
        assert post(hub, instance_id, "rewind", reason="mended") == 202
        status = hub.completed(instance_id)
        assert status["output"] == ["one done", "two done", "three done"]
        assert dict(steps.ran) == {"one": 1, "two": 2, "three": 1}
        rewound = [event["Data"] for event in status["historyEvents"] if event["EventType"] == "GenericEvent"]
        assert rewound == [
            "Rewound: TaskScheduled",
            "Rewound: TaskFailed",
            "Rewound: ExecutionCompleted",
            "Rewound: mended",
        ]

    def test_it_may_fail_and_be_rewound_again(self, hub: Hub, steps: Any) -> None:
        steps.broken.add("one")
        instance_id = failed(hub, "walks", ["one"])
        assert post(hub, instance_id, "rewind") == 202
        hub.until(instance_id, lambda status: status["runtimeStatus"] == "Failed" and steps.ran["one"] == 2)
        steps.broken.clear()
        assert post(hub, instance_id, "rewind") == 202
        assert hub.completed(instance_id)["output"] == ["one done"]

    def test_all_tries_of_a_call_are_made_again(self, hub: Hub, steps: Any) -> None:
        steps.broken.add("one")
        instance_id = failed(hub, "walks_with_retry", "one")
        steps.broken.clear()
        assert post(hub, instance_id, "rewind") == 202
        assert hub.completed(instance_id)["output"] == "one done"
        assert steps.ran["one"] == 3

    def test_of_several_at_once_only_the_failed_ones_run_again(self, hub: Hub, steps: Any) -> None:
        steps.broken.update({"two", "three"})
        instance_id = failed(hub, "walks_together", ["one", "two", "three"])
        steps.broken.clear()
        assert post(hub, instance_id, "rewind") == 202
        assert hub.completed(instance_id)["output"] == ["one done", "two done", "three done"]
        assert dict(steps.ran) == {"one": 1, "two": 2, "three": 2}

    def test_a_failure_that_was_dealt_with_stays(self, hub: Hub, steps: Any) -> None:
        steps.broken.update({"first", "second"})
        instance_id = failed(hub, "compensates", ["first", "second"])
        steps.broken.clear()
        assert post(hub, instance_id, "rewind") == 202
        assert hub.completed(instance_id)["output"] == [True, "second done"]
        assert dict(steps.ran) == {"first": 1, "compensation": 1, "second": 2}

    def test_a_failed_child_is_rewound_with_its_parent(self, hub: Hub, steps: Any) -> None:
        steps.broken.add("two")
        instance_id = failed(hub, "parent", ["one", "two"])
        steps.broken.clear()
        assert post(hub, instance_id, "rewind") == 202
        assert hub.completed(instance_id)["output"] == ["before done", ["one done", "two done"]]
        assert dict(steps.ran) == {"before": 1, "one": 1, "two": 2}
        assert hub.status(f"{instance_id}-child")["runtimeStatus"] == "Completed"

    def test_a_child_that_is_gone_is_started_anew(self, hub: Hub, steps: Any) -> None:
        steps.broken.add("two")
        instance_id = failed(hub, "parent", ["one", "two"])
        steps.broken.clear()
        hub.http.delete(f"{BASE}/instances/{instance_id}-child")
        assert post(hub, instance_id, "rewind") == 202
        assert hub.completed(instance_id)["output"] == ["before done", ["one done", "two done"]]
        assert steps.ran["one"] == 2

    def test_only_failed_instances_can_be_rewound(self, hub: Hub) -> None:
        running_id, ended_id = hub.start("waits"), hub.start("echo", {})
        hub.completed(ended_id)
        assert post(hub, ended_id, "rewind") == 410
        assert post(hub, running_id, "rewind") == 500
        assert post(hub, "nobody", "rewind") == 404


class TestRestart:
    def test_it_starts_again_with_the_old_input_under_a_new_id(self, hub: Hub) -> None:
        old = hub.start("echo", {"a": 1})
        hub.completed(old)
        response = hub.http.post(f"{BASE}/instances/{old}/restart")
        assert response.status_code == 202
        new = response.json()["id"]
        assert new != old
        assert hub.completed(new)["output"] == {"a": 1}

    def test_it_may_keep_its_id(self, hub: Hub, steps: Any) -> None:
        old = hub.start("walks", ["one"])
        hub.completed(old)
        path = f"{BASE}/instances/{old}/restart?restartWithNewInstanceId=false&timeout=10&pollingInterval=0.01"
        response = hub.http.post(path)
        assert (response.status_code, response.json()) == (200, ["one done"])
        assert steps.ran["one"] == 2

    def test_under_its_own_id_only_what_has_ended_can_be(self, hub: Hub) -> None:
        instance_id = hub.start("waits")
        assert post(hub, instance_id, "restart", restartWithNewInstanceId="false") == 500
        assert post(hub, "nobody", "restart") == 400
