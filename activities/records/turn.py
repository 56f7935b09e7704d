"""The activity that gives operations their turn."""

import logging

import azure.durable_functions as df

from activities.run import CANCELED
from shared import wiring
from shared.catalogue import queue
from shared.errors.catalogue import Changed, NotFound
from shared.log import about
from shared.models.operation import Operation, Ticket
from shared.ports.catalog import CatalogStore
from shared.workflow.messages import Turn, TurnTask

bp = df.Blueprint()
_log = logging.getLogger(__name__)


@bp.activity_trigger(input_name="task", activity="take_turn")
def take_turn(task: dict) -> dict:  # type: ignore[type-arg] # the SDK takes plain dict only
    """Take an operation's turn if it has come; else tell where in the queue it is."""
    given = TurnTask.model_validate(task)
    turn = take(given, wiring.catalog(), wiring.settings().max_running_builds)
    if turn.position is None and turn.error is None:
        _log.info("build %d of at most %d begins %s", turn.running, turn.limit, about(given.job))
    return turn.to_json()


def take(task: TurnTask, catalog: CatalogStore, default_limit: int) -> Turn:
    """Take the operation's turn if it has come; a repetition finds it taken.

    A turn is taken by marking the ticket and looking again: who sees more marks than the limit steps back. The last
    of those that mark at the same moment sees them all, so there are never more at work than the limit says.
    """
    job = task.job
    try:
        operation = catalog.get(Operation, job.org_id, job.operation_id)
    except NotFound:
        return Turn(error=CANCELED)
    if operation.cancel_requested_at is not None or operation.lost_at is not None or operation.status.ended:
        return Turn(error=CANCELED)
    limit = queue.limit_of(job.org_id, job.provider.id, default_limit, catalog)
    place = _place(task, limit, catalog)
    if place.position is not None and place.may_run:
        place = _begin(task, _ticket(task, operation, catalog), place, catalog)
    elif place.position is not None:
        _take_away(place.before[task.looks % len(place.before)], catalog)
    return Turn(position=place.position, running=place.running, limit=limit)


def _begin(task: TurnTask, ticket: Ticket, place: queue.Place, catalog: CatalogStore) -> queue.Place:
    try:
        catalog.update(ticket.model_copy(update={"running": True}))
    except Changed:
        return place  # a repetition of this activity is at it: the next look finds what came of that
    now = _place(task, place.limit, catalog)
    if now.running <= now.limit:
        return now
    marked = catalog.get(Ticket, ticket.org_id, *ticket.ids)
    catalog.update(marked.model_copy(update={"running": False}))
    return place


def _ticket(task: TurnTask, operation: Operation, catalog: CatalogStore) -> Ticket:
    """The operation's ticket; one that somebody deleted is written anew, where it was."""
    provider_id = task.job.provider.id
    ticket = queue.ticket_of(operation, provider_id, catalog)
    if ticket is None:
        _log.warning("a ticket was gone, and is written anew %s", about(task.job))
        anew = queue.new_ticket(operation, provider_id)
        catalog.create(anew)
        ticket = catalog.get(Ticket, anew.org_id, *anew.ids)
    return ticket


def _place(task: TurnTask, limit: int, catalog: CatalogStore) -> queue.Place:
    tickets = queue.tickets_of(task.job.org_id, task.job.provider.id, catalog)
    return queue.place_of(task.job.operation_id, tickets, limit)


def _take_away(ticket: Ticket, catalog: CatalogStore) -> None:
    """Delete the ticket of an operation that has ended or is gone: one at each look, so that a look stays cheap.

    The end of an operation deletes its ticket; only one that was ended otherwise leaves it behind.
    """
    try:
        if not catalog.get(Operation, ticket.org_id, ticket.operation_id).status.ended:
            return
    except NotFound:
        pass
    try:
        catalog.delete(ticket)
    except Changed:
        return
    _log.warning("the operation %s has ended, and its ticket is taken away", ticket.operation_id)
