"""The state of Microsoft's durable engine, read out of its storage: a task hub's tables and its queue of activities.

Its shape is that of a state file of the local host (`tests.local.host.statefile`), so that one judgement holds for
both.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from tests.local.host.statefile import EPISODE_BEGINS, EPISODE_ENDS, OUTCOMES, Event, Instance, StateFile

KINDS = {
    "ExecutionStarted": 0,
    "ExecutionCompleted": 1,
    "ExecutionTerminated": 3,
    "TaskScheduled": 4,
    "TaskCompleted": 5,
    "TaskFailed": 6,
    "SubOrchestrationInstanceCreated": 7,
    "SubOrchestrationInstanceCompleted": 8,
    "SubOrchestrationInstanceFailed": 9,
    "TimerCreated": 10,
    "TimerFired": 11,
    "OrchestratorStarted": EPISODE_BEGINS,
    "OrchestratorCompleted": EPISODE_ENDS,
    "EventSent": 14,
    "EventRaised": 15,
    "ContinueAsNew": 16,
    "GenericEvent": 17,
    "ExecutionSuspended": 19,
    "ExecutionResumed": 20,
}
"""DurableTask.Core's `EventType`."""

SENTINEL = "sentinel"
"""The row of a history that says which execution the others belong to."""


def read(storage: str, state: Path) -> StateFile:
    """Read the task hub that a state file names; it may be in use."""
    hub = state.read_text().strip()
    with TableServiceClient.from_connection_string(storage) as tables:
        rows: dict[str, list[Mapping[str, Any]]] = {}
        for row in tables.get_table_client(f"{hub}History").list_entities():
            rows.setdefault(row["PartitionKey"], []).append(row)
        instances = [
            _instance(row, rows.get(row["PartitionKey"], []))
            for row in tables.get_table_client(f"{hub}Instances").list_entities()
        ]
    with QueueServiceClient.from_connection_string(storage) as queues:
        waiting = queues.get_queue_client(f"{hub.lower()}-workitems").get_queue_properties().approximate_message_count
    return StateFile(
        instances={each.id: each for each in instances},
        messages=[],  # a cancelled timer's stays in its queue until it is due
        activities=[f"somebody in {hub}"] * (waiting or 0),
        entities={},
        integrity="ok",
    )


def _instance(row: Mapping[str, Any], history: Iterable[Mapping[str, Any]]) -> Instance:
    """Return an instance with the episodes of its last execution: rows of earlier ones may be left."""
    mine = [each for each in history if each["RowKey"] != SENTINEL and each["ExecutionId"] == row["ExecutionId"]]
    episodes: list[list[Event]] = []
    for event in _heeded(map(_event, sorted(mine, key=lambda each: each["RowKey"]))):
        if event["EventType"] == EPISODE_BEGINS:
            episodes.append([])
        episodes[-1].append(event)
    given, output = _value(row.get("Input")), _value(row.get("Output"))
    # A host that died between its writes may have left the row without a name, which the history has.
    name = row.get("Name") or next(event["Name"] for event in mine if event["EventType"] == "ExecutionStarted")
    return Instance(row["PartitionKey"], name, row["RuntimeStatus"], given, output, episodes)


def _heeded(events: Iterable[Event]) -> Iterator[Event]:
    """Leave out what ends a thing a second time: an activity that ran again says so, and its first word counts."""
    ended: set[tuple[int, int]] = set()
    for event in events:
        if event["EventType"] in OUTCOMES:
            decision, field = OUTCOMES[event["EventType"]]
            if (decision, event[field]) in ended:
                continue
            ended.add((decision, event[field]))
        yield event


def _event(row: Mapping[str, Any]) -> Event:
    return {**row, "EventType": KINDS[row["EventType"]], "EventId": row.get("EventId", -1)}


def _value(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text  # a reason, or the address of what is too long for a row
