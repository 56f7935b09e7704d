"""The hold on a message while it is worked on: nobody else sees it, for as long as that takes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.queue import QueueMessage

from local.host.clock import Clock

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient

VISIBILITY_SECONDS = 600
"""How long a message that was taken stays invisible, as on the real host; a host that is killed leaves it so."""

_RENEW_AGAIN_SECONDS = 60.0
"""After a renewal that failed."""

_GONE = frozenset({404, 409})
"""The status when message or queue are no longer there."""

logger = logging.getLogger(__name__)


class Lease:
    """The hold on one message. Its methods raise AzureError, but not where the message is no longer ours."""

    def __init__(self, queue: "QueueClient", message: QueueMessage, clock: Clock) -> None:
        self._queue = queue
        self._id = message.id
        self._receipt = str(message.pop_receipt)
        self._clock = clock
        self._renewing = asyncio.Lock()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keep the message invisible for the time of the block."""
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            async with self._renewing:  # in the midst of a renewal, the new receipt would be lost
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def release(self, seconds: float) -> None:
        """Let others see the message, after some time."""
        try:
            await self._set_visible_in(int(seconds))
        except HttpResponseError as exc:
            if not _is_lost(exc):
                raise

    async def delete(self) -> None:
        """Delete the message: it is done."""
        try:
            await self._queue.delete_message(self._id, pop_receipt=self._receipt)
        except HttpResponseError as exc:
            if not _is_lost(exc):
                raise
            logger.debug("A message that is done was not ours to delete", extra=self._about(exc))

    async def _keep(self) -> None:
        wait = VISIBILITY_SECONDS / 2
        while True:
            await self._clock.sleep(wait)
            async with self._renewing:
                try:
                    await self._set_visible_in(VISIBILITY_SECONDS)
                    wait = VISIBILITY_SECONDS / 2
                except AzureError as exc:
                    if _is_lost(exc):
                        return
                    logger.warning("A message could not be kept invisible", extra=self._about(exc))
                    wait = _RENEW_AGAIN_SECONDS

    async def _set_visible_in(self, seconds: int) -> None:
        updated = await self._queue.update_message(self._id, pop_receipt=self._receipt, visibility_timeout=seconds)
        self._receipt = str(updated.pop_receipt)

    def _about(self, error: AzureError) -> dict[str, str]:
        return {"queue": self._queue.queue_name, "message_id": self._id, "error": type(error).__name__}


def _is_lost(error: AzureError) -> bool:
    if not isinstance(error, HttpResponseError):
        return False
    return error.status_code in _GONE or getattr(error, "error_code", None) == "PopReceiptMismatch"
