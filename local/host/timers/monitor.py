"""Keeps the status of timers where the timer extension keeps it: in blobs of AzureWebJobsStorage."""

import contextlib
import json
import logging
from datetime import tzinfo
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from local.host.timers import status as statuses
from local.host.timers.status import Status

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobServiceClient

CONTAINER = "azure-webjobs-hosts"

logger = logging.getLogger(__name__)


class BlobMonitor:
    """One blob for each function. Its methods raise AzureError where the storage does not answer."""

    def __init__(self, service: "BlobServiceClient", host: str, zone: tzinfo) -> None:
        self._service = service
        self._container = service.get_container_client(CONTAINER)
        self._folder = f"timers/{host}"
        self._zone = zone

    async def read(self, function: str) -> Status | None:
        """Return what was kept, None if nothing was, or nothing that can be read."""
        try:
            blob = await self._container.download_blob(self._name(function), encoding="utf-8")
            return statuses.read(await blob.readall(), self._zone)
        except ResourceNotFoundError:
            return None
        except ValueError as exc:
            logger.warning("The status that was kept cannot be read: %s", exc, extra={"function": function})
            return None

    async def write(self, function: str, status: Status) -> None:
        """Keep a status."""
        text = json.dumps(status.document(self._zone))
        try:
            await self._container.upload_blob(self._name(function), text, overwrite=True)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):
                await self._container.create_container()
            await self._container.upload_blob(self._name(function), text, overwrite=True)

    def _name(self, function: str) -> str:
        return f"{self._folder}/Host.Functions.{function}/status"
