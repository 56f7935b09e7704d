"""Rewinding: the history of a failed orchestration, as if what failed last had not been tried yet. Pure.

The events of what failed are blanked in place, so that the replay leads to those decisions anew, under the ids they
had. A failure that the code has dealt with stays: something was decided after it, and a history in which it did
not happen would not lead there. (The extension blanks every failure, and then finds such an orchestration not
deterministic.)
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from local.host.durable.decisions import RETRY_OF
from local.host.durable.history import NO_ID, Event, EventType

_DECISIONS = frozenset({
    EventType.TASK_SCHEDULED,
    EventType.SUB_ORCHESTRATION_CREATED,
    EventType.TIMER_CREATED,
    EventType.EVENT_SENT,
})  # fmt: skip
_FAILURES = frozenset({EventType.TASK_FAILED, EventType.SUB_ORCHESTRATION_FAILED})
_SUCCESSES = frozenset({EventType.TASK_COMPLETED, EventType.SUB_ORCHESTRATION_COMPLETED})


class Fate(StrEnum):
    """What has become of a sub-orchestration that a call started."""

    ALIVE = "alive"
    """It runs, and will answer."""
    FAILED = "failed"
    """It can be rewound."""
    GONE = "gone"
    """It is not there, belongs to another call, or its answer has come and gone: it is started anew."""


def rewound(history: list[Event], fate_of: Callable[[str, int], Fate]) -> tuple[list[Event], list[str]]:
    """Return the rewound history, and the ids of the sub-orchestrations that must be rewound with it.

    `fate_of` is asked with a sub-orchestration's id and the id of the call. What was still open when the
    orchestration failed (it may fail of itself) is decided anew too: nothing that it waited for comes any more.
    """
    calls = _failed_calls(history)
    undone = _open_calls(history).union(*calls.values())
    children: list[str] = []
    for event in history:
        call = event["EventId"]
        # The tries of a call may have shared an instance id: only a call without retries knows its child for sure.
        alone = calls.get(call, {call}) == {call}
        if event["EventType"] != EventType.SUB_ORCHESTRATION_CREATED or call not in undone or not alone:
            continue
        fate = fate_of(event["InstanceId"], call)
        if fate is Fate.FAILED:
            children.append(event["InstanceId"])
        if fate is not Fate.GONE:
            undone.remove(call)
    failures = _open_calls(history).union(*calls.values())
    return [_blank(event) if _is_undone(event, undone, failures) else event for event in history], children


def _open_calls(history: list[Event]) -> set[int]:
    """Return the ids of activities, timers and sub-orchestrations that have not ended."""
    ended = {event.get("TaskScheduledId", event.get("TimerId")) for event in history}
    waited_for = _DECISIONS - {EventType.EVENT_SENT}
    return {event["EventId"] for event in history if event["EventType"] in waited_for} - ended


def _failed_calls(history: list[Event]) -> dict[int, set[int]]:
    """Return the calls that failed last: by the id of the first try, the ids of all tries and of the waits between."""
    chain: dict[int, int] = {}
    for event in filter(_is_decision, history):
        chain[event["EventId"]] = event[RETRY_OF] if RETRY_OF in event else event["EventId"]
    last = max((at for at, event in enumerate(history) if _is_decision(event) and RETRY_OF not in event), default=-1)
    failed = {chain[event["TaskScheduledId"]] for event in history[last + 1 :] if event["EventType"] in _FAILURES}
    succeeded = {chain[event["TaskScheduledId"]] for event in history if event["EventType"] in _SUCCESSES}
    return {first: {each for each in chain if chain[each] == first} for first in failed - succeeded}


def _is_decision(event: Event) -> bool:
    return event["EventType"] in _DECISIONS


def _is_undone(event: Event, undone: set[int], ended: set[int]) -> bool:
    """Whether an event is to be blanked: a decision that is undone, or the outcome of one that did not end well."""
    kind = event["EventType"]
    if kind == EventType.EXECUTION_COMPLETED:
        return True
    if kind in _DECISIONS:
        return event["EventId"] in undone
    about: Any = event.get("TimerId") if kind == EventType.TIMER_FIRED else event.get("TaskScheduledId")
    return about in ended


def _blank(event: Event) -> Event:
    same = {key: event[key] for key in ("IsPlayed", "Timestamp")}
    return {"EventType": int(EventType.GENERIC_EVENT), "EventId": NO_ID, **same, "Data": None}
