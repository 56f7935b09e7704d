"""The history of an image: an entry for each change of status."""

from datetime import datetime
from typing import ClassVar

from shared.models.base import HISTORY, Record, UtcTime
from shared.models.error_info import ErrorInfo


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


_LAST_MICROSECOND = 10**17 - 1


def _backwards(moment: datetime) -> str:
    return f"{_LAST_MICROSECOND - microseconds(moment):017d}"


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return int(moment.timestamp() * 1_000_000)
