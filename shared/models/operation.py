"""Operations, and their tickets in the queue of a provider instance."""

from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import Field

from shared.models.base import UtcTime
from shared.models.catalog_record import CatalogRecord
from shared.models.error_info import ErrorInfo, RetryInfo
from shared.models.history import microseconds
from shared.states.enums import OperationAction
from shared.states.statuses import OperationStatus


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
    """The input of the orchestration (`shared.workflow.jobs.any_job.AnyJob`), for whoever takes back what it made."""
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
