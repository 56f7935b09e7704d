"""The HTTP side: who answers a request, the app's functions, the extensions' webhooks, or the host itself."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from local.host.admin import Admin
from local.host.app import HTTP_TRIGGER, App, Function
from local.host.authorization import Authorization
from local.host.context import trace_of
from local.host.conversion import to_request, to_response
from local.host.invoke import FunctionFailed, Invoker
from local.host.routes import Route, build, decoded_path
from local.host.settings import is_on

MAX_BODY = 100 * 1024 * 1024
"""Bytes that a request's body may have, as on Azure."""

ADMIN_PATH = "/admin/"
WEBHOOKS_PATH = "/runtime/webhooks/"

EVENT_GRID = "eventgrid"
DURABLE = "durabletask"
"""The extension with an RPC. Its webhook goes on while the host stops: it calls no function itself."""

_WEBHOOK_METHODS = frozenset({"GET", "POST", "DELETE", "OPTIONS"})

Webhook = Callable[[Request, str, bytes], Awaitable[Response]]
"""Answers a request to an extension, given the path below its own, and the body."""

logger = logging.getLogger(__name__)


class BodyTooLarge(Exception):
    """The body of a request exceeds MAX_BODY."""


class HttpFrontend:
    """The ASGI application of a host, on both its listeners: what comes in at `rpc_port` is the durable client's RPC.

    `webhooks` are by the lower-case name of the extension. While the host stops, functions are called no more; the
    rest goes on.
    """

    def __init__(
        self,
        app: App,
        prefix: str,
        invoker: Invoker,
        authorization: Authorization,
        webhooks: Mapping[str, Webhook],
        admin: Admin,
        *,
        rpc_port: int,
    ) -> None:
        functions = (function for function in app.functions if function.trigger.type == HTTP_TRIGGER)
        self._routes: Sequence[Route] = build(functions, prefix)
        self._invoker = invoker
        self._authorization = authorization
        self._webhooks = webhooks
        self._admin = admin
        self._rpc_port = rpc_port

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
        if request.scope["server"][1] == self._rpc_port:
            return await self._rpc(request, path)
        if path.lower().startswith(WEBHOOKS_PATH):
            return await self._webhook(request, path)
        if path.lower().startswith(ADMIN_PATH):
            if not self._authorization.may_administer(request):
                return Response(status_code=HTTPStatus.UNAUTHORIZED)
            return await self._admin.handle(request, path.lower().removeprefix(ADMIN_PATH), await _body(request))
        for route in self._routes:
            values = route.match(request.method, path)
            if values is not None:
                return self._refusal(route.function, request) or await self._call(route.function, request, values)
        if not path:
            return _home()
        return Response(status_code=HTTPStatus.NOT_FOUND)

    async def _rpc(self, request: Request, path: str) -> Response:
        base, _, rest = path.lstrip("/").partition("/")
        if base.lower() != DURABLE:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return await self._webhooks[DURABLE](request, rest, await _body(request))

    async def _webhook(self, request: Request, path: str) -> Response:
        extension, _, rest = path[len(WEBHOOKS_PATH) :].partition("/")
        extension = extension.lower()
        if not self._authorization.may_use_webhook(request, extension):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        if extension not in self._webhooks or request.method not in _WEBHOOK_METHODS:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        if self._invoker.draining and extension != DURABLE:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        return await self._webhooks[extension](request, rest, await _body(request))

    def _refusal(self, function: Function, request: Request) -> Response | None:
        if not self._authorization.may_call(request, function):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        if function.disabled and not self._authorization.has_master_key(request):
            return Response(status_code=HTTPStatus.NOT_FOUND)
        if self._invoker.draining:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        return None

    async def _call(self, function: Function, request: Request, values: dict[str, str]) -> Response:
        # A body of unknown length never reaches the function, as on the real host by default.
        body = await _body(request) if "content-length" in request.headers else b""
        arguments = {function.trigger.name: to_request(request, values, body)}
        try:
            said = f"{request.method} {request.scope['raw_path'].decode('latin-1')}"
            result = await self._invoker.invoke(function, arguments, trace=trace_of(request), request=said)
        except FunctionFailed:
            return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)
        try:
            return to_response(result)
        except (NotImplementedError, ValueError, TypeError) as exc:
            about = {"function": function.name, "type": type(result).__name__, "error": type(exc).__name__}
            logger.error("The function returned what is no HTTP response", extra=about)  # noqa: TRY400 - no stack of ours
            return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)


def _home() -> Response:
    """Answer at the root, where no function does; a setting silences it, as for the real host."""
    if is_on("AzureWebJobsDisableHomepage"):
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return HTMLResponse("<!doctype html><title>Functions</title><p>Your Functions app is up and running.</p>")


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
