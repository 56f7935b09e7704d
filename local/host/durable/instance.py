"""An orchestration instance while it is worked on, and the mail it gets."""

from dataclasses import dataclass, field

from local.host.durable.decisions import Status
from local.host.durable.history import Event, EventType
from local.host.sdk_replay import Past


@dataclass(slots=True)
class Message:
    """One event on its way to an instance, durable as a row of the table `message`.

    `execution_id` is None for what is meant for any execution; `due` is the time (seconds since the epoch)
    before which it is not delivered. With `activity_id` the row is that of the activity it reports on.
    """

    id: int
    instance_id: str
    execution_id: str | None
    event: Event
    due: float | None = None
    activity_id: int | None = None
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """One scheduled activity, durable as a row of the table `activity` until its result is in the history."""

    id: int
    instance_id: str
    execution_id: str
    task_id: int
    name: str
    input_json: str


@dataclass(slots=True)
class Instance:
    """An instance that has not ended.

    `history` holds the events of the current execution, `episodes` how many rows of the store they are. It is None
    until first needed after a start of the host, and again when it has not been needed for long. `sleeping` holds by
    their ids the messages that are not due yet.
    """

    id: str
    name: str
    execution_id: str
    status: Status = Status.PENDING
    history: list[Event] | None = None
    past: Past = field(default_factory=Past)
    episodes: int = 0
    inbox: list[Message] = field(default_factory=list)
    sleeping: dict[int, Message] = field(default_factory=dict)

    @property
    def started(self) -> Event:
        """The ExecutionStarted of the current execution; there is a history once the first episode has begun."""
        return next(event for event in self.history or () if event["EventType"] == EventType.EXECUTION_STARTED)

    def take_mail(self) -> tuple[list[Message], list[Message]]:
        """Empty the inbox; returns what is for the current execution, in order, and what is for an earlier one.

        What starts the execution goes first, whatever came before it.
        """
        mail, self.inbox = self.inbox, []
        current = [message for message in mail if message.execution_id in (None, self.execution_id)]
        late = [message for message in mail if message.execution_id not in (None, self.execution_id)]
        current.sort(key=lambda message: message.event["EventType"] != EventType.EXECUTION_STARTED)
        return current, late

    def lay_aside(self) -> None:
        """Give up the history in memory; the store has it."""
        self.history = None
        self.past = Past()

    def restart(self, execution_id: str) -> None:
        """Begin a new execution with an empty history."""
        self.execution_id = execution_id
        self.history = []
        self.episodes = 0
        for message in self.sleeping.values():
            message.dropped = True
        self.sleeping = {}
