"""The Python half: what the engine asks its worker over HTTP, beside the requests that it passes on to the app.

* `GET /_worker/index` lists the functions: `[{"kind": …, "name": durable name, "function": name}]`. The kinds are
  orchestrator, activity, entity and eventGrid.
* `POST /_worker/client` brings what a durable client binding receives, once, when the engine has started.
* `POST /_worker/call/{kind}/{name}` brings what the trigger receives. The answer is 200 and the function's result as
  JSON, or 500 and the failure in the words of the Python worker.

The functions are called by the local host's own invoker and the SDK's own converters; the SDK is not patched.
"""

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any

from azure.functions.meta import Datum
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.host.app import ACTIVITY_TRIGGER, ENTITY_TRIGGER, EVENT_GRID_TRIGGER, ORCHESTRATION_TRIGGER, App, Function
from local.host.context import trace_of
from local.host.converters import converter
from local.host.eventgrid import decoded
from local.host.invoke import FunctionFailed, Invoker, failure_text

PREFIX = "/_worker/"
EVENT_GRID = "eventGrid"
DURABLE = {"orchestrator": ORCHESTRATION_TRIGGER, "activity": ACTIVITY_TRIGGER, "entity": ENTITY_TRIGGER}

JSON = "application/json"

logger = logging.getLogger(__name__)


class Worker:
    """The ASGI application of the worker; `front` answers what is not for the worker itself.

    `has_client` is set once the engine has told what a durable client binding gives to functions.
    """

    def __init__(self, app: App, invoker: Invoker, front: ASGIApp) -> None:
        self._functions = {
            (kind, name): function for kind, trigger in DURABLE.items() for name, function in app.named(trigger).items()
        } | {(EVENT_GRID, function.name.lower()): function for function in app.of(EVENT_GRID_TRIGGER)}
        self._invoker = invoker
        self._front = front
        self.has_client = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._front(scope, receive, send)
            return
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        match request.url.path.removeprefix(PREFIX).split("/"):
            case ["index"]:
                return JSONResponse(self._index())
            case ["client"]:
                self._invoker.client_json = (await request.body()).decode()
                self.has_client.set()
                return Response()
            case ["call", kind, name] if function := self._functions.get((kind, name.lower())):
                return await self._call(kind, function, request)
        return Response(status_code=HTTPStatus.NOT_FOUND)

    def _index(self) -> list[dict[str, str]]:
        return [
            {"kind": kind, "name": function.durable_name, "function": function.name}
            for (kind, _), function in self._functions.items()
        ]

    async def _call(self, kind: str, function: Function, request: Request) -> Response:
        text = (await request.body()).decode()
        try:
            argument = _argument(kind, text)
            result = await self._invoker.invoke(function, {function.trigger.name: argument}, trace=trace_of(request))
            answer = _result(kind, result)
        except FunctionFailed as exc:
            return Response(str(exc), HTTPStatus.INTERNAL_SERVER_ERROR)
        except Exception as exc:  # noqa: BLE001 - to_json and from_json of the app's objects run here
            # The SDK's own message quotes the value, which must reach no log; its cause says what is wrong.
            cause = exc.__cause__ or exc
            logger.error("The input or the result cannot be converted: %s", cause, extra={"function": function.name})  # noqa: TRY400
            return Response(failure_text(cause), HTTPStatus.INTERNAL_SERVER_ERROR)
        return Response(answer, media_type=JSON)


def _argument(kind: str, text: str) -> Any:
    """Make the trigger's argument of what its binding receives; raises ValueError for an event that is none."""
    if kind == EVENT_GRID:
        return decoded(json.loads(text))
    return converter(DURABLE[kind]).decode(Datum(text, "string"), trigger_metadata=None)


def _result(kind: str, result: Any) -> str:
    """Return the JSON of a result: orchestrators and entities return JSON already, events have no result."""
    if kind == EVENT_GRID:
        return "null"
    if kind == "activity":
        return str(converter(ACTIVITY_TRIGGER).encode(result, expected_type=None).value)
    return str(result)
