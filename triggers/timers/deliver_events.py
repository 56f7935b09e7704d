"""What sends the events that wait: a timer for each receiver, so that one that is slow holds up no other."""

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.delivery.sender import Sender
from shared.names import Sink
from triggers.http.answers import now

EVERY_FIVE_SECONDS = "*/5 * * * * *"

bp = df.Blueprint()


@bp.function_name("deliver_to_event_grid")
@bp.timer_trigger(arg_name="timer", schedule=EVERY_FIVE_SECONDS, use_monitor=False)
def deliver_to_event_grid(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Send to the Event Grid topic what waits for it, if there is a topic."""
    _deliver(Sink.EVENT_GRID)


@bp.function_name("deliver_to_webhook")
@bp.timer_trigger(arg_name="timer", schedule=EVERY_FIVE_SECONDS, use_monitor=False)
def deliver_to_webhook(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Send to the webhook what waits for it, if there is one."""
    _deliver(Sink.WEBHOOK)


def _deliver(name: Sink) -> None:
    sink = wiring.sinks().get(name)
    if sink is not None:
        Sender(wiring.catalog(), name, sink, now).deliver()
