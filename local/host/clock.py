"""The time, as something that tests can replace."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting."""

    def now(self) -> datetime:
        """Return the time, in UTC and aware of it."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the time, in UTC and aware of it."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait; a machine that sleeps meanwhile does not count that time."""
        await asyncio.sleep(seconds)
