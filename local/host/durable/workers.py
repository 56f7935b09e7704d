"""A limited number of things at a time, on the host's loop: what runs for the engine outside of it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Workers(Generic[T]):
    """Runs items in the order they come, `limit` at a time. Used on the loop only."""

    def __init__(self, run: Callable[[T], Coroutine[Any, Any, None]], limit: int) -> None:
        self._run = run
        self._limit = limit
        self._waiting: deque[T] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False

    def add(self, items: Iterable[T]) -> None:
        """Take items to run."""
        self._waiting.extend(items)
        self._fill()

    def stop(self) -> None:
        """Begin nothing further; the engine hands out again at the next start what has not been reported."""
        self._stopping = True

    async def abandon(self) -> None:
        """Cancel what runs; it runs again after the next start."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._limit and not self._stopping:
            task = asyncio.create_task(self._run(self._waiting.popleft()))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("What ran for the engine has not been reported", exc_info=task.exception())
        self._fill()
