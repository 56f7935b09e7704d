"""The state file: one SQLite database, written by the engine's thread alone.

Journal mode WAL with synchronous NORMAL: a commit survives the death of the process at any moment (kill -9), which
is what a host on a developer's machine meets. It may lose the last commits, never the file's consistency, when
the power fails; that would cost a disk flush at each commit and buys nothing here.

Everything an episode does lands in one transaction: new history, outgoing messages, activities, the status, and
the deletion of the messages it consumed. An activity's row goes when its result is in the history, so that after
a crash it runs again, and its result counts once.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.host.durable.decisions import ACTIVE, Status
from local.host.durable.instance import Activity, Instance, Message
from local.host.durable.writes import Writes
from local.host.errors import StateError

_SCHEMA = """
CREATE TABLE instance (
    id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    input TEXT, output TEXT, custom_status TEXT, created TEXT NOT NULL, updated TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX instance_created ON instance (created, id);
CREATE TABLE history (
    instance_id TEXT NOT NULL, episode INTEGER NOT NULL, events TEXT NOT NULL, PRIMARY KEY (instance_id, episode)
) WITHOUT ROWID;
CREATE TABLE message (
    id INTEGER PRIMARY KEY, instance_id TEXT NOT NULL, execution_id TEXT, due REAL, event TEXT NOT NULL
);
CREATE INDEX message_instance ON message (instance_id);
CREATE TABLE activity (
    id INTEGER PRIMARY KEY, instance_id TEXT NOT NULL, execution_id TEXT NOT NULL, task_id INTEGER NOT NULL,
    name TEXT NOT NULL, input TEXT NOT NULL
);
CREATE INDEX activity_instance ON activity (instance_id);
"""
"""`input`, `output` and `custom_status` are JSON texts; `created` and `updated` are history timestamps."""

_ENTITIES = """
CREATE TABLE entity (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, updated TEXT NOT NULL
) WITHOUT ROWID;
"""
"""The entities that exist; `state` is a JSON text."""

_VERSIONS = (_SCHEMA, _ENTITIES)
"""What makes each version of the file out of the one before. Append; never change what has been."""

SCHEMA_VERSION = len(_VERSIONS)


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Hold the state file for one host; raises StateError while another one has it.

    The claim is a lock that the operating system takes back when the process dies, however it dies.
    """
    if path.is_dir():
        raise StateError(f"the state file {path} is a folder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(path.with_name(path.name + ".lock"), timeout=0, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as exc:
        raise StateError(f"the state file {path} cannot be used: {exc}") from None
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as exc:
        lock.close()
        if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise StateError(f"the state file {path} cannot be used: {exc}") from None
        raise StateError(f"another host is using the state file {path}; stop it, or use another with --state") from None
    try:
        yield
    finally:
        lock.close()


class Store:
    """The one writer. Use it in the thread that made it."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as exc:
            self._db.close()
            raise StateError(f"the state file {path} cannot be used: {exc}. Use another with --state") from None
        if version > SCHEMA_VERSION:
            self._db.close()
            raise StateError(
                f"the state file {path} was written by a newer host: it has version {version}, and this host knows "
                f"{SCHEMA_VERSION}. Use the newer host, or another file with --state"
            )
        for number, changes in enumerate(_VERSIONS[version:], version + 1):
            self._db.executescript(f"BEGIN;{changes}PRAGMA user_version={number};COMMIT;")
        self._writes = Writes(self._db)

    def close(self) -> None:
        """Close the file; the journal is folded into it."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block wrote, or nothing of it."""
        self._db.execute("BEGIN")
        try:
            yield
            self._writes.flush()
        except BaseException:
            self._writes.clear()
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def last_ids(self) -> tuple[int, int]:
        """Return the highest ids of a message and of an activity."""
        row = self._execute("SELECT (SELECT max(id) FROM message), (SELECT max(id) FROM activity)").fetchone()
        return row[0] or 0, row[1] or 0

    def ended(self, instance_id: str) -> Instance | None:
        """Return an instance that is not among the active ones, without its history; None if there is none."""
        row = self._execute(
            "SELECT id, name, execution_id, status FROM instance WHERE id = ?", (instance_id,)
        ).fetchone()
        return Instance(row[0], row[1], row[2], Status(row[3])) if row else None

    def input(self, instance_id: str) -> str | None:
        """Return an instance's input, JSON or None."""
        row = self._execute("SELECT input FROM instance WHERE id = ?", (instance_id,)).fetchone()
        return row[0] if row else None

    def status(self, instance_id: str) -> Status | None:
        """Return an instance's status, None if there is none of this id."""
        row = self._execute("SELECT status FROM instance WHERE id = ?", (instance_id,)).fetchone()
        return Status(row[0]) if row else None

    def active(self) -> Iterator[Instance]:
        """Return the instances that have not ended, without their histories."""
        rows = self._execute(
            f"SELECT id, name, execution_id, status FROM instance WHERE status IN ({_marks(ACTIVE)})",  # noqa: S608 - marks only
            sorted(ACTIVE),
        )
        for instance_id, name, execution_id, status in rows:
            yield Instance(instance_id, name, execution_id, Status(status))

    def messages(self) -> Iterator[Message]:
        """Return every message in the order of sending."""
        rows = self._execute("SELECT id, instance_id, execution_id, event, due FROM message ORDER BY id")
        for message_id, instance_id, execution_id, event, due in rows:
            yield Message(message_id, instance_id, execution_id, json.loads(event), due)

    def activities(self) -> Iterator[Activity]:
        """Return every activity without a result, in the order of scheduling."""
        rows = self._execute("SELECT id, instance_id, execution_id, task_id, name, input FROM activity ORDER BY id")
        return (Activity(*row) for row in rows)

    def history(self, instance_id: str) -> list[str]:
        """Return the current execution's events, as the inside of a JSON array for each episode."""
        return [
            row[0]
            for row in self._execute(
                "SELECT events FROM history WHERE instance_id = ? ORDER BY episode", (instance_id,)
            )
        ]

    def add_instance(self, instance: Instance, input_json: str | None, now: str) -> None:
        """Write a new instance, in place of one that had this id."""
        if self._writes.holds_instance(instance.id) or self._is_written(instance.id):
            self.forget(instance.id)
        row = (instance.id, instance.execution_id, instance.name, instance.status, input_json, now, now)
        self._writes.instance(instance.id, row)

    def update_instance(self, instance: Instance, output: str | None, custom_status: str | None, now: str) -> None:
        """Write what the API shows of an instance."""
        self._writes.update(instance.id, (instance.status, output, custom_status, now))

    def revive_instance(self, instance: Instance, text: str, now: str) -> None:
        """Let an ended instance live on with the given history, an array's inside."""
        self._execute("DELETE FROM history WHERE instance_id = ?", (instance.id,))
        self.append_history(instance.id, 0, text)
        self._execute(
            "UPDATE instance SET status = ?, output = NULL, updated = ? WHERE id = ?",
            (instance.status, now, instance.id),
        )

    def restart_instance(self, instance: Instance, input_json: str, old_execution_id: str) -> None:
        """Begin a new execution: no history, and no mail for the old one."""
        self._execute("DELETE FROM history WHERE instance_id = ?", (instance.id,))
        self._execute("DELETE FROM message WHERE instance_id = ? AND execution_id = ?", (instance.id, old_execution_id))
        self._execute(
            "UPDATE instance SET execution_id = ?, input = ? WHERE id = ?",
            (instance.execution_id, input_json, instance.id),
        )

    def append_history(self, instance_id: str, episode: int, text: str) -> None:
        """Write one more episode."""
        self._writes.episode((instance_id, episode, text))

    def add_messages(self, messages: Iterable[Message]) -> None:
        """Write messages."""
        self._writes.messages(messages)

    def add_activities(self, activities: Iterable[Activity]) -> None:
        """Write scheduled activities."""
        self._writes.activities(activities)

    def consume(self, messages: Sequence[Message]) -> None:
        """Delete messages that have been worked in, and the activities that they report on."""
        self._writes.consume(messages)

    def forget(self, instance_id: str) -> None:
        """Delete everything about an instance."""
        for statement in (
            "DELETE FROM instance WHERE id = ?",
            "DELETE FROM history WHERE instance_id = ?",
            "DELETE FROM message WHERE instance_id = ?",
            "DELETE FROM activity WHERE instance_id = ?",
        ):
            self._execute(statement, (instance_id,))

    def entity_state(self, entity_id: str) -> str | None:
        """Return an entity's state, None if it does not exist."""
        row = self._execute("SELECT state FROM entity WHERE id = ?", (entity_id,)).fetchone()
        return row[0] if row else None

    def save_entity(self, entity_id: str, name: str, key: str, state: str, now: str) -> None:
        """Write an entity's state."""
        self._execute("INSERT OR REPLACE INTO entity VALUES (?, ?, ?, ?, ?)", (entity_id, name, key, state, now))

    def delete_entity(self, entity_id: str) -> bool:
        """Delete an entity; returns whether it existed."""
        return self._execute("DELETE FROM entity WHERE id = ?", (entity_id,)).rowcount > 0

    def created_between(self, first: str, last: str, statuses: Sequence[str]) -> list[str]:
        """Return the ids of instances that were created in a time and have a status of these, or any."""
        has_status = f"AND status IN ({_marks(statuses)})" if statuses else ""
        rows = self._execute(
            f"SELECT id FROM instance WHERE created >= ? AND created <= ? {has_status}",  # noqa: S608 - marks only
            (first, last, *statuses),
        )
        return [row[0] for row in rows]

    def entities_between(self, first: str, last: str) -> list[str]:
        """Return the ids of entities whose state was last written in a time."""
        rows = self._execute("SELECT id FROM entity WHERE updated >= ? AND updated <= ?", (first, last))
        return [row[0] for row in rows]

    def _is_written(self, instance_id: str) -> bool:
        return self._db.execute("SELECT 1 FROM instance WHERE id = ?", (instance_id,)).fetchone() is not None

    def _execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Read or write at once, after what waits."""
        self._writes.flush()
        return self._db.execute(statement, values)


def _marks(values: Iterable[object]) -> str:
    return ",".join("?" for _ in values)
