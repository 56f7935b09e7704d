"""Activities that read and write the catalogue."""

import logging

import azure.durable_functions as df

from activities.run import CANCELED
from shared import wiring
from shared.catalogue import commit, transitions
from shared.catalogue.change import Change, Tree
from shared.delivery.outbox import NO_EVENTS, Outbox
from shared.errors.azure import ErrorKind
from shared.errors.catalogue import RECORDS_CHANGED, AlreadyExists, IllegalTransition, NotFound, OperationCanceled
from shared.log import about
from shared.models.error_info import ErrorInfo
from shared.models.operation import Operation
from shared.ports.catalog import CatalogStore
from shared.states.enums import OperationAction
from shared.states.statuses import OperationStatus
from shared.workflow.messages import Acceptance, AcceptanceFound, Progress
from shared.workflow.outcome import Outcome, StepError

bp = df.Blueprint()
_log = logging.getLogger(__name__)


@bp.activity_trigger(input_name="acceptance", activity="confirm_acceptance")
def confirm_acceptance(acceptance: dict) -> dict:  # type: ignore[type-arg] # the SDK takes plain dict only
    """Whether the records of a request are there."""
    return find_acceptance(Acceptance.model_validate(acceptance), wiring.catalog()).to_json()


@bp.activity_trigger(input_name="acceptance", activity="abandon_operation")
def abandon_operation(acceptance: dict) -> dict:  # type: ignore[type-arg]
    """Give a request up whose records never came, unless they came in the last moment."""
    return give_up(Acceptance.model_validate(acceptance), wiring.catalog()).to_json()


@bp.activity_trigger(input_name="progress", activity="record_progress")
def record_progress(progress: dict) -> dict:  # type: ignore[type-arg]
    """Write a status and the operation's progress; records that forbid it are an outcome, as time won't mend them."""
    given = Progress.model_validate(progress)
    try:
        record(given, wiring.catalog(), wiring.outbox())
    except OperationCanceled:
        return Outcome.failed(CANCELED).to_json()
    except (IllegalTransition, NotFound) as error:
        _log.error("the catalogue refuses a change: %s %s", error, about(given))
        refusal = StepError(kind=ErrorKind.PERMANENT, code=RECORDS_CHANGED, message=str(error))
        return Outcome.failed(refusal).to_json()
    return Outcome.done().to_json()


def find_acceptance(acceptance: Acceptance, catalog: CatalogStore) -> AcceptanceFound:
    """Look for the operation's record: it lands with all the others, or none does."""
    job = acceptance.job
    try:
        operation = catalog.get(Operation, job.org_id, job.operation_id)
    except NotFound:
        return AcceptanceFound(accepted=False)
    return AcceptanceFound(accepted=operation.status is not OperationStatus.CANCELED)


def give_up(acceptance: Acceptance, catalog: CatalogStore) -> AcceptanceFound:
    """Take the place of the operation's record, so that the request can't be accepted any more."""
    job = acceptance.job
    tombstone = Operation(
        org_id=job.org_id,
        id=job.operation_id,
        action=OperationAction(job.action),
        status=OperationStatus.CANCELED,
        image_id=job.image_id,
        version_id=job.version_id,
        asset_id=job.asset_id,
        created_at=acceptance.at,
        last_changed_at=acceptance.at,
        ended_at=acceptance.at,
        error=ErrorInfo(code="NOT_ACCEPTED", message="The request was never accepted: please send it again."),
    )
    try:
        catalog.create(tombstone)
    except AlreadyExists:
        return find_acceptance(acceptance, catalog)
    _log.warning("gave up a request whose records never came %s", about(job))
    return AcceptanceFound(accepted=False)


def record(progress: Progress, catalog: CatalogStore, outbox: Outbox = NO_EVENTS) -> None:
    """Apply a progress to the records; repeating it changes nothing.

    Raises:
        IllegalTransition: the asset may not take that status.
        NotFound: the records are gone.
        OperationCanceled: it would succeed, and was canceled just before.
        StoreUnavailable: storage is away, or others write these records all the time.
    """
    if _has_ended(progress, catalog):
        return

    def work_out() -> Change:
        return transitions.apply(_tree(progress, catalog), progress)

    def is_written() -> bool:
        return catalog.get(Operation, progress.org_id, progress.operation_id).last_changed_at == progress.at

    change = commit.write(catalog, work_out, is_written, outbox.about(progress.org_id, progress.image_id))
    if change.records:
        _report(progress, change)


def _has_ended(progress: Progress, catalog: CatalogStore) -> bool:
    """Whether an earlier try has landed whose answer was lost. What has ended may be deleted by now, but for this."""
    if progress.end is None:
        return False
    return transitions.says_nothing_new(catalog.get(Operation, progress.org_id, progress.operation_id), progress)


def _tree(progress: Progress, catalog: CatalogStore) -> Tree:
    """The records around the progress's asset; a deletion shows progress in an image that others made."""
    operation = catalog.get(Operation, progress.org_id, progress.operation_id)
    ids = (progress.image_id, progress.version_id, progress.asset_id)
    return commit.read_tree(catalog, operation, *ids, ends_build=transitions.ends_build(progress))


def _report(progress: Progress, change: Change) -> None:
    ids = about(progress)
    for entry in change.history:
        _log.info("%s %s -> %s %s", entry.entity.lower(), entry.before, entry.after, ids)
    if progress.step:
        _log.info("step %d of %d: %s %s", progress.step.number, progress.step.count, progress.step.title, ids)
    if progress.retry:
        reason = progress.retry.reason
        _log.warning("attempt %d after %s: %s %s", progress.retry.attempt, reason.code, reason.message, ids)
    if progress.end and change.operation and change.operation.ended_at != progress.at:
        _log.info("what was kept is removed %s", ids)
    elif progress.end:
        why = f" ({progress.error.code}: {progress.error.message})" if progress.error else ""
        _log.info("operation %s%s %s", progress.end, why, ids)
