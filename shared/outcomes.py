"""How the activities of the steps run: input in, outcome out, what Azure refused as data.

Durable Functions 1.x loses the type of an exception on the way to the orchestrator. So everything we can name
travels as an `Outcome`; what an activity raises is a surprise, or storage that is away, and is tried again.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from shared.errors import ErrorKind, PermanentError, SecretUnavailable, TransientError
from shared.log import about
from shared.models.steps import Outcome, StepError, StepInput
from shared.ports import Waiting

_log = logging.getLogger(__name__)


def perform(body: Callable[[StepInput], Outcome], payload: Mapping[str, Any]) -> dict[str, Any]:
    """Run the body of a step's activity and return its outcome in wire form."""
    step = StepInput.model_validate(payload)
    try:
        outcome = body(step)
    except (PermanentError, TransientError, SecretUnavailable) as error:
        outcome = Outcome.failed(as_data(error))
        _log.warning("%s %s", error, about(step.job))
    return outcome.to_json()


def outcome_of(waiting: Waiting | None, data: Mapping[str, Any] | None = None) -> Outcome:
    """Done with `data`, or waiting."""
    if waiting is None:
        return Outcome.done(data)
    return Outcome.waiting(waiting.seconds, waiting.handle)


def as_data(error: PermanentError | TransientError | SecretUnavailable) -> StepError:
    """An error we can name, as data."""
    if isinstance(error, SecretUnavailable):
        return StepError(kind=ErrorKind.OUTAGE, code="SECRET_UNAVAILABLE", message=str(error))
    return StepError(
        kind=error.kind,
        code=error.code,
        message=error.message,
        retry_after=error.retry_after if isinstance(error, TransientError) else None,
        correlation_id=error.correlation_id,
    )
