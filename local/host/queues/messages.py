"""Messages of storage queues: what functions get of them, and how texts are encoded."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum
from azure.storage.queue import QueueMessage

from local.host.app import QUEUE_TRIGGER, Binding
from local.host.converters import converter

_NEVER = "9999-12-31T23:59:59.999999+00:00"
"""How .NET writes the end of time."""


def decoded(text: str, is_base64: bool) -> bytes:
    """Return the body in a message's text; raises ValueError if it is not in base64 as it must be."""
    if not is_base64:
        return text.encode()
    return base64.b64decode("".join(text.split()), validate=True)


def encoded(body: bytes, is_base64: bool) -> str:
    """Return the text of a message with this body; raises ValueError for what is not text where base64 is off."""
    return base64.b64encode(body).decode("ascii") if is_base64 else body.decode()


def argument(trigger: Binding, message: QueueMessage, body: bytes) -> func.QueueMessage:
    """Make the function's QueueMessage; raises ValueError if the body must be text and is not UTF-8."""
    metadata = {
        "Id": Datum(message.id, "string"),
        "PopReceipt": Datum(message.pop_receipt, "string"),
        "DequeueCount": Datum(json.dumps(message.dequeue_count), "json"),
        "ExpirationTime": _time(message.expires_on),
        "InsertionTime": _time(message.inserted_on),
        "NextVisibleTime": _time(message.next_visible_on),
    }
    return _decoded(trigger, body, metadata)


def made_by_hand(trigger: Binding, text: str) -> func.QueueMessage:
    """Make the QueueMessage of a manual run: it was never in a queue, so it has no id and no receipt."""
    metadata = {
        "DequeueCount": Datum("0", "json"),
        "ExpirationTime": Datum(json.dumps(_NEVER), "json"),
        "InsertionTime": _time(datetime.now(UTC)),
        "NextVisibleTime": Datum(json.dumps(_NEVER), "json"),
    }
    return _decoded(trigger, text.encode(), metadata)


def _decoded(trigger: Binding, body: bytes, metadata: dict[str, Datum]) -> func.QueueMessage:
    if trigger.properties.get("dataType") == "BINARY":
        datum = Datum(body, "bytes")
    else:
        datum = Datum(body.decode(), "string")
        metadata["QueueTrigger"] = datum
    message: func.QueueMessage = converter(QUEUE_TRIGGER).decode(datum, trigger_metadata=metadata)
    return message


def _time(moment: Any) -> Datum:
    return Datum(json.dumps(moment.astimezone(UTC).isoformat()), "json")
