"""What orchestrators and activities hand to each other: one model in, one model out."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from shared.errors import ErrorKind
from shared.models.base import Model, UtcTime
from shared.models.provider_instance import ProviderInstance, TargetRegion
from shared.models.records import ErrorInfo, RetryInfo
from shared.states import Action, AssetStatus, GpuType, OperationAction, OperationStatus, OsType

LONGEST_KEEP_SECONDS = 86400.0
"""A day: what is kept costs money, and a secret with it."""


class Pace(Model):
    """How fast an operation goes about its work. In Azure the defaults; where time is sped up, less."""

    poll_seconds: float = 10.0
    """How long to wait before Azure is asked again, where it names no time itself."""
    retry_seconds: float = 15.0
    """The first delay of a retry; later ones grow from it."""
    deadline_seconds: float = 3 * 3600.0
    """After which the whole operation has failed."""
    keep_seconds: float = Field(default=0.0, ge=0.0, le=LONGEST_KEEP_SECONDS)
    """How long what a failed operation made is kept for a retry; 0, as for jobs of older releases: not at all."""
    events: bool = False
    """Whether Azure's events tell of what has ended, so that the operation itself asks seldom."""


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


class Job(Model):
    """What every operation needs to know: the input of its orchestration. Holds a reference to a secret at most."""

    org_id: str
    operation_id: str
    image_id: str
    version_id: str
    asset_id: str
    image_name: str
    os_type: OsType
    gpu_type: GpuType
    provider: ProviderInstance
    """As it was when the request was accepted."""
    secret_name: str | None = None
    """Where in the secret store the operation's secret is, if it has one."""
    pace: Pace = Pace()
    catalog_name: str = ""
    """The deployment that made the job, for the tags of what it makes; empty for jobs of older releases."""
    queues: bool = False
    """Whether it waits for its turn at its provider instance; jobs of older releases don't."""
    shown_by: str | None = None
    """The operation that shows its progress, where that is another one: a deletion takes back what a job made."""


class ImportJob(Job):
    """All that an import needs to know."""

    action: Literal[Action.IMPORT] = Action.IMPORT
    source: MarketplaceImage
    vm_size: str
    license_type: str | None = None
    create_public_ip: bool = False
    subnet_id: str
    """The provider instance's subnet, unless the request named another."""
    admin_username: str
    secret_name: str
    """Where in the secret store the administrator's password is."""


class GalleryImageVersion(Model):
    """An image version in an Azure Compute Gallery."""

    subscription_id: UUID
    resource_group: str
    gallery: str
    image: str
    version: str
    tenant_id: UUID | None = None
    """The tenant that the subscription belongs to; None for the provider instance's own."""

    @property
    def definition_id(self) -> str:
        """ARM id of the image definition."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Compute/galleries/{self.gallery}/images/{self.image}"
        )

    @property
    def id(self) -> str:
        """ARM id of the version."""
        return f"{self.definition_id}/versions/{self.version}"


class ReplicationMode(StrEnum):
    """How a version is made: FULL copies, SHALLOW refers to its source (quick, one region, for trying out)."""

    FULL = "Full"
    SHALLOW = "Shallow"


class Replica(Model):
    """A further region of a copy, and the asset that stands for it."""

    asset_id: str
    region: TargetRegion


class CopyJob(Job):
    """All that a copy needs to know."""

    action: Literal[Action.COPY_EXISTING_IMAGE] = Action.COPY_EXISTING_IMAGE
    source: GalleryImageVersion
    version_name: str
    home: TargetRegion
    """The provider instance's own region, where the version is made first."""
    replicas: tuple[Replica, ...] = ()
    replication_mode: ReplicationMode = ReplicationMode.FULL
    end_of_life: UtcTime | None = None
    exclude_from_latest: bool = False


class DeleteJob(Job):
    """All that a deletion needs to know; the version and asset of its own are those of the first job it takes back."""

    action: Literal[OperationAction.DELETE] = OperationAction.DELETE
    made: tuple[Annotated[ImportJob | CopyJob, Field(discriminator="action")], ...]
    """The jobs that made what is deleted: one for each version."""
    whole_image: bool = True
    """Whether no version is left afterwards, and the image goes, too."""
    force: bool = False
    """Whether the records go even if Azure keeps something."""


AnyJob = Annotated[ImportJob | CopyJob | DeleteJob, Field(discriminator="action")]


def read_making_job(job: Mapping[str, Any]) -> ImportJob | CopyJob:
    """A job that makes something, as its operation keeps it.

    Raises:
        ValueError: it is none.
    """
    kind = CopyJob if job.get("action") == Action.COPY_EXISTING_IMAGE else ImportJob
    return kind.model_validate(job)


class Facts(Model):
    """What preflight found out about a Marketplace image, and later steps rely on."""

    version: str
    """The concrete image version that "latest" stood for."""
    plan: PurchasePlan | None = None
    hyper_v_generation: str = "V1"
    trusted_launch: bool = False
    os_family: OsType = OsType.WINDOWS
    architecture: str = "x64"


class Feature(Model):
    """A feature of an image definition, such as SecurityType."""

    name: str
    value: str


class SourceFacts(Model):
    """What preflight found out about the source of a copy; the definition is made with the source's properties."""

    source_id: str
    """ARM id of the source version, as Azure writes it."""
    os_family: OsType
    os_state: str
    """Generalized or Specialized."""
    hyper_v_generation: str
    architecture: str = "x64"
    features: tuple[Feature, ...] = ()
    plan: PurchasePlan | None = None
    size_gb: int | None = None


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
    attempt: int | None = None
    """Which attempt of the step failed; None where nobody counts."""
    findings: tuple[Finding, ...] = ()

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


class StepInput(Model):
    """The input of every activity of a step."""

    job: AnyJob
    facts: Facts | SourceFacts | None = None
    """None until preflight is done."""
    attempt: int = 1
    retries: int = 0
    """How often somebody asked for a retry of the operation; each begins with the first attempt again."""
    handle: str | None = None
    """What the step's last activity left for this one."""
    at: UtcTime
    """The orchestration's time, so that a repeated activity writes the same."""


class ImportStep(StepInput):
    """The input of an import's activities."""

    job: ImportJob
    facts: Facts | None = None

    def needed_facts(self) -> Facts:
        """The facts of preflight, for a step that comes after it.

        Raises:
            ValueError: preflight is not done.
        """
        if self.facts is None:
            raise ValueError("preflight comes first")
        return self.facts


class CopyStep(StepInput):
    """The input of a copy's activities."""

    job: CopyJob
    facts: SourceFacts | None = None

    def needed_facts(self) -> SourceFacts:
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
    job: AnyJob
    facts: Facts | SourceFacts | None = None
    deadline: UtcTime
    """Of the whole operation: no attempt begins or goes on after it."""
    attempt: int = 1
    """Which attempt of the step is under way; counts on over `continue_as_new`."""
    retries: int = 0
    """How often somebody asked for a retry of the operation."""
    attempt_deadline: UtcTime | None = None
    """Until when this attempt may take; None before it began."""
    failures: dict[ErrorKind, int] = Field(default_factory=dict)
    """How often it failed so far, by kind."""
    waiting: Outcome | None = None
    """Set when the instance began anew in the middle of a wait."""
    polls: int = 0
    """How often Azure was asked since the attempt began."""
    woken: int = 0
    """How often in a row, just now, news came and Azure was still at work."""


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


class ReplicationState(StrEnum):
    """The state of a version in a region, in Azure's words."""

    UNKNOWN = "Unknown"
    REPLICATING = "Replicating"
    COMPLETED = "Completed"
    FAILED = "Failed"


class RegionReplication(Model):
    """How a version is doing in a region."""

    region: str
    """The region's short name."""
    state: ReplicationState
    progress: int
    """0 to 100."""
    details: str = ""


class RegionsInput(Model):
    """The input of the activities around target regions."""

    job: CopyJob
    regions: tuple[str, ...]
    """The short names of the further regions that the version should be in, beside the home region."""
    undoing: bool = False
    """Whether it takes regions away, which goes on although the operation was canceled."""
    handle: str | None = None


class ReplicationReport(Model):
    """Every region of a version."""

    regions: tuple[RegionReplication, ...] = ()
    error: StepError | None = None
    """Why Azure could not be asked."""


class RegionWatch(Model):
    """What the replication of one region has come to."""

    asset_id: str
    region: str
    status: AssetStatus = AssetStatus.IMPORT_PENDING
    state: ReplicationState = ReplicationState.UNKNOWN
    progress: int = 0
    changed_at: UtcTime
    """When the state or the progress last changed."""
    retries: int = 0
    error: ErrorInfo | None = None
    """Why the region was given up."""


class Settling(Model):
    """The wait for an update of the version that takes regions off it."""

    since: UtcTime
    polls: int = 0
    failures: int = 0
    handle: str | None = None


class ReplicationTask(Model):
    """The input of the sub-orchestration that replicates a version; carries its state over `continue_as_new`."""

    job: CopyJob
    watches: tuple[RegionWatch, ...]
    requested: bool = False
    """Whether Azure was told of the regions."""
    polls: int = 0
    woken: int = 0
    """How often in a row, just now, news came."""
    unread: StepError | None = None
    """Why Azure could not be asked at the last look."""
    settling: Settling | None = None
    """While failed regions are taken off the version, before they are asked for again."""
    heeds_refusals: bool = False
    """Whether news leave a wait alone that follows a refusal. False in what an older release began: there they cut it
    short, and a replay must come to the same timers."""


class ReplicationResult(Model):
    """How the replication ended."""

    error: ErrorInfo | None = None
    """Names the regions that don't have the version, and why; None if all have it."""


class Acceptance(Model):
    """The input of the activities that look for the records of an accepted request."""

    job: AnyJob
    at: UtcTime


class AcceptanceFound(Model):
    """Whether the records are there."""

    accepted: bool


class TurnTask(Model):
    """The input of the activity that asks for an operation's turn, and of the orchestration that waits for it."""

    job: Annotated[ImportJob | CopyJob, Field(discriminator="action")]
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

    job: Annotated[ImportJob | CopyJob, Field(discriminator="action")]
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


class KeptTask(Model):
    """The input of the orchestration that waits for what is to become of a failed operation, and of its activity."""

    job: Annotated[ImportJob | CopyJob, Field(discriminator="action")]
    until: UtcTime
    """When nobody may ask for a retry any more."""
    at: UtcTime
    """The orchestration's time."""
    heard: bool = False
    """Whether an event has come already; no other is waited for."""


class KeptDecision(StrEnum):
    """What is to become of an operation that failed, wholly or in part, and takes a retry."""

    WAIT = "wait"
    RETRY = "retry"
    REMOVE = "remove"


class Decided(Model):
    """What the activity, and the orchestration, return."""

    decision: KeptDecision
    usable: tuple[str, ...] = ()
    """Of a retry, the ids of the assets that can be used already."""


class SecretTask(Model):
    """The input of the activity that deletes a secret."""

    secret_name: str
    operation_id: str
    org_id: str
    image_id: str
