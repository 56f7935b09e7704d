"""The quickened replay computes what the SDK's own does, byte for byte."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.host import sdk
from local.host.durable.history import EventType, event, execution_started
from local.host.sdk_replay import Body, Past
from tests.local.host.replaying import fields, histories, outcome

ROOT = Path(__file__).parents[3]
MOMENTS = [f"2026-01-01T00:00:0{second}.000001Z" for second in range(10)]

History = list[dict[str, Any]]


def told(name: str) -> History:
    """The history of a probe, with everything that it waits for."""
    ids = {"InstanceId": "abc", "ExecutionId": "e1"}
    arrivals = [
        execution_started(MOMENTS[0], name=name, version="2", input_json='"{}"', instance=ids),
        event(EventType.TASK_COMPLETED, MOMENTS[1], TaskScheduledId=0, Result='{"a": [1, 2.5, "ä\\ud800"]}'),
        event(EventType.TASK_COMPLETED, MOMENTS[2], TaskScheduledId=1, Result=None),
        event(EventType.TASK_COMPLETED, MOMENTS[3], TaskScheduledId=2, Result='"\ufeff"'),
        event(EventType.TASK_FAILED, MOMENTS[4], TaskScheduledId=3, Reason="no", Details="{}"),
        event(EventType.TIMER_FIRED, MOMENTS[5], TimerId=4, FireAt=MOMENTS[5]),
        event(EventType.TASK_FAILED, MOMENTS[6], TaskScheduledId=5, Reason="never", Details="{}"),
        event(EventType.TIMER_FIRED, MOMENTS[7], TimerId=6, FireAt=MOMENTS[7]),
        event(EventType.EVENT_RAISED, MOMENTS[8], Name="go", Input='{"ok": true}'),
    ]
    scheduled = [event(EventType.TASK_SCHEDULED, MOMENTS[0], 0, Name="work", Version="", Input=None)]
    over = [event(EventType.ORCHESTRATOR_COMPLETED, MOMENTS[0])]
    return [
        each
        for arrived in arrivals
        for each in [event(EventType.ORCHESTRATOR_STARTED, arrived["Timestamp"]), arrived, *scheduled, *over]
    ]


def as_it_was(history: History, length: int) -> tuple[History, History]:
    """The past, and what is new, when so many of the events were there."""
    begun = max(at for at in range(length) if history[at]["EventType"] == EventType.ORCHESTRATOR_STARTED)
    past = [{**each, "IsPlayed": each["EventType"] != EventType.ORCHESTRATOR_STARTED} for each in history[:begun]]
    return past, [{**each, "IsPlayed": False} for each in history[begun:length]]


def lengths(history: History) -> list[int]:
    """How long the history was whenever something had arrived."""
    own = (EventType.TASK_SCHEDULED, EventType.TIMER_CREATED, EventType.SUB_ORCHESTRATION_CREATED)
    kinds = [each["EventType"] for each in history]
    return [at + 1 for at, kind in enumerate(kinds) if at and kind not in (*own, EventType.ORCHESTRATOR_COMPLETED)]


@pytest.fixture(name="cases", scope="module")
def _cases() -> list[History]:
    return [told("probe"), told("broken"), *histories()]


@pytest.fixture(name="expected", scope="module")
def _expected(cases: list[History]) -> list[list[str]]:
    """What the SDK computes in a process of its own, where nobody has changed it."""
    asked = []
    for history in cases:
        for length in lengths(history):
            past, new = as_it_was(history, length)
            whole = [*past, *new]
            asked.append([history[1]["Name"], json.dumps({"history": whole, **fields(whole)})])
    done = subprocess.run(
        [sys.executable, "-m", "tests.local.host.replaying"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[list[str]] = json.loads(done.stdout)
    return answers


def test_a_replay_of_json_is_the_same(cases: list[History], expected: list[list[str]]) -> None:
    sdk.prepare()
    answers = iter(expected)
    for history in cases:
        for length in lengths(history):
            past, new = as_it_was(history, length)
            whole = [*past, *new]
            assert outcome(history[1]["Name"], json.dumps({"history": whole, **fields(whole)})) == next(answers)


def test_a_replay_of_what_the_host_keeps_is_the_same(cases: list[History], expected: list[list[str]]) -> None:
    """Also when an orchestrator has spoilt the events that it was given before."""
    sdk.prepare()
    answers = iter(expected)
    for history in cases:
        kept: History = []
        known = Past()
        for length in lengths(history):
            past, new = as_it_was(history, length)
            kept += past[len(kept) :]
            body = Body({"history": [*known.of(kept), *Past().of(new)], **fields([*past, *new])})
            assert outcome(history[1]["Name"], body) == next(answers)


def test_the_cases_tell_something(expected: list[list[str]]) -> None:
    kinds = {answer[0] for answer in expected}
    ends = [json.loads(answer[1]) for answer in expected if answer[0] == "returned"]
    assert kinds == {"returned", "raised"}
    assert {end["isDone"] for end in ends} == {True, False}
    assert {action["actionType"] for end in ends for action in end["actions"][0]} >= {0, 2, 5, 9, 11, 12}
