"""One orchestration episode by episode, through the real SDK: the ids, the actions and the decisions."""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: BLE001
# The Durable SDK has no types, and raises what failed as a bare Exception.

import json
import re
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest

from local.host import sdk
from local.host.app import ORCHESTRATION_TRIGGER, Function, index
from local.host.durable import episode
from local.host.durable.decisions import (
    ContinuedAsNew,
    CreateTimer,
    Decision,
    Ended,
    ScheduleTask,
    StartChild,
    Status,
    Verdict,
)
from local.host.durable.history import Event, EventType, dumps, event, execution_started
from local.host.durable.instance import Instance
from local.host.durable.interpreter import interpret
from local.host.durable.script import Script, Setting

SETTING = Setting("main_orch", "abc", "e1", *[lambda _: True] * 3)
app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def main_orch(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    hello = yield context.call_activity("hello", context.get_input()["name"])
    flaky = yield context.call_activity_with_retry("flaky", df.RetryOptions(100, 3), {"fail": 1})
    context.set_custom_status({"phase": "timer"})
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=1))
    approval = context.wait_for_external_event("Approval")
    timeout = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    yield context.task_any([approval, timeout])
    timeout.cancel()
    child = yield context.call_sub_orchestrator("child", {"k": 3})
    squares = yield context.task_all([context.call_activity("square", number) for number in range(3)])
    try:
        yield context.call_activity("boom")
    except Exception as exc:
        error = str(exc)
    return {"hello": hello, "flaky": flaky, "event": approval.result, "child": child, "squares": squares, "err": error}


class Story:
    """Feeds an orchestrator one event after the other, a second apart, and keeps its history."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.instance = Instance("abc", "main_orch", "e1", history=[])
        self.texts: list[str] = []
        self.seconds = 0
        self.custom_status: str | None = None

    def now(self) -> str:
        return f"2026-01-01T00:00:{self.seconds:02}.000000Z"

    def begin(self, data: object) -> Verdict:
        ids = {"InstanceId": "abc", "ExecutionId": "e1"}
        started = execution_started(
            self.now(), name="main_orch", version="", input_json=dumps(json.dumps(data)), instance=ids
        )
        return self.turn(started)

    def then(self, kind: EventType, **fields: Any) -> Verdict:
        self.seconds += 1
        return self.turn(event(kind, self.now(), **fields))

    def turn(self, *arrived: Event) -> Verdict:
        done = episode.run(self.function, self.instance, list(arrived), self.now(), SETTING)
        assert self.instance.history is not None
        self.instance.history += done.events
        self.texts.append(done.text)
        self.custom_status = done.custom_status
        return done.verdict


@pytest.fixture(name="story")
def _story() -> Story:
    sdk.prepare()
    return Story(index(app, Path()).named(ORCHESTRATION_TRIGGER)["main_orch"])


def test_a_whole_orchestration_decides_with_the_ids_that_the_sdk_counts(story: Story) -> None:
    def completed(task_id: int, result: object) -> list[Decision]:
        return story.then(EventType.TASK_COMPLETED, TaskScheduledId=task_id, Result=json.dumps(result)).decisions

    assert story.begin({"name": "Bob"}).decisions == [ScheduleTask(0, "hello", '"Bob"')]
    assert completed(0, "Hello Bob") == [ScheduleTask(1, "flaky", '{"fail": 1}')]
    reason = "Activity function 'flaky' failed:  RuntimeError: flaky failed"
    failed = story.then(EventType.TASK_FAILED, TaskScheduledId=1, Reason=reason, Details="{}")
    assert failed.decisions == [CreateTimer(2, "2026-01-01T00:00:02.100000Z", retry_of=1)]
    assert story.then(EventType.TIMER_FIRED, TimerId=2).decisions == [
        ScheduleTask(3, "flaky", '{"fail": 1}', retry_of=1)
    ]
    assert completed(3, "ok") == [CreateTimer(4, "2026-01-01T00:00:05.000000Z")]
    assert story.custom_status == '{"phase":"timer"}'
    assert story.then(EventType.TIMER_FIRED, TimerId=4).decisions == [CreateTimer(5, "2026-01-01T01:00:05.000000Z")]
    child = StartChild(6, "child", "", "e1:6", dumps('{"k": 3}'))
    assert story.then(EventType.EVENT_RAISED, Name="Approval", Input='{"ok": true}').decisions == [child]
    result = '{"child_of": "abc", "r": 9}'
    ended = story.then(EventType.SUB_ORCHESTRATION_COMPLETED, TaskScheduledId=6, Result=result)
    assert ended.decisions == [ScheduleTask(7 + number, "square", str(number)) for number in range(3)]
    assert completed(8, 1) == completed(7, 0) == []
    assert completed(9, 4) == [ScheduleTask(10, "boom", "null")]
    last = story.then(EventType.TASK_FAILED, TaskScheduledId=10, Reason="ValueError: boom!", Details="{…}")
    assert isinstance(last.end, Ended)
    assert (last.end.status, json.loads(last.end.result or "")) == (
        Status.COMPLETED,
        {
            "hello": "Hello Bob",
            "flaky": "ok",
            "event": {"ok": True},
            "child": {"child_of": "abc", "r": 9},
            "squares": [0, 1, 4],
            "err": "ValueError: boom! \n {…}",
        },
    )


def test_stored_events_are_marked_as_played_and_keep_their_times(story: Story) -> None:
    story.begin({"name": "Bob"})
    story.then(EventType.TASK_COMPLETED, TaskScheduledId=0, Result='"x"')
    history = json.loads(f"[{','.join(story.texts)}]")
    assert history == story.instance.history
    kinds = [EventType(each["EventType"]).name for each in history]
    once = ["ORCHESTRATOR_STARTED", "TASK_SCHEDULED", "ORCHESTRATOR_COMPLETED"]
    assert kinds == [once[0], "EXECUTION_STARTED", *once[1:], once[0], "TASK_COMPLETED", *once[1:]]
    assert [each["IsPlayed"] for each in history] == [kind != once[0] for kind in kinds]
    assert [each["Timestamp"][17:19] for each in history] == ["00"] * 4 + ["01"] * 4


def task(task_id: int, name: str) -> Event:
    return event(EventType.TASK_SCHEDULED, "t", task_id, Name=name, Version="", Input=None)


def call(name: str) -> dict[str, Any]:
    return {"actionType": 0, "functionName": name, "input": "null"}


BEGIN = [event(EventType.ORCHESTRATOR_STARTED, "2026-01-01T00:00:00.000000Z"), event(EventType.EXECUTION_STARTED, "t")]
TIMER = {"actionType": 5, "fireAt": "2026-01-01T00:00:01.000000Z", "isCanceled": False}


def running(*actions: dict[str, Any]) -> Script:
    return Script(list(actions), is_done=False, output_json=None, error=None)


@pytest.mark.parametrize(
    ("recorded", "action", "differs"),
    [
        (
            task(0, "one"),
            call("two"),
            "named 'one'.*instead scheduled an activity task named 'two'",
        ),
        (task(0, "one"), TIMER, "an activity task .* named 'one', .* produced a CreateTimerOrchestratorAction"),
        (
            event(EventType.TIMER_CREATED, "t", 0, FireAt="t"),
            call("one"),
            "a timer task .* 0 named but .*a ScheduleTaskOrchestratorAction",
        ),
        (task(1, "one"), call("one"), "sequence ID 1 and name 'one' .*hasn't .yet.. scheduled this task"),
    ],
)
def test_a_replay_that_parts_from_its_history_fails_and_says_how(
    recorded: Event, action: dict[str, Any], differs: str
) -> None:
    verdict = interpret([*BEGIN, recorded], running(action), SETTING)
    end = verdict.end
    assert isinstance(end, Ended)
    assert end.status == Status.FAILED
    assert re.search(f"Non-Deterministic workflow detected: .*{differs}", end.result or "", re.DOTALL)
    assert [each.id for each in verdict.decisions] == [0], "what the code has come to is carried out all the same"


def test_an_instance_that_begins_anew_takes_along_what_came_after_that_and_nothing_before() -> None:
    """Seen on Durable extension 3.19; what comes in one batch with the last result is in order."""
    raised = [event(EventType.EVENT_RAISED, "t", Name=name, Input="1") for name in ("Before", "After")]
    done = event(EventType.TASK_COMPLETED, "t", TaskScheduledId=0, Result="1")
    actions = [call("one"), {"actionType": 4, "input": "null"}]
    script = Script(actions, is_done=True, output_json=None, error=None)
    end = interpret([*BEGIN, task(0, "one"), raised[0], done, raised[1]], script, SETTING).end
    assert isinstance(end, ContinuedAsNew)
    assert end.carried == [raised[1]]


def test_a_history_is_matched_whatever_the_case_of_names() -> None:
    verdict = interpret([*BEGIN, task(0, "ONE")], running(call("one")), SETTING)
    assert (verdict.decisions, verdict.end) == ([], None)


def test_a_result_that_comes_twice_counts_once() -> None:
    result = event(EventType.TASK_COMPLETED, "t", TaskScheduledId=0, Result="1")
    script = running(call("one"), call("two"))
    verdict = interpret([*BEGIN, task(0, "one"), result, result], script, SETTING)
    assert verdict.decisions == [ScheduleTask(1, "two", "null")]


def test_an_error_waits_for_what_is_open() -> None:
    script = Script([{"actionType": 12, "compoundActions": [call("one"), call("two")]}], False, None, "broken")
    begun = [*BEGIN, task(0, "one"), task(1, "two")]
    failed = event(EventType.TASK_FAILED, "t", TaskScheduledId=0, Reason="no")
    assert interpret([*begun, failed], script, SETTING).end is None
    late = event(EventType.TASK_COMPLETED, "t", TaskScheduledId=1, Result=None)
    end = interpret([*begun, failed, late], script, SETTING).end
    assert end == Ended(Status.FAILED, "Orchestrator function 'main_orch' failed: broken")


def test_the_newest_wait_gets_an_event_and_the_oldest_event_a_wait() -> None:
    """Waits are a stack and early events a queue, and the case of a name does not matter."""
    wait = {"actionType": 6, "externalEventName": "E", "reason": "ExternalEvent"}
    first, second = (event(EventType.EVENT_RAISED, "t", Name="e", Input=text) for text in "12")
    both = {"actionType": 12, "compoundActions": [wait, wait]}
    assert interpret([*BEGIN, first], running(both, call("next")), SETTING).decisions == []
    assert interpret([*BEGIN, first, second], running(both, call("next")), SETTING).decisions
    early = [BEGIN[0], first, second, BEGIN[1]]
    assert interpret(early, running(wait, wait, call("next")), SETTING).decisions


def test_termination_overrides_everything() -> None:
    ended = event(EventType.EXECUTION_TERMINATED, "t", Input="why")
    verdict = interpret([*BEGIN, ended], running(call("one")), SETTING)
    assert (verdict.end, verdict.decisions) == (Ended(Status.TERMINATED, "why"), [])
