"""The storage accounts of an app, by the names of the settings that say how to connect.

The Azure SDK takes half a second to import, so this happens when an app turns out to need it.
"""

import asyncio
import os
from typing import TYPE_CHECKING, Any

from local.host.errors import SettingsError

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobServiceClient
    from azure.storage.queue.aio import QueueServiceClient

DEFAULT_CONNECTION = "AzureWebJobsStorage"

_DEVELOPMENT = "UseDevelopmentStorage=true"
# The account and key of every storage emulator, as Microsoft's documentation has them; the SDK lacks the short form.
_EMULATOR = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)
_OPTIONS: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 30}
"""For the clients, times in seconds. Who uses them tries again in a way of their own."""

_IDENTITY = ("__accountName", "__serviceUri", "__blobServiceUri", "__queueServiceUri")


def connection_string(setting: str) -> str | None:
    """Return the connection string that an app setting holds, None if it is not set.

    As on Azure, `X` is looked for as `AzureWebJobsX` first. Raises SettingsError for a connection by identity.
    """
    names = (f"AzureWebJobs{setting}", setting)
    for name in names:
        text = os.environ.get(name)
        if text:
            return _EMULATOR if text.strip().rstrip(";").lower() == _DEVELOPMENT.lower() else text
    for name in names:
        for ending in _IDENTITY:
            if os.environ.get(name + ending):
                raise SettingsError(
                    f"the app setting {name}{ending} asks for a connection by identity, which this host does not offer;"
                    f" set {name} to a connection string"
                )
    return None


class Storage:
    """Clients of the storage accounts, made when first asked for; one for each setting. Used on the loop only."""

    def __init__(self) -> None:
        self._queues: dict[str, QueueServiceClient] = {}
        self._blobs: dict[str, BlobServiceClient] = {}

    def queues(self, setting: str) -> "QueueServiceClient":
        """Return the queue service that a setting names; raises SettingsError where it names none."""
        if setting not in self._queues:
            from azure.storage.queue.aio import QueueServiceClient

            self._queues[setting] = _client(QueueServiceClient, setting)
        return self._queues[setting]

    def blobs(self, setting: str) -> "BlobServiceClient":
        """Return the blob service that a setting names; raises SettingsError where it names none."""
        if setting not in self._blobs:
            from azure.storage.blob.aio import BlobServiceClient

            self._blobs[setting] = _client(BlobServiceClient, setting)
        return self._blobs[setting]

    async def close(self) -> None:
        """Close every client."""
        closing = [each.close() for each in self._queues.values()] + [each.close() for each in self._blobs.values()]
        await asyncio.gather(*closing)


def _client(service: Any, setting: str) -> Any:
    text = connection_string(setting)
    if text is None:
        raise SettingsError(f"the app setting {setting} is not set; it must hold a storage connection string")
    try:
        return service.from_connection_string(text, **_OPTIONS)
    except ValueError:
        # The SDK's message may quote the string, and with it the key.
        raise SettingsError(f"the app setting {setting} does not hold a storage connection string") from None
