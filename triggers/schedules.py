"""What goes on without anybody asking: operations whose orchestration is lost are brought to an end."""

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.errors import NotFound
from shared.log import about
from shared.models.records import Asset, Operation
from shared.models.steps import CopyJob, DeleteJob, ImportJob, RepairTask, read_making_job
from shared.names import Orchestrator, step_instance_id
from shared.problems import Refused
from shared.states import AssetStatus, OperationAction
from triggers.http import now
from triggers.operations import note_cancellation
from triggers.starting import start

EVERY_FIVE_MINUTES = "0 */5 * * * *"
LOOK_BACK = timedelta(days=2)
"""How old an orchestration may be that is looked at: longer than any operation takes."""
_LOST = (df.OrchestrationRuntimeStatus.Failed, df.OrchestrationRuntimeStatus.Terminated)
_OURS = frozenset({Orchestrator.IMPORT_IMAGE, Orchestrator.COPY_IMAGE, Orchestrator.REMOVE_IMAGE})

bp = df.Blueprint()
_log = logging.getLogger(__name__)


@bp.function_name("reconcile_operations")
@bp.timer_trigger(arg_name="timer", schedule=EVERY_FIVE_MINUTES)
@bp.durable_client_input(client_name="client")
async def reconcile_operations(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Find orchestrations that failed or were terminated while their operation still says that it runs."""
    ended = await client.get_status_by(created_time_from=now() - LOOK_BACK, runtime_status=list(_LOST))
    for status in ended:
        if status.name in _OURS:
            try:
                await _repair(client, _job(status.input_), status.runtime_status.name)
            except Exception as error:  # noqa: BLE001 - whatever is the matter with one must not stop the others
                _log.warning("the operation %s is looked at again later: %r", status.instance_id, error)


def _job(given: Any) -> ImportJob | CopyJob | DeleteJob:
    """The orchestration's input. It is a string of JSON when it came through a host that encodes twice."""
    job: Mapping[str, Any] = json.loads(given) if isinstance(given, str) else given
    return DeleteJob.model_validate(job) if job["action"] == OperationAction.DELETE else read_making_job(job)


async def _repair(client: df.DurableOrchestrationClient, job: ImportJob | CopyJob | DeleteJob, how: str) -> None:
    if not await asyncio.to_thread(_is_open, job):
        return
    usable = not isinstance(job, DeleteJob) and await asyncio.to_thread(_stop, job)
    if await _is_at_work(client, job.operation_id):
        return  # a step that was begun goes on alone: it is stopped, or takes something back, and is waited for
    if isinstance(job, DeleteJob):
        _log.warning("the deletion is begun again, its orchestration ended as %s %s", how, about(job))
        await start(client, Orchestrator.REMOVE_IMAGE, job)
        return
    repair_id = step_instance_id(job.operation_id, "repair")
    task = RepairTask(job=job, reason=how, usable=usable)
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


def _is_open(job: ImportJob | CopyJob | DeleteJob) -> bool:
    """Whether the operation's record does not say that it has ended; one that was never accepted is open, too."""
    try:
        return not wiring.catalog().get(Operation, job.org_id, job.operation_id).status.ended
    except NotFound:
        return True


def _stop(job: ImportJob | CopyJob) -> bool:
    """Stop what may still be at work on the operation; returns whether its image can be used already."""
    try:
        note_cancellation(job.org_id, job.operation_id)
        asset = wiring.catalog().get(Asset, job.org_id, job.image_id, job.version_id, job.asset_id)
    except (NotFound, Refused):
        return False
    return asset.status is AssetStatus.AVAILABLE
