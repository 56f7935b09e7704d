"""Activities of deletions: stopping the work in progress, removing the records, ending without them."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

import azure.durable_functions as df

from activities.run import undo
from shared import wiring
from shared.catalogue import change, commit, queue
from shared.catalogue import removal as removals
from shared.delivery.outbox import NO_EVENTS, Outbox
from shared.errors.azure import ErrorKind
from shared.errors.catalogue import RECORDS_CHANGED, Changed, NotFound, StoreUnavailable
from shared.log import about
from shared.models.base import Record
from shared.models.image import Asset, Image, NameReservation, Version
from shared.models.operation import Operation
from shared.ports.catalog import CatalogStore, every
from shared.states.statuses import OperationStatus
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.messages import ImageRemoval, OperationEnd
from shared.workflow.outcome import Outcome, StepError
from shared.workflow.step_input import StepInput

bp = df.Blueprint()
_log = logging.getLogger(__name__)

_TRIES = 10
"""How often a change is worked out anew when somebody else wrote in between."""


class DeleteStep(StepInput):
    """The input of a deletion's own activities."""

    job: DeleteJob


@bp.activity_trigger(input_name="step", activity="stop_work")
def stop_work(step: dict) -> dict:  # type: ignore[type-arg] # the SDK takes plain dict only
    """Ask the operations at work on the image to end, and whether they have."""
    return undo(DeleteStep, lambda given: stop(given, wiring.catalog()), step)


@bp.activity_trigger(input_name="removal", activity="remove_records")
def remove_records(removal: dict) -> None:  # type: ignore[type-arg]
    """Remove the records of what was deleted; gone already is fine."""
    given = ImageRemoval.model_validate(removal)
    remove(given, wiring.catalog(), wiring.outbox())
    _log.info("records removed %s", about(given.job))


@bp.activity_trigger(input_name="end", activity="end_operation")
def end_operation(end: dict) -> dict:  # type: ignore[type-arg]
    """Write how an operation ended whose image's records say nothing of it; without a record of its own it can't."""
    given = OperationEnd.model_validate(end)
    try:
        finish(given, wiring.catalog())
    except NotFound as error:
        refusal = StepError(kind=ErrorKind.PERMANENT, code=RECORDS_CHANGED, message=str(error))
        return Outcome.failed(refusal).to_json()
    why = f" ({given.error.code}: {given.error.message})" if given.error else ""
    _log.info("operation %s%s %s", given.status, why, about(given.job))
    return Outcome.done().to_json()


def stop(step: DeleteStep, catalog: CatalogStore) -> Outcome:
    """Done when no operation that made the image is at work any more, or keeps something."""
    at_work = False
    for job in step.job.made:
        try:
            operation = catalog.get(Operation, job.org_id, job.operation_id)
        except NotFound:
            continue
        if not operation.is_open:
            continue
        at_work = True
        if operation.cancel_requested_at is None:
            try:
                catalog.update(operation.asked_to_end(step.at))
            except Changed:
                continue  # it is asked again at the next look
    return Outcome.waiting() if at_work else Outcome.done()


def remove(removal: ImageRemoval, catalog: CatalogStore, outbox: Outbox = NO_EVENTS) -> None:
    """Remove assets before their version, and the image last, so that what is there is never without its parent."""
    job = removal.job

    def is_written() -> bool:
        try:
            return catalog.get(Image, job.org_id, job.image_id).updated_at == removal.at
        except NotFound:
            return True

    def write(work_out: Callable[[], change.Change]) -> None:
        commit.write(catalog, work_out, is_written, outbox.about(job.org_id, job.image_id))

    for made in job.made:
        for asset in list(every(catalog, Asset, job.org_id, made.image_id, made.version_id)):
            _forget(catalog, asset)
        version = made.image_id, made.version_id
        write(partial(_removal, removal, Version, version, catalog))
        _release(catalog, made)
    if job.whole_image:
        _forget_name(catalog, job)
        write(partial(_removal, removal, Image, (job.image_id,), catalog))
    else:
        write(partial(_roll_up, removal, catalog))


def _removal(
    removal: ImageRemoval, kind: type[Version | Image], ids: Sequence[str], catalog: CatalogStore
) -> change.Change:
    """A version, or the image, goes; gone already is no change."""
    job = removal.job
    try:
        image, gone = catalog.get(Image, job.org_id, job.image_id), catalog.get(kind, job.org_id, *ids)
    except NotFound:
        return change.NOTHING
    return removals.remove(image, gone, job, removal.at)


def _roll_up(removal: ImageRemoval, catalog: CatalogStore) -> change.Change:
    """The image is what the versions that are left make it."""
    job = removal.job
    image = catalog.get(Image, job.org_id, job.image_id)
    left = [version.status for version in every(catalog, Version, job.org_id, job.image_id)]
    return removals.roll_up(image, left, job, removal.at)


def finish(end: OperationEnd, catalog: CatalogStore) -> None:
    """Write the end of the operation; repeating it changes nothing.

    Raises:
        NotFound: it has no record.
        StoreUnavailable: storage is away, or others write the record all the time.
    """
    job = end.job
    for _ in range(_TRIES):
        operation = catalog.get(Operation, job.org_id, job.operation_id)
        if not operation.is_open:
            return
        percent = 100 if end.status is OperationStatus.SUCCEEDED else operation.percent_complete
        update = {
            "status": operation.status if operation.kept else end.status,
            "error": end.error,
            "ended_at": operation.ended_at or end.at,
            "last_changed_at": end.at,
            "retry": None,
            "kept": False,
            "retry_until": None,
            "percent_complete": percent,
        }
        try:
            ticket = queue.ticket_of(operation, job.provider.id, catalog)
            catalog.update(operation.model_copy(update=update), removing=[ticket] if ticket else [])
        except Changed:
            continue
        return
    raise StoreUnavailable(f"the record of operation {job.operation_id} is written by others all the time")


def _release(catalog: CatalogStore, made: MakingJob) -> None:
    """Make room for the next build, if the work did not end by itself."""
    try:
        operation = catalog.get(Operation, made.org_id, made.operation_id)
    except NotFound:
        return
    if ticket := queue.ticket_of(operation, made.provider.id, catalog):
        _forget(catalog, ticket)


def _forget_name(catalog: CatalogStore, job: DeleteJob) -> None:
    """Free the image's name, unless another image has taken it."""
    try:
        reservation = catalog.get(NameReservation, job.org_id, job.image_name.lower())
    except NotFound:
        return
    if reservation.image_id == job.image_id:
        _forget(catalog, reservation)


def _forget(catalog: CatalogStore, record: Record) -> None:
    """Delete a record whatever its state."""
    catalog.delete(record.model_copy(update={"etag": None}))
