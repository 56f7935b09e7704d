"""The records at rest, each with the table, partition and row it lives in (see docs/architecture.md).

A record is immutable; a change is a copy (`model_copy(update=…)`) that is written back under the `etag` it was
read with. Fields have defaults wherever an older version of the schema may lack them.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Self

from pydantic import Field

from shared.arm_ids import GALLERY_ID
from shared.models.base import CATALOG, HISTORY, LEDGER, OUTBOX, PROVIDERS, Model, Record, UtcTime
from shared.states import (
    AssetStatus,
    AssetType,
    GpuType,
    OperationAction,
    OperationStatus,
    OsType,
    ProviderLabel,
    SourceType,
    StreamStatus,
    VersionStatus,
    VersionType,
)

TABLES = (CATALOG, HISTORY, LEDGER, PROVIDERS, OUTBOX)


class CatalogRecord(Record):
    """A record in an org's partition of the catalogue: all of an accepted request lands in one transaction."""

    org_id: str

    @property
    def partition_key(self) -> str:
        """The org."""
        return self.org_id

    @classmethod
    def key(cls, *ids: str) -> str:
        """The kind, then the ids: `version:{image}:{id}`; one partition holds every kind."""
        return ":".join((cls.kind, *ids))


class Image(CatalogRecord):
    """An image ("stream")."""

    kind: ClassVar[str] = "image"

    id: str
    name: str
    description: str = ""
    status: StreamStatus
    os: str = ""
    os_type: OsType
    os_family: OsType
    multi_session: bool = False
    gpu_type: GpuType = GpuType.NONE
    provider_label: ProviderLabel = ProviderLabel.AZURE
    provider_instance_id: str
    source_type: SourceType
    source_stream_id: str | None = None
    source_version_id: str | None = None
    created_at: UtcTime
    updated_at: UtcTime
    revision: int = 0
    """Counts the changes of status; numbers the entries of the history."""
    deletion_id: str | None = None
    """The operation that deletes it, or that last tried to."""

    @property
    def row_key(self) -> str:
        """`image:{id}`."""
        return self.key(self.id)


class Version(CatalogRecord):
    """A version of an image; immutable but for its status."""

    kind: ClassVar[str] = "version"

    image_id: str
    id: str
    name: str
    description: str = ""
    status: VersionStatus
    version_source: str
    version_type: VersionType
    version_history: tuple[str, ...] = ()
    operation_id: str | None = None
    """The operation that made it."""
    created_at: UtcTime
    updated_at: UtcTime

    @property
    def row_key(self) -> str:
        """`version:{image}:{id}`."""
        return self.key(self.image_id, self.id)


class ErrorInfo(Model):
    """Why something failed, as people and programs are shown it. Never holds a secret."""

    code: str
    message: str
    step: str | None = None
    attempt: int | None = None
    """Which attempt of the step failed."""
    correlation_id: str | None = None
    details: tuple["ErrorInfo", ...] = ()


class Asset(CatalogRecord):
    """An asset ("copy"): a version made concrete in one provider instance."""

    kind: ClassVar[str] = "asset"

    image_id: str
    version_id: str
    id: str
    type: AssetType
    status: AssetStatus
    provider_instance_id: str
    source_asset_id: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    """`assetDetails.data`: what the caller sent, and what the workflow found out and made."""
    error: ErrorInfo | None = None
    created_at: UtcTime
    updated_at: UtcTime

    @property
    def row_key(self) -> str:
        """`asset:{image}:{version}:{id}`."""
        return self.key(self.image_id, self.version_id, self.id)


class RetryInfo(Model):
    """A retry that is waiting."""

    attempt: int
    """The number of the attempt to come; the first attempt of a step is 1."""
    at: UtcTime
    reason: ErrorInfo


class Operation(CatalogRecord):
    """The work behind one request; its id is the instance id of the orchestration."""

    kind: ClassVar[str] = "operation"

    id: str
    action: OperationAction
    status: OperationStatus
    image_id: str
    version_id: str
    asset_id: str
    job: dict[str, Any] = Field(default_factory=dict)
    """The input of the orchestration (`shared.models.steps.AnyJob`), for whoever takes back what it made."""
    step: str | None = None
    step_title: str | None = None
    step_number: int = 0
    step_count: int = 0
    percent_complete: int = 0
    created_at: UtcTime
    queued_at: UtcTime | None = None
    """When it was given its place in the queue of its provider instance; None for one that never waits."""
    started_at: UtcTime | None = None
    last_changed_at: UtcTime
    ended_at: UtcTime | None = None
    cancel_requested_at: UtcTime | None = None
    """When somebody asked for its end; the work notices at its next call to Azure."""
    lost_at: UtcTime | None = None
    """When its orchestration was found to have ended before its time; what is left of its work stops as if canceled."""
    error: ErrorInfo | None = None
    retry: RetryInfo | None = None
    kept: bool = False
    """Whether it has failed, and what it made is still there: for a retry, or because its removal is under way.

    One that succeeded in part is kept only while it takes a retry: what it made stays.
    """
    retry_until: UtcTime | None = None
    """Until when somebody may ask for a retry of what is kept; None: nobody may."""
    retries: int = 0
    """How often somebody asked for a retry."""

    @property
    def row_key(self) -> str:
        """`operation:{id}`."""
        return self.key(self.id)

    @property
    def is_open(self) -> bool:
        """Whether its orchestration has something left to do: it has not ended, or what it made is kept."""
        return self.kept or not self.status.ended

    def takes_no_retry(self) -> Self:
        """The operation once no retry is accepted any more; what one that succeeded in part made is not removed."""
        return self.model_copy(
            update={"retry_until": None, "kept": self.kept and self.status is OperationStatus.FAILED}
        )

    def asked_to_end(self, at: datetime) -> Self:
        """The operation once somebody asked for its end: its work stops."""
        return self.takes_no_retry().model_copy(update={"cancel_requested_at": at})


class Ticket(CatalogRecord):
    """An operation's place in the queue of its provider instance, and then among those at work.

    It is written in the transaction that accepts the operation and deleted in the one that ends its build.
    """

    kind: ClassVar[str] = "ticket"

    provider_instance_id: str
    queued_at: UtcTime
    operation_id: str
    running: bool = False
    """Whether its turn has come."""

    @property
    def ids(self) -> tuple[str, str, str]:
        """The ids to find it by; the moment is padded, so that they sort by it."""
        return self.provider_instance_id, f"{microseconds(self.queued_at):017d}", self.operation_id

    @property
    def row_key(self) -> str:
        """`ticket:{provider instance}:{moment}:{operation}`: those who came first are first."""
        return self.key(*self.ids)


class NameReservation(CatalogRecord):
    """Holds an image's name in its org; names are equal without regard to case."""

    kind: ClassVar[str] = "name"

    name: str
    image_id: str

    @property
    def row_key(self) -> str:
        """`name:{name in lower case}`, which also sorts an org's images by name."""
        return self.key(self.name.lower())


class StoredAnswer(Model):
    """What a request was answered."""

    status: int
    headers: dict[str, str]
    content: dict[str, Any] | None = None
    """The body, if there is one; its text, which escapes what is not ASCII, might not fit a column."""


class IdempotencyKey(CatalogRecord):
    """A request that may be repeated, and its answer once there is one."""

    kind: ClassVar[str] = "idempotency"

    id: str
    fingerprint: str
    claimed_at: UtcTime
    """When the work on it began."""
    answer: StoredAnswer | None = None

    @property
    def row_key(self) -> str:
        """`idempotency:{id}`."""
        return self.key(self.id)


class DeadLetter(CatalogRecord):
    """An event that asked for something and was refused: nobody was there to be answered."""

    kind: ClassVar[str] = "dead-letter"

    id: str
    event_id: str
    event_source: str
    event_type: str
    received_at: UtcTime
    status: int
    """What a request would have been answered."""
    code: str
    detail: str
    errors: tuple[dict[str, Any], ...] = ()
    data: dict[str, Any] | None = None
    """The event's own, without what is secret; None where it is no object, or too large to keep."""

    @property
    def row_key(self) -> str:
        """`dead-letter:{id}`; the id follows from the event's, so that a doubled event has one."""
        return self.key(self.id)


class HistoryEntry(Record):
    """One change of status, or one retry."""

    table: ClassVar[str] = HISTORY
    kind: ClassVar[str] = "history"

    org_id: str
    image_id: str
    at: UtcTime
    sequence: int
    entity: str
    """IMAGE, VERSION or ASSET; OPERATION for a retry or an error that changes no status of those."""
    entity_id: str
    before: str | None
    after: str
    operation_id: str | None = None
    step: str | None = None
    attempt: int | None = None
    """Of a retry that waits the attempt to come, of a failure the one that failed."""
    error: ErrorInfo | None = None

    @property
    def partition_key(self) -> str:
        """The image."""
        return self.image_id

    @property
    def row_key(self) -> str:
        """The newest first: the time counts backwards, then the sequence does."""
        return f"{_backwards(self.at)}-{999_999 - self.sequence:06d}"


class LedgerState:
    """The states of a ledger entry."""

    CREATING = "creating"
    EXISTS = "exists"
    GONE = "gone"
    KEPT = "kept"
    """It stays: a gallery is the provider instance's, and outlives the operation that made it."""


class LedgerEntry(Record):
    """An Azure resource of ours: written before it is created, kept until it is gone."""

    table: ClassVar[str] = LEDGER
    kind: ClassVar[str] = "resource"

    org_id: str
    operation_id: str
    order: int
    """The order of creation; the way back is the other way round."""
    resource_id: str
    state: str
    updated_at: UtcTime

    @property
    def partition_key(self) -> str:
        """The operation."""
        return self.operation_id

    @property
    def row_key(self) -> str:
        """The order, padded so that it sorts."""
        return f"{self.order:03d}"

    @property
    def stays(self) -> bool:
        """Whether it is a gallery, which no operation takes away."""
        return GALLERY_ID.fullmatch(self.resource_id) is not None

    def now(self, state: str, at: datetime) -> Self:
        """The entry in another state."""
        return self.model_copy(update={"state": state, "updated_at": at})


class ResourceOwner(Record):
    """Which operation makes a resource: whom to wake when Azure tells of it. Written before the resource is made."""

    table: ClassVar[str] = LEDGER
    kind: ClassVar[str] = "owner"

    resource_id: str
    org_id: str
    operation_id: str

    @classmethod
    def partition_of(cls, resource_id: str) -> str:
        """A hash of the id, which has letters that no key may have, and no letter case that could be relied on."""
        return sha256(resource_id.lower().encode()).hexdigest()

    @property
    def partition_key(self) -> str:
        """`partition_of` its resource."""
        return self.partition_of(self.resource_id)

    @property
    def row_key(self) -> str:
        """Always `owner`: a resource has one."""
        return self.kind


_LAST_MICROSECOND = 10**17 - 1


def _backwards(moment: datetime) -> str:
    return f"{_LAST_MICROSECOND - microseconds(moment):017d}"


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return int(moment.timestamp() * 1_000_000)
