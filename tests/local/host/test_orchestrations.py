"""Orchestrations through the real SDK, from start to end, on a host that keeps its promises."""

import logging
import sys
import uuid
from collections.abc import Iterator

import pytest

from local.host.server import running
from tests.local.host.conftest import APPS, Hub, connected, kinds


@pytest.fixture(name="hub", scope="module")
def _hub() -> Iterator[Hub]:
    with running(APPS / "features") as host, connected(host.url) as hub:
        yield hub


def test_an_activity_gets_its_input_and_gives_its_result(hub: Hub) -> None:
    assert hub.run("greet", {"name": "Bob"}) == "Hello Bob"


@pytest.mark.parametrize("value", [None, 0, False, "", "text", 1.5, [1, [2]], {"a": {"b": None}}, "Zürich \U0001f600"])
def test_any_json_value_survives_the_way_through_orchestrator_and_activity(hub: Hub, value: object) -> None:
    assert hub.run("echo", value) == value


def test_an_orchestrator_without_a_step_completes(hub: Hub) -> None:
    assert hub.run("nothing") == "done without a step"


def test_objects_with_to_json_and_from_json_travel_both_ways(hub: Hub) -> None:
    assert hub.run("points") == 2


def test_what_replays_sees_the_same_uuids_and_times(hub: Hub) -> None:
    output = hub.run("observations")
    assert output["before"] == output["again"]
    assert output["replaying"] == [True, True]


class TestRetries:
    def test_a_call_is_tried_again_until_it_succeeds(self, hub: Hub) -> None:
        status = hub.completed(hub.start("retried"))
        assert status["output"] == 3
        once = ["TaskFailed", "TimerCreated", "TimerFired"]
        assert kinds(status) == ["ExecutionStarted", *once, *once, "TaskCompleted", "ExecutionCompleted"]

    def test_one_more_timer_follows_the_last_failure(self, hub: Hub) -> None:
        """Without it the ids of host and SDK part, and the next step is never matched."""
        status = hub.completed(hub.start("retried_in_vain"))
        assert status["output"] == ["Activity function 'boom' failed:  ValueError: no", 4]
        once = ["TaskFailed", "TimerCreated", "TimerFired"]
        assert kinds(status) == ["ExecutionStarted", *once * 3, "TaskCompleted", "ExecutionCompleted"]

    def test_retries_in_parallel_keep_their_ids_apart(self, hub: Hub) -> None:
        assert hub.run("retries_side_by_side") == [3, 3, 3]

    def test_one_raced_against_a_timeout_that_is_cancelled_fails_the_instance(self, hub: Hub) -> None:
        assert "Non-Deterministic workflow detected" in hub.failed("retry_against_timeout")


class TestTimers:
    def test_time_has_passed_for_the_orchestrator_when_a_timer_fires(self, hub: Hub) -> None:
        assert hub.run("timer") is True

    def test_a_cancelled_timer_does_not_delay_completion(self, hub: Hub) -> None:
        instance_id = hub.start("event_or_timeout")
        hub.event(instance_id, "Approval", {"ok": True})
        status = hub.completed(instance_id)
        assert status["output"] == {"ok": True}
        assert "TimerFired" not in kinds(status)

    def test_a_timer_that_lost_and_was_not_cancelled_delays_completion(self, hub: Hub) -> None:
        status = hub.completed(hub.start("losing_timer"))
        assert status["output"] == 9
        assert kinds(status)[-2:] == ["TimerFired", "ExecutionCompleted"]

    def test_a_timer_cancelled_beside_a_failure_holds_nothing_up(self, hub: Hub) -> None:
        assert hub.run("cancelled_beside_failure") == 16


class TestEvents:
    def test_an_event_wakes_who_waits_for_it(self, hub: Hub) -> None:
        instance_id = hub.start("one_event")
        hub.until(instance_id, lambda status: status["runtimeStatus"] == "Running")
        hub.event(instance_id, "Go", [1, 2])
        assert hub.completed(instance_id)["output"] == [1, 2]

    def test_an_early_event_is_kept(self, hub: Hub) -> None:
        instance_id = hub.start("late_waits")
        hub.event(instance_id, "Item", 1)
        hub.event(instance_id, "Begin", None)
        hub.until(instance_id, lambda status: kinds(status).count("EventRaised") == 2)
        hub.event(instance_id, "Item", 2)
        # What the code returns is the SDK's: its early event stays with the name for ever.
        assert hub.completed(instance_id)["output"] == [1, 1]

    def test_two_early_events_of_one_name_become_twice_the_last(self, hub: Hub) -> None:
        """A trap of the SDK, kept because the real host has it."""
        instance_id = hub.start("late_waits")
        for name, data in (("Item", 1), ("Item", 2), ("Begin", None)):
            hub.event(instance_id, name, data)
        assert hub.completed(instance_id)["output"] == [2, 2]

    def test_one_early_event_for_two_waits_leaves_the_instance_running_and_says_so(
        self, hub: Hub, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The SDK takes the early event for both waits; the host, rightly, for the first one only."""
        instance_id = hub.start("late_waits")
        with caplog.at_level(logging.WARNING):
            hub.event(instance_id, "Item", 1)
            hub.event(instance_id, "Begin", None)
            hub.until(instance_id, lambda _: "still waits for the external event item" in caplog.text)
        assert hub.status(instance_id)["runtimeStatus"] == "Running"

    def test_the_host_ignores_the_case_of_an_event_name_and_the_sdk_does_not(
        self, hub: Hub, caplog: pytest.LogCaptureFixture
    ) -> None:
        instance_id = hub.start("one_event")
        hub.event(instance_id, "GO", 1)
        status = hub.until(instance_id, lambda status: "EventRaised" in kinds(status))
        assert status["runtimeStatus"] == "Running"

    def test_an_event_sent_as_an_object_arrives_as_one(self, hub: Hub) -> None:
        """Over HTTP; the SDK's own client encodes twice (see test_client)."""
        instance_id = hub.start("one_event")
        hub.event(instance_id, "Go", {"ok": True})
        assert hub.completed(instance_id)["output"] == {"ok": True}


class TestChildren:
    def test_a_parent_gets_its_childrens_results(self, hub: Hub) -> None:
        instance_id = hub.start("parent")
        first, second = hub.completed(instance_id)["output"]
        assert first == {"parent": instance_id, "id": first["id"], "result": 9}
        assert second == {"parent": instance_id, "id": f"{instance_id}-named", "result": 16}
        execution_id, _, number = first["id"].partition(":")
        assert (str(uuid.UUID(execution_id)), number) == (execution_id, "0")

    def test_a_child_may_get_a_list(self, hub: Hub) -> None:
        assert hub.run("list_parent") == [[1, 2]]

    def test_a_childs_failure_reaches_its_parent_in_words(self, hub: Hub) -> None:
        assert hub.run("parent_of_failing") == "Orchestrator function 'failing' failed: 'which'"

    def test_a_child_is_tried_again_until_it_succeeds(self, hub: Hub) -> None:
        assert hub.run("parent_retries_child") == 3

    def test_a_terminated_child_fails_its_parents_call(self, hub: Hub) -> None:
        instance_id = hub.start("parent_of_waiting")
        hub.until(instance_id, lambda status: "SubOrchestrationInstanceCreated" in kinds(status))
        hub.http.post(f"{hub.base}/instances/{instance_id}-child/terminate?reason=enough")
        assert hub.completed(instance_id)["output"] == "enough"

    def test_a_child_id_that_is_taken_fails_the_call(self, hub: Hub) -> None:
        taken = hub.start("one_event")
        status = hub.completed(hub.start("parent_of_taken", taken))
        assert "already exists" in status["output"]
        hub.event(taken, "Go", 1)
        assert hub.completed(taken)["output"] == 1


class TestFanOut:
    @pytest.mark.parametrize("width", [1, 60])
    def test_all_results_come_in(self, hub: Hub, width: int) -> None:
        assert hub.run("fan_out", width) == sum(number * number for number in range(width))

    def test_after_a_failure_the_next_step_waits_for_the_siblings(self, hub: Hub) -> None:
        status = hub.completed(hub.start("fan_out_with_failure"))
        assert status["output"] == ["Activity function 'boom' failed:  ValueError: first", 25]
        slow, after = (event for event in status["historyEvents"] if event["EventType"] == "TaskCompleted")
        assert (slow["FunctionName"], after["FunctionName"]) == ("slow", "square")
        assert slow["Timestamp"] < after["ScheduledTime"]

    def test_the_first_of_several_wins(self, hub: Hub) -> None:
        status = hub.completed(hub.start("first_of_two"))
        assert status["output"] is True
        assert [event["FunctionName"] for event in status["historyEvents"][1:3]] == ["square", "slow"]


class TestContinueAsNew:
    def test_an_instance_lives_again_with_a_new_input_and_a_short_history(self, hub: Hub) -> None:
        status = hub.completed(hub.start("countdown", 4))
        assert status["output"] == "lift-off"
        assert kinds(status) == ["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"]

    def test_it_may_happen_in_the_first_episode(self, hub: Hub) -> None:
        assert hub.run("first_step_anew") == "second life"

    def test_events_that_nobody_waited_for_are_dropped(self, hub: Hub) -> None:
        instance_id = hub.start("hears_in_second_life")
        hub.event(instance_id, "Item", 1)
        hub.event(instance_id, "Begin", None)
        hub.until(instance_id, lambda status: status["input"] == '"second life"')
        hub.event(instance_id, "Item", 2)
        assert hub.completed(instance_id)["output"] == 2


class TestCustomStatus:
    def test_it_is_shown_as_soon_as_it_is_set(self, hub: Hub) -> None:
        instance_id = hub.start("custom_status")
        hub.until(instance_id, lambda status: status["customStatus"] == {"phase": "waiting"})
        hub.event(instance_id, "Go", None)
        assert hub.completed(instance_id)["customStatus"] == {"phase": "done"}

    def test_one_that_is_too_large_fails_the_instance(self, hub: Hub) -> None:
        assert "must not exceed 16 KB" in hub.failed("large_custom_status")


class TestFailures:
    def test_an_exception_fails_the_instance_with_its_text(self, hub: Hub) -> None:
        assert hub.failed("failing") == "Orchestrator function 'failing' failed: 'which'"

    def test_an_exception_without_a_text_is_named_by_its_type(self, hub: Hub) -> None:
        assert hub.failed("silent_failure") == "Orchestrator function 'silent_failure' failed: <class 'LookupError'>"

    def test_an_activitys_failure_names_function_type_and_text(self, hub: Hub) -> None:
        reason = hub.failed("activity_failure")
        expected = (
            "Orchestrator function 'activity_failure' failed: Activity function 'boom' failed:  ValueError: boom!"
        )
        assert reason.splitlines()[0].strip() == expected

    @pytest.mark.parametrize(
        ("orchestrator", "reason"),
        [
            ("returns_object", "not JSON serializable"),
            ("calls_unserialisable", "does not expose a `to_json` function"),
            ("calls_unknown_activity", "The function 'no_such_activity' doesn't exist"),
            ("calls_unknown_child", "The function 'no_such_orchestrator' doesn't exist"),
        ],
    )
    def test_what_cannot_be_done_fails_the_instance_and_says_why(
        self, hub: Hub, orchestrator: str, reason: str
    ) -> None:
        assert reason in hub.failed(orchestrator)

    def test_an_orchestrator_that_changes_its_mind_fails_and_says_what_differed(self, hub: Hub) -> None:
        switches: dict[str, bool] = sys.modules["function_app"].switches
        instance_id = hub.start("twisted")
        hub.until(instance_id, lambda status: "TaskCompleted" in kinds(status))
        switches["twisted"] = True
        hub.event(instance_id, "Go", None)
        reason = hub.ended(instance_id, history=False)["output"]
        assert "scheduled an activity task with sequence number 0 named 'square'" in reason
        assert "instead scheduled an activity task named 'hello'" in reason

    def test_a_failure_leaves_its_traceback_in_the_log_once(self, hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
        hub.failed("failing")
        assert [record.exc_info is not None for record in caplog.records if "which" in record.getMessage()] == [True]


def test_a_terminated_instance_ends_with_the_reason(hub: Hub) -> None:
    instance_id = hub.start("one_event")
    hub.http.post(f"{hub.base}/instances/{instance_id}/terminate?reason=no+longer+wanted")
    status = hub.ended(instance_id)
    assert (status["runtimeStatus"], status["output"]) == ("Terminated", "no longer wanted")


def test_a_result_for_an_earlier_life_of_an_id_is_dropped(hub: Hub) -> None:
    hub.start("takes", 0.2, instance_id="reborn")
    hub.until("reborn", lambda status: "TaskScheduled" in kinds(status))
    hub.http.post(f"{hub.base}/instances/reborn/terminate")
    hub.ended("reborn")
    hub.start("takes", 0.5, instance_id="reborn")
    assert hub.completed("reborn")["output"] == 0.5


def test_what_an_app_logs_shows_the_instance_and_no_payload(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        hub.run("greet", {"name": "Secret-Person"})
        hub.failed("calls_unserialisable")
    assert "Saying hello" in caplog.text
    assert "Secret-Person" not in caplog.text
