"""What one turn of an orchestrator decides: the events it adds to the history, and how it ends."""

from dataclasses import dataclass, field
from enum import StrEnum

from local.host.durable.history import Event, EventType, event


class Status(StrEnum):
    """Runtime status of an instance, as the status API words it."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"


ACTIVE = frozenset({Status.PENDING, Status.RUNNING, Status.SUSPENDED})
"""An instance in one of these is worked on; in any other it has ended for good."""


RETRY_OF = "RetryOf"
"""A field of our own on what the host decides by itself between the tries of a call: the id of the first try.

The SDK ignores it; rewinding needs it.
"""


@dataclass(frozen=True, slots=True)
class ScheduleTask:
    """Run an activity; `input_json` is the text that its trigger receives."""

    id: int
    name: str
    input_json: str
    retry_of: int | None = None

    def event(self, now: str) -> Event:
        """Return the event that records the decision."""
        fields = {"Name": self.name, "Version": "", "Input": None} | _retry(self.retry_of)
        return event(EventType.TASK_SCHEDULED, now, self.id, **fields)


@dataclass(frozen=True, slots=True)
class CreateTimer:
    """Wake the orchestrator at `fire_at`, a timestamp."""

    id: int
    fire_at: str
    retry_of: int | None = None

    def event(self, now: str) -> Event:
        """Return the event that records the decision."""
        return event(EventType.TIMER_CREATED, now, self.id, FireAt=self.fire_at, **_retry(self.retry_of))


@dataclass(frozen=True, slots=True)
class StartChild:
    """Start a sub-orchestration; `input_json` is its ExecutionStarted.Input."""

    id: int
    name: str
    version: str
    instance_id: str
    input_json: str | None
    retry_of: int | None = None

    def event(self, now: str) -> Event:
        """Return the event that records the decision."""
        fields = {"Name": self.name, "Version": self.version, "InstanceId": self.instance_id, "Input": None}
        return event(EventType.SUB_ORCHESTRATION_CREATED, now, self.id, **fields, **_retry(self.retry_of))


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Send a request to an entity; `request_json` is what the SDK finds the request's id in."""

    id: int
    entity_id: str
    request_json: str

    def event(self, now: str) -> Event:
        """Return the event that records the decision."""
        fields = {"InstanceId": self.entity_id, "Name": "op", "Input": self.request_json}
        return event(EventType.EVENT_SENT, now, self.id, **fields)


Decision = ScheduleTask | CreateTimer | StartChild | SendRequest


def _retry(first: int | None) -> Event:
    return {} if first is None else {RETRY_OF: first}


@dataclass(frozen=True, slots=True)
class Ended:
    """The execution is over. `result` is JSON when Completed, else the reason as plain text."""

    status: Status
    result: str | None
    details: str | None = None


@dataclass(frozen=True, slots=True)
class ContinuedAsNew:
    """The execution is over and the instance begins again with this ExecutionStarted.Input.

    `carried` are the external events that came after that decision, and the suspension if it is suspended.
    """

    input_json: str
    carried: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of replaying a history: decisions it does not hold yet in order of id, and the end if any.

    `next_id` is the id that the end is recorded with. `suspended` says that the instance takes in nothing more until
    it is resumed. `stuck` says, in a developer's words, why the instance
    cannot go on although the orchestrator has: None when it can.
    """

    decisions: list[Decision]
    end: Ended | ContinuedAsNew | None
    next_id: int
    suspended: bool = False
    stuck: str | None = None
