"""The sub-orchestration that waits while what a failed operation made is kept."""

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import Replay, Signals, now, persist, read_input, sleep
from shared.names import Activity, Event, Orchestrator
from shared.workflow.messages import RetryDecided, RetryDecision, RetryWindow

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.AWAIT_RETRY)
def await_retry(context: df.DurableOrchestrationContext) -> Replay:
    """Wait until somebody asks for a retry or an end, or the time is over; returns `Decided`: RETRY or REMOVE.

    The operation's record decides. An event only shortens the wait, and is waited for until the first has come: the
    SDK would take the same one for news a second time.
    """
    task = read_input(context, RetryWindow)
    signals = Signals(context)
    for _ in range(policies.POLLS_PER_INSTANCE):
        looked = task.model_copy(update={"at": now(context)})
        given = yield from persist(context, Activity.DECIDE_KEPT, looked, task.job.pace)
        decided = RetryDecided.model_validate(given)
        if decided.decision is not RetryDecision.WAIT:
            return decided.to_json()
        left = policies.no_sooner((task.until - now(context)).total_seconds())
        wait = min(left, policies.KEPT_LOOK * task.job.pace.retry_seconds)
        if task.heard:
            yield from sleep(context, wait)
        else:
            heard = yield from signals.rest(wait, Event.DECIDED)
            task = task.model_copy(update={"heard": heard is not None})
    return context.continue_as_new(task.to_json())
