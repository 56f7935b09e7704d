"""Request limits: the headers that tell what is left, and, if enforced, the refusals.

Token buckets in simulated time, from Azure's published limits: ARM's own for each principal in a subscription, and
fifteen times as much for all of them together; the compute provider's for each virtual machine, and for the
subscription in a region.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .calls import Call
from .errors import ArmError, subscription_throttled

# Simulated seconds to wait -> the headers that say so.
Waiter = Callable[[float], dict[str, str]]
READS, WRITES, DELETES = "reads", "writes", "deletes"
_VERBS = {"GET": READS, "HEAD": READS, "DELETE": DELETES}


@dataclass(frozen=True)
class Limit:
    """A bucket's size, and what flows in per simulated second."""

    size: float
    refill: float

    def times(self, factor: float) -> "Limit":
        """A bucket so many times as large."""
        return Limit(self.size * factor, self.refill * factor)


_GLOBAL = 15
_ARM = {READS: Limit(250, 25), WRITES: Limit(200, 10), DELETES: Limit(200, 10)}
_PUT_VM, _UPDATE_VM, _DELETE_VM, _GET_VM = "PutVM", "UpdateVM", "DeleteVM", "GetVM"
_GET_OPERATION, _LIST_VM = "GetOperation", "ListVM"
# The compute provider's policies: the limit for one resource, if any, and the one for the subscription in a region.
_COMPUTE: dict[str, tuple[Limit | None, Limit]] = {
    _PUT_VM: (Limit(12, 4 / 60), Limit(1500, 500 / 60)),
    _UPDATE_VM: (Limit(12, 4 / 60), Limit(1500, 500 / 60)),
    _DELETE_VM: (Limit(12, 4 / 60), Limit(1500, 500 / 60)),
    _GET_VM: (Limit(36, 12 / 60), Limit(24_000, 8000 / 60)),
    _GET_OPERATION: (Limit(45, 15 / 60), Limit(15_000, 5000 / 60)),
    _LIST_VM: (None, Limit(900, 300 / 60)),
}


class Throttle:
    """All buckets of one simulator; they start full, and are not kept over a restart.

    `share` makes those of subscriptions smaller; a machine's own stay as they are.
    """

    def __init__(self, *, enforce: bool, share: float = 1.0) -> None:
        self._enforce = enforce
        self._share = share
        self._levels: dict[tuple[str, ...], tuple[float, float]] = {}

    def take(self, call: Call, region: str, now: float, seconds_to_wait: Waiter) -> dict[str, str]:
        """Count a call and return the headers to send with its answer; ArmError when there is nothing left."""
        subscription = call.params.get("subscription", "").lower()
        kind = _VERBS.get(call.method, WRITES)
        own = _ARM[kind].times(self._share)
        everyone = own.times(_GLOBAL)
        headers = {}
        for header, owner, limit in ((kind, str(call.client.get("oid")), own), (f"global-{kind}", "", everyone)):
            name = f"x-ms-ratelimit-remaining-subscription-{header}"
            left, wait = self._draw(("arm", subscription, owner, kind), limit, now)
            if wait:
                raise _refused(subscription_throttled(kind, wait), name, seconds_to_wait(wait))
            headers[name] = str(math.floor(left))
        if policy := _policy(call):
            headers |= self._take_compute(call, policy, f"{subscription}/{region}", now, seconds_to_wait)
        return headers

    def _take_compute(self, call: Call, policy: str, place: str, now: float, wait_for: Waiter) -> dict[str, str]:
        each, together = _COMPUTE[policy]
        together = together.times(self._share)
        names = ("group", "machine", "operation")
        resource = "/".join([place, *(call.params.get(name, "") for name in names)]).lower()
        header, remaining = "x-ms-ratelimit-remaining-resource", []
        for scope, limit in ((("each", resource), each), (("together", place), together)):
            if limit is None:
                continue
            left, wait = self._draw((policy, *scope), limit, now)
            if wait:
                value = f"Microsoft.Compute/{policy};0"
                raise _refused(_compute_throttled(policy, limit), header, wait_for(wait), value)
            remaining.append(f"Microsoft.Compute/{policy};{math.floor(left)}")
        return {header: ",".join(remaining)}

    def _draw(self, key: tuple[str, ...], limit: Limit, now: float) -> tuple[float, float]:
        level, since = self._levels.get(key, (limit.size, now))
        level = min(limit.size, level + max(0.0, now - since) * limit.refill)
        if level < 1 and self._enforce:
            self._levels[key] = (level, now)
            return level, (1 - level) / limit.refill
        self._levels[key] = (max(0.0, level - 1), now)
        return max(0.0, level - 1), 0.0


def _policy(call: Call) -> str | None:
    if call.operation == "Microsoft.Compute/locations/operations/read":
        return _GET_OPERATION
    if call.operation == "Microsoft.Compute/virtualMachines/read" and "machine" not in call.params:
        return _LIST_VM
    if "machine" not in call.params:
        return None
    if call.operation == "Microsoft.Compute/virtualMachines/write" and call.method == "PUT":
        return _PUT_VM
    # Azure counts a deallocation among the deletions.
    if call.operation == "Microsoft.Compute/virtualMachines/deallocate/action":
        return _DELETE_VM
    return {"GET": _GET_VM, "HEAD": _GET_VM, "DELETE": _DELETE_VM}.get(call.method, _UPDATE_VM)


def _refused(refusal: ArmError, header: str, wait: dict[str, str], value: str = "0") -> ArmError:
    refusal.headers |= {header: value} | wait
    return refusal


def _compute_throttled(policy: str, limit: Limit) -> ArmError:
    now = datetime.now(UTC)
    measured = {
        "operationGroup": policy,
        "startTime": (now - timedelta(seconds=limit.size / limit.refill)).isoformat(),
        "endTime": now.isoformat(),
        "allowedRequestCount": round(limit.size),
        "measuredRequestCount": round(limit.size) + 1,
    }
    return ArmError(
        429,
        "OperationNotAllowed",
        "The server rejected the request because too many requests have been received for this subscription.",
        details=[{"code": "TooManyRequests", "target": policy, "message": json.dumps(measured)}],
        wrapped=False,
    )
