"""Histories as the management API shows them, without what differs from run to run and from host to host."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Json = Any


class _Anything:
    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "ANYTHING"


ANYTHING: Any = _Anything()
"""Equals whatever it is compared with."""


@dataclass(frozen=True, eq=False)
class Line:
    """Equals a text whose first line this is: what follows it are details, and every host words its own."""

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.partition("\n")[0].strip() == self.text

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, eq=False)
class Containing:
    """Equals a text with this in it."""

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.text in other

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True)
class Event:
    """An event of a history.

    `name` is of the function, of the external event, or the status that an execution ended in; `value` is a
    result, or the reason of a failure.
    """

    kind: str
    name: str | None = None
    value: Json = None


def done(function: str, result: Json) -> Event:
    """An activity has a result."""
    return Event("TaskCompleted", function, result)


def failed(function: str, reason: Json) -> Event:
    """An activity has failed."""
    return Event("TaskFailed", function, reason)


def child_done(orchestrator: str, result: Json) -> Event:
    """A sub-orchestration has a result."""
    return Event("SubOrchestrationInstanceCompleted", orchestrator, result)


def child_failed(orchestrator: str, reason: Json) -> Event:
    """A sub-orchestration has failed, or was terminated."""
    return Event("SubOrchestrationInstanceFailed", orchestrator, reason)


def heard(name: str) -> Event:
    """An external event has come in."""
    return Event("EventRaised", name)


TIMER = Event("TimerCreated")
RUNG = Event("TimerFired")
WAITED = (TIMER, RUNG)
SUSPENDED = Event("ExecutionSuspended", value=ANYTHING)
RESUMED = Event("ExecutionResumed", value=ANYTHING)
TERMINATED = Event("ExecutionTerminated", value=ANYTHING)


class Together(tuple[Event, ...]):
    """Events that follow one another in any order."""

    __slots__ = ()


def together(*events: Event) -> Together:
    """Events that follow one another in any order: what was begun at once ends as it likes."""
    return Together(events)


Expected = Event | Together


def flat(*parts: Event | Iterable[Event]) -> tuple[Expected, ...]:
    """Chain events and sequences of events; groups of `together` stay what they are."""
    found: list[Expected] = []
    for part in parts:
        if isinstance(part, Event | Together):
            found.append(part)
        else:
            found.extend(part)
    return tuple(found)


def shown(status: dict[str, Json]) -> list[Event]:
    """Return the history in a status, ready to be compared."""
    return [_event(each) for each in status["historyEvents"]]


def _event(raw: dict[str, Json]) -> Event:
    name = raw.get("FunctionName") or raw.get("Name") or raw.get("OrchestrationStatus")
    return Event(raw["EventType"], name, raw.get("Result", raw.get("Reason")))


def aligned(expected: Iterable[Expected], actual: list[Event]) -> list[Event]:
    """Return the expected events as one list, groups in the order in which the actual events came."""
    return list(_in_order(expected, actual))


def _in_order(expected: Iterable[Expected], actual: list[Event]) -> Iterator[Event]:
    position = 0
    for part in expected:
        if isinstance(part, Event):
            yield part
            position += 1
            continue
        left = list(part)
        for event in actual[position : position + len(part)]:
            if event in left:
                left.remove(event)
                yield event
        yield from left
        position += len(part)
