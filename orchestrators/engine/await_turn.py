"""The sub-orchestration that waits until an operation may begin."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import Replay, Signals, read_input
from shared.names import Activity, Event, Orchestrator
from shared.workflow.messages import Turn, TurnTask

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.AWAIT_TURN)
def await_turn(context: df.DurableOrchestrationContext) -> Replay:
    """Ask for the operation's turn again and again; returns the `Turn` that ends the wait.

    There is no deadline: those before it have theirs. It begins anew after some looks, so that hours in a queue make
    no long history.
    """
    task = read_input(context, TurnTask)
    signals = Signals(context)
    for _ in signals.rounds(Event.CANCEL):
        yield from signals.rest(policies.queue_delay(task.position, task.limit, task.job.pace), Event.CANCEL)
        turn = yield from ask_for_turn(context, task)
        if turn is not None and turn.position is None:
            return turn.to_json()
        task = waiting_on(task, turn)
    return context.continue_as_new(task.to_json())


def ask_for_turn(context: df.DurableOrchestrationContext, task: TurnTask) -> Generator[Any, Any, Turn | None]:
    """Take the operation's turn if it has come; None where that could not be asked."""
    try:
        returned = yield context.call_activity(Activity.TAKE_TURN, task.to_json())
    except Exception:  # noqa: BLE001 - Durable 1.x delivers every failed activity as a bare Exception
        return None
    return Turn.model_validate(returned)


def waiting_on(task: TurnTask, turn: Turn | None) -> TurnTask:
    """What to go on waiting with; not being able to ask is no news."""
    seen = {"position": turn.position, "limit": turn.limit} if turn else {}
    return task.model_copy(update={"looks": task.looks + 1, **seen})
