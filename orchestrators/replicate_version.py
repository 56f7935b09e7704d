"""The sub-orchestration that takes an image version to its further regions."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators import policies
from orchestrators.calls import Bell, Replay, call_step_activity, luck, now, persist, read_input, sleep, unexpected
from orchestrators.regions import ask_for_regions
from shared.errors import OPERATION_CANCELED, ErrorKind
from shared.models.records import ErrorInfo
from shared.models.steps import (
    OutcomeState,
    Progress,
    RegionReplication,
    RegionsInput,
    RegionWatch,
    ReplicationReport,
    ReplicationResult,
    ReplicationState,
    ReplicationTask,
    StepError,
)
from shared.names import Activity, Event, Orchestrator
from shared.states import ASSET_TRANSITIONS, AssetStatus
from shared.steps import REPLICATION

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.REPLICATE_VERSION)
def replicate_version(context: df.DurableOrchestrationContext) -> Replay:
    """Ask Azure for the regions, then watch each: its state and percentage are shown on an asset of its own.

    A region that failed is removed and added again. One that keeps failing, or that stands still for hours, is
    given up; the others go on. Returns a `ReplicationResult`.
    """
    task = read_input(context, ReplicationTask)
    bell = Bell(context)
    for _ in range(policies.POLLS_PER_INSTANCE):
        if not task.requested:
            error = yield from ask_for_regions(context, task.job, _wanted(task))
            if error is not None:
                task = yield from _give_up(context, task, error)
            task = task.model_copy(update={"requested": True})
        if not _live(task):
            return (yield from _finish(context, task)).to_json()
        delay, gap = policies.replication_delay(task.polls, task.job.pace), policies.news_gap(task.woken, task.job.pace)
        news = yield from bell.listen(delay, gap, Event.CANCEL)
        task = task.model_copy(update={"woken": task.woken + 1 if news else 0})
        report = yield from _look(context, task)
        if report.error is not None and report.error.kind is ErrorKind.CANCELED:
            task = yield from _give_up(context, task, report.error)
        task = yield from _take_in(context, task, report)
        if _to_be_retried(task):
            task = yield from _remove_failed(context, task)
        if news:
            break
    return context.continue_as_new(task.to_json())


def _live(task: ReplicationTask) -> list[RegionWatch]:
    """The regions that are not decided yet."""
    return [watch for watch in task.watches if watch.status in ASSET_TRANSITIONS]


def _wanted(task: ReplicationTask) -> tuple[str, ...]:
    """The regions that have the version or may still get it."""
    return tuple(watch.region for watch in task.watches if watch.error is None)


def _look(context: df.DurableOrchestrationContext, task: ReplicationTask) -> Generator[Any, Any, ReplicationReport]:
    """Ask Azure for every region; not being able to ask is no news."""
    try:
        returned = yield context.call_activity(
            Activity.READ_REPLICATION, RegionsInput(job=task.job, regions=()).to_json()
        )
    except Exception:  # noqa: BLE001 - Durable 1.x delivers every failed activity as a bare Exception
        return ReplicationReport(error=unexpected(Activity.READ_REPLICATION))
    return ReplicationReport.model_validate(returned)


def _take_in(
    context: df.DurableOrchestrationContext, task: ReplicationTask, report: ReplicationReport
) -> Generator[Any, Any, ReplicationTask]:
    """Show what changed, and decide each region that can be decided."""
    seen = {region.region: region for region in report.regions}
    watches = []
    for watch in task.watches:
        if watch.status in ASSET_TRANSITIONS:
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
        watch = yield from _record(context, task, watch, AssetStatus.REPLICATING)
    if watch.state is ReplicationState.COMPLETED:
        watch = yield from _record(context, task, watch, AssetStatus.REPLICATION_COMPLETE)
        return (yield from _record(context, task, watch, AssetStatus.AVAILABLE))
    if watch.state is ReplicationState.FAILED and watch.retries >= policies.REGION_RETRIES:
        error = _failed(watch, seen.details if seen else "")
        return (yield from _record(context, task, watch, AssetStatus.REPLICATION_FAILED, error))
    if _stands_still(watch, now(context), task):
        error = _stalled(watch)
        return (yield from _record(context, task, watch, AssetStatus.REPLICATION_FAILED_TIMEOUT, error))
    return watch


def _stands_still(watch: RegionWatch, moment: datetime, task: ReplicationTask) -> bool:
    patience = timedelta(seconds=policies.REPLICATION_STALL * task.job.pace.poll_seconds)
    return watch.state is not ReplicationState.FAILED and moment - watch.changed_at >= patience


def _to_be_retried(task: ReplicationTask) -> bool:
    """Whether regions failed and all others have ended: Azure takes one update at a time."""
    live = _live(task)
    return bool(live) and all(watch.state is ReplicationState.FAILED for watch in live)


def _remove_failed(
    context: df.DurableOrchestrationContext, task: ReplicationTask
) -> Generator[Any, Any, ReplicationTask]:
    """Take the failed regions off the version, so that asking for them again is a new beginning."""
    live = {watch.region for watch in _live(task)}
    error = yield from ask_for_regions(context, task.job, tuple(each for each in _wanted(task) if each not in live))
    if error is None:
        error = yield from _settled(context, task)
    if error is not None:
        return (yield from _give_up(context, task, error))
    again = {"state": ReplicationState.UNKNOWN, "progress": 0, "changed_at": now(context)}
    watches = tuple(
        watch.model_copy(update={**again, "retries": watch.retries + 1}) if watch.region in live else watch
        for watch in task.watches
    )
    return task.model_copy(update={"watches": watches, "requested": False})


def _settled(context: df.DurableOrchestrationContext, task: ReplicationTask) -> Generator[Any, Any, StepError | None]:
    """Wait until no update of the version is under way."""
    failures = polls = 0
    handle = None
    while True:
        given = RegionsInput(job=task.job, regions=(), handle=handle)
        outcome = yield from call_step_activity(context, Activity.CHECK_TARGET_REGIONS, given)
        if outcome.state is OutcomeState.DONE:
            return None
        if outcome.error is None:
            polls, handle = polls + 1, outcome.handle
            yield from sleep(context, policies.poll_delay(polls, task.job.pace, outcome.wait_seconds))
            continue
        failures += 1
        error = outcome.error
        delay = policies.retry_delay(error.kind, failures, task.job.pace, error.retry_after, luck(context))
        if delay is None:
            return error
        yield from sleep(context, delay)


def _give_up(
    context: df.DurableOrchestrationContext, task: ReplicationTask, error: StepError
) -> Generator[Any, Any, ReplicationTask]:
    """Azure refuses: what is not decided yet has failed."""
    watches = []
    for watch in task.watches:
        if watch.status in ASSET_TRANSITIONS:
            failed = yield from _record(
                context, task, watch, AssetStatus.REPLICATION_FAILED, error.info(REPLICATION.name)
            )
            watches.append(failed)
        else:
            watches.append(watch)
    return task.model_copy(update={"watches": tuple(watches)})


def _finish(context: df.DurableOrchestrationContext, task: ReplicationTask) -> Generator[Any, Any, ReplicationResult]:
    """Take regions that were given up off the version, so that Azure has what the catalogue says."""
    failed = [watch for watch in task.watches if watch.error is not None]
    if not failed:
        return ReplicationResult()
    left = yield from ask_for_regions(context, task.job, _wanted(task), undoing=True)
    details = [watch.error for watch in failed if watch.error] + ([left.info(REPLICATION.name)] if left else [])
    regions = ", ".join(watch.region for watch in failed)
    message = f"The image is not in {regions}; it can be used in the other regions."
    canceled = any(watch.error and watch.error.code == OPERATION_CANCELED for watch in failed)
    code = OPERATION_CANCELED if canceled else "REPLICATION_INCOMPLETE"
    return ReplicationResult(error=ErrorInfo(code=code, message=message, step=REPLICATION.name, details=tuple(details)))


def _record(
    context: df.DurableOrchestrationContext,
    task: ReplicationTask,
    watch: RegionWatch,
    status: AssetStatus,
    error: ErrorInfo | None = None,
) -> Generator[Any, Any, RegionWatch]:
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


def _failed(watch: RegionWatch, details: str) -> ErrorInfo:
    return ErrorInfo(
        code="REPLICATION_FAILED",
        message=f"Azure could not replicate the version to {watch.region}, {watch.retries + 1} times: {details}",
        step=REPLICATION.name,
    )


def _stalled(watch: RegionWatch) -> ErrorInfo:
    return ErrorInfo(
        code="REPLICATION_STALLED",
        message=f"The replication to {watch.region} stands at {watch.progress} % since "
        f"{watch.changed_at:%Y-%m-%d %H:%M:%S} UTC.",
        step=REPLICATION.name,
    )
