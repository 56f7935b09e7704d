"""Hosts that die at a chosen moment, quickly one after the other: `python -m tests.local.host.mortal`.

Reads a line of JSON for each host to run, `{"arguments": […], "point": "before-commit", "number": 3}`, forks itself,
and the child runs `local.host` with these arguments, and kills itself with SIGKILL when it comes to that point for
the third time. Without a point it runs until it is stopped. stdout gets the host's own announcement, and
`{"ended": STATUS}` after it. The fork saves the half second that the imports take.
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import azure.durable_functions  # noqa: F401 - for the children
import uvicorn  # noqa: F401 - for the children

from local.host.__main__ import main
from local.host.durable import engine
from local.host.durable.entities import Entities
from local.host.durable.hub import TaskHub
from local.host.durable.store import Store
from local.tether import PR_SET_PDEATHSIG

BEFORE_COMMIT = "before-commit"
"""All that a round did is worked out, and nothing of it committed."""
AFTER_COMMIT = "after-commit"
"""It is committed, and nobody has heard of it: no caller has an answer, and no activity has begun."""
BEFORE_REPORT = "before-report"
"""An activity, or a batch of an entity, has run to its end, and nobody knows."""

POINTS = (BEFORE_COMMIT, AFTER_COMMIT, BEFORE_REPORT)


def die_at(point: str, number: int) -> None:
    """Arrange for this process's death when it comes to the point for the `number`th time."""
    left = number

    def pass_by(here: str) -> None:
        nonlocal left
        left -= here == point
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    class MortalStore(Store):
        @contextmanager
        def transaction(self) -> Iterator[None]:
            with super().transaction():
                yield
                pass_by(BEFORE_COMMIT)
            pass_by(AFTER_COMMIT)

    def mortal(report: Callable[..., None]) -> Callable[..., None]:
        def wrapped(*arguments: Any) -> None:
            pass_by(BEFORE_REPORT)
            report(*arguments)

        return wrapped

    engine.Store = MortalStore  # type: ignore[attr-defined]
    TaskHub.report = mortal(TaskHub.report)  # type: ignore[method-assign]
    Entities.report = mortal(Entities.report)  # type: ignore[method-assign]


def live(life: dict[str, Any]) -> int:
    """Run one host in this process, which the parent's end ends too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.close(sys.stdin.fileno())
    if life.get("point"):
        die_at(life["point"], life["number"])
    return main(life["arguments"])


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(live(json.loads(line)))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"ended": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()
