"""How the activities of the steps run: input in, outcome out, what Azure refused as data.

Durable Functions 1.x loses the type of an exception on the way to the orchestrator. So everything we can name
travels as an `Outcome`; what an activity raises is a surprise, or storage that is away, and is tried again.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from shared import wiring
from shared.errors.azure import ErrorKind, PermanentError, ProviderError, TransientError
from shared.errors.catalogue import OPERATION_CANCELED, NotFound, OperationCanceled, StoreUnavailable
from shared.errors.services import SecretMissing, SecretUnavailable
from shared.log import about
from shared.models.operation import Operation
from shared.ports.azure import Waiting
from shared.ports.catalog import CatalogStore
from shared.redaction import shown
from shared.workflow.jobs.job import Job
from shared.workflow.outcome import Objection, Outcome, StepError
from shared.workflow.step_input import StepInput

S = TypeVar("S", bound=StepInput)

Nameable = PermanentError | TransientError | SecretUnavailable | StoreUnavailable | OperationCanceled
"""The errors that we can name."""

_NAMEABLE = (PermanentError, TransientError, SecretUnavailable, StoreUnavailable, OperationCanceled)

CANCELED = StepError(
    kind=ErrorKind.CANCELED,
    code=OPERATION_CANCELED,
    message="The operation was canceled on request.",
)

_log = logging.getLogger(__name__)


def perform(kind: type[S], body: Callable[[S], Outcome], payload: Mapping[str, Any]) -> dict[str, Any]:
    """Run the body of a step's activity, unless its operation was canceled; returns the outcome in wire form."""
    step = kind.model_validate(payload)
    return perform_with(step.job, lambda: body(step))


def perform_with(job: Job, body: Callable[[], Outcome]) -> dict[str, Any]:
    """Run something of a job, unless its operation was canceled; returns the outcome in wire form."""

    def work() -> Outcome:
        check_not_canceled(job, wiring.catalog())
        return body()

    return _named(job, work)


def undo(kind: type[S], body: Callable[[S], Outcome], payload: Mapping[str, Any]) -> dict[str, Any]:
    """Run the body of an activity that takes something back, canceled or not; returns the outcome in wire form."""
    step = kind.model_validate(payload)
    return undo_with(step.job, lambda: body(step))


def undo_with(job: Job, body: Callable[[], Outcome]) -> dict[str, Any]:
    """Take something of a job back, canceled or not; returns the outcome in wire form."""
    return _named(job, body)


def check_not_canceled(job: Job, catalog: CatalogStore) -> None:
    """Raise `OperationCanceled` if somebody asked for the operation's end; the record is what counts, not an event."""
    try:
        operation = catalog.get(Operation, job.org_id, job.operation_id)
    except NotFound:
        return
    if operation.cancel_requested_at is not None or operation.lost_at is not None:
        raise OperationCanceled(job.operation_id)


def _named(job: Job, body: Callable[[], Outcome]) -> dict[str, Any]:
    try:
        outcome = body()
    except _NAMEABLE as error:
        failure = as_data(error)
        if isinstance(error, ProviderError):
            # Where Azure's answer had none, the one that our calls carry.
            failure = failure.model_copy(update={"correlation_id": failure.correlation_id or job.operation_id})
        outcome = Outcome.failed(failure)
        _log.warning("%s: %s (correlation id %s) %s", failure.code, failure.message, failure.correlation_id, about(job))
    return outcome.to_json()


def objections(findings: Sequence[Objection]) -> StepError:
    """What preflight objects to, as one error: a single finding speaks for itself, several are listed."""
    if len(findings) == 1:
        code, message = findings[0].code, findings[0].message
    else:
        code = "PREFLIGHT_FAILED"
        message = f"Preflight found {len(findings)} problems: " + " ".join(
            f"({number}) {finding.message}" for number, finding in enumerate(findings, start=1)
        )
    return StepError(kind=ErrorKind.PERMANENT, code=code, message=message, findings=tuple(findings))


def outcome_of(waiting: Waiting | None, data: Mapping[str, Any] | None = None) -> Outcome:
    """Done with `data`, or waiting."""
    if waiting is None:
        return Outcome.done(data)
    return Outcome.waiting(waiting.seconds, waiting.handle, told=waiting.told)


def as_data(error: Nameable) -> StepError:
    """An error we can name, as data."""
    if isinstance(error, OperationCanceled):
        return CANCELED
    if isinstance(error, SecretMissing):
        return StepError(kind=ErrorKind.PERMANENT, code="SECRET_MISSING", message=str(error))
    if isinstance(error, SecretUnavailable):
        return StepError(kind=ErrorKind.OUTAGE, code="SECRET_STORE_UNAVAILABLE", message=str(error))
    if isinstance(error, StoreUnavailable):
        code = "STORE_UNAVAILABLE"
        return StepError(kind=ErrorKind.OUTAGE, code=code, message=str(error), retry_after=error.retry_after)
    return StepError(
        kind=error.kind,
        code=error.code,
        message=shown(error.message),
        retry_after=error.retry_after if isinstance(error, TransientError) else None,
        correlation_id=error.correlation_id,
    )
