"""What must be true of a host's state file at any moment, a crash included: read without the host's own code."""

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Event = dict[str, Any]

EXECUTION_STARTED, EXECUTION_COMPLETED = 0, 1
TASK, CHILD, TIMER = 4, 7, 10
EPISODE_BEGINS, EPISODE_ENDS = 12, 13
EVENT_SENT, EVENT_RAISED = 14, 15

DECISIONS = {TASK, CHILD, TIMER, EVENT_SENT}
"""Events whose EventId the orchestrator's own count gives; with the end of the execution, no two share one."""

OUTCOMES = {
    5: (TASK, "TaskScheduledId"),
    6: (TASK, "TaskScheduledId"),
    8: (CHILD, "TaskScheduledId"),
    9: (CHILD, "TaskScheduledId"),
    11: (TIMER, "TimerId"),
}
"""What ends what: an outcome's EventType, that of the decision it belongs to, and the field that names it."""

ACTIVE = {"Pending", "Running", "Suspended"}


@dataclass(frozen=True)
class Instance:
    """A row of `instance` with its history, an episode at a time."""

    id: str
    name: str
    status: str
    input: Any
    output: Any
    episodes: list[list[Event]]

    @property
    def events(self) -> list[Event]:
        return [event for episode in self.episodes for event in episode]

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE


@dataclass(frozen=True)
class StateFile:
    """What a state file holds: instances by id, messages with their addressees, the owners of activities, entities.

    `entities` are states by id.
    """

    instances: dict[str, Instance]
    messages: list[tuple[str, Event]]
    activities: list[str]
    entities: dict[str, Any]
    integrity: str

    def faults(self) -> list[str]:
        """What is wrong with it, as sentences; empty if nothing is."""
        found = [] if self.integrity == "ok" else [f"integrity_check says {self.integrity}"]
        for instance in self.instances.values():
            found += [f"{instance.name} {instance.id}: {fault}" for fault in _faults_of(instance)]
        live = {each.id for each in self.instances.values() if each.is_active}
        found += [
            f"a message to {owner}, which does not live"
            for owner, _ in self.messages
            if owner not in live and not owner.startswith("@")
        ]
        # One of an instance that has ended may run: its result takes its row away.
        found += [
            f"an activity of {owner}, which is not there" for owner in self.activities if owner not in self.instances
        ]
        return found

    def leftovers(self) -> list[str]:
        """What is not done yet: empty once every orchestration, entity and activity has ended."""
        live = [f"{each.name} {each.id} is {each.status}" for each in self.instances.values() if each.is_active]
        return [
            *live,
            *(f"a message to {owner}" for owner, _ in self.messages),
            *(f"an activity of {owner}" for owner in self.activities),
        ]


def read(path: Path) -> StateFile:
    """Read the state of a host that does not run, and leave the files as they are: its own recovery is under test."""
    with TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            if (part := path.with_name(path.name + suffix)).exists():
                shutil.copy(part, Path(folder) / part.name)
        with closing(sqlite3.connect(Path(folder) / path.name)) as db:
            return _read(db)


def _read(db: sqlite3.Connection) -> StateFile:
    integrity = "; ".join(row[0] for row in db.execute("PRAGMA integrity_check"))
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'instance'").fetchone():
        return StateFile({}, [], [], {}, integrity)  # killed before the first commit of all
    texts: dict[str, list[list[Event]]] = {}
    for number, (owner, episode, events) in enumerate(
        db.execute("SELECT * FROM history ORDER BY instance_id, episode")
    ):
        episodes = texts.setdefault(owner, [])
        assert episode == len(episodes), (
            f"row {number} of history: episode {episode} of {owner} follows {len(episodes)}"
        )
        episodes.append(json.loads(f"[{events}]"))
    rows = db.execute("SELECT id, name, status, input, output FROM instance").fetchall()
    strangers = set(texts) - {row[0] for row in rows}
    assert not strangers, f"history without an instance: {strangers}"
    return StateFile(
        instances={
            me: Instance(me, name, status, _value(given), _value(output), texts.get(me, []))
            for me, name, status, given, output in rows
        },
        messages=[(row[0], json.loads(row[1])) for row in db.execute("SELECT instance_id, event FROM message")],
        activities=[row[0] for row in db.execute("SELECT instance_id FROM activity")],
        entities={row[0]: json.loads(row[1]) for row in db.execute("SELECT id, state FROM entity")},
        integrity=integrity,
    )


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _faults_of(instance: Instance) -> Iterator[str]:
    events = instance.events
    kinds = Counter(event["EventType"] for event in events)
    if kinds[EXECUTION_STARTED] != (1 if events else 0):
        yield f"has {kinds[EXECUTION_STARTED]} ExecutionStarted"
    if kinds[EXECUTION_COMPLETED] != (0 if instance.is_active else 1):
        yield f"is {instance.status} and has {kinds[EXECUTION_COMPLETED]} ExecutionCompleted"
    if not events and instance.status != "Pending":
        yield f"is {instance.status} without a history"
    for number, episode in enumerate(instance.episodes):
        ends = [event["EventType"] for event in (episode[0], episode[-1])]
        if ends != [EPISODE_BEGINS, EPISODE_ENDS]:
            yield f"episode {number} has the ends {ends}"
    if instance.episodes and not instance.is_active and EXECUTION_COMPLETED not in _kinds(instance.episodes[-1]):
        yield "goes on after its end"
    yield from _unpaired(events)


def _kinds(episode: list[Event]) -> set[int]:
    return {event["EventType"] for event in episode}


def _unpaired(events: list[Event]) -> Iterator[str]:
    """Yield each id that is given twice, and each outcome without its decision before it, or with a rival."""
    given: dict[int, int] = {}
    ended: set[int] = set()
    called: set[str] = set()
    answered: set[str] = set()
    for event in events:
        kind = event["EventType"]
        if kind in DECISIONS or kind == EXECUTION_COMPLETED:
            if event["EventId"] in given:
                yield f"the id {event['EventId']} is given twice"
            given[event["EventId"]] = kind
        if kind == EVENT_SENT:
            called.add(json.loads(event["Input"]).get("id", ""))
        if kind in OUTCOMES:
            decision, field = OUTCOMES[kind]
            number = event[field]
            if given.get(number) != decision:
                yield f"an event of type {kind} ends {number}, which is of type {given.get(number)}"
            if number in ended:
                yield f"{number} ends twice"
            ended.add(number)
        if kind == EVENT_RAISED and event["Name"] in called:
            if event["Name"] in answered:
                yield f"the entity's answer {event['Name']} came twice"
            answered.add(event["Name"])
