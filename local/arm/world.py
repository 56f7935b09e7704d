"""The simulated Azure: what exists, what is under way, and the moment it is.

All effects of operations that are due are applied, in the order of their due times, before a request is looked at. So
a read never creates an effect, and what one caller sees does not depend on whether another one looked first. The
moment stands still while a request, or one effect, is handled.
"""

import hashlib
import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from . import durations, errors, ids
from .calls import Call, Json
from .catalogue import Catalogue
from .clock import Clock
from .errors import ArmError
from .events import emission
from .events.outbox import Outbox
from .faults import FINAL, Faults
from .operations import CANCELED, FAILED, IN_PROGRESS, SUCCEEDED, Effect, Operation
from .options import Options
from .store import Resource, Store
from .subscriptions import new_settings

_OPERATIONS = "operations"
# Where the operations of some types are polled instead.
_COLLECTIONS = dict.fromkeys(("galleries", "images", "versions"), "capsOperations")
_COLLECTIONS |= dict.fromkeys(("disks", "snapshots"), "DiskOperations")
_PREEMPTED = {
    "code": "OperationPreempted",
    "message": "Operation execution has been preempted by a more recent operation.",
}


class World:
    """The state of one simulator, as the handlers use it."""

    def __init__(self, options: Options, effects: Mapping[str, Effect], seed: Callable[["World", str], None]) -> None:
        self.options = options
        self.store = Store(str(options.state) if options.state else ":memory:")
        self.clock = Clock(options.speed)
        self.catalogue = Catalogue.load()
        self.faults = Faults()
        # When what is new came to be; other than all else, forgotten by a restart. The seeds are not new.
        self.births: dict[str, float] = {}
        self._effects = effects
        self._seed = seed
        with self.store.transaction():
            self._resume()
        self.outbox = Outbox(self.store)
        self.signing_key = bytes.fromhex(self.store.fact("signing key"))
        self.now = self.clock.now()

    def _resume(self) -> None:
        if state := self.store.fact("clock"):
            self.clock.restore(state)
            self.clock.set(speed=self.options.speed)
        if self.store.fact("signing key") is None:
            self.store.remember("signing key", secrets.token_hex(32))
        self.save_clock()

    def save_clock(self) -> None:
        """Remember the clock's pace, so that a restarted simulator goes on from here."""
        self.store.remember("clock", self.clock.state())

    def settle(self) -> None:
        """Apply what is due, in due order, each effect at its own moment, then move to the present."""
        present = self.clock.now()
        with self.store.transaction():
            while operation := self.store.next_due(present):
                assert operation.due is not None  # noqa: S101 - the query asked for it
                self.now = operation.due
                self._finish(operation)
            self.store.expire_operations(present - durations.TYPICAL[durations.OPERATION_RECORD].seconds)
        self.now = present

    # --- subscriptions

    def settings(self, subscription: str) -> Json:
        """A subscription's settings; one never seen before is created with the seeds, unless that is forbidden."""
        found = self.store.subscription(subscription)
        if found is not None:
            return found
        if self.options.strict_subscriptions:
            raise errors.subscription_not_found(subscription)
        settings = new_settings(subscription)
        self.store.save_subscription(subscription, settings)
        self._seed(self, subscription)
        self.births = {key: at for key, at in self.births.items() if key.split("/")[2] != subscription.lower()}
        return settings

    # --- resources

    def require(self, resource_id: str) -> Resource:
        """A resource that must exist: 404 otherwise."""
        found = self.store.find(resource_id)
        if found is None:
            try:
                parsed = ids.parse(resource_id)
            except ValueError as problem:
                raise errors.resource_id_invalid(resource_id) from problem
            raise errors.resource_not_found(parsed.kind, "/".join(parsed.names), parsed.group)
        return found

    def create(self, resource_id: str, body: Json, hidden: Json | None = None) -> Resource:
        """A new resource, saved; `body` gets its id, name and type."""
        parsed = ids.parse(resource_id)
        if self.store.find(resource_id) is None:
            self.births[resource_id.lower()] = self.now
        document = {"id": resource_id, "name": parsed.name, "type": parsed.kind} | body
        resource = Resource(resource_id, parsed.kind, parsed.subscription, parsed.group, document, hidden or {})
        self.store.save(resource)
        return resource

    def unlock(self, call: Call, resource: Resource) -> None:
        """Refuse a write while another one on the resource, or on its parent, is under way."""
        for holder in (resource, self._parent(resource)):
            if holder and holder.operation:
                operation = self.store.operation(holder.operation)
                if operation and operation.status == IN_PROGRESS:
                    raise errors.another_operation(holder.id, call.url(self.poll_path(operation)))

    def _parent(self, resource: Resource) -> Resource | None:
        parent = ids.parse(resource.id).parent
        return self.store.find(str(parent)) if parent else None

    def stamp(self) -> str:
        """The moment as bodies report it."""
        return self.clock.stamp(self.now)

    def draw(self, duration: str, resource_id: str) -> float:
        """How long something takes this time, in simulated seconds."""
        return durations.draw(duration, f"{self.options.seed}/{resource_id.lower()}")

    # --- long-running operations

    def begin(
        self,
        call: Call,
        target: Resource,
        effect: str,
        seconds: float | None,
        retry_after: float,
        arguments: Json | None = None,
        failure: Json | None = None,
    ) -> Operation:
        """Start an operation that ends `seconds` from now, or never if None, and hold the target for it.

        `failure` is the error that it is bound to end with; a fault on the call's final phase goes before it.
        """
        rule = self.faults.match(FINAL, call.method, call.path)
        operation = Operation(
            id=str(uuid.uuid4()),
            target=target.id,
            method=call.method,
            path=call.path,
            api_version=call.api_version,
            location=target.location or "global",
            namespace=target.kind.split("/")[0],
            effect=effect,
            started=self.now,
            due=None if seconds is None else self.now + seconds,
            start_time=self.stamp(),
            retry_after=retry_after,
            arguments=arguments or {},
            origin=emission.origin(call),
            outcome={"status": FAILED, "error": failure} if failure else None,
        )
        if rule:
            rule.plan(operation)
        target.operation = operation.id
        self.store.save(target)
        self.store.save_operation(operation)
        return operation

    def preempt(self, target: str) -> None:
        """End every running operation on a resource, and on what is in it, because something stronger came."""
        for operation in self.store.running(target):
            self._end(operation, CANCELED, error=_PREEMPTED)

    def _finish(self, operation: Operation) -> None:
        effect = self._effects[operation.effect]
        error: Json | None = None
        if operation.outcome:
            error = operation.outcome["error"]
            self._end(operation, operation.outcome["status"], error=error)
        else:
            try:
                self._end(operation, SUCCEEDED, result=effect.succeed(self, operation))
            except ArmError as refusal:
                error = refusal.document()
                self._end(operation, FAILED, error=error)
        if error is not None:
            effect.fail(self, operation, error)

    def _end(self, operation: Operation, status: str, error: Json | None = None, result: Any = None) -> None:
        operation.status, operation.error, operation.result = status, error, result
        operation.ended, operation.end_time = self.now, self.stamp()
        self.store.save_operation(operation)
        target = self.store.find(operation.target)
        if target and target.operation == operation.id:
            target.operation = None
            self.store.save(target)
        emission.ended(self, operation)

    def poll_path(self, operation: Operation) -> str:
        """Where an operation is polled, without host and query."""
        scope = f"/subscriptions/{operation.subscription}/providers/{operation.namespace}"
        collection = _COLLECTIONS.get(operation.target.lower().split("/")[-2], _OPERATIONS)
        return f"{scope}/locations/{operation.location}/{collection}/{operation.id}"


def fingerprint(secret: str, salt: str) -> str:
    """What is kept of a secret: enough to see that it changed, and nothing that gives it back."""
    return hashlib.scrypt(secret.encode(), salt=salt.encode(), n=2**10, r=8, p=1).hex()


def new_etag() -> str:
    """A weak ETag as the network provider writes it."""
    return f'W/"{uuid.uuid4()}"'
