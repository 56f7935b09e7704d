"""What is tidied up without anybody asking: what no operation needs, and the histories of old orchestrations."""

import logging
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.models.orphans import SweepTask
from shared.names import SWEEP_INSTANCE_ID, Orchestrator
from triggers.http.answers import now

HOURLY = "0 7 * * * *"
DAILY = "0 17 3 * * *"
_Status = df.OrchestrationRuntimeStatus
_AT_WORK = (_Status.Running, _Status.Pending)
_ENDED = (_Status.Completed, _Status.Failed, _Status.Terminated, _Status.Canceled)
"""Named in a purge: without a status that is an end, the Durable extension deletes what runs, too."""
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""Before the first orchestration: a purge has to name a beginning."""

bp = df.Blueprint()
_log = logging.getLogger(__name__)


@bp.function_name("sweep_orphans")
@bp.timer_trigger(arg_name="timer", schedule=HOURLY)
@bp.durable_client_input(client_name="client")
async def sweep_orphans(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Begin a sweep, unless the last one is still at work."""
    status = await client.get_status(SWEEP_INSTANCE_ID)
    if status is not None and status.runtime_status in _AT_WORK:
        _log.warning("the sweep that began at %s is still at work", status.created_time)
        return
    task = SweepTask(began_at=now(), rules=wiring.settings().sweep_rules)
    await client.start_new(Orchestrator.SWEEP, instance_id=SWEEP_INSTANCE_ID, client_input=task.to_json())


@bp.function_name("forget_old_histories")
@bp.timer_trigger(arg_name="timer", schedule=DAILY)
@bp.durable_client_input(client_name="client")
async def forget_old_histories(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
    """Purge orchestrations that have ended, and began longer ago than the setting says; records are not touched."""
    before = now() - timedelta(days=wiring.settings().history_days)
    purged = await client.purge_instance_history_by(
        created_time_from=_LONG_AGO, created_time_to=before, runtime_status=list(_ENDED)
    )
    _log.info("forgot %d histories of orchestrations that began before %s", purged.instances_deleted, before)
