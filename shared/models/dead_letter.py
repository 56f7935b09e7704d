"""Events that asked for an image and were refused."""

from typing import Any, ClassVar

from shared.models.base import UtcTime
from shared.models.catalog_record import CatalogRecord


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
