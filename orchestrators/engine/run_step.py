"""The sub-orchestration that sees one step through."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import Replay, Signals, call_step_activity, jitter, now, persist, read_input
from shared.errors.azure import ErrorKind
from shared.models.error_info import RetryInfo
from shared.names import Activity, Event, Orchestrator
from shared.states.statuses import AssetStatus
from shared.workflow import steps, undoing
from shared.workflow.kinds import kind_of
from shared.workflow.messages import Progress
from shared.workflow.outcome import Outcome, OutcomeState, StepError
from shared.workflow.step import Step
from shared.workflow.step_input import StepInput, StepTask

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.RUN_STEP)
def run_step(context: df.DurableOrchestrationContext) -> Replay:
    """Begin a step, wait for Azure, check, and try again what may pass; returns the step's `Outcome`.

    It never raises for what Azure does: a step that failed for good is an outcome, too.
    """
    task = read_input(context, StepTask)
    signals = Signals(context)
    while True:
        task = _with_deadline(context, task)
        task, outcome = yield from _attempt(context, signals, task)
        outcome = _numbered(outcome, task.attempt)
        if outcome.state is OutcomeState.WAITING:
            return context.continue_as_new(task.model_copy(update={"waiting": outcome}).to_json())
        if outcome.error is None:
            return outcome.to_json()
        task = _after_failure(task, outcome.error)
        delay = policies.retry_delay(
            outcome.error.kind,
            task.failures[outcome.error.kind],
            task.job.pace,
            outcome.error.retry_after,
            jitter(context),
        )
        if delay is None:
            return outcome.to_json()
        if now(context) + timedelta(seconds=delay) >= task.deadline:
            return Outcome.failed(_timed_out(task, task.deadline, outcome.error)).to_json()
        yield from _wait_for_retry(context, signals, task, outcome.error, delay)
        if Event.NEWS in signals.heard or task.attempt % policies.ATTEMPTS_PER_INSTANCE == 0:
            return context.continue_as_new(task.to_json())


def _numbered(outcome: Outcome, attempt: int) -> Outcome:
    """The outcome, whose error says which attempt failed."""
    if outcome.error is None:
        return outcome
    return outcome.model_copy(update={"error": outcome.error.model_copy(update={"attempt": attempt})})


def _attempt(
    context: df.DurableOrchestrationContext, signals: Signals, task: StepTask
) -> Generator[Any, Any, tuple[StepTask, Outcome]]:
    """Begin, or go on waiting, until the step is done, failed, or this execution has polled enough, or heard news.

    Returns the outcome, and the task with how often Azure was asked. The timer's ring may be early: whether the
    deadline is over, only the clock says.
    """
    step = steps.by_name(task.position.name)
    deadline = task.attempt_deadline or task.deadline
    outcome = task.waiting or (yield from call_step_activity(context, step.begin, _input(context, task, None)))
    for _ in signals.rounds(*_alarms(step), Event.NEWS):
        if outcome.state is not OutcomeState.WAITING:
            break
        news = yield from _wait_for_azure(context, signals, task, outcome, deadline)
        task = task.model_copy(update={"polls": task.polls + 1, "woken": task.woken + 1 if news else 0})
        last = now(context) >= deadline
        # After the deadline Azure is asked once more: what is done is never called failed.
        outcome = yield from call_step_activity(
            context, step.check or step.begin, _input(context, task, outcome.handle)
        )
        if last and outcome.state is OutcomeState.WAITING:
            outcome = Outcome.failed(_timed_out(task, deadline, None))
    return task, outcome


def _wait_for_azure(
    context: df.DurableOrchestrationContext, signals: Signals, task: StepTask, outcome: Outcome, deadline: datetime
) -> Generator[Any, Any, bool]:
    """Wait until Azure is to be asked again; returns whether that is because of news."""
    step, pace = steps.by_name(task.position.name), task.job.pace
    ordinary = policies.poll_delay(task.polls, pace, outcome.wait_seconds)
    # News may have been a moment early: after some that was none, Azure is asked once more at the ordinary pace.
    patient = pace.events and not (outcome.told and task.woken)
    delay = max(ordinary, policies.patience(step.typical, pace, told=outcome.told)) if patient else ordinary
    left = policies.no_sooner((deadline - now(context)).total_seconds())
    gap = policies.news_gap(task.woken, pace, policies.poll_pace(task.polls, pace, outcome.wait_seconds))
    return (yield from signals.listen(min(delay, left), gap, *_alarms(step)))


def _alarms(step: Step) -> tuple[Event, ...]:
    """What ends every wait: a step that takes something back goes on although the operation is canceled."""
    return () if step in undoing.UNDOING else (Event.CANCEL,)


def _wait_for_retry(
    context: df.DurableOrchestrationContext, signals: Signals, task: StepTask, error: StepError, delay: float
) -> Replay:
    """Show that a retry is waiting, wait, and go back to the step's own status."""
    step = steps.by_name(task.position.name)
    at = now(context) + timedelta(seconds=delay)
    retry = RetryInfo(attempt=task.attempt, at=at, reason=error.info(step.name))
    waiting = (step.retrying or kind_of(task.job).retrying) if step.status else None
    yield from _record(context, task, status=waiting, retry=retry)
    yield from signals.rest(delay, *_alarms(step))
    yield from _record(context, task, status=step.status, retry=None)


def _record(
    context: df.DurableOrchestrationContext, task: StepTask, status: AssetStatus | None, retry: RetryInfo | None
) -> Replay:
    progress = Progress.of(task.job, now(context), status=status, retry=retry)
    yield from persist(context, Activity.RECORD_PROGRESS, progress, task.job.pace)


def _input(context: df.DurableOrchestrationContext, task: StepTask, handle: str | None) -> StepInput:
    return StepInput(
        job=task.job, facts=task.facts, attempt=task.attempt, retries=task.retries, handle=handle, at=now(context)
    )


def _with_deadline(context: df.DurableOrchestrationContext, task: StepTask) -> StepTask:
    """The task with its attempt's deadline, which an instance that began anew goes on with."""
    if task.attempt_deadline is not None:
        return task
    limit = now(context) + timedelta(seconds=steps.by_name(task.position.name).limit)
    return task.model_copy(update={"attempt_deadline": min(limit, task.deadline)})


def _after_failure(task: StepTask, error: StepError) -> StepTask:
    failures = task.failures | {error.kind: task.failures.get(error.kind, 0) + 1}
    anew = {"attempt": task.attempt + 1, "attempt_deadline": None, "waiting": None, "polls": 0, "woken": 0}
    return task.model_copy(update={"failures": failures, **anew})


def _timed_out(task: StepTask, deadline: datetime, last: StepError | None) -> StepError:
    title = task.position.title
    reason = f"The last failure was {last.code}: {last.message}" if last else "Azure was still at work on it."
    return StepError(
        kind=ErrorKind.TIMEOUT,
        code="DEADLINE_EXCEEDED",
        message=f"The step '{title}' did not end before {deadline:%Y-%m-%d %H:%M:%S} UTC. {reason}",
        correlation_id=last.correlation_id if last else None,
        attempt=last.attempt if last else None,
    )
