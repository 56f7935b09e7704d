"""The part of the management API that is about entities."""

import asyncio
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local.host.durable.engine import Engine
from local.host.durable.entities import EntityId
from local.host.durable.history import dumps
from local.host.durable.queries import CONTINUATION, EntityFilter, Reader
from local.host.durable.refusals import NotJson, WrongValue
from local.host.durable.request_values import Query, decoded, flag, media_type, moment, page_size, parsed
from local.host.durable.status import entity_body, json_answer, text_answer

EMPTY_KEY = "$"
"""How a URL names the entity whose key is empty."""


class EntityApi:
    """Answers requests below `entities`."""

    def __init__(self, engine: Engine, reader: Reader) -> None:
        self._engine = engine
        self._reader = reader

    async def route(self, request: Request, parts: list[str], query: Query, body: bytes) -> Response:
        """Answer a request; `parts` are the segments of its path below `entities`: a name, a key."""
        if request.method == "GET" and len(parts) < 2:
            return await self._list(request, parts[0] if parts else "", query)
        if not any(parts) and request.method in ("POST", "DELETE"):
            raise WrongValue("Invalid entity id: a name and a key are needed, as in entities/counter/mine")
        if len(parts) > 2 or not parts:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        key = parts[1] if len(parts) > 1 else ""
        entity = EntityId(parts[0], "" if key == EMPTY_KEY else key)
        match request.method:
            case "GET":
                return await self._state(entity)
            case "POST" | "DELETE":
                return await self._signal(request, entity, query, body)
        return Response(status_code=HTTPStatus.NOT_FOUND)

    async def _list(self, request: Request, name: str, query: Query) -> Response:
        wanted = EntityFilter(name, moment(query, "lastoperationtimefrom"), moment(query, "lastoperationtimeto"))
        token = request.headers.get(CONTINUATION, "")
        entities, token = await self._reader.entities(wanted, page_size(query), token)
        show_state = flag(query, "fetchstate")
        bodies = [entity_body(entity, show_state=show_state) for entity in entities]
        return json_answer(bodies, headers={CONTINUATION: token})

    async def _state(self, entity: EntityId) -> Response:
        found = await self._reader.entity(str(entity))
        if found is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return text_answer(found.state)

    async def _signal(self, request: Request, entity: EntityId, query: Query, body: bytes) -> Response:
        """Signal an entity; DELETE is the operation `delete`, and it is the function that makes it mean something."""
        operation = "delete" if request.method == "DELETE" else query.get("op", "")
        input_json = None
        if body:
            text = decoded(body)
            input_json = dumps(_parsed(text) if media_type(request) == "application/json" else text)
        await asyncio.wrap_future(self._engine.ask(lambda hub: hub.entities.signal(entity, operation, input_json)))
        return Response(status_code=HTTPStatus.ACCEPTED)


def _parsed(text: str) -> Any:
    try:
        return parsed(text)
    except NotJson as exc:
        raise WrongValue(f"Could not parse JSON content: {exc}") from exc
