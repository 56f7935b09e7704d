"""What the replication of a version hands on: regions, their states, and how it ended."""

from enum import StrEnum

from shared.models.base import Model, UtcTime
from shared.models.error_info import ErrorInfo
from shared.states.statuses import AssetStatus
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.outcome import StepError


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
