"""The keys of requests that may be repeated, with the answers that are given again."""

from datetime import timedelta
from typing import Any, ClassVar

from shared.models.base import Model, UtcTime
from shared.models.catalog_record import CatalogRecord

REMEMBERED = timedelta(hours=24)
"""How long a request and its answer are remembered; later its key is as good as new."""


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
