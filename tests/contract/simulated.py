"""The simulator as the tests of providers use it, and how they see a piece of work through."""

import time
from collections.abc import Callable
from typing import Any

from shared.errors.azure import TransientError
from shared.ports.azure import Waiting
from shared.workflow.pace import Pace
from tests.conftest import ArmSimulator

PATIENCE_SECONDS = 30.0
FAST = Pace(poll_seconds=0.02, retry_seconds=0.02)
_SHORTEST_POLL = 0.01


def refusal(code: str, status: int = 409, **more: Any) -> dict[str, Any]:
    """A fault: the request itself is refused."""
    return {"type": "error", "status": status, "code": code, **more}


Begin = Callable[[], Waiting | None]
Check = Callable[[str | None], Waiting | None]


def wait(begin: Begin, check: Check) -> None:
    """See a piece of work through, as the workflow does: begin, wait, check; begin again after what may pass."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    waiting: Waiting | None = None
    begun = False
    while True:
        assert time.monotonic() < deadline, "this takes too long"
        try:
            waiting = check(waiting.handle) if begun and waiting else begin()
            begun = True
        except TransientError as error:
            begun = False
            time.sleep(min(error.retry_after or _SHORTEST_POLL, 1.0))
            continue
        if waiting is None:
            return
        time.sleep(waiting.seconds or _SHORTEST_POLL)


class Simulated:
    """A subscription of the simulator, which can be disturbed and asked what it saw."""

    simulator: ArmSimulator
    subscription: str

    def fault(self, path: str, action: dict[str, Any], **rule: Any) -> None:
        """Disturb calls of this subscription whose path matches."""
        within = f"/subscriptions/{self.subscription}.*{path}"
        self.simulator.admin("POST", "faults", {"path": within, "action": action, **rule})

    def calls(self, method: str, path: str) -> list[dict[str, Any]]:
        """The calls of this subscription with that method, whose path ends so."""
        found = self.simulator.admin("GET", f"calls?path={self.subscription}")["calls"]
        return [call for call in found if call["method"] == method and call["path"].lower().endswith(path.lower())]

    def settings(self, **settings: Any) -> None:
        """Change how the subscription is set."""
        self.simulator.admin("PATCH", f"subscriptions/{self.subscription}", settings)
