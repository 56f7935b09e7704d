"""Takes messages from the queue of one function, as many at a time as host.json allows."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage

from local.host.app import Function
from local.host.backoff import Backoff
from local.host.clock import Clock
from local.host.queues.handling import MessageHandler
from local.host.queues.lease import VISIBILITY_SECONDS
from local.host.queues.settings import MIN_POLLING_INTERVAL, QueueSettings

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient

_SETTLE_SECONDS = 2.0
"""How long it may take, when the host stops, to delete messages that are done and to give the others back."""

logger = logging.getLogger(__name__)


class QueueListener:
    """Looks into one queue, less and less often while it is empty. Used on the loop only."""

    def __init__(
        self, function: Function, queue: "QueueClient", handler: MessageHandler, settings: QueueSettings, clock: Clock
    ) -> None:
        self.function = function
        self._queue = queue
        self._handler = handler
        self._settings = settings
        self._clock = clock
        self._backoff = Backoff(MIN_POLLING_INTERVAL, settings.max_polling_interval)
        self._handling: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._is_taking = False
        self._is_stopping = False
        self._trouble: str | None = None

    def start(self, ended: "Callable[[asyncio.Task[None]], None]") -> None:
        """Begin; `ended` is called with each task that has ended: one for each message, and that of the listener."""
        self._task = asyncio.create_task(self._run(ended))
        self._task.add_done_callback(ended)

    def stop(self) -> None:
        """Take no further messages; those that were taken may be finished."""
        self._is_stopping = True
        if self._task is not None and not self._is_taking:  # what is being taken has to be given back
            self._task.cancel()

    async def close(self) -> None:
        """End: interrupt the functions that still run, and let others see their messages."""
        if self._task is None:
            return
        self.stop()
        self._handler.abandon()
        _, late = await asyncio.wait([self._task, *self._handling], timeout=_SETTLE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, ended: "Callable[[asyncio.Task[None]], None]") -> None:
        while True:
            self._is_taking = True
            taken = await self._take()
            if self._is_stopping:
                await asyncio.gather(*(self._handler.give_back(message) for message in taken))
                return
            for message in taken:
                task = asyncio.create_task(self._handler.handle(message))
                self._handling.add(task)
                task.add_done_callback(self._handling.discard)
                task.add_done_callback(ended)
            self._is_taking = False
            await self._pause(found=bool(taken))

    async def _take(self) -> list[QueueMessage]:
        """Take a batch, empty where there is none, or where the queue does not answer."""
        pages = self._queue.receive_messages(
            messages_per_page=self._settings.batch_size, visibility_timeout=VISIBILITY_SECONDS
        ).by_page()
        try:
            page = await anext(pages, None)
            taken = [] if page is None else [message async for message in page]
        except ResourceNotFoundError:
            self._tell("The queue does not exist; its function runs once it does")
        except AzureError as exc:
            self._tell("The queue does not answer; the host goes on asking", exc)
        else:
            self._tell(None)
            return taken
        return []

    async def _pause(self, found: bool) -> None:
        """Wait until it is time to look again."""
        if not found:
            await self._clock.sleep(self._backoff.next())
            return
        self._backoff.reset()
        while len(self._handling) > self._settings.new_batch_threshold:
            await asyncio.wait(self._handling, return_when=asyncio.FIRST_COMPLETED)

    def _tell(self, trouble: str | None, error: AzureError | None = None) -> None:
        """Say once what is wrong with the queue, and once that it no longer is."""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        about: dict[str, object] = {"function": self.function.name, "queue": self._queue.queue_name}
        if error is not None:
            about |= {"error": type(error).__name__, "status": getattr(error, "status_code", None)}
        if trouble is None:
            logger.info("The queue answers", extra=about)
        else:
            logger.warning(trouble, extra=about)
