"""How the status API shows an instance and its history."""

import json
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from local.host.durable.history import EVENT_NAMES, Event, EventType, dumps
from local.host.durable.queries import Entity, Row
from local.host.durable.refusals import UnreadableHistory

_HIDDEN = frozenset({EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED})
_SCHEDULED = frozenset({EventType.TASK_SCHEDULED, EventType.SUB_ORCHESTRATION_CREATED})
_ENDED = frozenset({
    EventType.TASK_COMPLETED,
    EventType.TASK_FAILED,
    EventType.SUB_ORCHESTRATION_COMPLETED,
    EventType.SUB_ORCHESTRATION_FAILED,
})  # fmt: skip


_NOT_OURS: dict[EventType, dict[str, Any]] = {
    EventType.EXECUTION_STARTED: {
        "Correlation": None,
        "ParentTraceContext": None,
        "ScheduledStartTime": None,
        "Generation": 0,
        "GenerateNewTrace": False,
    },
    EventType.EXECUTION_COMPLETED: {"FailureDetails": None},
    EventType.TASK_SCHEDULED: {"ParentTraceContext": None, "Tags": None},
    EventType.TASK_FAILED: {"FailureDetails": None},
    EventType.SUB_ORCHESTRATION_FAILED: {"FailureDetails": None},
    EventType.EVENT_RAISED: {"ParentTraceContext": None},
    EventType.TASK_SCHEDULED: {"ParentTraceContext": None, "Tags": None},
    EventType.SUB_ORCHESTRATION_CREATED: {"ClientSpanId": None, "Tags": None},
}
"""What the extension shows of features that this host lacks."""

_SHOWN_AS_THEY_ARE = ("InstanceId", "FireAt", "OrchestrationStatus", "Reason", "Details", "Data")


def json_answer(body: Any, code: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    """Return JSON as an answer, whatever an app put into it: NaN, or half of a character."""
    return text_answer(dumps(body), code, headers)


def text_answer(text: str, code: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    """Return a text that is JSON as an answer."""
    return Response(text, code, headers, media_type="application/json; charset=utf-8")


def status_body(row: Row, *, show_input: bool) -> dict[str, Any]:
    """Return the body of a status query; texts are shown as the JSON they hold."""
    return {
        "name": row.name,
        "instanceId": row.id,
        "runtimeStatus": row.status,
        "input": _value(row.input) if show_input else None,
        "customStatus": _value(row.custom_status),
        "output": _value(row.output),
        "createdTime": _seconds(row.created),
        "lastUpdatedTime": _seconds(row.updated),
    }


def entity_body(entity: Entity, *, show_state: bool) -> dict[str, Any]:
    """Return an entity as a list of them shows it."""
    return {
        "entityId": {"name": entity.name, "key": entity.key},
        "lastOperationTime": entity.updated,
        "state": json.loads(entity.state) if show_state else None,
    }


def history_body(events: list[Event], *, show_input: bool, show_output: bool) -> list[dict[str, Any]]:
    """Return a history for people: scheduling is folded into what came of it, bookkeeping is left out.

    A result is shown as the JSON that its text holds, an input as the text itself: as the extension does it. Raises
    UnreadableHistory where two tasks have one number.
    """
    scheduled = _scheduled(events)
    ended = {event["TaskScheduledId"] for event in events if event["EventType"] in _ENDED}
    return [
        _shown(event, scheduled, show_input=show_input, show_output=show_output)
        for event in events
        if event["EventType"] not in _HIDDEN and not (event["EventType"] in _SCHEDULED and event["EventId"] in ended)
    ]


def _scheduled(events: list[Event]) -> dict[int, Event]:
    """Return what was scheduled by its number."""
    found: dict[int, Event] = {}
    for event in events:
        if event["EventType"] in _SCHEDULED:
            key = f"{EVENT_NAMES[EventType(event['EventType'])]}_{event['EventId']}"
            if found.get(event["EventId"], {}).get("EventType") == event["EventType"]:
                raise UnreadableHistory(f"An item with the same key has already been added. Key: {key}")
            found[event["EventId"]] = event
    return found


def _shown(event: Event, scheduled: dict[int, Event], *, show_input: bool, show_output: bool) -> dict[str, Any]:
    kind = event["EventType"]
    shown: dict[str, Any] = {"EventType": EVENT_NAMES[EventType(kind)], "Timestamp": event["Timestamp"]}
    shown |= _NOT_OURS.get(EventType(kind), {})
    origin = scheduled.get(event.get("TaskScheduledId", -1))
    if origin is not None:
        scheduled_at = origin["Timestamp"].removesuffix("Z") + "+00:00"
        shown |= {"ScheduledTime": scheduled_at, "FunctionName": origin["Name"]}
    elif "Name" in event:
        # Only where something ended, or the execution began, does the API call it the name of a function.
        shown["FunctionName" if kind == EventType.EXECUTION_STARTED else "Name"] = event["Name"]
    shown |= {key: event[key] for key in _SHOWN_AS_THEY_ARE if key in event}
    if origin is not None and "InstanceId" in origin:
        shown["InstanceId"] = origin["InstanceId"]
    if show_input and "Input" in (origin or event):
        shown["Input"] = (origin or event)["Input"]
    if show_output and "Result" in event:
        shown["Result"] = _value(event["Result"])
    return shown


def _value(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _seconds(timestamp: str) -> str:
    return f"{timestamp[:19]}Z"
