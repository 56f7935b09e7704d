"""Where operations stand that wait for their turn."""

import time
from collections import OrderedDict
from collections.abc import Sequence

from shared import wiring
from shared.catalogue import queue
from shared.models.operation import Operation, Ticket
from shared.states.statuses import OperationStatus
from shared.workflow.kinds import read_making_job

KEPT_SECONDS = 1.0
"""Each of hundreds that wait may be asked for every few seconds, and a look at a queue reads all of it."""
_MOST_QUEUES = 64


class _Queues:
    """The queues of provider instances, each as it was within the last second."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], tuple[float, Sequence[Ticket], int]] = OrderedDict()

    def place_of(self, operation: Operation) -> queue.Place | None:
        """Where the operation stands; None for one that does not wait."""
        # Once it is under way it has had its turn, unless a retry waits for another.
        may_wait = operation.status is OperationStatus.NOT_STARTED or (operation.retries and not operation.status.ended)
        if not may_wait or operation.queued_at is None or not operation.job:
            return None
        tickets, limit = self._queue(operation.org_id, read_making_job(operation.job).provider.id)
        place = queue.place_of(operation.id, tickets, limit)
        return None if place.position is None else place

    def forget(self) -> None:
        """Look again."""
        self._seen.clear()

    def _queue(self, org: str, provider_id: str) -> tuple[Sequence[Ticket], int]:
        """The tickets and the limit. Two callers may look at once; neither waits."""
        key = (org, provider_id)
        seen_at, tickets, limit = self._seen.get(key, (float("-inf"), (), 0))
        if time.monotonic() - seen_at >= KEPT_SECONDS:
            catalog, default = wiring.catalog(), wiring.settings().max_running_builds
            tickets = queue.tickets_of(org, provider_id, catalog)
            limit = queue.limit_of(org, provider_id, default, catalog)
            self._seen[key] = (time.monotonic(), tickets, limit)
            while len(self._seen) > _MOST_QUEUES:
                self._seen.popitem(last=False)
        return tickets, limit


queues = _Queues()
