"""How long to wait before looking again: twice as long each time, a little at random, up to a limit."""

import random

_SPREAD = 0.2
_MAX_EXPONENT = 30


class Backoff:
    """Delays in seconds, from `least` to `most`, as the storage extensions of the Functions host choose them."""

    def __init__(self, least: float, most: float) -> None:
        self._least = least
        self._most = most
        self._tries = 0

    def reset(self) -> None:
        """Begin with the shortest delay again."""
        self._tries = 0

    def next(self) -> float:
        """Return the next delay."""
        grown = 2 ** (self._tries - 1) * self._least if self._tries else 0.0
        self._tries = min(self._tries + 1, _MAX_EXPONENT)
        spread = random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311 - spreads load, guards nothing
        return min(self._least + spread * grown, self._most)
