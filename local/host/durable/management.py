"""The management API of Durable Functions, for the SDK's client and for the public webhook alike."""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from local.host.durable.decisions import ACTIVE, Status
from local.host.durable.engine import Engine, EngineStopped
from local.host.durable.entity_api import EntityApi
from local.host.durable.history import dumps
from local.host.durable.hub import TaskHub
from local.host.durable.payloads import management_urls
from local.host.durable.queries import CONTINUATION, Filter, Reader, Row
from local.host.durable.refusals import (
    BadRequest,
    InstanceExists,
    InstanceHasEnded,
    NoSuchInstance,
    NotPossibleNow,
    Refusal,
)
from local.host.durable.request_values import (
    Query,
    flag,
    media_type,
    moment,
    number,
    page_size,
    parsed,
    query_of,
    statuses,
)
from local.host.durable.status import history_body, json_answer, status_body

_RETRY_AFTER_START = "10"
_RETRY_AFTER_STATUS = "5"
_SHORTEST_INTERVAL = 0.01
"""Seconds between two looks for an end, however short an interval the caller asks for."""
_END_OF_TIME = "9999"
"""Sorts after any timestamp."""

Patience = tuple[float, float]
"""How long somebody waits for an end, and how often to look; seconds."""

T = TypeVar("T")


class Management:
    """Answers requests below the API's base path; `key` is what the URLs that it hands out bring, if anything."""

    def __init__(self, engine: Engine, reader: Reader, task_hub: str, key: str | None) -> None:
        self._engine = engine
        self._reader = reader
        self._task_hub = task_hub
        self._key = key
        self._entities = EntityApi(engine, reader)

    async def handle(self, request: Request, path: str, body: bytes) -> Response:
        """Answer a request; `path` is relative to the API. Names of operations and query keys ignore case."""
        query = query_of(request)
        try:
            return await self._route(request, path.strip("/").split("/"), query, body)
        except NoSuchInstance:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        except InstanceHasEnded:
            return Response(status_code=HTTPStatus.GONE)
        except EngineStopped:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        except (InstanceExists, NotPossibleNow) as exc:
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
                return json_answer({"instancesDeleted": 1})
            case "POST", "instances", 4, "raiseevent":
                return await self._raise_event(request, parts[1], parts[3], body)
            case "POST", "instances", 3, "restart":
                return await self._restart(request, parts[1], query)
            case "POST", "instances", 3, _:
                return await self._tell(operation, parts[1], query.get("reason"))
            case _, "entities", _, _:
                return await self._entities.route(request, parts[1:], query, body)
            case "POST", "makeprimary", 1, _:
                # Only one host can have the state file, so this one is the primary already.
                return Response(status_code=HTTPStatus.OK)
        return Response(status_code=HTTPStatus.NOT_FOUND)

    async def _tell(self, operation: str, instance_id: str, reason: str | None) -> Response:
        """Do one of the operations that take a reason, and answer that it will happen."""
        operations: dict[str, Callable[[TaskHub], None]] = {
            "terminate": lambda hub: hub.terminate(instance_id, reason),
            "suspend": lambda hub: hub.suspend(instance_id, reason),
            "resume": lambda hub: hub.resume(instance_id, reason),
            "rewind": lambda hub: hub.rewind(instance_id, reason),
        }
        if operation not in operations:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        await self._ask(operations[operation])
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def _start(self, request: Request, name: str, wanted_id: str | None, query: Query, body: bytes) -> Response:
        input_json, patience = dumps(parsed(body)) if body else None, _patience(query)
        instance_id = await self._ask(lambda hub: hub.start(name, wanted_id, input_json, query.get("version", "")))
        return await self._started(request, instance_id, patience)

    async def _restart(self, request: Request, instance_id: str, query: Query) -> Response:
        new_id, patience = flag(query, "restartwithnewinstanceid", default=True), _patience(query)
        try:
            restarted = await self._ask(lambda hub: hub.restart(instance_id, new_id=new_id))
        except NoSuchInstance as exc:
            raise BadRequest(str(exc)) from exc
        return await self._started(request, restarted, patience)

    async def _started(self, request: Request, instance_id: str, patience: Patience | None) -> Response:
        """Answer a start: with how it ended if the caller waits for that, else with where to look."""
        row = await self._ended(instance_id, *patience) if patience else None
        if row is not None and row.status == Status.COMPLETED:
            return Response(row.output or "null", media_type="application/json")
        if row is not None:
            return json_answer(status_body(row, show_input=True))
        links = management_urls(_origin(request), self._task_hub, instance_id, self._key)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": _RETRY_AFTER_START}
        return json_answer(links, HTTPStatus.ACCEPTED, headers)

    async def _ended(self, instance_id: str, timeout: float, interval: float) -> Row | None:
        """Wait for an instance's end, and look at intervals; returns None if it has not ended by then."""
        deadline = time.monotonic() + timeout
        while True:
            row = await self._reader.instance(instance_id)
            if row is not None and row.status not in ACTIVE:
                return row
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            await asyncio.sleep(min(max(interval, _SHORTEST_INTERVAL), left))

    async def _status(self, request: Request, instance_id: str, query: Query) -> Response:
        row = await self._reader.instance(instance_id)
        if row is None:
            raise NoSuchInstance(instance_id)
        show_input = flag(query, "showinput", default=True)
        body = status_body(row, show_input=show_input)
        if flag(query, "showhistory"):
            events = await self._reader.history(instance_id)
            show_output = flag(query, "showhistoryoutput")
            body["historyEvents"] = history_body(events, show_input=show_input, show_output=show_output)
        if row.status not in ACTIVE:
            failed = row.status == Status.FAILED and flag(query, "returninternalservererroronfailure")
            return json_answer(body, HTTPStatus.INTERNAL_SERVER_ERROR if failed else HTTPStatus.OK)
        links = management_urls(_origin(request), self._task_hub, instance_id, self._key)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": _RETRY_AFTER_STATUS}
        return json_answer(body, HTTPStatus.ACCEPTED, headers)

    async def _list(self, request: Request, query: Query) -> Response:
        wanted = Filter(
            moment(query, "createdtimefrom"),
            moment(query, "createdtimeto"),
            statuses(query),
            query.get("instanceidprefix", ""),
        )
        top = page_size(query) if "top" in query or CONTINUATION in request.headers else None
        try:
            rows, token = await self._reader.page(wanted, top, request.headers.get(CONTINUATION, ""))
        except ValueError as exc:
            raise BadRequest(str(exc)) from exc
        show_input = flag(query, "showinput", default=True)
        bodies = [status_body(row, show_input=show_input) for row in rows]
        return json_answer(bodies, headers={CONTINUATION: token} if token else None)

    async def _purge_ended(self, query: Query) -> Response:
        first = moment(query, "createdtimefrom")
        if not first:
            raise BadRequest("createdTimeFrom is required to purge several instances")
        last = moment(query, "createdtimeto") or _END_OF_TIME
        ended = statuses(query) or tuple(set(Status) - ACTIVE)
        deleted = await self._ask(lambda hub: hub.purge_ended(first, last, list(ended)))
        code = HTTPStatus.OK if deleted else HTTPStatus.NOT_FOUND
        return json_answer({"instancesDeleted": deleted}, code)

    async def _raise_event(self, request: Request, instance_id: str, name: str, body: bytes) -> Response:
        if media_type(request) != "application/json":
            raise BadRequest("Only application/json request content is supported")
        input_json = dumps(parsed(body))
        await self._ask(lambda hub: hub.raise_event(instance_id, name, input_json))
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def _ask(self, do: Callable[[TaskHub], T]) -> T:
        return await asyncio.wrap_future(self._engine.ask(do))


def _patience(query: Query) -> Patience | None:
    """Return what the caller of a start says of waiting; None without a time or without an interval."""
    patience = number(query, "timeout", 0.0), number(query, "pollinginterval", 0.0)
    return patience if {"timeout", "pollinginterval"} <= query.keys() else None


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _error(code: HTTPStatus, error: Refusal) -> Response:
    body = {
        "Message": "Something went wrong while processing your request",
        "ExceptionMessage": str(error),
        "ExceptionType": type(error).__name__,
        "StackTrace": "",
    }
    return json_answer(body, code)
