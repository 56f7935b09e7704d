"""The receivers of events."""

from typing import Protocol

from shared.models.cloud_event import CloudEvent


class EventSink(Protocol):
    """Who takes our events."""

    def send(self, event: CloudEvent) -> None:
        """Deliver an event; when this returns, the receiver has it.

        Raises:
            SinkUnavailable: it was not delivered, or nobody knows: send it again.
            EventRefused: the receiver will never take it.
        """
        ...
