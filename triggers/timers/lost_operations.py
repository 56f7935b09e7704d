"""What goes on without anybody asking: operations whose orchestration is lost are brought to an end."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions.models import DurableOrchestrationStatus

from shared import wiring
from shared.errors.catalogue import Changed, NotFound
from shared.log import about
from shared.models.image import Asset
from shared.models.operation import Operation
from shared.models.provider_instance import ProviderInstance
from shared.names import Orchestrator, step_instance_id
from shared.ports.catalog import Equals, every, everywhere
from shared.states.sets import USABLE
from shared.states.statuses import OperationStatus
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.kinds import KINDS, kind_of, read_job
from shared.workflow.messages import RepairTask
from triggers.accept.start import start
from triggers.http.answers import now

EVERY_FIVE_MINUTES = "0 */5 * * * *"
HOURLY = "0 37 * * * *"
LOOK_BACK = timedelta(days=30)
"""How old an orchestration may be that is looked at: longer than any replication takes."""
_PAGE = 100
"""A host tells of so many instances at most; the SDK does not ask for those after them."""
_SHORTEST = timedelta(minutes=1)
"""A time that is not halved any more, however many instances began in it."""
_TRIES = 10
"""How often it is noted anew that an orchestration is lost, when a step wrote its progress in between."""
_SETTLED = timedelta(minutes=10)
"""An operation that changed since then is in somebody's hands."""
_OPEN: Sequence[Equals] = (
    {"status": (OperationStatus.NOT_STARTED, OperationStatus.RUNNING)},
    {"kept": True},
)
"""What tells the records of open operations (`Operation.is_open`); one may be both."""
_MISSING = "Missing"
_LOST = (df.OrchestrationRuntimeStatus.Failed, df.OrchestrationRuntimeStatus.Terminated)
_OURS = frozenset(kind.orchestrator for kind in KINDS.values())

bp = df.Blueprint()
_log = logging.getLogger(__name__)


@bp.function_name("reconcile_operations")
@bp.timer_trigger(arg_name="timer", schedule=EVERY_FIVE_MINUTES)
@bp.durable_client_input(client_name="client")
async def reconcile_operations(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Find orchestrations that failed or were terminated while their operation still says that it runs."""
    at = now()
    for status in await _lost(client, at - LOOK_BACK, at + timedelta(minutes=5)):
        if status.name in _OURS:
            try:
                await _repair(client, _job(status.input_), status.runtime_status.name)
            except Exception as error:  # noqa: BLE001 - whatever is the matter with one must not stop the others
                _log.warning("the operation %s is looked at again later: %r", status.instance_id, error)


@bp.function_name("reconcile_records")
@bp.timer_trigger(arg_name="timer", schedule=HOURLY)
@bp.durable_client_input(client_name="client")
async def reconcile_records(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Find operations that have something left to do, and whose orchestration was purged, or was lost long ago.

    What is purged leaves only the record. No index has the open ones: storage looks through all operations of an org
    for them, so this is done once an hour. As an orchestration begins before its record is written, and goes on through
    retries, one that is not there has been.
    """
    for operation in await asyncio.to_thread(_open, now() - _SETTLED):
        try:
            how = await _loss(client, operation.id)
            if how is not None:
                await _repair(client, _job(operation.job), how)
        except Exception as error:  # noqa: BLE001 - as above
            _log.warning("the operation %s is looked at again later: %r", operation.id, error)


def _open(before: datetime) -> Sequence[Operation]:
    """The open operations of all orgs that have a provider instance, which did not change since a moment."""
    catalog = wiring.catalog()
    orgs = sorted({provider.org_id for provider in everywhere(catalog, ProviderInstance)})
    found = {
        operation.id: operation
        for org in orgs
        for equals in _OPEN
        for operation in every(catalog, Operation, org, equals=equals)
    }
    return [operation for operation in found.values() if operation.last_changed_at < before]


async def _loss(client: df.DurableOrchestrationClient, instance_id: str) -> str | None:
    """How an orchestration was lost; None where it is there, has done its work, or the host can't tell."""
    status = (await client.get_status(instance_id)).runtime_status
    if status is not None:
        return status.name if status in _LOST else None
    # The SDK takes some failures of the host for an answer without a status; not so when it is asked for a list.
    listed = await client.get_status_by(instance_id_prefix=instance_id)
    there = len(listed) >= _PAGE or any(each.instance_id == instance_id for each in listed)
    return None if there else _MISSING


async def _lost(
    client: df.DurableOrchestrationClient, since: datetime, until: datetime
) -> list[DurableOrchestrationStatus]:
    """The lost orchestrations that were begun in a time; where they fill a page, there may be more: it is halved."""
    found: list[DurableOrchestrationStatus] = await client.get_status_by(
        created_time_from=since, created_time_to=until, runtime_status=list(_LOST)
    )
    if len(found) < _PAGE or until - since <= _SHORTEST:
        return found
    middle = since + (until - since) / 2
    halves = [*await _lost(client, since, middle), *await _lost(client, middle, until)]
    return list({status.instance_id: status for status in halves}.values())


def _job(given: Any) -> AnyJob:
    """The orchestration's input. It is a string of JSON when it came through a host that encodes twice."""
    job: Mapping[str, Any] = json.loads(given) if isinstance(given, str) else given
    return read_job(job)


async def _repair(client: df.DurableOrchestrationClient, job: AnyJob, how: str) -> None:
    if not await asyncio.to_thread(_is_open, job):
        return
    operation = None if isinstance(job, DeleteJob) else await asyncio.to_thread(_note_lost, job)
    if operation is not None and not operation.is_open:
        return  # it had succeeded in part: it takes no retry any more, and that is all
    if await _is_at_work(client, job.operation_id):
        return  # a step that was begun goes on alone: it is stopped, or takes something back, and is waited for
    if isinstance(job, DeleteJob):
        _log.warning("the deletion is begun again, its orchestration ended as %s %s", how, about(job))
        await start(client, kind_of(job).orchestrator, job)
        return
    repair_id = step_instance_id(job.operation_id, "repair")
    usable, regions = await asyncio.to_thread(_good, job)
    canceled = operation is not None and operation.cancel_requested_at is not None
    failed = operation.error if operation is not None and operation.kept else None
    task = RepairTask(job=job, reason=how, canceled=canceled, usable=usable, regions=regions, failed=failed)
    _log.warning("the operation is brought to an end, its orchestration ended as %s %s", how, about(job))
    await client.start_new(Orchestrator.REPAIR_OPERATION, instance_id=repair_id, client_input=task.to_json())


async def _is_at_work(client: df.DurableOrchestrationClient, operation_id: str) -> bool:
    """Whether a step of the operation, or its repair, is at work."""
    steps = await client.get_status_by(
        created_time_from=now() - LOOK_BACK,
        runtime_status=[df.OrchestrationRuntimeStatus.Running, df.OrchestrationRuntimeStatus.Pending],
        instance_id_prefix=step_instance_id(operation_id, ""),
    )
    return bool(steps)


def _is_open(job: AnyJob) -> bool:
    """Whether the operation's record does not say that all is done; one that was never accepted is open, too."""
    try:
        return wiring.catalog().get(Operation, job.org_id, job.operation_id).is_open
    except NotFound:
        return True


def _note_lost(job: MakingJob) -> Operation | None:
    """Stop what may still be at work on the operation: its work sees that before it calls Azure again."""
    catalog = wiring.catalog()
    for _ in range(_TRIES):
        try:
            operation = catalog.get(Operation, job.org_id, job.operation_id)
        except NotFound:
            return None
        if operation.lost_at is not None or not operation.is_open:
            return operation
        noted = operation.takes_no_retry().model_copy(update={"lost_at": now()})
        try:
            catalog.update(noted)
        except Changed:
            continue
        return noted
    raise Changed(job.operation_id)


def _good(job: MakingJob) -> tuple[bool, tuple[str, ...]]:
    """Whether the image can be used already, and in which further regions."""
    if not kind_of(job).replicates:
        return False, ()
    assets = every(wiring.catalog(), Asset, job.org_id, job.image_id, job.version_id)
    good = {asset.id for asset in assets if asset.status in USABLE}
    return job.asset_id in good, tuple(region for asset_id, region in job.regions.items() if asset_id in good)
