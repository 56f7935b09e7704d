"""Who is alive, what mail they have, and when their timers ring. Used by the engine's thread alone."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count

from local.host.durable.history import Event, timestamp
from local.host.durable.instance import Instance, Message
from local.host.durable.store import Store
from local.host.durable.timers import Timers

_FEW = 1000
"""Timers that are not worth sweeping."""


class Post:
    """Every live instance, and the delivery of messages to them, at once or when they become due."""

    def __init__(self, store: Store, clock: Callable[[], datetime], timers: Timers) -> None:
        self._store = store
        self._clock = clock
        self._rules = timers
        self._live: dict[str, Instance] = {}
        self._ready: deque[str] = deque()
        self._timers: list[tuple[float, int, Message]] = []
        self._sweep_at = _FEW
        self._ids = count(1)

    def recover(self, instances: Iterable[Instance], messages: Iterable[Message], last_id: int) -> None:
        """Take up what the store holds; `last_id` is the highest id of a message."""
        self._ids = count(last_id + 1)
        self._live = {instance.id: instance for instance in instances}
        for message in messages:
            self._schedule(message)

    def __len__(self) -> int:
        return len(self._live)

    def now(self) -> str:
        """Return the time as a history timestamp."""
        return timestamp(self._clock())

    def find(self, instance_id: str) -> Instance | None:
        """Return a live instance."""
        return self._live.get(instance_id)

    def admit(self, instance: Instance) -> None:
        """Count an instance among the living."""
        self._live[instance.id] = instance

    def dismiss(self, instance_id: str) -> None:
        """Take an instance from the living; its timers ring no more."""
        instance = self._live.pop(instance_id, None)
        for message in instance.sleeping.values() if instance else ():
            message.dropped = True

    def send(self, instance_id: str, execution_id: str | None, what: Event, due: float | None = None) -> None:
        """Store a message to a live instance, and deliver it when due (seconds since the epoch)."""
        self._schedule(self.store(instance_id, execution_id, what, due))

    def store(self, instance_id: str, execution_id: str | None, what: Event, due: float | None = None) -> Message:
        """Store a message, and leave its delivery to the caller."""
        message = Message(next(self._ids), instance_id, execution_id, what, due)
        self._store.add_messages([message])
        return message

    def put(self, message: Message) -> None:
        """Put a message into a live instance's inbox."""
        instance = self._live[message.instance_id]
        if not instance.inbox:
            self._ready.append(instance.id)
        instance.inbox.append(message)

    def next_ready(self) -> Instance | None:
        """Return the instance that has had mail for the longest; None where it has ended meanwhile."""
        return self._live.get(self._ready.popleft())

    @property
    def has_ready(self) -> bool:
        """Whether an instance has mail."""
        return bool(self._ready)

    def seconds_to_timer(self) -> float | None:
        """Return how long it is until the next timer rings, None if there is none; never negative."""
        while self._timers and self._timers[0][2].dropped:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - self._clock().timestamp()) if self._timers else None

    def ring(self) -> None:
        """Deliver what has become due."""
        now = self._clock()
        due = []
        while self._timers and self._timers[0][0] <= now.timestamp():
            message = heapq.heappop(self._timers)[2]
            if not message.dropped:
                due.append(message)
        for message in self._rules.order(due):
            del self._live[message.instance_id].sleeping[message.id]
            message.event["Timestamp"] = timestamp(now)
            self.put(message)

    def _schedule(self, message: Message) -> None:
        if message.due is None:
            self.put(message)
        else:
            self._live[message.instance_id].sleeping[message.id] = message
            rings_at = self._rules.rings_at(message.due, self._clock().timestamp())
            heapq.heappush(self._timers, (rings_at, message.id, message))
            if len(self._timers) > self._sweep_at:
                self._sweep()

    def _sweep(self) -> None:
        """Take out timers that ring no more, which may be due in days; as often as the timers have doubled."""
        self._timers = [entry for entry in self._timers if not entry[2].dropped]
        heapq.heapify(self._timers)
        self._sweep_at = max(_FEW, 2 * len(self._timers))
