"""What orchestrators and activities hand to each other: one model in, one model out."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from shared.errors import ErrorKind
from shared.models.base import Model, UtcTime
from shared.models.provider_instance import ProviderInstance
from shared.models.records import ErrorInfo, RetryInfo
from shared.states import Action, AssetStatus, GpuType, OperationStatus, OsType


class Pace(Model):
    """How fast an operation goes about its work. In Azure the defaults; where time is sped up, less."""

    poll_seconds: float = 10.0
    """How long to wait before Azure is asked again, where it names no time itself."""
    retry_seconds: float = 15.0
    """The first delay of a retry; later ones grow from it."""
    deadline_seconds: float = 3 * 3600.0
    """After which the whole operation has failed."""


class MarketplaceImage(Model):
    """An image of the Azure Marketplace; `version` may be "latest" until preflight has pinned it."""

    publisher: str
    offer: str
    sku: str
    version: str = "latest"


class PurchasePlan(Model):
    """The plan under which a Marketplace image is bought; the names are those of Azure's VM body."""

    publisher: str
    product: str
    name: str


class ImportJob(Model):
    """All that an import needs to know: the input of its orchestration. Holds a reference to the secret only."""

    org_id: str
    operation_id: str
    image_id: str
    version_id: str
    asset_id: str
    image_name: str
    action: Action = Action.IMPORT
    source: MarketplaceImage
    os_type: OsType
    gpu_type: GpuType
    vm_size: str
    license_type: str | None = None
    create_public_ip: bool = False
    subnet_id: str
    """The provider instance's subnet, unless the request named another."""
    admin_username: str
    secret_name: str
    """Where in the secret store the administrator's password is."""
    provider: ProviderInstance
    pace: Pace = Pace()


class Facts(Model):
    """What preflight found out about the image, and later steps rely on."""

    version: str
    """The concrete image version that "latest" stood for."""
    plan: PurchasePlan | None = None
    hyper_v_generation: str = "V1"
    trusted_launch: bool = False
    os_family: OsType = OsType.WINDOWS
    architecture: str = "x64"


class Finding(Model):
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
    findings: tuple[Finding, ...] = ()

    def info(self, step: str | None = None) -> ErrorInfo:
        """The failure as it is kept and shown."""
        details = tuple(ErrorInfo(code=finding.code, message=finding.message) for finding in self.findings)
        return ErrorInfo(
            code=self.code,
            message=self.message,
            step=step,
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
    data: dict[str, Any] = Field(default_factory=dict)
    """When done: what to add to `assetDetails.data`."""
    facts: Facts | None = None
    """When preflight is done: what it found out."""
    error: StepError | None = None

    @classmethod
    def done(cls, data: Mapping[str, Any] | None = None, facts: Facts | None = None) -> "Outcome":
        """The step is done."""
        return cls(state=OutcomeState.DONE, data=dict(data or {}), facts=facts)

    @classmethod
    def waiting(cls, wait_seconds: float | None = None, handle: str | None = None) -> "Outcome":
        """Azure is still at work."""
        return cls(state=OutcomeState.WAITING, wait_seconds=wait_seconds, handle=handle)

    @classmethod
    def failed(cls, error: StepError) -> "Outcome":
        """The step failed; its kind says whether to try again."""
        return cls(state=OutcomeState.FAILED, error=error)


class StepInput(Model):
    """The input of every activity of a step."""

    job: ImportJob
    facts: Facts | None = None
    """None until preflight is done."""
    attempt: int = 1
    handle: str | None = None
    """What the step's last activity left for this one."""
    at: UtcTime
    """The orchestration's time, so that a repeated activity writes the same."""

    def needed_facts(self) -> Facts:
        """The facts of preflight, for a step that comes after it.

        Raises:
            ValueError: preflight is not done.
        """
        if self.facts is None:
            raise ValueError("preflight comes first")
        return self.facts


class StepPosition(Model):
    """Where in its workflow an operation is."""

    name: str
    title: str
    number: int
    """From 1."""
    count: int
    percent: int
    """How much of the whole work is behind it."""


class StepTask(Model):
    """The input of the sub-orchestration that sees one step through."""

    position: StepPosition
    """The step, by its name, and where in the workflow it is."""
    job: ImportJob
    facts: Facts | None = None
    deadline: UtcTime
    """Of the whole operation: no attempt begins or goes on after it."""
    attempt: int = 1
    """Which attempt of the step is under way; counts on over `continue_as_new`."""
    attempt_deadline: UtcTime | None = None
    """Until when this attempt may take; None before it began."""
    failures: dict[ErrorKind, int] = Field(default_factory=dict)
    """How often it failed so far, by kind."""
    waiting: Outcome | None = None
    """Set when the instance began anew in the middle of a wait."""
    polls: int = 0
    """How often Azure was asked since the attempt began."""


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
    """What to add to `assetDetails.data`."""
    end: OperationStatus | None = None
    """How the operation ends; None while it goes on."""

    @classmethod
    def of(cls, job: ImportJob, at: datetime, **change: Any) -> Self:
        """The progress of a job's own asset."""
        return cls(
            org_id=job.org_id,
            operation_id=job.operation_id,
            image_id=job.image_id,
            version_id=job.version_id,
            asset_id=job.asset_id,
            at=at,
            **change,
        )


class Acceptance(Model):
    """The input of the activities that look for the records of an accepted request."""

    job: ImportJob
    at: UtcTime


class AcceptanceFound(Model):
    """Whether the records are there."""

    accepted: bool


class SecretTask(Model):
    """The input of the activity that deletes a secret."""

    secret_name: str
    operation_id: str
    org_id: str
    image_id: str
