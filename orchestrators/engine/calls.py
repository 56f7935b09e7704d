"""How workflows call activities, wait, and draw lots: what every orchestrator here shares."""

from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import azure.durable_functions as df

from orchestrators.engine import policies
from shared.errors.azure import ErrorKind
from shared.models.base import Model
from shared.names import Activity, Event
from shared.workflow.outcome import Outcome, StepError
from shared.workflow.pace import Pace

Replay = Generator[Any, Any, Any]
"""An orchestrator, or a part of one: it yields durable tasks."""

M = TypeVar("M", bound=Model)


def now(context: df.DurableOrchestrationContext) -> datetime:
    """The orchestration's time: the same in every replay."""
    moment: datetime = context.current_utc_datetime
    return moment


def read_input(context: df.DurableOrchestrationContext, kind: type[M]) -> M:
    """The instance's input. It is a string of JSON when it came through a host that encodes twice."""
    given = context.get_input()
    return kind.model_validate_json(given) if isinstance(given, str) else kind.model_validate(given)


def sleep(context: df.DurableOrchestrationContext, seconds: float) -> Replay:
    """Wait on a durable timer."""
    yield context.create_timer(now(context) + timedelta(seconds=seconds))


class Signals:
    """The external events that may end the waits of one execution of an orchestrator: each is heard once.

    The SDK gives an event that came before anybody waited for it to every later wait of that name, while the host
    gives it to one: a second wait would end at once, and the instance hang. So each event has one wait in an
    execution, which all timers are raced against. Whoever wants to hear it again begins a new execution.

    The new one hears what comes from then on. What came before and was not heard, the engine drops (seen on Durable
    extension 3.19): so an execution makes one more round for what has come (`rounds`), and what comes in the moment of
    its end is lost. An event is a hint only: without it, the next look finds what it would have told.
    """

    def __init__(self, context: df.DurableOrchestrationContext) -> None:
        self._context = context
        self._waits = {event: context.wait_for_external_event(event) for event in Event}
        self.heard: set[Event] = set()
        """What was heard, and is not waited for again."""

    def rounds(self, *events: Event) -> Iterator[None]:
        """The rounds of waiting and asking of this execution, which ends sooner once it has heard news.

        If one of the events came in the last of them, there is one more, in which it is heard.
        """
        for _ in range(policies.POLLS_PER_INSTANCE):
            if Event.NEWS in self.heard:
                break
            yield
        if self._arrived(*events):
            yield

    def _arrived(self, *events: Event) -> Event | None:
        """Which of the events has come, and not been heard."""
        return next((event for event in events if event not in self.heard and self._waits[event].is_completed), None)

    def rest(self, seconds: float, *events: Event) -> Generator[Any, Any, Event | None]:
        """Wait on a durable timer, or until one of the events comes; returns which, None for the timer.

        It may have come while something else was done: then there is no wait. The caller must ask what is to be done;
        an event says no more than that.
        """
        heard = self._arrived(*events)
        if heard is None:
            waits = {event: self._waits[event] for event in events if event not in self.heard}
            timer = self._context.create_timer(now(self._context) + timedelta(seconds=seconds))
            first = yield self._context.task_any([timer, *waits.values()])
            if first is timer:
                return None
            timer.cancel()
            heard = next(event for event, wait in waits.items() if wait is first)
        self.heard.add(heard)
        return heard

    def listen(self, seconds: float, gap: float, *alarms: Event) -> Generator[Any, Any, bool]:
        """Wait like `rest`, also for news, but for `gap` seconds at least, unless there is an alarm.

        Returns whether there was news: then this execution can hear no more of it, and should soon make way for a new
        one.
        """
        began = now(self._context)
        if (yield from self.rest(seconds, *alarms, Event.NEWS)) is not Event.NEWS:
            return False
        left = min(gap, seconds) - (now(self._context) - began).total_seconds()
        if left > 0:
            yield from self.rest(left, *alarms)
        return True


def jitter(context: df.DurableOrchestrationContext) -> float:
    """A number from 0 to 1 that is the same in every replay."""
    return UUID(str(context.new_uuid())).int / 2**128


def call_step_activity(
    context: df.DurableOrchestrationContext, activity: Activity, payload: Model
) -> Generator[Any, Any, Outcome]:
    """Call an activity of a step; one that raised is an outage, and may be tried again."""
    try:
        returned = yield context.call_activity(activity, payload.to_json())
    except Exception:  # noqa: BLE001 - Durable 1.x delivers every failed activity as a bare Exception
        return Outcome.failed(unexpected(activity))
    return Outcome.model_validate(returned)


def persist(
    context: df.DurableOrchestrationContext, activity: Activity, payload: Model, pace: Pace
) -> Generator[Any, Any, Any]:
    """Call an activity that writes to storage, for as long as storage may be away.

    Raises:
        Exception: it did not succeed in all that time; the instance fails, and says so in the portal.
    """
    retry = df.RetryOptions(
        first_retry_interval_in_milliseconds=max(1, int(1000 * policies.PERSIST_INTERVAL * pace.retry_seconds)),
        max_number_of_attempts=policies.PERSIST_ATTEMPTS,
    )
    return (yield context.call_activity_with_retry(activity, retry, payload.to_json()))


def unexpected(name: str) -> StepError:
    """The error of what failed without saying why; what it raised is in the log, and not repeated here."""
    return StepError(
        kind=ErrorKind.OUTAGE,
        code="INTERNAL_ERROR",
        message=f"{name} failed unexpectedly; the application's log has the traceback.",
    )
