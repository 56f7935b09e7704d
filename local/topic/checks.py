"""What a topic asks of a request: a token for Event Grid, and events in the schema of CloudEvents 1.0.

Signatures of tokens are not checked: they come from the simulator's identity endpoint.
"""

import base64
import binascii
import json
import re
import time
from datetime import datetime
from typing import Any

from starlette.requests import Request

from local.topic.errors import TopicError

AUDIENCE = "https://eventgrid.azure.net"
LARGEST_BYTES = 1024 * 1024
"""Of an event, and of a batch."""
BATCH = "application/cloudevents-batch+json"
_REQUIRED = ("id", "source", "specversion", "type")
_ATTRIBUTE = re.compile(r"[a-z0-9]+")

Json = dict[str, Any]


def require_token(request: Request) -> None:
    """Let a request with a bearer token for Event Grid pass. Raises TopicError."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TopicError(401, "Unauthorized", "Request must contain one of the following authorization signature: ...")
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        right = str(claims["aud"]).rstrip("/") == AUDIENCE and claims["exp"] >= time.time()
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        right = False
    if not right:
        raise TopicError(401, "Unauthorized", f"The token is not for {AUDIENCE}, or has expired.")


def read_events(request: Request, body: bytes) -> list[Json]:
    """Return the batch's events. Raises TopicError."""
    if len(body) > LARGEST_BYTES:
        raise TopicError(413, "PayloadTooLarge", f"The maximum size ({LARGEST_BYTES}) has been exceeded.")
    if "api-version" not in request.query_params:
        raise TopicError(400, "BadRequest", "api-version is missing.")
    if request.headers.get("content-type", "").partition(";")[0].strip() != BATCH:
        raise TopicError(400, "BadRequest", f"This topic expects {BATCH}.")
    try:
        events = json.loads(body)
    except ValueError as error:
        raise TopicError(400, "BadRequest", "The body is not JSON.") from error
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise TopicError(400, "BadRequest", "The body is not an array of events.")
    for event in events:
        _check(event)
    return events


def _check(event: Json) -> None:
    wrong = [name for name in _REQUIRED if not isinstance(event.get(name), str) or not event[name]]
    wrong += [name for name in event if not _ATTRIBUTE.fullmatch(name) and name != "data_base64"]
    wrong += [name for name, value in event.items() if name != "data" and not isinstance(value, str | int | bool)]
    if event.get("specversion") != "1.0":
        wrong.append("specversion")
    if "time" in event:
        try:
            moment = datetime.fromisoformat(str(event["time"]))
        except ValueError:
            wrong.append("time")
        else:
            wrong += [] if moment.tzinfo else ["time"]
    if wrong:
        raise TopicError(400, "BadRequest", f"Not a CloudEvent 1.0, look at: {', '.join(sorted(set(wrong)))}.")
