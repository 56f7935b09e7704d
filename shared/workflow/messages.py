"""What orchestrators hand to the activities that write records, and what those return."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from shared.models.base import Model, UtcTime
from shared.models.error_info import ErrorInfo, RetryInfo
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.job import Job
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.outcome import StepError
from shared.workflow.step_input import StepPosition


class Progress(Model):
    """The input of the activity that writes a status and the operation's progress."""

    org_id: str
    operation_id: str
    image_id: str
    version_id: str
    asset_id: str
    at: UtcTime
    status: AssetStatus | None = None
    """The asset's new status; None leaves it."""
    step: StepPosition | None = None
    """The step that begins; None leaves it."""
    retry: RetryInfo | None = None
    """An automatic retry that waits; None: none does."""
    error: ErrorInfo | None = None
    """Why the operation is failing, or the asset failed."""
    data: dict[str, Any] = Field(default_factory=dict)
    """What to add to `assetDetails.data`; None takes a member away."""
    end: OperationStatus | None = None
    """How the operation ends; None while it goes on."""
    retry_until: UtcTime | None = None
    """With `end`: what was made is kept, and a retry accepted until then; None: nothing is kept."""
    retries: int = 0
    """With `retry_until`: how many retries there were before. One more, and the progress is written already."""

    @classmethod
    def of(cls, job: Job, at: datetime, *, asset_id: str | None = None, **change: Any) -> Self:
        """The progress of a job's own asset, or of another one that it makes."""
        return cls(
            org_id=job.org_id,
            operation_id=job.shown_by or job.operation_id,
            image_id=job.image_id,
            version_id=job.version_id,
            asset_id=asset_id or job.asset_id,
            at=at,
            **change,
        )


class Acceptance(Model):
    """The input of the activities that look for the records of an accepted request."""

    job: AnyJob
    at: UtcTime


class AcceptanceFound(Model):
    """Whether the records are there."""

    accepted: bool


class TurnTask(Model):
    """The input of the activity that asks for an operation's turn, and of the orchestration that waits for it."""

    job: AnyJob
    looks: int = 0
    """How often it was asked for so far."""
    position: int = 1
    """Where in the queue the operation was at the last look, from 1."""
    limit: int = 1
    """How many builds might run at once at the last look."""


class Turn(Model):
    """Whether an operation's turn has come."""

    position: int | None = None
    """Where in the queue it is, from 1; None: it waits no longer."""
    running: int = 0
    """How many builds of the provider instance run."""
    limit: int = 1
    """How many may run at once."""
    error: StepError | None = None
    """Why it will never come."""


class ImageRemoval(Model):
    """The input of the activity that removes the records of what was deleted."""

    job: DeleteJob
    at: UtcTime


class OperationEnd(Model):
    """The input of the activity that ends an operation whose image's records are gone, or another's by now."""

    job: AnyJob
    at: UtcTime
    status: OperationStatus
    error: ErrorInfo | None = None


class RepairTask(Model):
    """The input of the orchestration that brings another one's operation to an end."""

    job: MakingJob
    reason: str
    """How the other one ended."""
    canceled: bool = False
    """Whether somebody had asked for the operation's end."""
    usable: bool = False
    """Whether the image can be used already."""
    regions: tuple[str, ...] = ()
    """The further regions where it can: short names."""
    failed: ErrorInfo | None = None
    """Why the operation had failed before, where only what it kept is still to be removed."""


class RetryWindow(Model):
    """The input of the orchestration that waits for what is to become of a failed operation, and of its activity."""

    job: AnyJob
    until: UtcTime
    """When nobody may ask for a retry any more."""
    at: UtcTime
    """The orchestration's time."""
    heard: bool = False
    """Whether an event has come already; no other is waited for."""


class RetryDecision(StrEnum):
    """What is to become of an operation that failed, wholly or in part, and takes a retry."""

    WAIT = "wait"
    RETRY = "retry"
    REMOVE = "remove"


class RetryDecided(Model):
    """What the activity, and the orchestration, return."""

    decision: RetryDecision
    usable: tuple[str, ...] = ()
    """Of a retry, the ids of the assets that can be used already."""


class SecretTask(Model):
    """The input of the activity that deletes a secret."""

    secret_name: str
    operation_id: str
    org_id: str
    image_id: str
