"""The queue output binding: what functions set or return goes into queues, one message or several."""

import json
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from local.host.app import QUEUE_OUTPUT, App, Binding, Function
from local.host.converters import converter
from local.host.outputs import OutputFailed
from local.host.queues import messages
from local.host.queues.names import connection_of, queue_of
from local.host.queues.send import send
from local.host.returned import written
from local.host.storage import Storage

if TYPE_CHECKING:
    from azure.functions.meta import Datum
    from azure.storage.queue.aio import QueueClient


class QueueOutputs:
    """The queues that an app's functions write to; raises HostError for one that cannot be."""

    def __init__(self, app: App, storage: Storage, is_base64: bool) -> None:
        self._is_base64 = is_base64
        self._queues: dict[tuple[str, str], QueueClient] = {
            (function.name, binding.name): storage.queues(connection_of(binding)).get_queue_client(
                queue_of(function, binding)
            )
            for function in app.functions
            for binding in function.outputs
        }

    async def write(self, function: Function, binding: Binding, value: Any) -> None:
        """Send what a function set or returned; raises OutputFailed."""
        queue = self._queues[function.name, binding.name]
        where = f"the output {binding.name} to the queue {queue.queue_name}"
        try:
            bodies = _bodies(converter(QUEUE_OUTPUT).encode(value, expected_type=None))
            texts = [messages.encoded(body, self._is_base64) for body in bodies]
        except (NotImplementedError, TypeError, ValueError) as exc:
            why = str(exc) or "it is neither text, bytes, a QueueMessage nor a list"
            raise OutputFailed(f"{where} cannot be made of {type(value).__name__}: {why}") from None
        try:
            for text in texts:
                await send(queue, text)
        except AzureError as exc:
            # The SDK's traceback is a hundred lines long, and says no more.
            raise OutputFailed(f"{where} was not taken: {type(exc).__name__}") from None


def _bodies(datum: "Datum") -> list[bytes]:
    """Return the bodies of the messages that the real host makes of a value.

    Text that looks like JSON is taken for JSON: an array becomes a message for each of its elements.
    """
    if datum.type == "bytes":
        return [bytes(datum.value)]
    text = str(datum.value)
    if datum.type == "string" and not _looks_like_json(text):
        return [text.encode()]
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise ValueError(f"an output that begins and ends like JSON must be JSON: {exc}") from None
    return [written(each).encode() for each in (value if isinstance(value, list) else [value])]


def _looks_like_json(text: str) -> bool:
    ends = text.strip()[:1] + text.strip()[-1:]
    return ends in ("{}", "[]")
