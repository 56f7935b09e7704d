"""The topic's HTTP surface: `POST /api/events` as Event Grid has it, and `/_topic` to look at it and to disturb it.

`GET /_topic/events` has what was accepted, in order. `POST /_topic/faults` lets the next requests go wrong:
`{"status": 503, "count": 2, "contains": "…"}`, with `accepts` for an answer that hides that the event was accepted.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.topic.checks import read_events, require_token
from local.topic.errors import TopicError

KEPT = 10_000
"""Events; the oldest are forgotten first."""
Json = dict[str, Any]


@dataclass
class Fault:
    """What the next `count` requests are answered whose body contains a text, after a delay in seconds."""

    status: int
    accepts: bool = False
    count: int = 1
    contains: str = ""
    delay: float = 0.0


@dataclass
class Topic:
    """What the topic has taken; `show` is called with a line for each event."""

    show: Callable[[str], None]
    events: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT))
    faults: list[Fault] = field(default_factory=list)

    def accept(self, event: Json) -> None:
        """Take an event."""
        self.events.append(event)
        data = event.get("data") or {}
        what = f"{data.get('before')} -> {data.get('after')}" if isinstance(data, dict) else ""
        self.show(f"{event.get('time')} {event['type']} {event.get('subject', '')} {what} [{event['id']}]")

    def fault(self, body: bytes) -> Fault | None:
        """The fault for a request, if one was asked for."""
        text = body.decode("utf-8", "replace")
        for fault in self.faults:
            if fault.count > 0 and fault.contains in text:
                fault.count -= 1
                return fault
        return None


def create_app(show: Callable[[str], None]) -> Starlette:
    """Return the ASGI application of a topic."""
    topic = Topic(show)

    async def publish(request: Request) -> Response:
        body = await request.body()
        fault = topic.fault(body)
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if not fault.accepts:
                return _disturbed(fault)
        try:
            require_token(request)
            events = read_events(request, body)
        except TopicError as error:
            return JSONResponse(error.body(), error.status)
        for event in events:
            topic.accept(event)
        return Response(status_code=200) if fault is None else _disturbed(fault)

    async def events(_request: Request) -> Response:
        return JSONResponse({"value": list(topic.events)})

    async def disturb(request: Request) -> Response:
        topic.faults.append(Fault(**json.loads(await request.body())))
        return Response(status_code=201)

    async def mend(_request: Request) -> Response:
        topic.faults.clear()
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/api/events", publish, methods=["POST"]),
            Route("/_topic/events", events, methods=["GET"]),
            Route("/_topic/faults", disturb, methods=["POST"]),
            Route("/_topic/faults", mend, methods=["DELETE"]),
        ]
    )


def _disturbed(fault: Fault) -> Response:
    return JSONResponse(TopicError(fault.status, "Disturbed", "As asked for.").body(), fault.status)
