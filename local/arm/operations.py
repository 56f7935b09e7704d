"""Long-running operations: the record, and what it says when it is polled.

The record is the queue as well: `due` is the simulated moment at which the operation ends and its effect is applied.
An effect is named, not held, so an operation in flight survives a restart.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from .calls import Json

if TYPE_CHECKING:
    from .world import World

IN_PROGRESS = "InProgress"
SUCCEEDED = "Succeeded"
FAILED = "Failed"
CANCELED = "Canceled"

# Real polling URLs carry about this much of certificate, and reach 4 KB in all.
_CERTIFICATE_BYTES = 1100


@dataclass
class Operation:
    """One operation. Times are simulated seconds, `start_time` and `end_time` what bodies say of them.

    `target` is the resource; `method`, `path`, `api_version` and `origin` (for events) are the request's that began
    it. `due` is None for
    one that never ends. `outcome` is an error that a fault has planned, with the status to end in.
    """

    id: str
    target: str
    method: str
    path: str
    api_version: str
    location: str
    namespace: str
    effect: str
    started: float
    due: float | None
    start_time: str
    retry_after: float
    status: str = IN_PROGRESS
    arguments: Json = field(default_factory=dict)
    outcome: Json | None = None
    foreign_host: str | None = None
    ended: float | None = None
    end_time: str | None = None
    error: Json | None = None
    result: Any = None
    origin: Json = field(default_factory=dict)

    @property
    def subscription(self) -> str:
        """Whose operation it is."""
        return self.target.split("/")[2]


class Effect(NamedTuple):
    """What the end of an operation does. `succeed` returns the result; ArmError from it makes the operation fail."""

    succeed: "Callable[[World, Operation], Any]"
    fail: "Callable[[World, Operation, Json], None]"


def signature(operation_id: str, key: bytes) -> dict[str, str]:
    """The query of a polling URL as Azure signs it: times, certificate, signature, hash."""
    digest = hmac.new(key, operation_id.encode(), hashlib.sha256).digest()
    certificate = hashlib.shake_256(digest).digest(_CERTIFICATE_BYTES)
    text = {"c": b"MII" + certificate, "s": digest + digest, "h": digest}
    stamp = str(638_000_000_000_000_000 + int.from_bytes(digest[:6], "big"))
    return {"t": stamp} | {name: base64.urlsafe_b64encode(part).decode().rstrip("=") for name, part in text.items()}
