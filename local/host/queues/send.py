"""Put a message into a queue, which is made if it does not exist."""

import contextlib
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient


async def send(queue: "QueueClient", text: str) -> None:
    """Send a text as it is; raises AzureError."""
    try:
        await queue.send_message(text)
    except ResourceNotFoundError:
        with contextlib.suppress(ResourceExistsError):
            await queue.create_queue()
        await queue.send_message(text)
