"""How workflows tell Azure which regions a version should be in."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import Replay, Signals, call_step_activity, jitter, now, persist, sleep
from shared.models.error_info import RetryInfo
from shared.names import Activity, Event
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.messages import Progress
from shared.workflow.outcome import StepError
from shared.workflow.replication import RegionsInput
from shared.workflow.steps import REPLICATION


def ask_for_regions(
    context: df.DurableOrchestrationContext,
    job: CopyJob,
    regions: tuple[str, ...],
    signals: Signals | None = None,
    *,
    undoing: bool = False,
) -> Generator[Any, Any, StepError | None]:
    """Let the version be in the home region and in these; tries again what may pass, returns what does not.

    A cancellation that an event tells of ends a wait, and is found when Azure is asked.
    `undoing` says that it takes regions away, which goes on although the operation was canceled.
    """
    failures = 0
    while True:
        wanted = RegionsInput(job=job, regions=regions, undoing=undoing)
        outcome = yield from call_step_activity(context, Activity.BEGIN_TARGET_REGIONS, wanted)
        if outcome.error is None:
            return None
        failures += 1
        error = yield from rest_until_retry(context, job, outcome.error, failures, signals)
        if error is not None:
            return error


def rest_until_retry(
    context: df.DurableOrchestrationContext,
    job: CopyJob,
    failure: StepError,
    failures: int,
    signals: Signals | None = None,
) -> Generator[Any, Any, StepError | None]:
    """Show that a retry waits, and wait for it; returns the failure if there is none."""
    error = failure.model_copy(update={"attempt": failures})
    delay = policies.retry_delay(error.kind, failures, job.pace, error.retry_after, jitter(context))
    if delay is None:
        return error
    at = now(context) + timedelta(seconds=delay)
    yield from show_retry(context, job, RetryInfo(attempt=failures + 1, at=at, reason=error.info(REPLICATION.name)))
    yield from signals.rest(delay, Event.CANCEL) if signals else sleep(context, delay)
    yield from show_retry(context, job, None)
    return None


def show_retry(context: df.DurableOrchestrationContext, job: CopyJob, retry: RetryInfo | None) -> Replay:
    """Show that a retry waits, or none any more; an operation that has ended is not changed by it."""
    progress = Progress.of(job, now(context), retry=retry)
    yield from persist(context, Activity.RECORD_PROGRESS, progress, job.pace)
