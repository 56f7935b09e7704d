"""The writers' side of the outbox: events are kept in the transaction of the change that they tell of.

So there is an event for each change that landed and for no other, whenever a process dies;
`shared.delivery.sender` sends them. It finds them by markers, which are written before the transaction: an image
without a marker has no events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.models.cloud_event import CloudEvent
from shared.models.outbox import OutboxEvent, OutboxMarker
from shared.ports.catalog import CatalogStore


@dataclass(frozen=True, slots=True)
class ImageOutbox:
    """What waits about one image.

    Attributes:
        sinks: the names of all receivers there are; a row for each, so that one that is away holds up no other.
    """

    sinks: Sequence[str] = ()
    org_id: str = ""
    image_id: str = ""

    def announce(self, catalog: CatalogStore) -> None:
        """Say that events of the image may be about to land.

        Called before each try to write a change, even if a repetition finds nothing left to write: the try before may
        have died just after its rows landed.
        """
        for sink in self.sinks:
            touched = datetime.now(UTC)
            catalog.put(OutboxMarker(sink=sink, org_id=self.org_id, image_id=self.image_id, touched_at=touched))

    def rows(self, events: Sequence[CloudEvent]) -> Sequence[OutboxEvent]:
        """The rows to write with the change."""
        return tuple(
            OutboxEvent(
                org_id=self.org_id, sink=sink, image_id=self.image_id, sequence=int(event.sequence), event=event
            )
            for sink in self.sinks
            for event in events
        )


@dataclass(frozen=True, slots=True)
class Outbox:
    """What waits for these receivers."""

    sinks: Sequence[str] = ()

    def about(self, org_id: str, image_id: str) -> ImageOutbox:
        """The part of it about one image."""
        return ImageOutbox(self.sinks, org_id, image_id)


NOBODY = ImageOutbox()
NO_EVENTS = Outbox()
"""Where nobody is told."""
