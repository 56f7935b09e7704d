"""Telling a running orchestration that something has happened that its records tell already: a hint may get lost."""

import logging

import azure.durable_functions as df

from shared.models.operation import Operation
from shared.names import QUEUE, Event, kept_instance_id, step_instance_id

_log = logging.getLogger(__name__)


async def wake(client: df.DurableOrchestrationClient, instance_id: str, event: Event) -> None:
    """Wake an orchestration; one that is not there, or not waiting, finds out by itself."""
    try:
        await client.raise_event(instance_id, event)
    except Exception as error:  # noqa: BLE001 - the SDK raises bare Exceptions, and aiohttp's own
        _log.info("the hint %s did not reach %s: %s", event, instance_id, type(error).__name__)


async def wake_for_end(client: df.DurableOrchestrationClient, operation: Operation) -> None:
    """Wake what is at work on an operation, or keeps what it made: somebody asked for its end."""
    if operation.kept:
        await wake(client, kept_instance_id(operation.id, operation.retries), Event.DECIDED)
    elif not operation.status.ended:
        if operation.step is not None:
            await wake(client, step_instance_id(operation.id, operation.step, operation.retries), Event.CANCEL)
        if operation.step is None or operation.retries:
            await wake(client, step_instance_id(operation.id, QUEUE, operation.retries), Event.CANCEL)
