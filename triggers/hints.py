"""Telling a running orchestration that something has happened that its records tell already: a hint may get lost."""

import logging

import azure.durable_functions as df

from shared.names import Event

_log = logging.getLogger(__name__)


async def hint(client: df.DurableOrchestrationClient, instance_id: str, event: Event) -> None:
    """Wake an orchestration; one that is not there, or not waiting, finds out by itself."""
    try:
        await client.raise_event(instance_id, event)
    except Exception as error:  # noqa: BLE001 - the SDK raises bare Exceptions, and aiohttp's own
        _log.info("the hint %s did not reach %s: %s", event, instance_id, type(error).__name__)
