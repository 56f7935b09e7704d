"""The further regions of a version: which are decided, what is shown of each, and giving up."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import now, persist
from shared.models.error_info import ErrorInfo
from shared.names import Activity
from shared.states.sets import LIVE
from shared.states.statuses import AssetStatus
from shared.workflow.messages import Progress
from shared.workflow.outcome import StepError
from shared.workflow.replication import RegionWatch, ReplicationTask
from shared.workflow.steps import REPLICATION

STALLED = "REPLICATION_STALLED"


def undecided(task: ReplicationTask) -> list[RegionWatch]:
    """The regions that are not decided yet."""
    return [watch for watch in task.watches if watch.status in LIVE]


def wanted_regions(task: ReplicationTask) -> tuple[str, ...]:
    """The regions that have the version or may still get it."""
    return tuple(watch.region for watch in task.watches if watch.error is None)


def patience(task: ReplicationTask) -> timedelta:
    """How long something may stand still."""
    return timedelta(seconds=policies.REPLICATION_STALL * task.job.pace.poll_seconds)


def give_up(
    context: df.DurableOrchestrationContext, task: ReplicationTask, error: StepError
) -> Generator[Any, Any, ReplicationTask]:
    """Azure refuses: what is not decided yet has failed."""
    watches = []
    for watch in task.watches:
        if watch.status in LIVE:
            failed = yield from record_region(
                context, task, watch, AssetStatus.REPLICATION_FAILED, error.info(REPLICATION.name)
            )
            watches.append(failed)
        else:
            watches.append(watch)
    return task.model_copy(update={"watches": tuple(watches), "settling": None})


def record_region(
    context: df.DurableOrchestrationContext,
    task: ReplicationTask,
    watch: RegionWatch,
    status: AssetStatus,
    error: ErrorInfo | None = None,
) -> Generator[Any, Any, RegionWatch]:
    """Show a region's status, and Azure's own state and percentage."""
    progress = Progress.of(
        task.job,
        now(context),
        asset_id=watch.asset_id,
        status=status,
        error=error,
        data={"replicationState": watch.state, "replicationProgress": watch.progress},
    )
    yield from persist(context, Activity.RECORD_PROGRESS, progress, task.job.pace)
    return watch.model_copy(update={"status": status, "error": error})


def keeps_failing(watch: RegionWatch, details: str) -> ErrorInfo:
    """Why a region is given up: Azure failed again and again."""
    return ErrorInfo(
        code="REPLICATION_FAILED",
        message=f"Azure could not replicate the version to {watch.region}, {watch.retries + 1} times: {details}",
        step=REPLICATION.name,
    )


def stalled(watch: RegionWatch, unread: StepError | None) -> ErrorInfo:
    """Why a region is given up: for hours nothing changed, or nothing could be seen."""
    seen = f"at {watch.progress} % since {watch.changed_at:%Y-%m-%d %H:%M:%S} UTC"
    if unread is not None:
        message = f"The replication to {watch.region} was seen {seen}, and can't be looked at: {unread.message}"
        return unread.info(REPLICATION.name).model_copy(update={"message": message})
    message = f"The replication to {watch.region} stands {seen}."
    return ErrorInfo(code=STALLED, message=message, step=REPLICATION.name)
