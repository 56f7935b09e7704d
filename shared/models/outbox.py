"""Events that wait to be sent, and the records by which they are found and sent by one sender at a time."""

from datetime import datetime
from typing import ClassVar

from shared.models.base import OUTBOX, Record, UtcTime
from shared.models.catalog_record import CatalogRecord
from shared.models.cloud_event import CloudEvent


class OutboxEvent(CatalogRecord):
    """An event that waits for one receiver; written with the change that it tells of, gone once it was accepted."""

    kind: ClassVar[str] = "outbox"

    sink: str
    image_id: str
    sequence: int
    event: CloudEvent

    @property
    def row_key(self) -> str:
        """`outbox:{sink}:{image}:{sequence}`, padded so that rows come in order."""
        return self.key(self.sink, self.image_id, f"{self.sequence:09d}")


class RefusedEvent(CatalogRecord):
    """An event that its receiver will never take: kept for people, so that the others can go on."""

    kind: ClassVar[str] = "refused-event"

    sink: str
    image_id: str
    sequence: int
    event: CloudEvent
    reason: str
    refused_at: UtcTime

    @property
    def row_key(self) -> str:
        """`refused-event:{sink}:{image}:{sequence}`."""
        return self.key(self.sink, self.image_id, f"{self.sequence:09d}")


class OutboxMarker(Record):
    """That an image may have events for a receiver; written before they are, and only by who writes them."""

    table: ClassVar[str] = OUTBOX
    kind: ClassVar[str] = "marker"

    sink: str
    org_id: str
    image_id: str
    touched_at: UtcTime

    @property
    def partition_key(self) -> str:
        """The receiver: all there is to look at for it."""
        return self.sink

    @property
    def row_key(self) -> str:
        """The image."""
        return self.image_id


class OutboxLease(Record):
    """Who sends an image's events to a receiver, until when; and since when that fails. Only senders write it."""

    table: ClassVar[str] = OUTBOX
    kind: ClassVar[str] = "lease"

    sink: str
    image_id: str
    holder: str
    """Of this very claim."""
    claimed_until: UtcTime
    """After which another sender may take over; also the time before which nobody tries again after a failure."""
    failures: int = 0
    """How often it failed in a row."""
    failing_since: UtcTime | None = None

    @classmethod
    def partition(cls, sink: str) -> str:
        """Where a receiver's leases are."""
        return f"{sink}:leases"

    @property
    def partition_key(self) -> str:
        """The receiver's leases."""
        return self.partition(self.sink)

    @property
    def row_key(self) -> str:
        """The image."""
        return self.image_id

    def is_held(self, moment: datetime) -> bool:
        """Whether somebody is at work, or has to wait."""
        return moment < self.claimed_until
