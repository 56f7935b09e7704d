"""What a transaction is about to write of the kinds that come by the hundred.

A call of SQLite costs more than the row it writes, and each row lets the event loop take the interpreter away. So
the rows wait here, and go in one call for each kind. What comes and goes within a transaction is never written.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from local.host.durable.instance import Activity, Message

_Row = tuple[Any, ...]


class Writes:
    """Rows that wait. Their order among each other does not matter: an id is given once, to one row.

    Whatever else reads or writes the tables must `flush` before it does.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.clear()

    def clear(self) -> None:
        """Forget the rows: the transaction is rolled back."""
        self._instances: dict[str, _Row] = {}
        self._updates: dict[str, _Row] = {}
        self._episodes: list[_Row] = []
        self._messages: dict[int, Message] = {}
        self._activities: dict[int, Activity] = {}
        self._consumed_messages: list[_Row] = []
        self._consumed_activities: list[_Row] = []

    def flush(self) -> None:
        """Write the rows."""
        if self._instances:
            self._db.executemany(
                "INSERT INTO instance VALUES (?, ?, ?, ?, ?, NULL, NULL, ?, ?)", self._instances.values()
            )
        if self._updates:
            self._db.executemany(
                "UPDATE instance SET status = ?, output = COALESCE(?, output), custom_status = ?, updated = ? "
                "WHERE id = ?",
                self._updates.values(),
            )
        if self._episodes:
            self._db.executemany("INSERT INTO history VALUES (?, ?, ?)", self._episodes)
        if self._messages:
            self._db.executemany(
                "INSERT INTO message VALUES (?, ?, ?, ?, ?)", map(_message_row, self._messages.values())
            )
        if self._activities:
            self._db.executemany(
                "INSERT INTO activity VALUES (?, ?, ?, ?, ?, ?)", map(_activity_row, self._activities.values())
            )
        if self._consumed_messages:
            self._db.executemany("DELETE FROM message WHERE id = ?", self._consumed_messages)
        if self._consumed_activities:
            self._db.executemany("DELETE FROM activity WHERE id = ?", self._consumed_activities)
        self.clear()

    def instance(self, instance_id: str, row: _Row) -> None:
        """Add an instance; there must be none of this id."""
        self._instances[instance_id] = row

    def holds_instance(self, instance_id: str) -> bool:
        """Whether an instance is among the rows."""
        return instance_id in self._instances

    def update(self, instance_id: str, row: _Row) -> None:
        """Change what the API shows of an instance; only the last change is written. No output leaves the earlier."""
        status, output, *rest = row
        if output is None and (earlier := self._updates.get(instance_id)):
            output = earlier[1]
        self._updates[instance_id] = (status, output, *rest, instance_id)

    def episode(self, row: _Row) -> None:
        """Add an episode to a history."""
        self._episodes.append(row)

    def messages(self, messages: Iterable[Message]) -> None:
        """Add messages."""
        self._messages.update((each.id, each) for each in messages)

    def activities(self, activities: Iterable[Activity]) -> None:
        """Add activities."""
        self._activities.update((each.id, each) for each in activities)

    def consume(self, messages: Sequence[Message]) -> None:
        """Take away messages, and the activities that they report on."""
        for each in messages:
            if each.activity_id is not None:
                self._consumed_activities.append((each.activity_id,))
            elif self._messages.pop(each.id, None) is None:
                self._consumed_messages.append((each.id,))


def _message_row(message: Message) -> _Row:
    return message.id, message.instance_id, message.execution_id, message.due, json.dumps(message.event)


def _activity_row(activity: Activity) -> _Row:
    task = (activity.task_id, activity.name, activity.input_json)
    return activity.id, activity.instance_id, activity.execution_id, *task
