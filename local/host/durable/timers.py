"""When timers ring: exactly, or early as with Microsoft's engine."""

import random
from math import ceil

from local.host.durable.instance import Message


class ExactTimers:
    """Timers ring when they are due, in the order in which they become so."""

    def rings_at(self, due: float, _: float) -> float:
        """Return the moment at which a timer rings, given when it is due and when it is made; seconds of the epoch."""
        return due

    def order(self, messages: list[Message]) -> list[Message]:
        """Return the messages of timers that ring together, in the order of their delivery."""
        return messages


class EarlyTimers:
    """Timers ring up to a second early, one under a second at once, and those that ring together in any order.

    Microsoft's engine cuts the delay to whole seconds when it puts a timer's message into its queue, a moment after
    the orchestrator has said when it is due: a delay of ten seconds becomes one of nine (seen on Durable extension
    3.19).
    """

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - to be repeated

    def rings_at(self, due: float, now: float) -> float:
        """Return the moment at which a timer rings."""
        return now + max(0, ceil(round(due - now, 6)) - 1)

    def order(self, messages: list[Message]) -> list[Message]:
        """Return the messages of timers that ring together, in the order of their delivery."""
        return self._chance.sample(messages, len(messages))


Timers = ExactTimers | EarlyTimers
