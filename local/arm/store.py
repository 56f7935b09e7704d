"""Everything that is remembered, in SQLite: in memory, or in a file that survives a restart.

A resource is its wire document plus what Azure knows and never shows (`hidden`). One connection serves the one thread
that handles requests; each request is one transaction.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .calls import Json
from .operations import IN_PROGRESS, Operation

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS subscriptions (id TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS resources (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, subscription TEXT NOT NULL, grp TEXT NOT NULL,
    body TEXT NOT NULL, hidden TEXT NOT NULL, operation TEXT);
CREATE INDEX IF NOT EXISTS resources_by_group ON resources (subscription, grp);
CREATE TABLE IF NOT EXISTS operations (
    id TEXT PRIMARY KEY, status TEXT NOT NULL, due REAL, ended REAL, target TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS operations_by_due ON operations (status, due);
CREATE INDEX IF NOT EXISTS operations_by_end ON operations (ended);
CREATE INDEX IF NOT EXISTS operations_by_target ON operations (status, target);
"""
_SCHEMA_VERSION = 1
_COLUMNS = "id, kind, subscription, grp, body, hidden, operation"


@dataclass
class Resource:
    """A resource or a resource group: `id` and `kind` as ARM writes them, `body` the document that a GET returns."""

    id: str
    kind: str
    subscription: str
    group: str
    body: Json
    hidden: Json = field(default_factory=dict)
    operation: str | None = None

    @property
    def key(self) -> str:
        """What identifies it, whatever the casing."""
        return self.id.lower()

    @property
    def name(self) -> str:
        """Its own name."""
        return self.id.rsplit("/", 1)[-1]

    @property
    def location(self) -> str:
        """Where it lives, or '' for what has no location."""
        return str(self.body.get("location", ""))

    @property
    def properties(self) -> Json:
        """The inner part of the document, to read and to change."""
        inner: Json = self.body.setdefault("properties", {})
        return inner

    @property
    def state(self) -> str:
        """The provisioning state."""
        return str(self.properties.get("provisioningState", ""))

    @state.setter
    def state(self, value: str) -> None:
        self.properties["provisioningState"] = value


class Store:
    """The tables, and the few questions that are asked of them."""

    def __init__(self, path: str = ":memory:") -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A request is on disk before it is answered, as far as a crash of this process goes.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, _SCHEMA_VERSION):
            self._db.close()
            raise ValueError(f"the state file has version {version}, this simulator reads {_SCHEMA_VERSION}: {path}")
        self._db.executescript(_SCHEMA + f"PRAGMA user_version = {_SCHEMA_VERSION};")

    @property
    def database(self) -> sqlite3.Connection:
        """For a part that keeps a table of its own in the same transactions."""
        return self._db

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside lands together, or, after an exception, not at all."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def fact(self, name: str) -> Any:
        """One remembered value, or None."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def remember(self, name: str, value: Any) -> None:
        """Keep one value."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    def subscription(self, key: str) -> Json | None:
        """The settings of a subscription, or None when it was never seen."""
        row = self._db.execute("SELECT document FROM subscriptions WHERE id = ?", (key.lower(),)).fetchone()
        return json.loads(row[0]) if row else None

    def subscriptions(self) -> list[str]:
        """The ids of all subscriptions."""
        return [row[0] for row in self._db.execute("SELECT id FROM subscriptions ORDER BY rowid")]

    def save_subscription(self, key: str, document: Json) -> None:
        """Keep the settings of a subscription."""
        self._db.execute("INSERT OR REPLACE INTO subscriptions VALUES (?, ?)", (key.lower(), json.dumps(document)))

    def forget_subscription(self, key: str) -> None:
        """Remove a subscription with all it holds."""
        self._db.execute("DELETE FROM subscriptions WHERE id = ?", (key.lower(),))
        self._db.execute("DELETE FROM resources WHERE subscription = ?", (key.lower(),))
        self._db.execute("DELETE FROM operations WHERE target > ? AND target < ?", _below(f"/subscriptions/{key}"))

    def find(self, resource_id: str) -> Resource | None:
        """The resource of this id, or None."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM resources WHERE key = ?",  # noqa: S608 - a constant of this file
            (resource_id.lower(),),
        ).fetchone()
        return _resource(row) if row else None

    def save(self, resource: Resource) -> None:
        """Write a resource; one that exists keeps its place in listings."""
        values = (resource.id, resource.kind, resource.subscription.lower(), resource.group.lower())
        documents = (json.dumps(resource.body), json.dumps(resource.hidden), resource.operation)
        self._db.execute(
            "INSERT INTO resources VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET id=excluded.id, body=excluded.body, hidden=excluded.hidden, "
            "operation=excluded.operation",
            (resource.key, *values, *documents),
        )

    def remove(self, resource: Resource) -> None:
        """Delete a resource with everything nested in it."""
        self._db.execute(
            "DELETE FROM resources WHERE key = ? OR (key > ? AND key < ?)", (resource.key, *_below(resource.key))
        )

    def nested(self, resource_id: str) -> list[Resource]:
        """What is nested in a resource, or in a resource group, in the order of creation."""
        return self._select("key > ? AND key < ?", *_below(resource_id))

    def select(self, subscription: str, kind: str | None = None, group: str | None = None) -> list[Resource]:
        """A subscription's resources, of one type or in one group if asked, in the order of creation."""
        where, values = ["subscription = ?"], [subscription.lower()]
        if kind is not None:
            where.append("lower(kind) = ?")
            values.append(kind.lower())
        if group is not None:
            where.append("grp = ?")
            values.append(group.lower())
        return self._select(" AND ".join(where), *values)

    def _select(self, where: str, *values: Any) -> list[Resource]:
        query = f"SELECT {_COLUMNS} FROM resources WHERE {where} ORDER BY rowid"  # noqa: S608 - constants above
        return [_resource(row) for row in self._db.execute(query, values)]

    def operation(self, key: str) -> Operation | None:
        """A long-running operation's record, or None."""
        row = self._db.execute("SELECT document FROM operations WHERE id = ?", (key.lower(),)).fetchone()
        return Operation(**json.loads(row[0])) if row else None

    def save_operation(self, operation: Operation) -> None:
        """Write an operation's record."""
        keys = (operation.id, operation.status, operation.due, operation.ended, operation.target.lower())
        self._db.execute(
            "INSERT OR REPLACE INTO operations VALUES (?, ?, ?, ?, ?, ?)", (*keys, json.dumps(vars(operation)))
        )

    def next_due(self, moment: float) -> Operation | None:
        """The running operation that is to end first, if that is not after `moment`."""
        row = self._db.execute(
            "SELECT document FROM operations WHERE status = ? AND due <= ? ORDER BY due, rowid LIMIT 1",
            (IN_PROGRESS, moment),
        ).fetchone()
        return Operation(**json.loads(row[0])) if row else None

    def running(self, target: str) -> list[Operation]:
        """The running operations on a resource and on what is nested in it."""
        rows = self._db.execute(
            "SELECT document FROM operations WHERE status = ? AND (target = ? OR (target > ? AND target < ?))",
            (IN_PROGRESS, target.lower(), *_below(target)),
        )
        return [Operation(**json.loads(row[0])) for row in rows]

    def expire_operations(self, before: float) -> None:
        """Forget the records of operations that ended before a moment."""
        self._db.execute("DELETE FROM operations WHERE ended < ?", (before,))


def _below(key: str) -> tuple[str, str]:
    """The open range of keys nested under one: '0' is the character after '/'."""
    return key.lower() + "/", key.lower() + "0"


def _resource(row: tuple[Any, ...]) -> Resource:
    body, hidden = json.loads(row[4]), json.loads(row[5])
    return Resource(row[0], row[1], row[2], row[3], body, hidden, row[6])
