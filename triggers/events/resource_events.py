"""Event Grid: what Azure tells of resources wakes the operation that waits for them.

Both schemas come as the SDK reads them: an `EventGridEvent`, or a `CloudEvent` where the event has a `specversion`.
The parameter is annotated with the first, since the worker takes no union of the two there.
"""

import asyncio
import logging

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.errors.catalogue import NotFound
from shared.models.image import Image
from shared.models.ledger_entry import ResourceOwner
from shared.models.operation import Operation
from shared.names import Event, step_instance_id
from triggers.events.event_subjects import PREFIX, owned_as, resource_of
from triggers.wake import wake

bp = df.Blueprint()
_log = logging.getLogger(__name__)


@bp.function_name("resource_events")
@bp.event_grid_trigger(arg_name="event")
@bp.durable_client_input(client_name="client")
async def resource_events(event: func.EventGridEvent, client: df.DurableOrchestrationClient) -> None:
    """Wake the operation that owns the resource, if it is at work: it asks Azure itself how things are.

    An event of somebody else's resource, or of none, does nothing. Where storage is away it fails, and comes again.
    """
    kind = event.type if isinstance(event, func.CloudEvent) else event.event_type
    resource_id = resource_of(event.subject, event.get_json())
    if resource_id is None or not str(kind).startswith(PREFIX):
        _log.info("an event of the type %.80r is not about a resource, and is left alone", kind)
        return
    operation = await asyncio.to_thread(_at_work_on, resource_id)
    if operation is not None and operation.step is not None:
        await wake(client, step_instance_id(operation.id, operation.step, operation.retries), Event.NEWS)


def _at_work_on(resource_id: str) -> Operation | None:
    """The operation that is at work on a resource: the one that made it, or the one that deletes it."""
    owner = _owner(resource_id)
    if owner is None:
        return None
    catalog = wiring.catalog()
    try:
        operation = catalog.get(Operation, owner.org_id, owner.operation_id)
        if not operation.is_open:
            deletion_id = catalog.get(Image, owner.org_id, operation.image_id).deletion_id
            if deletion_id is None:
                return None
            operation = catalog.get(Operation, owner.org_id, deletion_id)
    except NotFound:
        return None
    return operation if operation.is_open else None


def _owner(resource_id: str) -> ResourceOwner | None:
    for owned in owned_as(resource_id):
        try:
            return wiring.catalog().get(ResourceOwner, ResourceOwner.partition_of(owned), ResourceOwner.kind)
        except NotFound:
            continue
    return None
