"""The management API of Durable Functions, for the SDK's client and for the public webhook alike."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.host.durable.decisions import ACTIVE, Status
from local.host.durable.engine import Engine, EngineStopped
from local.host.durable.history import dumps, moment_of, timestamp
from local.host.durable.hub import TaskHub
from local.host.durable.payloads import management_urls
from local.host.durable.queries import PAGE_SIZE, Filter, Reader, Row
from local.host.durable.refusals import (
    BadRequest,
    InstanceExists,
    InstanceHasEnded,
    NoSuchInstance,
    Refusal,
)
from local.host.durable.status import history_body, status_body

CONTINUATION = "x-ms-continuation-token"

_RETRY_AFTER_START = "10"
_RETRY_AFTER_STATUS = "5"
_END_OF_TIME = "9999"
"""Sorts after any timestamp."""

_NOT_OFFERED = frozenset({"rewind", "restart", "suspend", "resume", "entities", "makeprimary"})

T = TypeVar("T")
Query = dict[str, str]


class Management:
    """Answers requests below the API's base path."""

    def __init__(self, engine: Engine, reader: Reader, task_hub: str) -> None:
        self._engine = engine
        self._reader = reader
        self._task_hub = task_hub

    async def handle(self, request: Request, path: str, body: bytes) -> Response:
        """Answer a request; `path` is relative to the API. Names of operations and query keys ignore case."""
        query = {name.lower(): value for name, value in request.query_params.items()}
        try:
            return await self._route(request, path.strip("/").split("/"), query, body)
        except NoSuchInstance:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        except InstanceHasEnded:
            return Response(status_code=HTTPStatus.GONE)
        except EngineStopped:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        except InstanceExists as exc:
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR, exc)
        except Refusal as exc:
            return _error(HTTPStatus.BAD_REQUEST, exc)

    async def _route(self, request: Request, parts: list[str], query: Query, body: bytes) -> Response:
        kind, operation = parts[0].lower(), parts[2].lower() if len(parts) > 2 else ""
        match request.method, kind, len(parts), operation:
            case "POST", "orchestrators", 2 | 3, _:
                return await self._start(request, parts[1], parts[2] if len(parts) > 2 else None, query, body)
            case "GET", "instances", 1, _:
                return await self._list(request, query)
            case "DELETE", "instances", 1, _:
                return await self._purge_ended(query)
            case "GET", "instances", 2, _:
                return await self._status(request, parts[1], query)
            case "DELETE", "instances", 2, _:
                await self._ask(lambda hub: hub.purge(parts[1]))
                return JSONResponse({"instancesDeleted": 1})
            case "POST", "instances", 4, "raiseevent":
                return await self._raise_event(request, parts[1], parts[3], body)
            case "POST", "instances", 3, "terminate":
                await self._ask(lambda hub: hub.terminate(parts[1], query.get("reason", "")))
                return Response(status_code=HTTPStatus.ACCEPTED)
        for word in (kind, operation):
            if word in _NOT_OFFERED:
                return JSONResponse({"Message": f"{word} is not offered by this host"}, HTTPStatus.NOT_IMPLEMENTED)
        return Response(status_code=HTTPStatus.NOT_FOUND)

    async def _start(self, request: Request, name: str, wanted_id: str | None, query: Query, body: bytes) -> Response:
        input_json = dumps(_json(body)) if body else None
        instance_id = await self._ask(lambda hub: hub.start(name, wanted_id, input_json, query.get("version", "")))
        row = await self._ended(instance_id, query) if "timeout" in query else None
        if row is not None and row.status == Status.COMPLETED:
            return Response(row.output or "null", media_type="application/json")
        if row is not None:
            return JSONResponse(status_body(row, show_input=True))
        links = management_urls(_origin(request), self._task_hub, instance_id)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": _RETRY_AFTER_START}
        return JSONResponse(links, HTTPStatus.ACCEPTED, headers)

    async def _ended(self, instance_id: str, query: Query) -> Row | None:
        """Wait for an instance's end, as long as the caller wants; returns None if it has not ended by then."""
        deadline = time.monotonic() + _number(query, "timeout", 10.0)
        interval = _number(query, "pollinginterval", 1.0)
        while True:
            row = await self._reader.instance(instance_id)
            if row is not None and row.status not in ACTIVE:
                return row
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            await asyncio.sleep(min(interval, left))

    async def _status(self, request: Request, instance_id: str, query: Query) -> Response:
        row = await self._reader.instance(instance_id)
        if row is None:
            raise NoSuchInstance(instance_id)
        body = status_body(row, show_input=_flag(query, "showinput", default=True))
        if _flag(query, "showhistory"):
            events = await self._reader.history(instance_id)
            body["historyEvents"] = history_body(events, show_output=_flag(query, "showhistoryoutput"))
        if row.status not in ACTIVE:
            failed = row.status == Status.FAILED and _flag(query, "returninternalservererroronfailure")
            return JSONResponse(body, HTTPStatus.INTERNAL_SERVER_ERROR if failed else HTTPStatus.OK)
        location = management_urls(_origin(request), self._task_hub, instance_id)["statusQueryGetUri"]
        return JSONResponse(body, HTTPStatus.ACCEPTED, {"Location": location, "Retry-After": _RETRY_AFTER_STATUS})

    async def _list(self, request: Request, query: Query) -> Response:
        wanted = Filter(
            _time(query, "createdtimefrom"),
            _time(query, "createdtimeto"),
            _statuses(query),
            query.get("instanceidprefix", ""),
        )
        top = int(_number(query, "top", PAGE_SIZE)) if "top" in query or CONTINUATION in request.headers else None
        try:
            rows, token = await self._reader.page(wanted, top, request.headers.get(CONTINUATION, ""))
        except ValueError as exc:
            raise BadRequest(str(exc)) from exc
        show_input = _flag(query, "showinput", default=True)
        bodies = [status_body(row, show_input=show_input) for row in rows]
        return JSONResponse(bodies, headers={CONTINUATION: token} if token else None)

    async def _purge_ended(self, query: Query) -> Response:
        first = _time(query, "createdtimefrom")
        if not first:
            raise BadRequest("createdTimeFrom is required to purge several instances")
        last = _time(query, "createdtimeto") or _END_OF_TIME
        statuses = _statuses(query) or tuple(set(Status) - ACTIVE)
        deleted = await self._ask(lambda hub: hub.purge_ended(first, last, list(statuses)))
        code = HTTPStatus.OK if deleted else HTTPStatus.NOT_FOUND
        return JSONResponse({"instancesDeleted": deleted}, code)

    async def _raise_event(self, request: Request, instance_id: str, name: str, body: bytes) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise BadRequest("Only application/json request content is supported")
        input_json = dumps(_json(body))
        await self._ask(lambda hub: hub.raise_event(instance_id, name, input_json))
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def _ask(self, do: Callable[[TaskHub], T]) -> T:
        return await asyncio.wrap_future(self._engine.ask(do))


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as exc:
        raise BadRequest("The request body is not valid JSON") from exc


def _flag(query: Query, name: str, *, default: bool = False) -> bool:
    return query[name].lower() == "true" if name in query else default


def _number(query: Query, name: str, default: float) -> float:
    try:
        return float(query.get(name, default))
    except ValueError as exc:
        raise BadRequest(f"{name} is not a number") from exc


def _time(query: Query, name: str) -> str:
    """Return a time of the query as a history timestamp, empty if there is none."""
    if not query.get(name):
        return ""
    try:
        return timestamp(moment_of(query[name]).astimezone(UTC))
    except ValueError as exc:
        raise BadRequest(f"{name} is not an ISO 8601 time") from exc


def _statuses(query: Query) -> tuple[str, ...]:
    """Return the wanted statuses; one that this host never gives simply matches nothing."""
    return tuple(status.strip().title() for status in query.get("runtimestatus", "").split(",") if status.strip())


def _error(code: HTTPStatus, error: Refusal) -> Response:
    body = {
        "Message": "Something went wrong while processing your request",
        "ExceptionMessage": str(error),
        "ExceptionType": type(error).__name__,
        "StackTrace": "",
    }
    return JSONResponse(body, code)
