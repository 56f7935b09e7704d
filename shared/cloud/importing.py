"""Importing a library when it is first needed, although several threads may need it at once.

A function app begins with many calls at the same moment, each in a thread. Libraries that import each other in a circle
(the Azure SDKs do) then run into Python's deadlock detection: one thread gets a `_DeadlockError`, or half a module.
So what is imported late is imported by one thread at a time.
"""

import threading
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

T = TypeVar("T")

IMPORTING = threading.RLock()
"""Held by whoever imports a library in the middle of its work."""


def once(build: Callable[[], T]) -> Callable[[], T]:
    """Let `build`, which may import, be called by one thread, and once; a call that raises does not count."""
    built: list[T] = []

    @wraps(build)
    def get() -> T:
        if not built:
            with IMPORTING:
                if not built:
                    built.append(build())
        return built[0]

    return get
