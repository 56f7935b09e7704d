"""What an activity of a step returns: a result, a wait, or an error as data."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field

from shared.errors.azure import ErrorKind
from shared.models.base import Model
from shared.models.error_info import ErrorInfo
from shared.workflow.facts import Facts, SourceFacts


class Objection(Model):
    """One thing that preflight objects to; `code` is stable, `message` says what to do."""

    code: str
    message: str
    target: str | None = None


class StepError(Model):
    """A failure as data; see `shared.errors`."""

    kind: ErrorKind
    code: str
    message: str
    retry_after: float | None = None
    """Azure's own wish, in seconds."""
    correlation_id: str | None = None
    attempt: int | None = None
    """Which attempt of the step failed; None where nobody counts."""
    findings: tuple[Objection, ...] = ()

    def info(self, step: str | None = None) -> ErrorInfo:
        """The failure as it is kept and shown."""
        details = tuple(ErrorInfo(code=finding.code, message=finding.message) for finding in self.findings)
        return ErrorInfo(
            code=self.code,
            message=self.message,
            step=step,
            attempt=self.attempt,
            correlation_id=self.correlation_id,
            details=details,
        )


class OutcomeState(StrEnum):
    """How a call of an activity ended."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"


class Outcome(Model):
    """What an activity of a step returns: done with a result, still waiting on Azure, or failed with an error."""

    state: OutcomeState
    wait_seconds: float | None = None
    """When waiting: ask again after so long (Azure's Retry-After), or None for our own pace."""
    handle: str | None = None
    """When waiting: what to hand to the next check, such as the URL of Azure's operation."""
    told: bool = Field(default=False, exclude_if=lambda told: not told)
    """When waiting: whether it ends with a resource event of Azure's. Left out where it does not: what is done has no
    need of it."""
    data: dict[str, Any] = Field(default_factory=dict)
    """When done: what to add to `assetDetails.data`."""
    facts: Facts | SourceFacts | None = None
    """When preflight is done: what it found out."""
    error: StepError | None = None

    @classmethod
    def done(cls, data: Mapping[str, Any] | None = None, facts: Facts | SourceFacts | None = None) -> "Outcome":
        """The step is done."""
        return cls(state=OutcomeState.DONE, data=dict(data or {}), facts=facts)

    @classmethod
    def waiting(cls, wait_seconds: float | None = None, handle: str | None = None, *, told: bool = False) -> "Outcome":
        """Azure is still at work."""
        return cls(state=OutcomeState.WAITING, wait_seconds=wait_seconds, handle=handle, told=told)

    @classmethod
    def failed(cls, error: StepError) -> "Outcome":
        """The step failed; its kind says whether to try again."""
        return cls(state=OutcomeState.FAILED, error=error)
