"""What becomes of one message: the function runs, and the message is deleted, seen again, or put with the poison."""

import asyncio
import logging
from enum import Enum, auto
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage

from local.host.app import Function
from local.host.clock import Clock
from local.host.invoke import FunctionFailed, Invoker
from local.host.queues import messages
from local.host.queues.lease import Lease
from local.host.queues.send import send
from local.host.queues.settings import QueueSettings

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient

logger = logging.getLogger(__name__)


class _Outcome(Enum):
    DONE = auto()
    FAILED = auto()
    POISON = auto()
    """Not worth another try."""
    ABANDONED = auto()
    """The host stops."""


class MessageHandler:
    """Handles the messages of one function's queue; `poison` is None where the queue is one for poison itself."""

    def __init__(
        self,
        function: Function,
        queue: "QueueClient",
        poison: "QueueClient | None",
        settings: QueueSettings,
        invoker: Invoker,
        clock: Clock,
    ) -> None:
        self._function = function
        self._queue = queue
        self._poison = poison
        self._settings = settings
        self._invoker = invoker
        self._clock = clock
        self._calling: set[asyncio.Task[None]] = set()

    async def handle(self, message: QueueMessage) -> None:
        """Handle a message that was taken, as a task of its own.

        Where the storage fails, the message shows up again by itself after a while.
        """
        lease = Lease(self._queue, message, self._clock)
        async with lease.kept():
            outcome = await self._outcome(message)
        try:
            await self._settle(message, lease, outcome)
        except AzureError as exc:
            self._warn("The message could not be settled, and will be seen again", message, exc)

    async def give_back(self, message: QueueMessage) -> None:
        """Let others see a message that was taken, and not handled."""
        try:
            await Lease(self._queue, message, self._clock).release(0)
        except AzureError as exc:
            self._warn("The message could not be given back, and will be seen again", message, exc)

    def abandon(self) -> None:
        """Interrupt the functions that run; their messages are seen again."""
        for task in self._calling:
            task.cancel()

    async def _outcome(self, message: QueueMessage) -> _Outcome:
        if (message.dequeue_count or 0) > self._settings.max_dequeue_count:
            return _Outcome.POISON
        try:
            body = messages.decoded(message.content, self._settings.is_base64)
        except ValueError:
            self._warn("The message is not in base64, as extensions.queues.messageEncoding has it", message)
            return _Outcome.POISON
        try:
            argument = messages.argument(self._function.trigger, message, body)
        except ValueError:
            self._warn("The message is not text in UTF-8; the trigger's data_type=BINARY takes any bytes", message)
            return _Outcome.FAILED
        return await self._call({self._function.trigger.name: argument})

    async def _call(self, arguments: dict[str, object]) -> _Outcome:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a message is handled in a task")
        self._calling.add(task)
        try:
            await self._invoker.invoke(self._function, arguments)
        except FunctionFailed:
            return _Outcome.FAILED
        except asyncio.CancelledError:
            task.uncancel()  # there is something left to do: to give the message back
            return _Outcome.ABANDONED
        else:
            return _Outcome.DONE
        finally:
            self._calling.discard(task)

    async def _settle(self, message: QueueMessage, lease: Lease, outcome: _Outcome) -> None:
        is_last = outcome is _Outcome.POISON or (message.dequeue_count or 0) >= self._settings.max_dequeue_count
        if outcome is _Outcome.DONE:
            await lease.delete()
        elif outcome is _Outcome.ABANDONED:
            await lease.release(0)
        elif self._poison is None:
            pass  # left invisible for the rest of its time, or it would fail again and again without a pause
        elif is_last:
            await send(self._poison, message.content)
            await lease.delete()
            self._warn(f"The message was moved to the queue {self._poison.queue_name}", message)
        else:
            await lease.release(self._settings.visibility_timeout)

    def _warn(self, text: str, message: QueueMessage, error: AzureError | None = None) -> None:
        about = {"function": self._function.name, "message_id": message.id, "dequeue_count": message.dequeue_count}
        logger.warning(text, extra=about if error is None else about | {"error": type(error).__name__})
