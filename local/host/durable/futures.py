"""Futures and coroutines for the interpreter: no loop, no clock, no threads; what resolves runs on at once."""

from collections.abc import Callable, Coroutine, Generator, Iterable
from typing import Any

Step = Coroutine["Future", None, Any]
"""A coroutine that awaits futures, and nothing else."""


class Future:
    """Something an action waits for. It fails with a text rather than an exception: nobody sees it raised."""

    __slots__ = ("_callbacks", "done", "failed")

    def __init__(self) -> None:
        self.done = False
        self.failed = False
        self._callbacks: list[Callable[[], None]] = []

    def __await__(self) -> Generator["Future", None, "Future"]:
        if not self.done:
            yield self
        return self

    def resolve(self, *, failed: bool = False) -> None:
        """End the future, and run whatever waited for it. A second time does nothing."""
        if self.done:
            return
        self.done, self.failed = True, failed
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def then(self, callback: Callable[[], None]) -> None:
        """Call back when done; at once if it is."""
        if self.done:
            callback()
        else:
            self._callbacks.append(callback)


def resolved() -> Future:
    """Return a future that is done."""
    future = Future()
    future.resolve()
    return future


def all_of(futures: Iterable[Future]) -> Future:
    """Return a future that is done when all are; a failed one does not end it early."""
    return _counted(list(futures), lambda waiting, _: waiting == 0)


def any_of(futures: Iterable[Future]) -> Future:
    """Return a future that is done when the first one is, or when there are none.

    A timer that the code gives up later counts as done from the beginning, as with Microsoft's engine.
    """
    return _counted(list(futures), lambda waiting, total: waiting < total or total == 0)


def spawn(coroutine: Step) -> Future:
    """Start a coroutine now; the future ends with it, failed if it returns False."""
    future = Future()
    _advance(coroutine, future)
    return future


def _advance(coroutine: Step, future: Future) -> None:
    try:
        awaited = coroutine.send(None)
    except StopIteration as stop:
        future.resolve(failed=stop.value is False)
    else:
        awaited.then(lambda: _advance(coroutine, future))


def _counted(futures: list[Future], is_over: Callable[[int, int], bool]) -> Future:
    over = Future()
    waiting = len(futures)

    def one_less() -> None:
        nonlocal waiting
        waiting -= 1
        if is_over(waiting, len(futures)):
            over.resolve()

    if is_over(waiting, len(futures)):
        over.resolve()
    for future in futures:
        future.then(one_less)
    return over
