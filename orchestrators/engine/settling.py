"""Taking failed regions off a version, so that asking for them again is a new beginning."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import Signals, call_step_activity, now
from orchestrators.engine.region_watches import STALLED, give_up, patience, undecided, wanted_regions
from orchestrators.engine.regions import ask_for_regions, rest_until_retry
from shared.errors.azure import ErrorKind
from shared.names import Activity, Event
from shared.workflow.outcome import OutcomeState, StepError
from shared.workflow.replication import RegionsInput, ReplicationState, ReplicationTask, Settling


def remove_failed(
    context: df.DurableOrchestrationContext, signals: Signals, task: ReplicationTask
) -> Generator[Any, Any, ReplicationTask]:
    """Take the failed regions off the version, so that asking for them again is a new beginning."""
    live = {watch.region for watch in undecided(task)}
    others = tuple(each for each in wanted_regions(task) if each not in live)
    error = yield from ask_for_regions(context, task.job, others, signals)
    if error is not None:
        return (yield from give_up(context, task, error))
    return task.model_copy(update={"settling": Settling(since=now(context))})


def settle(
    context: df.DurableOrchestrationContext, signals: Signals, task: ReplicationTask, settling: Settling
) -> Generator[Any, Any, ReplicationTask]:
    """Look whether that update is done; then the regions are asked for again. Else wait."""
    given = RegionsInput(job=task.job, regions=(), handle=settling.handle)
    outcome = yield from call_step_activity(context, Activity.CHECK_TARGET_REGIONS, given)
    if outcome.state is OutcomeState.DONE:
        return _begun_anew(task, now(context))
    if outcome.error is not None:
        failures = settling.failures + 1
        error = yield from rest_until_retry(context, task.job, outcome.error, failures, signals)
        settling = settling.model_copy(update={"failures": failures})
    else:
        error = _endless(settling, now(context), task)
        settling = settling.model_copy(update={"polls": settling.polls + 1, "handle": outcome.handle})
        if error is None:
            wait = policies.poll_delay(settling.polls, task.job.pace, outcome.wait_seconds)
            yield from signals.rest(wait, Event.CANCEL)
    if error is not None:
        return (yield from give_up(context, task, error))
    return task.model_copy(update={"settling": settling})


def _begun_anew(task: ReplicationTask, moment: datetime) -> ReplicationTask:
    """The failed regions are off the version: they may be asked for again."""
    live = {watch.region for watch in undecided(task)}
    again = {"state": ReplicationState.UNKNOWN, "progress": 0, "changed_at": moment}
    watches = tuple(
        watch.model_copy(update={**again, "retries": watch.retries + 1}) if watch.region in live else watch
        for watch in task.watches
    )
    return task.model_copy(update={"watches": watches, "requested": False, "settling": None})


def _endless(settling: Settling, moment: datetime, task: ReplicationTask) -> StepError | None:
    """Why an update that does not end is waited for no longer."""
    if moment - settling.since < patience(task):
        return None
    message = f"Azure does not take the failed regions off the version, since {settling.since:%Y-%m-%d %H:%M:%S} UTC."
    return StepError(kind=ErrorKind.TIMEOUT, code=STALLED, message=message)
