"""Entities: their mail, the batches they work in, and what comes of it. Used by the engine's thread alone.

A request is a message to the instance `@name@key`. An entity works in one batch of requests at a time; its state,
the answers and the deletion of the requests are one transaction, so that after a crash a batch runs again, and its
effects count once.
"""

import json
import logging
import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local.host.app import Function
from local.host.durable.history import Event, EventType, dumps, event
from local.host.durable.instance import Message
from local.host.durable.post import Post
from local.host.durable.refusals import WrongValue, has_forbidden_mark, unknown_function
from local.host.durable.store import Store

BATCH_SIZE = 50
"""Requests that an entity takes at once, so that its answers do not wait for the last of thousands."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EntityId:
    """An entity's name, which ignores case, and its key. Its text is the id that messages are addressed to."""

    name: str
    key: str

    def __str__(self) -> str:
        return f"@{self.name.lower()}@{self.key}"

    @classmethod
    def parse(cls, text: str) -> "EntityId":
        """Read the id that messages are addressed to."""
        _, name, key = text.split("@", 2)
        return cls(name, key)


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests for one run of an entity function; `state` is JSON, None where the entity does not exist."""

    entity: EntityId
    function: Function
    state: str | None
    messages: tuple[Message, ...]

    def payload(self) -> str:
        """Return what the trigger receives."""
        return dumps({
            "self": {"name": self.entity.name, "key": self.entity.key},
            "exists": self.state is not None,
            "state": self.state,
            "batch": [
                {"name": each["op"], "input": each["input"], "isSignal": each.get("signal", False)}
                for each in self.requests()
            ],
        })  # fmt: skip

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests as they were sent."""
        return [json.loads(message.event["Input"]) for message in self.messages]


class Entities:
    """Every entity that has mail. `outbox` collects the batches to run after the commit."""

    def __init__(self, store: Store, functions: dict[str, Function], post: Post) -> None:
        self._store = store
        self._functions = functions
        self._post = post
        self._mail: dict[str, deque[Message]] = {}
        self._busy: set[str] = set()
        self.outbox: list[Batch] = []

    def recover(self, messages: Iterable[Message]) -> None:
        """Take up the requests that the store holds."""
        for message in messages:
            self._deliver(message)

    def has(self, name: str) -> bool:
        """Whether the app has an entity function of this name."""
        return name.lower() in self._functions

    def signal(self, entity: EntityId, operation: str, input_json: str | None) -> None:
        """Send a request that nobody waits for; raises WrongValue."""
        if not self.has(entity.name):
            raise WrongValue(unknown_function(entity.name, "entity", self._functions.values()))
        if has_forbidden_mark(entity.key):
            said = "Entity keys must not contain /, \\, #, ?, or control characters."
            raise WrongValue(f"entityKey (Parameter '{said}')")
        request = {"op": operation, "signal": True, "input": input_json, "id": str(uuid.uuid4())}
        self.send(str(entity), dumps(request))

    def send(self, entity_id: str, request_json: str) -> None:
        """Store a request, and hand it to the entity when it is free."""
        request = event(EventType.EVENT_RAISED, self._post.now(), Name="op", Input=request_json)
        self._deliver(self._post.store(entity_id, None, request))

    def report(self, batch: Batch, outcome: dict[str, Any] | None, failure: str) -> None:
        """Take in how a batch went: what the function returned, or why it failed as a whole."""
        entity_id = str(batch.entity)
        if outcome is not None:
            self._keep_state(batch.entity, outcome)
        results = (
            outcome["results"]
            if outcome is not None
            else [{"isError": True, "result": dumps(failure)}] * len(batch.messages)
        )
        for request, result in zip(batch.requests(), results, strict=True):
            self._answer(request, result)
        self._store.consume(batch.messages)
        self._busy.discard(entity_id)
        self._begin(entity_id)

    def forget(self, entity_id: str) -> bool:
        """Delete an entity and the requests to it that have not begun; returns whether there was anything."""
        waiting = list(self._mail.pop(entity_id, ()))
        self._store.consume(waiting)
        return self._store.delete_entity(entity_id) or bool(waiting)

    def _keep_state(self, entity: EntityId, outcome: dict[str, Any]) -> None:
        if outcome["entityExists"]:
            state = outcome["entityState"]
            self._store.save_entity(str(entity), entity.name, entity.key, dumps(json.loads(state)), self._post.now())
        else:
            self._store.delete_entity(str(entity))

    def _answer(self, request: dict[str, Any], result: dict[str, Any]) -> None:
        if request.get("signal") or not self._post.find(request["parent"]):
            return
        # Any exceptionType makes it a failure for the SDK, which looks no further.
        fields = {"result": result["result"]} | ({"exceptionType": "Exception"} if result["isError"] else {})
        answer: Event = event(EventType.EVENT_RAISED, self._post.now(), Name=request["id"], Input=dumps(fields))
        self._post.send(request["parent"], request["parentExecution"], answer)

    def _deliver(self, message: Message) -> None:
        self._mail.setdefault(message.instance_id, deque()).append(message)
        self._begin(message.instance_id)

    def _begin(self, entity_id: str) -> None:
        """Hand out the next batch if there is mail, and no batch at work."""
        mail = self._mail.get(entity_id)
        if not mail or entity_id in self._busy:
            return
        entity = EntityId.parse(entity_id)
        function = self._functions.get(entity.name)
        if function is None:
            logger.error(
                "The app no longer holds the entity function; its requests are kept", extra={"entity": entity_id}
            )
            self._mail.pop(entity_id)
            return
        messages = tuple(mail.popleft() for _ in range(min(BATCH_SIZE, len(mail))))
        if not mail:
            self._mail.pop(entity_id)
        self._busy.add(entity_id)
        self.outbox.append(Batch(entity, function, self._store.entity_state(entity_id), messages))
