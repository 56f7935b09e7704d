"""History events: what the Durable extension sends to the SDK, and what the store keeps.

An event is a flat JSON object; every result and input in it is a string of JSON, or null. Stored events are
never rewritten: the SDK derives its clock, and with it timers and uuids, from their timestamps.
"""

import json
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Event = dict[str, Any]

NO_ID = -1
"""EventId of every event that is not a decision of the orchestrator."""


class EventType(IntEnum):
    """The numbers that DurableTask gives the events this host writes."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_CREATED = 7
    SUB_ORCHESTRATION_COMPLETED = 8
    SUB_ORCHESTRATION_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_SENT = 14
    EVENT_RAISED = 15
    GENERIC_EVENT = 17
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20


EVENT_NAMES = {
    EventType.EXECUTION_STARTED: "ExecutionStarted",
    EventType.EXECUTION_COMPLETED: "ExecutionCompleted",
    EventType.EXECUTION_TERMINATED: "ExecutionTerminated",
    EventType.TASK_SCHEDULED: "TaskScheduled",
    EventType.TASK_COMPLETED: "TaskCompleted",
    EventType.TASK_FAILED: "TaskFailed",
    EventType.SUB_ORCHESTRATION_CREATED: "SubOrchestrationInstanceCreated",
    EventType.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceFailed",
    EventType.TIMER_CREATED: "TimerCreated",
    EventType.TIMER_FIRED: "TimerFired",
    EventType.ORCHESTRATOR_STARTED: "OrchestratorStarted",
    EventType.ORCHESTRATOR_COMPLETED: "OrchestratorCompleted",
    EventType.EVENT_SENT: "EventSent",
    EventType.EVENT_RAISED: "EventRaised",
    EventType.GENERIC_EVENT: "GenericEvent",
    EventType.EXECUTION_SUSPENDED: "ExecutionSuspended",
    EventType.EXECUTION_RESUMED: "ExecutionResumed",
}
"""The names that the status API shows."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def timestamp(moment: datetime) -> str:
    """Write a moment (aware, UTC) as history does: ISO 8601 with six fractional digits and Z."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment_of(text: str) -> datetime:
    """Read a timestamp back; one without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def dumps(value: object) -> str:
    """Write JSON compactly, as the extension stores it; pure ASCII, so that any text can be stored."""
    return _ENCODER.encode(value)


def event(kind: EventType, now: str, event_id: int = NO_ID, **fields: Any) -> Event:
    """Build an event that has not been played; `now` is a timestamp, `fields` go in as they are."""
    return {"EventType": int(kind), "EventId": event_id, "IsPlayed": False, "Timestamp": now, **fields}


def execution_started(
    now: str, *, name: str, version: str, input_json: str | None, instance: dict[str, str], parent: Event | None = None
) -> Event:
    """Build the first event of an execution; `instance` is {InstanceId, ExecutionId}."""
    return event(
        EventType.EXECUTION_STARTED,
        now,
        Name=name,
        Version=version,
        Input=input_json,
        OrchestrationInstance=instance,
        ParentInstance=parent,
        Tags=None,
    )


def played(events: list[Event]) -> list[Event]:
    """Return events as later episodes see them. OrchestratorStarted stays unplayed, as on the real host."""
    return [{**each, "IsPlayed": each["EventType"] != EventType.ORCHESTRATOR_STARTED} for each in events]
