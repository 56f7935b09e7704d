"""The hooks, and the events on their way to them; kept in the simulator's state, so that both survive a restart."""

import json
from dataclasses import dataclass

from ..calls import Json
from ..store import Store
from .hooks import Hook

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY, hook TEXT NOT NULL, due REAL NOT NULL, since REAL NOT NULL, attempts INTEGER NOT NULL,
    event TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_by_due ON deliveries (hook, due);
"""
_FACT = "event hooks"


@dataclass(frozen=True)
class Delivery:
    """An event for one hook: from the simulated moment `due` on it can be sent, since `since` it has been tried."""

    number: int
    hook: str
    due: float
    since: float
    attempts: int
    event: Json


class Outbox:
    """All hooks by name, and what is due to them. To be changed within a transaction of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.database.executescript(_SCHEMA)
        self.hooks = {kept["name"]: Hook(**kept) for kept in store.fact(_FACT) or []}

    def save(self, hook: Hook) -> None:
        """Keep a hook, new or changed."""
        self.hooks[hook.name] = hook
        self._remember()

    def remove(self, name: str) -> None:
        """Forget a hook, with all that is on its way to it."""
        self.hooks.pop(name, None)
        self._store.database.execute("DELETE FROM deliveries WHERE hook = ?", (name,))
        self._remember()

    def add(self, hook: Hook, due: float, event: Json) -> None:
        """Put an event on its way."""
        self._store.database.execute(
            "INSERT INTO deliveries (hook, due, since, attempts, event) VALUES (?, ?, ?, 0, ?)",
            (hook.name, due, due, json.dumps(event)),
        )

    def next(self, hook: str, moment: float) -> Delivery | None:
        """What is to be sent to a hook first, if that is due."""
        row = self._store.database.execute(
            "SELECT number, hook, due, since, attempts, event FROM deliveries WHERE hook = ? AND due <= ? "
            "ORDER BY due, number LIMIT 1",
            (hook, moment),
        ).fetchone()
        if row is None:
            return None
        number, name, due, since, attempts, event = row
        return Delivery(number, name, due, since, attempts, json.loads(event))

    def postpone(self, delivery: Delivery, due: float) -> None:
        """Try again later."""
        self._store.database.execute(
            "UPDATE deliveries SET due = ?, attempts = attempts + 1 WHERE number = ?", (due, delivery.number)
        )

    def done(self, delivery: Delivery) -> None:
        """It arrived, or was given up."""
        self._store.database.execute("DELETE FROM deliveries WHERE number = ?", (delivery.number,))

    def waiting(self, hook: str) -> int:
        """How many events are on their way to a hook."""
        (number,) = self._store.database.execute("SELECT count(*) FROM deliveries WHERE hook = ?", (hook,)).fetchone()
        return int(number)

    def _remember(self) -> None:
        self._store.remember(_FACT, [hook.document() for hook in self.hooks.values()])
