"""What calls functions without being asked over HTTP or by an orchestration: the app's timers and queues."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from local.host.admin import ManualInput
from local.host.app import QUEUE_TRIGGER, TIMER_TRIGGER, App, Function
from local.host.clock import Clock
from local.host.errors import AppError
from local.host.invoke import Invoker
from local.host.outputs import NoOutputs, Outputs
from local.host.queues.settings import QueueSettings
from local.host.settings import HostSettings, host_id, resolve
from local.host.storage import DEFAULT_CONNECTION, Storage, connection_string

if TYPE_CHECKING:
    from local.host.queues.listener import QueueListener
    from local.host.timers.listener import TimerListener

logger = logging.getLogger(__name__)


class Listener(Protocol):
    """What waits for the trigger of one function."""

    def start(self, ended: "Callable[[asyncio.Task[None]], None]") -> None:
        """Begin; `ended` is called with each task that has ended, with a defect of the host perhaps."""

    def stop(self) -> None:
        """Begin no further call; those that go on may end."""

    async def close(self) -> None:
        """End, and abandon the calls that still go on."""


def outputs(app: App, storage: Storage, settings: HostSettings) -> Outputs:
    """Return where the app's output bindings write to; raises HostError for one that cannot be."""
    if not any(function.outputs for function in app.functions):
        return NoOutputs()
    from local.host.queues.output import QueueOutputs

    return QueueOutputs(app, storage, settings.queues.is_base64)


class Listeners:
    """The listeners of an app. Used on the loop only; `fail` is called if one of them breaks.

    Raises HostError for a trigger that cannot be: a schedule without sense, say, or a setting that is not there.
    """

    def __init__(
        self,
        app: App,
        settings: HostSettings,
        storage: Storage,
        invoker: Invoker,
        clock: Clock,
        fail: Callable[[], None],
    ) -> None:
        self._fail = fail
        self._timers = _timers(app, storage, invoker, clock) if app.of(TIMER_TRIGGER) else {}
        self._listeners: list[Listener] = [*self._timers.values()]
        if app.of(QUEUE_TRIGGER):
            self._listeners += _queues(app, settings.queues, storage, invoker, clock)

    def start(self) -> None:
        """Begin to listen."""
        for listener in self._listeners:
            listener.start(self._ended)

    def stop(self) -> None:
        """Begin no further call; those that go on may end."""
        for listener in self._listeners:
            listener.stop()

    async def close(self) -> None:
        """End, and abandon the calls that still go on."""
        await asyncio.gather(*(listener.close() for listener in self._listeners))

    @property
    def manual_inputs(self) -> dict[str, ManualInput]:
        """How timer and queue functions are run by hand."""
        return {TIMER_TRIGGER: self._timer_by_hand, QUEUE_TRIGGER: _message_by_hand}

    def _timer_by_hand(self, function: Function, _: str | None) -> Any:
        """Make the argument of a timer function, with its status as it is; the text is of no use to it."""
        timer = self._timers.get(function.name)
        if timer is None:
            raise ValueError("the function is disabled, and has no timer")
        return timer.argument()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("A listener of the host has failed", exc_info=error)
            self._fail()


def _message_by_hand(function: Function, text: str | None) -> Any:
    """Make the argument of a queue function, with the text as the body of the message."""
    from local.host.queues.messages import made_by_hand

    return made_by_hand(function.trigger, text or "")


def _timers(app: App, storage: Storage, invoker: Invoker, clock: Clock) -> "dict[str, TimerListener]":
    from local.host.timers.listener import TimerListener
    from local.host.timers.monitor import BlobMonitor
    from local.host.timers.schedule import ScheduleError, parse
    from local.host.timers.zone import local_zone

    zone = local_zone()
    monitor = None
    if connection_string(DEFAULT_CONNECTION) is not None:
        monitor = BlobMonitor(storage.blobs(DEFAULT_CONNECTION), host_id(app.directory), zone)
    listeners = {}
    is_unkept = False
    for function in app.of(TIMER_TRIGGER):
        properties = function.trigger.properties
        where = f"function {function.name}"
        try:
            schedule = parse(resolve(str(properties["schedule"]), where), zone)
        except ScheduleError as exc:
            raise AppError(f"{where}: its schedule cannot be read: {exc}") from None
        is_monitored = properties.get("useMonitor", True) and not schedule.is_frequent
        is_unkept = is_unkept or (is_monitored and monitor is None)
        listeners[function.name] = TimerListener(
            function, schedule, zone, monitor if is_monitored else None, invoker, clock
        )
    if is_unkept:
        logger.warning("%s is not set: runs that timers miss while no host runs are lost", DEFAULT_CONNECTION)
    return listeners


def _queues(
    app: App, settings: QueueSettings, storage: Storage, invoker: Invoker, clock: Clock
) -> "Iterator[QueueListener]":
    from local.host.queues.handling import MessageHandler
    from local.host.queues.listener import QueueListener
    from local.host.queues.names import connection_of, poison_queue_of, queue_of

    for function in app.of(QUEUE_TRIGGER):
        service = storage.queues(connection_of(function.trigger))
        name = queue_of(function, function.trigger)
        poison_name = poison_queue_of(name)
        queue = service.get_queue_client(name)
        poison = None if poison_name is None else service.get_queue_client(poison_name)
        handler = MessageHandler(function, queue, poison, settings, invoker, clock)
        yield QueueListener(function, queue, handler, settings, clock)
