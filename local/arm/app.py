"""The HTTP application: ARM behind its front door, the token endpoint, the admin endpoint, and the faults around them.

Requests to ARM are handled one after the other on the event loop: each takes well under a millisecond or two, and the
simulator needs no locks.
"""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from . import admin, identity, login, lro
from .calls import Answer, Call, Json
from .errors import invalid_content
from .events.courier import Courier
from .faults import AFTER, BEFORE, FIRST, POLL, Rule
from .frontdoor import FrontDoor
from .journal import Journal
from .world import World

_log = logging.getLogger("local.arm")
# Where the server leaves a request's connection, so that it can be cut.
TRANSPORT = "transport"
# Which rule disturbed an answer.
FAULT_HEADER = "x-sim-fault"
_FORM = "application/x-www-form-urlencoded"
_TOKEN_PATH = "/msi/token"  # noqa: S105 - a path
_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Arm:
    """The ASGI endpoint of everything that is ARM's, and of the tokens for it."""

    def __init__(self, world: World, door: FrontDoor, journal: Journal) -> None:
        self._world, self._door, self._journal = world, door, journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or disturb it as a fault rule says."""
        began = time.perf_counter()
        call = await read(Request(scope, receive))
        rule = self._rule(call)
        answer = await self._disturbed(call, rule.disturbance() if rule else {})
        self._journal.add(call, answer.status if answer else 0, began, rule.id if rule else None)
        _log.info("%s %s %s", call.method, call.path, answer.status if answer else "dropped")
        if answer and rule:
            answer.headers[FAULT_HEADER] = str(rule.id)
        if answer is None:
            scope["state"][TRANSPORT].abort()
            return
        await _response(answer)(scope, receive, send)

    def _rule(self, call: Call) -> Rule | None:
        faults = self._world.faults
        origin = self._door.origin(call)
        polled = faults.match(POLL, *origin) if origin else None
        return polled or faults.match(FIRST, call.method, call.path)

    async def _disturbed(self, call: Call, action: Json) -> Answer | None:
        """The answer, or None when the connection is to be cut."""
        kind, when = action.get("type"), action.get("when", BEFORE)
        if kind == "delay" and when == BEFORE:
            await asyncio.sleep(action["seconds"])
        if kind == "error" and when == BEFORE:
            return self._error(call, action)
        if kind == "drop" and when == BEFORE:
            return None
        answer = self._handle(call)
        match kind:
            case "delay" if when == AFTER:
                await asyncio.sleep(action["seconds"])
            case "drop":
                return None
            case "error":
                return self._error(call, action)
            case "status":
                answer.status = action["status"]
            case "garble":
                return _garbled(answer, action)
        return answer

    def _handle(self, call: Call) -> Answer:
        if call.path == _TOKEN_PATH:
            return identity.issue(call, self._world.signing_key)
        if answer := login.answer(self._world, call):
            return answer
        if isinstance(call.body, ValueError):
            return self._door.dress(call, invalid_content(str(call.body)).answer())
        return self._door.handle(call)

    def _error(self, call: Call, action: Json) -> Answer:
        body: Json = {"code": action["code"], "message": action.get("message", f"Simulated: {action['code']}.")}
        body |= {name: action[name] for name in ("target", "details") if name in action}
        headers = dict(action.get("headers", {}))
        if "retryAfter" in action:
            headers |= lro.retry_headers(self._world, action["retryAfter"])
        document = body if action.get("unwrapped") else {"error": body}
        return self._door.dress(call, Answer(action["status"], document, headers))


def build(world: World, door: FrontDoor) -> Starlette:
    """The whole application."""
    journal = Journal()
    routes = [*admin.routes(world, journal), Route("/{path:path}", Arm(world, door, journal))]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        courier = asyncio.create_task(Courier(world).run())
        try:
            yield
        finally:
            courier.cancel()
            await asyncio.gather(courier, return_exceptions=True)

    return Starlette(routes=routes, exception_handlers={Exception: _broken}, lifespan=lifespan)


async def _broken(_request: Request, problem: Exception) -> Response:
    """A bug of the simulator: told as such; its traceback goes to the log."""
    message = f"The simulator failed with {type(problem).__name__}; its log has the traceback."
    return _response(Answer(500, {"error": {"code": "InternalServerError", "message": message}}))


async def read(request: Request) -> Call:
    """A request in the form that handlers see; a body that is no JSON is carried as the ValueError that says so."""
    body: Any = None
    content = await request.body()
    if request.headers.get("content-type", "").startswith(_FORM):
        body = dict(parse_qsl(content.decode()))
    elif content:
        try:
            body = json.loads(content)
        except ValueError as problem:
            body = problem
    headers = {name.lower(): value for name, value in request.headers.items()}
    # The same in the answer and in the event that tells of it, also where the caller gives none.
    headers.setdefault("x-ms-correlation-request-id", str(uuid.uuid4()))
    return Call(
        method=request.method,
        # Clients join a base URL and an id that both bring a slash.
        path="/" + "/".join(filter(None, request.url.path.split("/"))),
        base_url=f"{request.url.scheme}://{request.url.netloc}",
        query={name.lower(): value for name, value in request.query_params.items()},
        headers=headers,
        body=body,
    )


def _response(answer: Answer) -> Response:
    if answer.body is None:
        return Response(None, answer.status, answer.headers)
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    return Response(text, answer.status, answer.headers, answer.media)


def _garbled(answer: Answer, action: Json) -> Answer:
    status = action.get("status", answer.status)
    if action["kind"] == "html":
        return Answer(status, _HTML, media="text/html")
    text = json.dumps(answer.body)
    return Answer(status, text[: len(text) // 2], answer.headers)
