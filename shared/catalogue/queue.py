"""The queue of a provider instance: who builds, who waits, and whose turn it is. Those who came first are first."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from shared.errors.catalogue import NotFound
from shared.models.operation import Operation, Ticket
from shared.models.provider_instance import ProviderInstance
from shared.ports.catalog import CatalogStore, every

MOST_TICKETS = 2000
"""How many are looked at: twice the highest limit. Who is further back has no need to know how far."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation stands.

    Attributes:
        position: among those that wait, from 1; None: it builds.
        running: how many builds run, its own included.
        limit: how many may run at once.
        before: the tickets that it waits for: of those that build, then of those that came earlier.
    """

    position: int | None
    running: int
    limit: int
    before: Sequence[Ticket] = ()

    @property
    def may_run(self) -> bool:
        """Whether there is room for it, and for all that came earlier."""
        return self.position is None or self.position <= self.limit - self.running


def place_of(operation_id: str, tickets: Sequence[Ticket], limit: int) -> Place:
    """Where an operation stands among the tickets, which come in their order; at their end if it is not among them."""
    running = [ticket for ticket in tickets if ticket.running]
    if any(ticket.operation_id == operation_id for ticket in running):
        return Place(None, len(running), limit)
    waiting = [ticket for ticket in tickets if not ticket.running]
    ids = [ticket.operation_id for ticket in waiting]
    earlier = waiting[: ids.index(operation_id)] if operation_id in ids else waiting
    return Place(len(earlier) + 1, len(running), limit, before=(*running, *earlier))


def tickets_of(org: str, provider_id: str, catalog: CatalogStore) -> Sequence[Ticket]:
    """The tickets of a provider instance in their order, as many as are ever looked at."""
    return list(islice(every(catalog, Ticket, org, provider_id), MOST_TICKETS))


def limit_of(org: str, provider_id: str, default: int, catalog: CatalogStore) -> int:
    """How many builds may run at once, as the provider instance says now, else the deployment."""
    try:
        return catalog.get(ProviderInstance, org, provider_id).max_running_builds or default
    except NotFound:
        return default


def ticket_of(operation: Operation, provider_id: str, catalog: CatalogStore) -> Ticket | None:
    """The operation's ticket, if it has one still."""
    if operation.queued_at is None:
        return None
    try:
        return catalog.get(Ticket, operation.org_id, *new_ticket(operation, provider_id).ids)
    except NotFound:
        return None


def new_ticket(operation: Operation, provider_id: str) -> Ticket:
    """A ticket that waits, at the operation's place."""
    return Ticket(
        org_id=operation.org_id,
        provider_instance_id=provider_id,
        queued_at=operation.queued_at or operation.created_at,
        operation_id=operation.id,
    )
