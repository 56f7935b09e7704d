"""The host's own endpoints below `/admin`: what it is, what it runs, and functions run by hand."""

import asyncio
import json
import os
import platform
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from local.host.app import HTTP_TRIGGER, App, Function
from local.host.context import trace_of
from local.host.invoke import FunctionFailed, Invoker
from local.host.routes import template_of
from local.host.settings import host_id

VERSION = "4.1037.0.0"
"""The version of the Functions host whose behaviour this one offers; tools ask for it."""

ManualInput = Callable[[Function, str | None], Any]
"""Makes a trigger's argument of the `input` of a manual run, a text; raises ValueError for what cannot be one."""

_STARTED = time.monotonic()


class Admin:
    """Answers requests below `/admin`, once somebody else has looked at their key.

    `manual` says by trigger type how a function is run by hand; what it does not hold cannot be.
    """

    def __init__(self, app: App, prefix: str, invoker: Invoker, manual: Mapping[str, ManualInput]) -> None:
        self._app = app
        self._prefix = prefix
        self._invoker = invoker
        self._manual = manual
        self._running: set[asyncio.Task[None]] = set()
        self._id = host_id(app.directory)

    async def handle(self, request: Request, path: str, body: bytes) -> Response:
        """Answer a request; `path` is relative to `/admin`, in lower case."""
        match request.method, path.split("/"):
            case "GET", ["host", "status"]:
                return JSONResponse(self._status())
            case "GET", ["functions"]:
                return JSONResponse([self._shown(request, function) for function in self._app.functions])
            case "GET", ["functions", name] if function := self._named(name):
                return JSONResponse(self._shown(request, function))
            case "POST", ["functions", name] if function := self._named(name):
                return self._run(request, function, body)
        return Response(status_code=HTTPStatus.NOT_FOUND)

    def _status(self) -> dict[str, Any]:
        return {
            "id": self._id,
            "state": "Stopping" if self._invoker.draining else "Running",
            "version": VERSION,
            "versionDetails": f"{VERSION} as offered by local.host",
            "computerName": platform.node(),
            "processId": os.getpid(),
            "processUptime": round((time.monotonic() - _STARTED) * 1000),
        }

    def _named(self, name: str) -> Function | None:
        return next((function for function in self._app.functions if function.name.lower() == name), None)

    def _shown(self, request: Request, function: Function) -> dict[str, Any]:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        is_http = function.trigger.type == HTTP_TRIGGER
        return {
            "name": function.name,
            "href": f"{origin}/admin/functions/{function.name}",
            "invoke_url_template": f"{origin}/{template_of(function, self._prefix)}".lower() if is_http else None,
            "language": "python",
            "config": {"name": function.name, "bindings": [dict(binding.properties) for binding in function.bindings]},
            "isDisabled": function.disabled,
            "isDirect": False,
            "isProxy": False,
        }

    def _run(self, request: Request, function: Function, body: bytes) -> Response:
        """Begin to run a function with the body's input; how it ends is in the log alone."""
        if self._invoker.draining:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return Response(status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        make = self._manual.get(function.trigger.type)
        if make is None:
            return _bad_request(f"a function with the trigger {function.trigger.type} cannot be run by hand")
        try:
            argument = make(function, _input(body))
        except ValueError as exc:
            return _bad_request(f"the input is none for the trigger {function.trigger.type}: {exc}")
        call = self._invoker.invoke(function, {function.trigger.name: argument}, trace=trace_of(request))
        task = asyncio.create_task(_ended(call))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return Response(status_code=HTTPStatus.ACCEPTED)


async def _ended(call: Coroutine[Any, Any, Any]) -> None:
    """Wait for a call whose caller has gone; a failure is in the log already."""
    with suppress(FunctionFailed):
        await call


def _input(body: bytes) -> str | None:
    """Read the `input` of a manual run, None where there is none; raises ValueError for a body of another form."""
    try:
        content = {name.lower(): value for name, value in json.loads(body).items()}
    except (ValueError, AttributeError):
        raise ValueError("the body is not a JSON object with an input") from None
    text = content.get("input")
    if text is not None and not isinstance(text, str):
        raise ValueError("the input is a text, and in it the JSON if it is any")
    return text


def _bad_request(text: str) -> Response:
    return PlainTextResponse(text, HTTPStatus.BAD_REQUEST)
