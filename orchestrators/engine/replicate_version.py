"""The sub-orchestration that takes an image version to its further regions."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import Replay, Signals, now, read_input, unexpected
from orchestrators.engine.region_watches import (
    give_up,
    keeps_failing,
    patience,
    record_region,
    stalled,
    undecided,
    wanted_regions,
)
from orchestrators.engine.regions import ask_for_regions, show_retry
from orchestrators.engine.settling import remove_failed, settle
from shared.errors.azure import ErrorKind
from shared.errors.catalogue import OPERATION_CANCELED
from shared.models.error_info import ErrorInfo, RetryInfo
from shared.names import Activity, Event, Orchestrator
from shared.states.sets import LIVE
from shared.states.statuses import AssetStatus
from shared.workflow.outcome import StepError
from shared.workflow.replication import (
    RegionReplication,
    RegionsInput,
    RegionWatch,
    ReplicationReport,
    ReplicationResult,
    ReplicationState,
    ReplicationTask,
)
from shared.workflow.steps import REPLICATION

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.REPLICATE_VERSION)
def replicate_version(context: df.DurableOrchestrationContext) -> Replay:
    """Ask Azure for the regions, then watch each: its state and percentage are shown on an asset of its own.

    A region that failed is removed and added again. One that keeps failing, or that stands still for hours, is
    given up; the others go on. Returns a `ReplicationResult`.
    """
    task = read_input(context, ReplicationTask)
    signals = Signals(context)
    for _ in signals.rounds(Event.CANCEL, Event.NEWS):
        if task.settling is not None:
            task = yield from settle(context, signals, task, task.settling)
            continue
        if not task.requested:
            error = yield from ask_for_regions(context, task.job, wanted_regions(task), signals)
            if error is not None:
                task = yield from give_up(context, task, error)
            task = task.model_copy(update={"requested": True})
        if not undecided(task):
            return (yield from _finish(context, task)).to_json()
        delay = _delay(task)
        # Where Azure can't be asked, news don't hurry us.
        is_refused = task.unread is not None and task.heeds_refusals
        gap = delay if is_refused else policies.news_gap(task.woken, task.job.pace)
        news = yield from signals.listen(delay, gap, Event.CANCEL)
        task = task.model_copy(update={"woken": task.woken + 1 if news else 0})
        report = yield from _look(context, task)
        if report.error is not None and report.error.kind is ErrorKind.CANCELED:
            task = yield from give_up(context, task, report.error)
        else:
            task = yield from _note_unread(context, task, report.error)
        task = yield from _take_in(context, task, report)
        if _to_be_retried(task):
            task = yield from remove_failed(context, signals, task)
    return context.continue_as_new(task.model_copy(update={"heeds_refusals": True}).to_json())


def _look(context: df.DurableOrchestrationContext, task: ReplicationTask) -> Generator[Any, Any, ReplicationReport]:
    """Ask Azure for every region; not being able to ask is no news."""
    try:
        returned = yield context.call_activity(
            Activity.READ_REPLICATION, RegionsInput(job=task.job, regions=()).to_json()
        )
    except Exception:  # noqa: BLE001 - Durable 1.x delivers every failed activity as a bare Exception
        return ReplicationReport(error=unexpected(Activity.READ_REPLICATION))
    return ReplicationReport.model_validate(returned)


def _note_unread(
    context: df.DurableOrchestrationContext, task: ReplicationTask, error: StepError | None
) -> Generator[Any, Any, ReplicationTask]:
    """Show why Azure can't be asked, once for each reason, and that it can be again; somebody may have to do something.

    It goes on: what Azure copies, it copies without us.
    """
    was = task.unread
    task = task.model_copy(update={"unread": error})
    if (error and error.code) != (was and was.code):
        at = now(context) + timedelta(seconds=_delay(task.model_copy(update={"polls": task.polls + 1})))
        waiting = RetryInfo(attempt=2, at=at, reason=error.info(REPLICATION.name)) if error else None
        yield from show_retry(context, task.job, waiting)
    return task


def _delay(task: ReplicationTask) -> float:
    """Seconds until Azure is asked again; a wish that it had when it refused is a minimum."""
    return policies.replication_delay(task.polls, task.job.pace, task.unread.retry_after if task.unread else None)


def _take_in(
    context: df.DurableOrchestrationContext, task: ReplicationTask, report: ReplicationReport
) -> Generator[Any, Any, ReplicationTask]:
    """Show what changed, and decide each region that can be decided."""
    seen = {region.region: region for region in report.regions}
    watches = []
    for watch in task.watches:
        if watch.status in LIVE:
            watch = yield from _follow(context, task, watch, seen.get(watch.region))
        watches.append(watch)
    return task.model_copy(update={"watches": tuple(watches), "polls": task.polls + 1})


def _follow(
    context: df.DurableOrchestrationContext,
    task: ReplicationTask,
    watch: RegionWatch,
    seen: RegionReplication | None,
) -> Generator[Any, Any, RegionWatch]:
    changed = seen is not None and (seen.state, seen.progress) != (watch.state, watch.progress)
    if seen is not None and (changed or watch.status is AssetStatus.IMPORT_PENDING):
        watch = watch.model_copy(update={"state": seen.state, "progress": seen.progress, "changed_at": now(context)})
        watch = yield from record_region(context, task, watch, AssetStatus.REPLICATING)
    if watch.state is ReplicationState.COMPLETED:
        watch = yield from record_region(context, task, watch, AssetStatus.REPLICATION_COMPLETE)
        return (yield from record_region(context, task, watch, AssetStatus.AVAILABLE))
    if watch.state is ReplicationState.FAILED and watch.retries >= policies.REGION_RETRIES:
        error = keeps_failing(watch, seen.details if seen else "")
        return (yield from record_region(context, task, watch, AssetStatus.REPLICATION_FAILED, error))
    if _stands_still(watch, now(context), task):
        error = stalled(watch, task.unread)
        return (yield from record_region(context, task, watch, AssetStatus.REPLICATION_FAILED_TIMEOUT, error))
    return watch


def _stands_still(watch: RegionWatch, moment: datetime, task: ReplicationTask) -> bool:
    return watch.state is not ReplicationState.FAILED and moment - watch.changed_at >= patience(task)


def _to_be_retried(task: ReplicationTask) -> bool:
    """Whether regions failed and all others have ended: Azure takes one update at a time."""
    live = undecided(task)
    return bool(live) and all(watch.state is ReplicationState.FAILED for watch in live)


def _finish(context: df.DurableOrchestrationContext, task: ReplicationTask) -> Generator[Any, Any, ReplicationResult]:
    """Take regions that were given up off the version, so that Azure has what the catalogue says."""
    failed = [watch for watch in task.watches if watch.error is not None]
    if not failed:
        return ReplicationResult()
    left = yield from ask_for_regions(context, task.job, wanted_regions(task), undoing=True)
    details = [watch.error for watch in failed if watch.error] + ([left.info(REPLICATION.name)] if left else [])
    regions = ", ".join(watch.region for watch in failed)
    message = f"The image is not in {regions}; it can be used in the other regions."
    canceled = any(watch.error and watch.error.code == OPERATION_CANCELED for watch in failed)
    code = OPERATION_CANCELED if canceled else "REPLICATION_INCOMPLETE"
    return ReplicationResult(error=ErrorInfo(code=code, message=message, step=REPLICATION.name, details=tuple(details)))
