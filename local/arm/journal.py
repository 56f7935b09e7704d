"""The log of calls that the admin endpoint shows: verb, path, status; never a body, a header or a query."""

import time
from collections import Counter, deque

from .calls import Call, Json
from .routing import operation_name

_KEPT = 20_000


class Journal:
    """The latest calls, and how many there were of each operation."""

    def __init__(self) -> None:
        self._calls: deque[Json] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()
        self._number = 0

    def add(self, call: Call, status: int, began: float, fault: int | None) -> None:
        """Record a call; `status` 0 stands for a connection that was cut, `fault` for the rule that disturbed it."""
        self._number += 1
        entry: Json = {"number": self._number, "method": call.method, "path": call.path, "status": status}
        entry["milliseconds"] = round((time.perf_counter() - began) * 1000, 2)
        if fault is not None:
            entry["fault"] = fault
        self._calls.append(entry)
        self._counts[operation_name(call.method, call.path)] += 1

    def document(self, path: str = "", after: int = 0) -> Json:
        """The calls after a number whose path contains a text, and the counters of all."""
        wanted = [entry for entry in self._calls if entry["number"] > after and path.lower() in entry["path"].lower()]
        return {"calls": wanted, "counts": dict(self._counts), "last": self._number}

    def clear(self) -> None:
        """Forget all calls and counters; numbers go on."""
        self._calls.clear()
        self._counts.clear()
