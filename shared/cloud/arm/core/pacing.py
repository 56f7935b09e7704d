"""Asking Azure Resource Manager no more than it will answer.

Azure refuses with a 429 and says for how long (Retry-After); until then we don't ask for the same again. And with
every answer it says how many requests are left; when those become few, whatever would begin something waits, so that
the checks and reads of what is under way still get through. A call that must wait is not sent, and no thread waits:
`HeldBack` says when to come back, and the workflow has durable timers for that.

ARM counts reads, writes and deletions for each principal in a subscription, in token buckets. Compute counts on top
of that, by groups of operations, for each resource and for all of a kind; which of the two was spent, no answer says.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse

from shared.cloud.arm.core.errors import HeldBack, retry_after

READS, WRITES, DELETES = "reads", "writes", "deletes"
_KINDS = {"GET": READS, "HEAD": READS, "DELETE": DELETES}
_REFILL = {READS: 25 / 250, WRITES: 10 / 200, DELETES: 10 / 200}
"""What flows into ARM's buckets in a second, as a share of their size: 250 reads, 200 writes, 200 deletions."""
RESERVE = 0.2
"""The share of a bucket that is left to checks and reads. Of 200 writes that is 40, for the 32 activities that a worker
has under way: each may send one before the next answer says what is left. Of 250 reads it flows in in two seconds."""
_SOON = 1.0
"""The shortest time that a request is held back, in seconds: a durable timer knows nothing shorter. The workflow's own
delays are longer, and spread."""
_SPENT = {READS: 5.0, WRITES: 15.0, DELETES: 15.0}
"""How long a resource whose last request was spent is left alone: compute gives 12 reads and 4 changes a minute."""
_SHARED_BY = 2
"""So many resources that are refused at the same time mean that the limit is that of all of their kind."""
_KEPT = 256
"""Whose limits are remembered: subscriptions, each with a principal."""
_COMPUTE = "x-ms-ratelimit-remaining-resource"
_COUNT = re.compile(r";\s*(\d+)")


@dataclass
class _Bucket:
    """What ARM said is left of a kind of requests, and when; `size` is the most that it ever said."""

    refill: float
    left: float = 0.0
    at: float = 0.0
    size: float = 0.0

    def told(self, left: float, at: float) -> None:
        self.left, self.at, self.size = left, at, max(self.size, left)

    def seconds_to(self, level: float, at: float) -> float:
        """How long until the bucket holds so much; zero if it does, or nothing is known of it."""
        if not self.size:
            return 0.0
        flow = self.size * self.refill
        missing = level - self.left - (at - self.at) * flow
        return missing / flow if missing > 0 else 0.0


class Limits:
    """What is known of the limits of one principal in one subscription; for any number of threads.

    `tempo` shortens the waits that are ours to choose, where time is sped up; Azure's own wishes are kept as they are.
    """

    def __init__(self, tempo: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._tempo = tempo
        self._clock = clock
        self._buckets = {kind: _Bucket(refill / tempo) for kind, refill in _REFILL.items()}
        self._held: dict[tuple[str, ...], float] = {}
        self._lock = threading.Lock()

    def check(self, method: str, path: str) -> None:
        """Count a request that is about to be sent.

        Raises:
            HeldBack: it must not be.
        """
        with self._lock:
            now = self._clock()
            seconds = max(self._held.get(key, now) - now for key in _keys(method, path))
            if seconds <= 0:
                seconds = self._seconds_to_fill(method, now)
            if seconds > 0:
                raise HeldBack(max(seconds, _SOON * self._tempo))
            self._buckets[kind_of(method)].left -= 1

    def note(self, method: str, path: str, status: int, headers: Mapping[str, str]) -> None:
        """Take in what an answer says."""
        with self._lock:
            now, kind = self._clock(), kind_of(method)
            lefts = [int(value) for name in _headers(kind) if (value := headers.get(name, "")).isdigit()]
            if lefts:
                self._buckets[kind].told(min(lefts), now)
            spent = 0 in [int(count) for count in _COUNT.findall(headers.get(_COMPUTE, ""))]
            if status == 429:
                self._refused(method, path, now + (retry_after(headers) or 0.0), whole_kind=0 in lefts)
            elif spent:
                self._hold(("one", method, path.lower()), now + _SPENT[kind] * self._tempo)

    def _seconds_to_fill(self, method: str, now: float) -> float:
        """Until there is a request left for a read, and more than the reserve for what begins something."""
        kind = kind_of(method)
        if kind == READS:
            return self._buckets[READS].seconds_to(1.0, now)
        buckets = self._buckets[kind], self._buckets[READS]
        return max(bucket.seconds_to(max(1.0, RESERVE * bucket.size), now) for bucket in buckets)

    def _refused(self, method: str, path: str, until: float, *, whole_kind: bool) -> None:
        if whole_kind:
            self._hold(("kind", kind_of(method)), until)
            return
        self._hold(("one", method, path.lower()), until)
        shape = shape_of(path)
        alike = [end for (scope, verb, *rest), end in self._held.items() if _is_alike(scope, verb, rest, method, shape)]
        if len(alike) >= _SHARED_BY:
            self._hold(("all", method, shape), max(alike))

    def _hold(self, key: tuple[str, ...], until: float) -> None:
        now = self._clock()
        self._held = {held: end for held, end in self._held.items() if end > now}
        self._held[key] = max(until, self._held.get(key, until))


def _is_alike(scope: str, verb: str, rest: list[str], method: str, shape: str) -> bool:
    return scope == "one" and verb == method and shape_of(rest[0]) == shape


def _keys(method: str, path: str) -> tuple[tuple[str, ...], ...]:
    """What a request may be held back by."""
    return ("kind", kind_of(method)), ("one", method, path.lower()), ("all", method, shape_of(path))


def _headers(kind: str) -> tuple[str, str]:
    stem = "x-ms-ratelimit-remaining-subscription-"
    return f"{stem}{kind}", f"{stem}global-{kind}"


def kind_of(method: str) -> str:
    """How ARM counts a request."""
    return _KINDS.get(method, WRITES)


def shape_of(path: str) -> str:
    """The types in a path without the names: that by which compute counts all resources of a kind together."""
    _, found, rest = path.lower().rpartition("/providers/")
    if not found:
        return "/".join(path.lower().strip("/").split("/")[::2])
    namespace, *parts = rest.split("/")
    return "/".join((namespace, *parts[::2]))


class PacingPolicy(HTTPPolicy[HttpRequest, HttpResponse]):
    """Holds requests back, and takes in what the answers say."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        """Send a request, unless Azure would refuse it.

        Raises:
            HeldBack: it would.
        """
        method, path = request.http_request.method, request.http_request.url.partition("?")[0]
        path = "/" + path.split("/", 3)[-1]
        self._limits.check(method, path)
        response = self.next.send(request)
        self._limits.note(method, path, response.http_response.status_code, response.http_response.headers)
        return response


@lru_cache(maxsize=_KEPT)
def limits_of(endpoint: str, subscription_id: str, principal: str, tempo: float) -> Limits:
    """The limits of a principal in a subscription, the same for all clients of the process."""
    del endpoint, subscription_id, principal  # the cache's key
    return Limits(tempo)
