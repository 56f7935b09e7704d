"""The HTTP side: the app's functions, the management API, and the host's own status."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.host.app import HTTP_TRIGGER, App, Function
from local.host.context import TraceContext
from local.host.conversion import to_request, to_response
from local.host.durable.management import Management
from local.host.durable.payloads import RPC, WEBHOOK
from local.host.invoke import FunctionFailed, Invoker
from local.host.routes import Route, build, decoded_path

MAX_BODY = 100 * 1024 * 1024
"""Bytes that a request's body may have, as on Azure."""

STATUS_PATH = "/admin/host/status"

logger = logging.getLogger(__name__)


class BodyTooLarge(Exception):
    """The body of a request exceeds MAX_BODY."""


class HttpFrontend:
    """The ASGI application of a host, on both its listeners: what comes in at `rpc_port` is the durable client's RPC.

    While `draining`, functions are called no more; the rest goes on.
    """

    def __init__(self, app: App, prefix: str, invoker: Invoker, management: Management, *, rpc_port: int) -> None:
        self._routes: Sequence[Route] = build(app.of(HTTP_TRIGGER), prefix)
        self._invoker = invoker
        self._management = management
        self._rpc_port = rpc_port
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except BodyTooLarge:
            response = Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = decoded_path(request.scope["raw_path"])
        is_rpc = request.scope["server"][1] == self._rpc_port
        base = RPC if is_rpc else WEBHOOK
        if path.lower().startswith(f"{base}/"):
            return await self._management.handle(request, path[len(base) :], await _body(request))
        if is_rpc:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        if path.lower() == STATUS_PATH and request.method == "GET":
            return JSONResponse({"state": "Running"})
        for route in self._routes:
            values = route.match(request.method, path)
            if values is not None:
                return await self._call(route.function, request, values)
        return Response(status_code=HTTPStatus.NOT_FOUND)

    async def _call(self, function: Function, request: Request, values: dict[str, str]) -> Response:
        if self.draining:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        # A body of unknown length never reaches the function, as on the real host by default.
        body = await _body(request) if "content-length" in request.headers else b""
        arguments = {function.trigger.name: to_request(request, values, body)}
        trace = TraceContext(request.headers.get("traceparent", ""), request.headers.get("tracestate", ""))
        try:
            result = await self._invoker.invoke(function, arguments, trace=trace)
        except FunctionFailed:
            return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)
        try:
            return to_response(result)
        except (NotImplementedError, ValueError, TypeError) as exc:
            about = {"function": function.name, "type": type(result).__name__, "error": type(exc).__name__}
            logger.error("The function returned what is no HTTP response", extra=about)  # noqa: TRY400 - no stack of ours
            return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY:
        raise BodyTooLarge
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_BODY:
            raise BodyTooLarge
    return bytes(received)
