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
    InstanceExists,
    InstanceToRestart,
    NoSuchInstance,
    NothingToRestart,
    NoTimeToPurge,
    Refusal,
    WrongValue,
)
from local.host.durable.request_values import (
    Query,
    decoded,
    flag,
    media_type,
    moment,
    page_size,
    parsed,
    query_of,
    seconds,
    statuses,
)
from local.host.durable.status import history_body, json_answer, status_body, text_answer

_RETRY_AFTER_START = "10"
_RETRY_AFTER_STATUS = "5"
_SHORTEST_INTERVAL = 0.01
"""Seconds between two looks for an end, however short an interval the caller asks for."""
_END_OF_TIME = "9999"
"""Sorts after any timestamp."""

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
            # The extension knows no escaped slash.
            return await self._route(request, path.replace("%2F", "/").strip("/").split("/"), query, body)
        except EngineStopped:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        except Refusal as exc:
            return Response(status_code=exc.code) if exc.body is None else json_answer(exc.body, exc.code)

    async def _route(self, request: Request, parts: list[str], query: Query, body: bytes) -> Response:
        kind, operation = parts[0].lower(), parts[2].lower() if len(parts) > 2 else ""
        match request.method, kind, len(parts), operation:
            case "POST", "orchestrators", 2 | 3, _:
                return await self._start(request, parts[1], parts[2] if len(parts) > 2 else None, query, body)
            case "GET", "instances", 1, _:
                return await self._list(request, query)
            case "DELETE", "instances", 1, _:
                return await self._purge_many(query)
            case "GET", "instances", 2, _:
                return await self._status(request, parts[1], query)
            case "DELETE", "instances", 2, _:
                return json_answer({"instancesDeleted": await self._ask(lambda hub: hub.purge(parts[1]))})
            case "POST", "instances", 4, "raiseevent":
                return await self._raise_event(request, parts[1], parts[3], body)
            case "POST", "instances", 3, "restart":
                return await self._restart(request, parts[1], query)
            case "POST", "instances", 3, _:
                return await self._tell(operation, parts[1], query.get("reason"))
            case _, "entities", _, _:
                return await self._entities.route(request, parts[1:], query, body)
            case _, "makeprimary", 1, _:
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
        input_json = decoded(body) if body else None
        if input_json is not None:
            parsed(input_json)  # it must be JSON, and is kept as it was written
        instance_id = await self._ask(lambda hub: hub.start(name, wanted_id, input_json, query.get("version", "")))
        return await self._started(request, instance_id, query)

    async def _restart(self, request: Request, instance_id: str, query: Query) -> Response:
        new_id = flag(query, "restartwithnewinstanceid", default=True)
        try:
            restarted = await self._ask(lambda hub: hub.restart(instance_id, new_id=new_id))
        except NoSuchInstance as exc:
            raise NothingToRestart(f"No instance with ID '{instance_id}' was found. (Parameter 'instanceId')") from exc
        except InstanceExists as exc:
            raise InstanceToRestart(str(exc)) from exc
        return await self._started(request, restarted, query)

    async def _started(self, request: Request, instance_id: str, query: Query) -> Response:
        """Answer a start: with how it ended if the caller waits for that, else with where to look."""
        timeout, interval = seconds(query, "timeout"), seconds(query, "pollinginterval")
        row = None if timeout is None or interval is None else await self._ended(instance_id, timeout, interval)
        if row is not None and row.status == Status.COMPLETED:
            return text_answer(row.output or "null")
        if row is not None:
            return json_answer(status_body(row, show_input=True))
        links = management_urls(_origin(request), self._task_hub, instance_id, self._key)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": _RETRY_AFTER_START}
        return json_answer(links, HTTPStatus.ACCEPTED, headers)

    async def _ended(self, instance_id: str, timeout: float, interval: float) -> Row | None:
        """Wait for an instance's end, and look at intervals; returns None if it has not ended by then.

        Raises WrongValue if the interval is longer than the time; the instance has been started all the same.
        """
        if timeout < interval:
            raise WrongValue(f"Total timeout {timeout:g} should be bigger than retry timeout {interval:g}")
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
            if events:
                body["historyEvents"] = history_body(events, show_input=show_input, show_output=show_output)
        if row.status not in ACTIVE:
            failed = row.status == Status.FAILED and flag(query, "returninternalservererroronfailure")
            return json_answer(body, HTTPStatus.INTERNAL_SERVER_ERROR if failed else HTTPStatus.OK)
        headers = {"Location": _address(request), "Retry-After": _RETRY_AFTER_STATUS}
        return json_answer(body, HTTPStatus.ACCEPTED, headers)

    async def _list(self, request: Request, query: Query) -> Response:
        wanted = Filter(
            moment(query, "createdtimefrom"),
            moment(query, "createdtimeto"),
            statuses(query),
            query.get("instanceidprefix", ""),
        )
        rows, token = await self._reader.page(wanted, page_size(query), request.headers.get(CONTINUATION, ""))
        show_input = flag(query, "showinput", default=True)
        return json_answer([status_body(row, show_input=show_input) for row in rows], headers={CONTINUATION: token})

    async def _purge_many(self, query: Query) -> Response:
        first, last = moment(query, "createdtimefrom"), moment(query, "createdtimeto") or _END_OF_TIME
        if not first:
            raise NoTimeToPurge("Please provide value for 'createdTimeFrom' parameter.")
        deleted = await self._ask(lambda hub: hub.purge_many(first, last, statuses(query)))
        return json_answer({"instancesDeleted": deleted}) if deleted else Response(status_code=HTTPStatus.NOT_FOUND)

    async def _raise_event(self, request: Request, instance_id: str, name: str, body: bytes) -> Response:
        try:
            input_json = _event_input(request, body)
        except Refusal:
            await self._ask(lambda hub: hub.require_live(instance_id))  # whether it can hear anything, comes first
            raise
        await self._ask(lambda hub: hub.raise_event(instance_id, name, input_json))
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def _ask(self, do: Callable[[TaskHub], T]) -> T:
        return await asyncio.wrap_future(self._engine.ask(do))


def _event_input(request: Request, body: bytes) -> str:
    if media_type(request) != "application/json":
        raise WrongValue("Only application/json request content is supported")
    return dumps(parsed(decoded(body)))


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _address(request: Request) -> str:
    """Return what was asked for, as it was written."""
    path, query = (request.scope[each].decode("latin-1") for each in ("raw_path", "query_string"))
    return f"{_origin(request)}{path}?{query}" if query else f"{_origin(request)}{path}"
