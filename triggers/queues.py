"""Where operations stand that wait for their turn."""

from collections.abc import Sequence

from shared import queue, wiring
from shared.models.records import Operation, Ticket
from shared.models.steps import read_making_job
from shared.states import OperationStatus


class Queues:
    """The queues of an org's provider instances, each read once, however many operations are asked for."""

    def __init__(self, org: str) -> None:
        self._org = org
        self._read: dict[str, tuple[Sequence[Ticket], int]] = {}

    def place_of(self, operation: Operation) -> queue.Place | None:
        """Where the operation stands; None for one that does not wait."""
        # Once it is under way it has had its turn, unless a retry waits for another.
        may_wait = operation.status is OperationStatus.NOT_STARTED or (operation.retries and not operation.status.ended)
        if not may_wait or operation.queued_at is None or not operation.job:
            return None
        tickets, limit = self._queue(read_making_job(operation.job).provider.id)
        place = queue.place_of(operation.id, tickets, limit)
        return None if place.position is None else place

    def _queue(self, provider_id: str) -> tuple[Sequence[Ticket], int]:
        if provider_id not in self._read:
            catalog, default = wiring.catalog(), wiring.settings().max_running_builds
            tickets = queue.tickets_of(self._org, provider_id, catalog)
            self._read[provider_id] = (tickets, queue.limit_of(self._org, provider_id, default, catalog))
        return self._read[provider_id]
