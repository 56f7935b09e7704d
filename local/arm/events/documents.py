"""Events as they are written on the wire: Event Grid's own schema, and CloudEvents 1.0.

Inside the simulator an event is ``{"id", "type", "time", "subject", "data"}``; who receives it decides on the rest.
"""

from typing import Any

from ..calls import Json

EVENT_GRID = "EventGridSchema"
CLOUD_EVENTS = "CloudEventSchemaV1_0"
SCHEMAS = (EVENT_GRID, CLOUD_EVENTS)
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_DATA_VERSION, _METADATA_VERSION = "2", "1"
# The host that Event Grid asks permission for.
ORIGIN = "eventgrid.azure.net"


def content_type(schema: str) -> str:
    """The media type of a delivery."""
    return "application/json; charset=utf-8" if schema == EVENT_GRID else "application/cloudevents+json; charset=utf-8"


def body(schema: str, topic: str, event: Json) -> Any:
    """One event, in the batch of one that Event Grid sends, or alone as CloudEvents has it."""
    if schema == EVENT_GRID:
        return [_event_grid(topic, event)]
    named = {name: event[name] for name in ("subject", "type", "time", "id", "data")}
    return {"source": topic} | named | {"specversion": "1.0"}


def validation(topic: str, event_id: str, time: str, code: str, url: str) -> list[Json]:
    """The event that asks a webhook to prove that it wants events."""
    event = {"id": event_id, "type": _VALIDATION, "time": time, "subject": ""}
    return [_event_grid(topic, event | {"data": {"validationCode": code, "validationUrl": url}})]


def headers(kind: str, subscription: str, schema: str, attempt: int) -> dict[str, str]:
    """The headers of a delivery of the kind Notification or SubscriptionValidation."""
    common = {
        "Content-Type": content_type(schema),
        "aeg-event-type": kind,
        "aeg-subscription-name": subscription.upper(),
    }
    common["aeg-delivery-count"] = str(attempt)
    versions = {"aeg-data-version": _DATA_VERSION, "aeg-metadata-version": _METADATA_VERSION}
    return common | (versions if schema == EVENT_GRID else {})


def _event_grid(topic: str, event: Json) -> Json:
    return {
        "topic": topic,
        "subject": event["subject"],
        "eventType": event["type"],
        "eventTime": event["time"],
        "id": event["id"],
        "data": event["data"],
        "dataVersion": _DATA_VERSION,
        "metadataVersion": _METADATA_VERSION,
    }
