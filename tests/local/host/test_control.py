"""What can be done to an instance from outside: suspend, resume, rewind, restart."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from local.host.durable.decisions import ContinuedAsNew
from local.host.durable.history import EventType, event, execution_started
from local.host.durable.interpreter import interpret
from local.host.durable.script import Script, Setting
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

    def test_what_comes_while_suspended_is_not_lost_where_the_execution_ends_in_the_same_turn(self) -> None:
        """The last activity's result, a suspension and an event come together, and the code continues as new."""
        sent = [{"actionType": 0, "functionName": "step", "input": "1"}, {"actionType": 4, "input": "null"}]
        script = Script([sent[0], sent[1]], is_done=True, output_json=None, error=None)
        setting = Setting("lives_on", "me", "e1", *[lambda _: True] * 3)
        now = "2026-01-01T00:00:00.000000Z"
        ids = {"InstanceId": "me", "ExecutionId": "e1"}
        history = [
            event(EventType.ORCHESTRATOR_STARTED, now),
            execution_started(now, name="lives_on", version="", input_json=None, instance=ids),
            event(EventType.TASK_SCHEDULED, now, 0, Name="step"),
            event(EventType.TASK_COMPLETED, now, TaskScheduledId=0, Result=None),
            event(EventType.EXECUTION_SUSPENDED, now, Reason="lunch"),
            event(EventType.EVENT_RAISED, now, Name="Go", Input="1"),
        ]
        end = interpret(history, script, setting).end
        assert isinstance(end, ContinuedAsNew)
        carried = [each["EventType"] for each in end.carried]
        assert carried == [EventType.EXECUTION_SUSPENDED, EventType.EVENT_RAISED]

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
        assert rewound == [None, None, None, "mended"]

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

    def test_what_was_open_when_it_failed_is_begun_again(self, hub: Hub, steps: Any) -> None:
        """It failed of itself, with a timer set and a child at work, and nothing comes of those any more."""
        steps.broken.add("refused")
        instance_id = failed(hub, "fails_with_open_tasks", None)
        hub.ended(f"{instance_id}-open")
        steps.broken.clear()
        assert post(hub, instance_id, "rewind") == 202
        assert hub.completed(instance_id)["output"] == "rung"

    def test_a_child_is_rewound_for_the_call_that_started_it(self, hub: Hub, steps: Any) -> None:
        steps.broken.add("one")
        instance_id = failed(hub, "twins", None)
        steps.broken.clear()
        assert post(hub, instance_id, "rewind") == 202
        again = hub.ended(instance_id)
        assert again["runtimeStatus"] in ("Failed", "Completed")
        assert hub.status(f"{instance_id}-same")["runtimeStatus"] == "Completed"

    def test_only_failed_instances_can_be_rewound(self, hub: Hub) -> None:
        running_id, ended_id = hub.start("waits"), hub.start("echo", {})
        hub.completed(ended_id)
        assert post(hub, ended_id, "rewind") == 412
        assert post(hub, running_id, "rewind") == 412
        assert post(hub, "nobody", "rewind") == 404


class TestHardship:
    """What an app may do to itself must not touch the others, nor the host."""

    def test_a_wait_that_no_calendar_has_fails_the_orchestration(self, hub: Hub, steps: Any) -> None:
        steps.broken.add("always")
        assert "OverflowError" in hub.failed("retries_for_ever", "always")
        assert hub.run("echo", {}) == {}

    def test_a_cancellation_from_within_fails_the_orchestration(self, hub: Hub, steps: Any) -> None:
        assert "CancelledError" in hub.failed("is_cancelled")
        assert hub.run("echo", {}) == {}

    @pytest.mark.parametrize("odd", ["nan", "half"])
    def test_an_odd_output_can_be_shown_and_listed(self, hub: Hub, odd: str) -> None:
        instance_id = hub.start("returns_odd", odd)
        assert hub.ended(instance_id)["runtimeStatus"] == "Completed"
        listed = hub.http.get(f"{BASE}/instances")
        assert listed.status_code == 200
        assert instance_id in listed.text

    def test_an_instance_may_have_any_letters_in_its_id(self, hub: Hub) -> None:
        started = hub.http.post(f"{BASE}/orchestrators/waits/%E2%86%92")
        assert started.status_code == 202, started.text
        assert hub.http.get(started.headers["location"]).json()["instanceId"] == "→"
        assert hub.http.get(f"{BASE}/instances/%E2%86%92").status_code == 202

    def test_the_size_of_a_custom_status_is_that_of_its_characters(self, hub: Hub) -> None:
        instance_id = hub.start("long_status", "字" * 4000)
        hub.until(instance_id, lambda status: status["customStatus"] == "字" * 4000)
        assert "must not exceed 16 KB" in hub.failed("long_status", "字" * 9000)

    def test_restarting_what_is_just_beginning_anew_harms_nobody(self, hub: Hub) -> None:
        ids = [hub.start("lives_on", instance_id=f"anew-{number}") for number in range(20)]
        answers = {post(hub, each, "restart", restartWithNewInstanceId="false") for each in ids * 5}
        assert answers <= {409, 202}
        for each in ids:
            assert post(hub, each, "terminate") in (202, 410)
            hub.ended(each)
        assert hub.run("echo", {}) == {}

    @pytest.mark.parametrize(
        "query",
        [
            *("top=nan", "top=1_0", "top=%D9%A1", "top=99999999999"),
            "createdTimeFrom=0001-01-01T00:00:00%2B14:00",
        ],
    )
    def test_what_a_list_can_not_be_asked_for_is_ignored(self, hub: Hub, query: str) -> None:
        assert hub.http.get(f"{BASE}/instances?{query}").json() == hub.http.get(f"{BASE}/instances").json()


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
        assert post(hub, instance_id, "restart", restartWithNewInstanceId="false") == 409
        assert post(hub, "nobody", "restart") == 400
