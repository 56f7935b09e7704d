"""Events to an Event Grid topic, with the managed identity."""

import logging
from typing import Any, Self

from azure.core import messaging
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.eventgrid import EventGridPublisherClient

from shared.cloud.identity import credential
from shared.cloud.retry_after import seconds_to_wait
from shared.errors.services import EventRefused, SinkUnavailable
from shared.models.cloud_event import CloudEvent
from shared.settings import Settings

_OPTIONS: dict[str, Any] = {
    "connection_timeout": 3.0,
    "read_timeout": 10.0,
    # Trying again is the outbox's business: the SDK would hold a thread for as long as a Retry-After says.
    "retry_total": 0,
    "permit_redirects": False,
}
"""Given with each call: for topics the client ignores all options of its constructor."""
# It takes the options for attributes of the event as well, and warns each time that it ignores those.
logging.getLogger("azure.eventgrid._legacy._generated._serialization").setLevel(logging.ERROR)
_REFUSALS = (400, 413)
"""What finds fault with the event itself: Event Grid asks not to send it again."""
_SIGN_IN = (401, 403)


class EventGridSink:
    """An `EventSink` over one topic that takes the CloudEvents 1.0 schema."""

    def __init__(self, client: EventGridPublisherClient) -> None:
        self._client = client

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The topic of the settings."""
        if settings.event_grid_topic_endpoint is None:
            raise ValueError("no Event Grid topic is set up")
        return cls(EventGridPublisherClient(settings.event_grid_topic_endpoint, credential(settings.client_id)))

    def send(self, event: CloudEvent) -> None:
        """See `EventSink.send`."""
        try:
            self._client.send(messaging.CloudEvent.from_dict(event.to_json()), **_OPTIONS)
        except AzureError as error:
            raise _translated(error) from error


def _translated(error: AzureError) -> EventRefused | SinkUnavailable:
    status = error.status_code if isinstance(error, HttpResponseError) else None
    if status in _REFUSALS:
        return EventRefused(f"The Event Grid topic answers {status}.")
    if status in _SIGN_IN or isinstance(error, ClientAuthenticationError):
        return SinkUnavailable(
            f"The Event Grid topic does not let us in ({status or type(error).__name__}): the identity needs the role "
            "EventGrid Data Sender, and the topic must admit our network."
        )
    if status is None:
        return SinkUnavailable(f"The Event Grid topic does not answer ({type(error).__name__}).")
    headers = getattr(getattr(error, "response", None), "headers", {})
    return SinkUnavailable(f"The Event Grid topic answers {status}.", seconds_to_wait(headers))
