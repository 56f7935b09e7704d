"""The services of a run: started, watched, and ended together."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from local.child import Child

READY_SECONDS = 60.0
"""Each takes a second or two; a cold disk on a busy machine many times that."""
_POLL_SECONDS = 0.05

T = TypeVar("T")


class ServiceFailed(Exception):
    """A service ended, or did not start; the text has the end of its log."""

    def __init__(self, child: Child, what: str) -> None:
        tail = child.log_tail()
        super().__init__(f"{child.name} {what}." + (f" {child.log} ends:\n{tail}" if tail else ""))


class Services:
    """The running services, in the order in which they were started."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(self, child: Child) -> None:
        """Start a service; call it from the main thread."""
        self._children.append(child)
        child.start()

    async def ready(self, child: Child, answer: Callable[[], T | None]) -> T:
        """Wait until `answer` has one, and return it. Raises ServiceFailed."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            # The status first: what was said before the end counts.
            status = child.exit_status
            if (result := answer()) is not None:
                return result
            if status is not None:
                raise ServiceFailed(child, f"ended with status {status} while it was starting")
            await asyncio.sleep(_POLL_SECONDS)
        raise ServiceFailed(child, f"does not answer after {READY_SECONDS:.0f} s")

    def failure(self) -> ServiceFailed | None:
        """Return why the run cannot go on, None if every service runs."""
        for child in self._children:
            if child.exit_status is not None:
                return ServiceFailed(child, f"ended with status {child.exit_status}")
        return None

    async def watch(self) -> ServiceFailed:
        """Wait until a service ends, and return the failure."""
        while (failure := self.failure()) is None:
            await asyncio.sleep(_POLL_SECONDS)
        return failure

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work, and return its result. Raises ServiceFailed if a service ends meanwhile."""
        task, watch = asyncio.create_task(work), asyncio.create_task(self.watch())
        try:
            await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
            if failure := self.failure():  # first: the work may have failed only because a service ended
                raise failure
            return task.result()
        finally:
            task.cancel()
            watch.cancel()
            await asyncio.gather(task, watch, return_exceptions=True)

    def stop(self) -> None:
        """End them all, the last started first: whoever uses a service goes before it."""
        for child in reversed(self._children):
            child.stop()
        self._children.clear()


@contextmanager
def services() -> Iterator[Services]:
    """Give services that end with the block."""
    running = Services()
    try:
        yield running
    finally:
        running.stop()


def announced_url(child: Child) -> str | None:
    """Return the `url` of the line of JSON that a service prints when it can be used, None before that."""
    for line in child.output_lines():
        try:
            return str(json.loads(line)["url"])
        except (ValueError, KeyError, TypeError):
            continue
    return None
