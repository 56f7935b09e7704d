"""Reading the state file for the status API: beside the writer, by connections of its own."""

import asyncio
import base64
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from local.host.durable.history import Event

CONTINUATION = "x-ms-continuation-token"
"""The header that names where a list goes on, in answers and in the requests that follow."""

T = TypeVar("T")

_COLUMNS = "id, name, status, input, output, custom_status, created, updated"


@dataclass(frozen=True, slots=True)
class Row:
    """What the store knows of an instance; `input`, `output`, `custom_status` are JSON texts or None."""

    id: str
    name: str
    status: str
    input: str | None
    output: str | None
    custom_status: str | None
    created: str
    updated: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which instances to list; times are history timestamps, empty means no condition."""

    created_from: str = ""
    created_to: str = ""
    statuses: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """What the store knows of an entity; `state` is a JSON text."""

    name: str
    key: str
    state: str
    updated: str


@dataclass(frozen=True, slots=True)
class EntityFilter:
    """Which entities to list; times are history timestamps of the last operation, empty means no condition."""

    name: str = ""
    updated_from: str = ""
    updated_to: str = ""


class Reader:
    """Reads what has been committed: what may take long in the thread, a row by its key on the loop.

    While an engine is busy, a thread to be waited for costs more than the row: it needs the interpreter twice.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="durable-reader")
        self._db: sqlite3.Connection | None = None
        self._db_of_loop: sqlite3.Connection | None = None

    async def instance(self, instance_id: str) -> Row | None:
        """Return an instance, None if there is none of this id."""
        sql = f"SELECT {_COLUMNS} FROM instance WHERE id = ?"  # noqa: S608 - constant columns
        if self._db_of_loop is None:
            self._db_of_loop = self._connected()
        row = self._db_of_loop.execute(sql, (instance_id,)).fetchone()
        return Row(*row) if row else None

    async def history(self, instance_id: str) -> list[Event]:
        """Return the events of an instance's current execution."""
        sql = "SELECT events FROM history WHERE instance_id = ? ORDER BY episode"
        rows = await self._run(lambda db: db.execute(sql, (instance_id,)).fetchall())
        events: list[Event] = json.loads(f"[{','.join(row[0] for row in rows)}]")
        return events

    async def page(self, wanted: Filter, top: int, token: str) -> tuple[list[Row], str]:
        """Return up to `top` instances in order of id, and the token of the next page, empty at the end.

        With a token of another host there are none.
        """
        conditions, values = _conditions(wanted)
        first = _read_token(token)
        if first is None:
            return [], ""
        where = " AND ".join(["id >= ?", *conditions])
        sql = f"SELECT {_COLUMNS} FROM instance WHERE {where} ORDER BY id LIMIT ?"  # noqa: S608 - constants only
        values = [first, *values]
        rows = [Row(*row) for row in await self._run(lambda db: db.execute(sql, (*values, top + 1)).fetchall())]
        return rows[:top], _write_token(rows[top].id) if len(rows) > top else ""

    async def entity(self, entity_id: str) -> Entity | None:
        """Return an entity, None if it does not exist."""
        sql = "SELECT name, key, state, updated FROM entity WHERE id = ?"
        row = await self._run(lambda db: db.execute(sql, (entity_id,)).fetchone())
        return Entity(*row) if row else None

    async def entities(self, wanted: EntityFilter, top: int, token: str) -> tuple[list[Entity], str]:
        """Return up to `top` entities in order of id, and the token of the next page, empty at the end.

        With a token of another host there are none.
        """
        first = _read_token(token)
        if first is None:
            return [], ""
        sql = (
            "SELECT name, key, state, updated, id FROM entity WHERE id >= ? AND (? = '' OR name = ?)"
            " AND updated >= ? AND (? = '' OR updated <= ?) ORDER BY id LIMIT ?"
        )
        name, last = wanted.name.lower(), wanted.updated_to
        values = (first, name, name, wanted.updated_from, last, last, top + 1)
        rows = await self._run(lambda db: db.execute(sql, values).fetchall())
        return [Entity(*row[:4]) for row in rows[:top]], _write_token(rows[top][4]) if len(rows) > top else ""

    async def close(self) -> None:
        """Close the connections."""
        if self._db_of_loop is not None:
            self._db_of_loop.close()
        await self._run(lambda db: db.close())
        self._pool.shutdown()

    async def _run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            if self._db is None:
                self._db = self._connected()
            return query(self._db)

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    def _connected(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None)
        db.execute("PRAGMA query_only=ON")
        return db


def _conditions(wanted: Filter) -> tuple[list[str], list[str]]:
    conditions: list[str] = []
    values: list[str] = []
    if wanted.created_from:
        conditions.append("created >= ?")
        values.append(wanted.created_from)
    if wanted.created_to:
        conditions.append("created <= ?")
        values.append(wanted.created_to)
    if wanted.statuses:
        conditions.append(f"status IN ({','.join('?' * len(wanted.statuses))})")
        values += wanted.statuses
    if wanted.prefix:
        conditions.append("substr(id, 1, length(?)) = ?")
        values += [wanted.prefix, wanted.prefix]
    return conditions, values


def _write_token(next_id: str) -> str:
    return base64.b64encode(next_id.encode()).decode()


def _read_token(token: str) -> str | None:
    """Return the id that a page begins with; None for what is no token."""
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError:
        return None
