"""Which histories stay in memory: those that were needed last, up to a number of events."""

from collections import OrderedDict

from local.host.durable.decisions import ACTIVE
from local.host.durable.instance import Instance

MAX_EVENTS = 50_000
"""Events that stay in memory, at about a kilobyte each. Reading a history again costs less than a replay of it."""


class Shelf:
    """The live instances whose histories are in memory, the one that was needed last at the end."""

    def __init__(self, max_events: int = MAX_EVENTS) -> None:
        self._max_events = max_events
        self._events = 0
        self._kept: OrderedDict[str, tuple[Instance, int]] = OrderedDict()

    def keep(self, instance: Instance) -> None:
        """Take in an instance that has had a turn, or let it go if it has ended; lays aside what is too much."""
        self.forget(instance.id)
        if instance.status in ACTIVE:
            length = len(instance.history or ())
            self._kept[instance.id] = instance, length
            self._events += length
        while self._events > self._max_events and len(self._kept) > 1:
            _, (oldest, events) = self._kept.popitem(last=False)
            self._events -= events
            oldest.lay_aside()

    def forget(self, instance_id: str) -> None:
        """Let an instance go."""
        _, events = self._kept.pop(instance_id, (None, 0))
        self._events -= events
