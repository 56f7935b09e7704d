"""Activities of deletions: stopping the work in progress, removing the records, ending without them."""

import logging

import azure.durable_functions as df

from shared import wiring
from shared.errors import RECORDS_CHANGED, Changed, ErrorKind, NotFound, StoreUnavailable
from shared.log import about
from shared.models.base import Record
from shared.models.records import Asset, HistoryEntry, Image, NameReservation, Operation, Version
from shared.models.steps import DeleteJob, ImageRemoval, OperationEnd, Outcome, StepError, StepInput
from shared.outcomes import undo
from shared.ports import CatalogStore, every
from shared.states import OperationStatus, stream_status

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
    remove(given, wiring.catalog())
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


def remove(removal: ImageRemoval, catalog: CatalogStore) -> None:
    """Remove assets before their version, and the image last, so that what is there is never without its parent."""
    job = removal.job
    for made in job.made:
        for asset in list(every(catalog, Asset, job.org_id, made.image_id, made.version_id)):
            _forget(catalog, asset)
        _forget_by_id(catalog, Version, job.org_id, made.image_id, made.version_id)
    if job.whole_image:
        _forget_name(catalog, job)
        _forget_by_id(catalog, Image, job.org_id, job.image_id)
    else:
        _roll_up(removal, catalog)


def _roll_up(removal: ImageRemoval, catalog: CatalogStore) -> None:
    """Let the image be what the versions that are left make it."""
    job = removal.job
    for _ in range(_TRIES):
        image = catalog.get(Image, job.org_id, job.image_id)
        status = stream_status(version.status for version in every(catalog, Version, job.org_id, job.image_id))
        if image.status is status:
            return
        entry = HistoryEntry(
            org_id=job.org_id,
            image_id=job.image_id,
            at=removal.at,
            sequence=image.revision + 1,
            entity="IMAGE",
            entity_id=job.image_id,
            before=image.status,
            after=status,
            operation_id=job.operation_id,
        )
        catalog.put(entry)
        changed = {"status": status, "updated_at": removal.at, "revision": entry.sequence}
        try:
            catalog.update(image.model_copy(update=changed))
        except Changed:
            catalog.delete(entry)
            continue
        return
    raise StoreUnavailable(f"the record of image {job.image_id} is written by others all the time")


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
            catalog.update(operation.model_copy(update=update))
        except Changed:
            continue
        return
    raise StoreUnavailable(f"the record of operation {job.operation_id} is written by others all the time")


def _forget_name(catalog: CatalogStore, job: DeleteJob) -> None:
    """Free the image's name, unless another image has taken it."""
    try:
        reservation = catalog.get(NameReservation, job.org_id, job.image_name.lower())
    except NotFound:
        return
    if reservation.image_id == job.image_id:
        _forget(catalog, reservation)


def _forget_by_id(catalog: CatalogStore, kind: type[Record], *ids: str) -> None:
    try:
        record = catalog.get(kind, *ids)
    except NotFound:
        return
    _forget(catalog, record)


def _forget(catalog: CatalogStore, record: Record) -> None:
    """Delete a record whatever its state."""
    catalog.delete(record.model_copy(update={"etag": None}))
