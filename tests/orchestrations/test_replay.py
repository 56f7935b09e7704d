"""Histories recorded from earlier versions replay with today's orchestrators.

A failure here means that a deployment would break the instances that are running: give the changed orchestrator a
new name, or make the change compatible. Don't record the history anew.
"""

import json
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from local.host import sdk
from local.host.app import ORCHESTRATION_TRIGGER
from local.host.durable.decisions import Ended, Status
from local.host.durable.history import EventType
from local.host.durable.interpreter import interpret
from local.host.durable.script import Script, Setting
from tests.orchestrations.conftest import _app

FILES = sorted((Path(__file__).parents[1] / "histories").glob("*.json"))
CASES = [
    pytest.param(history, id=f"{path.stem}-{instance_id.partition(':')[2] or 'main'}")
    for path in FILES
    for instance_id, history in json.loads(path.read_text(encoding="utf-8")).items()
]

UNFINISHED = [
    pytest.param(history, id=path.stem)
    for path in sorted((Path(__file__).parents[1] / "histories" / "unfinished").glob("*.json"))
    for history in json.loads(path.read_text(encoding="utf-8")).values()
]


def replay(history):
    """What today's code, given a whole history, decides beyond it."""
    sdk.prepare()
    started = next(event for event in history if event["EventType"] == EventType.EXECUTION_STARTED)
    function = _app().named(ORCHESTRATION_TRIGGER)[started["Name"].lower()]
    payload = {
        "history": history,
        "input": json.loads(started["Input"]),
        "instanceId": started["OrchestrationInstance"]["InstanceId"],
        "isReplaying": True,
        "parentInstanceId": None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "longRunningTimerIntervalDuration": None,
        "maximumShortTimerDuration": None,
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }
    state = json.loads(function.call(context=func._durable_functions.OrchestrationContext(json.dumps(payload))))
    output = json.dumps(state["output"], separators=(",", ":")) if "output" in state else None
    script = Script(state["actions"][0] if state["actions"] else [], state["isDone"], output, state.get("error"))
    ids = started["OrchestrationInstance"]
    setting = Setting(function.durable_name, ids["InstanceId"], ids["ExecutionId"], *[lambda _: True] * 3)
    return interpret(history, script, setting)


def test_there_are_recordings():
    names = {path.stem for path in FILES}
    assert names >= {"import-complete", "import-retried", "copy-complete", "copy-partial"}
    assert {f"genuine-{name}" for name in ("import-complete", "import-resumed", "copy-complete")} <= names


@pytest.mark.parametrize("history", CASES)
def test_a_recorded_history_replays_to_its_own_end(history):
    ended = next(event for event in history if event["EventType"] == EventType.EXECUTION_COMPLETED)
    verdict = replay([event for event in history if event is not ended])
    assert isinstance(verdict.end, Ended)
    assert verdict.end.status == Status(ended["OrchestrationStatus"])
    assert _says(verdict.end.result, ended["Result"])
    assert not verdict.decisions


@pytest.mark.parametrize("history", UNFINISHED)
def test_what_an_older_release_has_begun_goes_on(history):
    """An execution in the middle of which the release changed: its decisions are all made again, and it waits."""
    verdict = replay(history)
    assert (verdict.end, verdict.decisions) == (None, [])


def _says(result: str | None, recorded: str | None) -> bool:
    """Whether a result says all that was recorded; fields that have come since may be there as well."""
    try:
        now, then = json.loads(result or "null"), json.loads(recorded or "null")
    except ValueError:
        return result == recorded
    return bool(_holds(now, then))


def _holds(now: Any, then: Any) -> bool:
    if isinstance(then, dict):
        return isinstance(now, dict) and all(name in now and _holds(now[name], then[name]) for name in then)
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(_holds, now, then))
    return bool(now == then)


@pytest.mark.parametrize("history", CASES)
def test_the_replay_notices_a_step_that_was_renamed(history):
    """The test above can fail: another name in the history is non-determinism."""
    renamed = [
        {**event, "Name": "renamed"} if event["EventType"] == EventType.TASK_SCHEDULED else event
        for event in history
        if event["EventType"] != EventType.EXECUTION_COMPLETED
    ]
    if renamed == [event for event in history if event["EventType"] != EventType.EXECUTION_COMPLETED]:
        pytest.skip("this instance called no activity")
    verdict = replay(renamed)
    assert isinstance(verdict.end, Ended)
    assert verdict.end.status is Status.FAILED
