"""The time that the durable engine goes by."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

SET_BACK = timedelta(minutes=1)
"""A clock that falls behind by more was set; by less, it was corrected."""


def utc_now() -> datetime:
    """Return the time of the machine's clock."""
    return datetime.now(UTC)


class SteadyClock:
    """The machine's clock; when that is set back, this one goes on from where it was.

    An orchestration's time never goes back, as the SDK has it: after a clock that did, each further timer would wait
    for it to catch up. Set ahead, as after a machine has slept, the clock is followed.
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now, seconds: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds = seconds
        self._last, self._last_seconds = clock(), seconds()

    def __call__(self) -> datetime:
        """Return the time, in UTC and aware of it."""
        now, seconds = self._clock(), self._seconds()
        expected = self._last + timedelta(seconds=seconds - self._last_seconds)
        self._last, self._last_seconds = (expected if now < expected - SET_BACK else now), seconds
        return self._last
