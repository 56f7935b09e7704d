"""Ports that fail at the so-manieth of all operations of a run: for faults that are systematic, not random.

A first run without a fault counts the operations and says what each was; then there is one run for each of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.errors.catalogue import StoreUnavailable
from shared.errors.services import SecretUnavailable
from shared.ports.azure import Waiting
from shared.workflow.replication import RegionReplication, ReplicationState

STORAGE = frozenset({"catalog", "secrets"})
_READS = frozenset({"get", "list"})
_OUTAGE = timedelta(minutes=1)


class Fault(StrEnum):
    """What happens to an operation, and to those after it."""

    REFUSED = "refused"
    """Storage answers 503, once."""
    ANSWER_LOST = "answer-lost"
    """The work is done, and its answer never arrives."""
    AWAY = "away-for-a-minute"
    """Storage does not answer for a minute, whatever it is asked."""
    THROTTLED = "throttled"
    """ARM asks to come back in 30 seconds."""
    OUTAGE = "outage"
    """ARM answers with a server error, once."""
    FORBIDDEN = "forbidden"
    """ARM refuses for good."""
    STUCK = "stuck"
    """ARM has begun the work, and is never done with it."""
    DOWN = "down"
    """ARM answers this call with a server error from now on."""


STORAGE_FAULTS = (Fault.REFUSED, Fault.ANSWER_LOST, Fault.AWAY)
AZURE_FAULTS = (Fault.THROTTLED, Fault.OUTAGE, Fault.ANSWER_LOST, Fault.FORBIDDEN, Fault.STUCK, Fault.DOWN)
LASTING = frozenset({Fault.FORBIDDEN, Fault.STUCK, Fault.DOWN})
"""What does not pass: the step fails for good."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a port: its number in the run (from 1), and the activity that asked for it."""

    number: int
    port: str
    method: str
    activity: str
    is_first: bool
    """Whether it is the first one of its activity's call."""
    after_change: bool
    """Whether that call has changed anything before it."""

    def __str__(self) -> str:
        return f"operation {self.number}, {self.port}.{self.method} in {self.activity}"

    @property
    def is_storage(self) -> bool:
        return self.port in STORAGE

    @property
    def work(self) -> str:
        """What is begun and asked after: the method without `begin_` and `check_`."""
        return self.method.removeprefix("begin_").removeprefix("check_")

    @property
    def changes(self) -> bool:
        """Whether it may change what it asks."""
        return self.method not in _READS

    def takes(self, fault: Fault) -> bool:
        """Whether this fault can happen here."""
        if not self.is_storage:
            takes_time = self.method != self.work or self.method == "replication"
            return takes_time if fault is Fault.STUCK else fault in AZURE_FAULTS
        return self.changes if fault is Fault.ANSWER_LOST else fault in STORAGE_FAULTS

    def is_worth(self, fault: Fault) -> bool:
        """Whether this fault may come to something else here than at the operation before.

        Until an activity has changed anything, it is all the same where it fails: it is called again. So is it with
        an outage that lasts longer than the activity.
        """
        match fault:
            case Fault.AWAY:
                return self.is_first
            case Fault.REFUSED:
                return self.is_first or self.after_change
            case _:
                return True


@dataclass
class Faults:
    """Every operation of a run passes here; `plan` says which of them, by number, meet with what."""

    now: Callable[[], datetime]
    activities: Sequence[str]
    plan: Mapping[int, Fault] = field(default_factory=dict)
    begun: bool = True
    """Whether operations are counted yet; before, nothing happens to them."""
    operations: list[Operation] = field(default_factory=list)
    happened: list[tuple[Operation, Fault]] = field(default_factory=list)
    _away_until: datetime | None = None
    _stuck: set[str] = field(default_factory=set)
    _down: set[str] = field(default_factory=set)
    _activity: int = 0
    _changed: bool = False

    def wrap(self, name: str, port: Any) -> Any:
        """The port, whose operations pass here."""
        return _Port(name, port, self)

    def pass_through(self, port: str, method: str, call: Callable[[], Any]) -> Any:
        """Let an operation happen, or what is planned for it."""
        if not self.begun:
            return call()
        operation = self._counted(port, method)
        fault = self.plan.get(operation.number)
        if fault is not None:
            self.happened.append((operation, fault))
            self._begin(fault, operation)
        if operation.is_storage:
            return self._through_storage(operation, fault, call)
        return self._through_azure(operation, fault, call)

    def _counted(self, port: str, method: str) -> Operation:
        is_first, self._activity = len(self.activities) != self._activity, len(self.activities)
        after_change = self._changed and not is_first
        operation = Operation(
            len(self.operations) + 1, port, method, self.activities[-1], is_first=is_first, after_change=after_change
        )
        self._changed = after_change or operation.changes
        self.operations.append(operation)
        return operation

    def _begin(self, fault: Fault, operation: Operation) -> None:
        match fault:
            case Fault.AWAY:
                self._away_until = self.now() + _OUTAGE
            case Fault.STUCK:
                self._stuck.add(operation.work)
            case Fault.DOWN:
                self._down.add(operation.method)

    def _through_storage(self, operation: Operation, fault: Fault | None, call: Callable[[], Any]) -> Any:
        away = self._away_until is not None and self.now() < self._away_until
        kind = SecretUnavailable if operation.port == "secrets" else StoreUnavailable
        if away or fault is Fault.REFUSED:
            raise kind(f"not here: {operation}")
        answer = call()
        if fault is Fault.ANSWER_LOST:
            raise kind(f"no answer: {operation}")
        return answer

    def _through_azure(self, operation: Operation, fault: Fault | None, call: Callable[[], Any]) -> Any:
        if fault is Fault.THROTTLED:
            raise TransientError("TooManyRequests", str(operation), kind=ErrorKind.THROTTLED, retry_after=30)
        if fault is Fault.FORBIDDEN:
            raise PermanentError("AuthorizationFailed", str(operation))
        if fault is Fault.OUTAGE or operation.method in self._down:
            raise TransientError("InternalServerError", str(operation))
        if operation.work in self._stuck and not operation.method.startswith("begin_"):
            return self._not_done(operation, call)
        answer = call()
        if fault is Fault.ANSWER_LOST:
            raise TransientError("ConnectionReset", str(operation))
        return Waiting() if operation.work in self._stuck else answer

    def _not_done(self, operation: Operation, call: Callable[[], Any]) -> Any:
        """What Azure says of work that does not end."""
        if operation.method != "replication":
            return Waiting()
        stuck = {"state": ReplicationState.REPLICATING, "progress": 10}
        regions: Sequence[RegionReplication] = call()
        return [each.model_copy(update=stuck) for each in regions]


class _Port:
    """A port whose methods pass through `Faults`."""

    def __init__(self, name: str, port: Any, faults: Faults) -> None:
        self._name, self._port, self._faults = name, port, faults

    def __getattr__(self, method: str) -> Any:
        target = getattr(self._port, method)

        def call(*args: Any, **options: Any) -> Any:
            return self._faults.pass_through(self._name, method, lambda: target(*args, **options))

        return call
