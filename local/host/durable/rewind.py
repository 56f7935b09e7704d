"""Rewinding: the history of a failed orchestration, as if what failed last had not been tried yet. Pure.

The events of what failed are blanked in place, so that the replay leads to those decisions anew, under the ids they
had. A failure that the code has dealt with stays: something was decided after it, and a history in which it did
not happen would not lead there. (The extension blanks every failure, and then finds such an orchestration not
deterministic.)
"""

from collections.abc import Callable
from typing import Any

from local.host.durable.decisions import RETRY_OF
from local.host.durable.history import EVENT_NAMES, NO_ID, Event, EventType

_DECISIONS = frozenset({
    EventType.TASK_SCHEDULED,
    EventType.SUB_ORCHESTRATION_CREATED,
    EventType.TIMER_CREATED,
    EventType.EVENT_SENT,
})  # fmt: skip
_FAILURES = frozenset({EventType.TASK_FAILED, EventType.SUB_ORCHESTRATION_FAILED})
_SUCCESSES = frozenset({EventType.TASK_COMPLETED, EventType.SUB_ORCHESTRATION_COMPLETED})


def rewound(history: list[Event], can_rewind: Callable[[str], bool]) -> tuple[list[Event], list[str]]:
    """Return the rewound history, and the ids of the sub-orchestrations that must be rewound with it.

    `can_rewind` tells whether a sub-orchestration is there and has failed; any other is started anew.
    """
    calls = _failed_calls(history)
    children: list[str] = []
    kept: set[int] = set()
    for event in history:
        is_child = event["EventType"] == EventType.SUB_ORCHESTRATION_CREATED
        # The tries of a call may have shared an instance id: only a call without retries knows its child for sure.
        if is_child and calls.get(event["EventId"]) == {event["EventId"]} and can_rewind(event["InstanceId"]):
            children.append(event["InstanceId"])
            kept.add(event["EventId"])
    undone = set().union(*calls.values()) if calls else set()
    return [_blank(event) if _is_undone(event, undone, kept) else event for event in history], children


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


def _is_undone(event: Event, undone: set[int], kept: set[int]) -> bool:
    kind = event["EventType"]
    if kind == EventType.EXECUTION_COMPLETED:
        return True
    if kind in _DECISIONS:
        return event["EventId"] in undone - kept
    about: Any = event.get("TimerId") if kind == EventType.TIMER_FIRED else event.get("TaskScheduledId")
    return about in undone


def _blank(event: Event) -> Event:
    was = EVENT_NAMES[EventType(event["EventType"])]
    same = {key: event[key] for key in ("IsPlayed", "Timestamp")}
    return {"EventType": int(EventType.GENERIC_EVENT), "EventId": NO_ID, **same, "Data": f"Rewound: {was}"}
