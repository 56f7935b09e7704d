"""The webhook of the Event Grid extension: the handshakes, and one invocation for each event that is delivered."""

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any

from azure.functions.meta import Datum
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from local.host.app import EVENT_GRID_TRIGGER, App, Function
from local.host.context import TraceContext, trace_of
from local.host.converters import converter
from local.host.invoke import FunctionFailed, Invoker

EVENT_TYPE = "aeg-event-type"

ORIGINS = (
    "eventgrid.azure.net",
    "eventgrid.azure.us",
    "eventgrid.azure.eaglex.ic.gov",
    "eventgrid.azure.microsoft.scloud",
    "eventgrid.azure.cn",
)
"""Where Event Grid sends from, in each of the clouds; whoever else asks is told the first."""

logger = logging.getLogger(__name__)


class EventGridWebhook:
    """Delivers events to the functions of an app. Not JSON is a 500, as with the extension: Event Grid tries again."""

    def __init__(self, app: App, invoker: Invoker) -> None:
        self._functions = {function.name: function for function in app.of(EVENT_GRID_TRIGGER)}
        self._invoker = invoker

    async def handle(self, request: Request, _path: str, body: bytes) -> Response:
        """Answer Event Grid; the query's `functionName` heeds case."""
        name = _function_name(request)
        function = self._functions.get(name)
        if function is None:
            logger.warning("Event Grid has events for no function", extra={"wanted": name, "there": [*self._functions]})
            return PlainTextResponse(f"cannot find function: '{name}'", HTTPStatus.NOT_FOUND)
        if request.method == "OPTIONS":
            return _allowance(request)
        try:
            match request.headers.get(EVENT_TYPE, "").lower():
                case "subscriptionvalidation":
                    logger.info("Handshake with Event Grid", extra={"function": name})
                    return PlainTextResponse(json.dumps({"validationResponse": _validation_code(body)}))
                case "notification":
                    return await self._deliver(function, _events(body), trace_of(request))
                case "unsubscribe":
                    return Response(status_code=HTTPStatus.ACCEPTED)
        except ValueError as exc:
            logger.warning("Event Grid's request cannot be read: %s", exc, extra={"function": name})
            return PlainTextResponse(str(exc), HTTPStatus.INTERNAL_SERVER_ERROR)
        return Response(status_code=HTTPStatus.BAD_REQUEST)

    async def _deliver(self, function: Function, events: list[Any], trace: TraceContext) -> Response:
        """Run the function for all events at once; where one of them fails, Event Grid sends all of them again."""
        failures = await asyncio.gather(*(self._run(function, event, trace) for event in events))
        for failure in failures:
            if failure is not None:
                text = f"Exception while executing function: Functions.{function.name}\n{failure}"
                return PlainTextResponse(text, HTTPStatus.INTERNAL_SERVER_ERROR)
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def _run(self, function: Function, event: Any, trace: TraceContext) -> str | None:
        """Return why a function failed on an event, None if it did not."""
        try:
            argument = decoded(event)
        except ValueError as exc:
            logger.error("The event cannot be converted: %s", exc, extra={"function": function.name})  # noqa: TRY400
            return str(exc)
        try:
            await self._invoker.invoke(function, {function.trigger.name: argument}, trace=trace)
        except FunctionFailed as exc:
            return f"{type(exc.__cause__).__name__}: {exc.__cause__}"
        return None


def decoded(event: Any) -> Any:
    """Return what the SDK makes of an event: an EventGridEvent or a CloudEvent; raises ValueError."""
    if not isinstance(event, dict):
        raise ValueError(f"an event is a JSON object, and this is a {type(event).__name__}")  # noqa: TRY004 - as data
    try:
        return converter(EVENT_GRID_TRIGGER).decode(Datum(json.dumps(event), "json"), trigger_metadata=None)
    except TypeError as exc:
        raise ValueError(f"the SDK refuses the event: {exc}") from exc


def event_by_hand(_: Function, text: str | None) -> Any:
    """Return the trigger's value for the input of a manual run, the JSON text of one event; raises ValueError."""
    return decoded(_json(text or ""))


def _function_name(request: Request) -> str:
    named = (value for name, value in request.query_params.multi_items() if name.lower() == "functionname")
    return next(named, "")


def _allowance(request: Request) -> Response:
    """Answer the handshake of CloudEvents, in which the receiver says whose events it wants."""
    asked = request.headers.get("webhook-request-origin", "")
    origin = asked if asked in ORIGINS else ORIGINS[0]
    return Response(headers={"Webhook-Allowed-Origin": origin})


def _validation_code(body: bytes) -> str:
    """Find the code that Event Grid wants back: in its own schema as data, in CloudEvents as data that is text."""
    content = _json(body)
    try:
        data = content[0]["data"] if isinstance(content, list) else _json(content["data"])
        return str(data["validationCode"])
    except (LookupError, TypeError) as exc:
        raise ValueError("a validation has data with a validationCode") from exc


def _events(body: bytes) -> list[Any]:
    content = _json(body)
    if isinstance(content, dict):
        return [content]
    if isinstance(content, list):
        return content
    raise ValueError(f"a notification is a JSON object or array, and this is a {type(content).__name__}")


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as exc:
        raise ValueError("the content is not valid JSON") from exc
