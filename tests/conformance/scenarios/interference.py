"""What can be done to an instance that runs: terminate, suspend, resume."""

from tests.conformance.history import RESUMED, RUNG, SUSPENDED, TERMINATED, TIMER, heard
from tests.conformance.scenario import Scenario, reaches, sends, shows, tells

RUNNING = reaches("Running")
SUSPEND = (RUNNING, tells("suspend", "lunch"), reaches("Suspended"))

SCENARIOS = (
    Scenario(
        title="a terminated instance ends with the reason",
        orchestrator="one_event",
        steps=(RUNNING, tells("terminate", "no longer & wanted")),
        status="Terminated",
        output="no longer & wanted",
        history=[TERMINATED],
        note="[S] The reason travels in the query; it is encoded there.",
    ),
    Scenario(
        title="termination does not wait for what is open",
        orchestrator="event_or_timeout",
        data={"hours": 1},
        steps=(shows("TimerCreated"), tells("terminate", "enough")),
        status="Terminated",
        output="enough",
        history=[TIMER, TERMINATED],
    ),
    Scenario(
        title="what comes while the instance is suspended counts when it is resumed",
        orchestrator="one_event",
        steps=(*SUSPEND, sends("Go", 1), tells("resume", "back")),
        output=1,
        history=[SUSPENDED, heard("Go"), RESUMED],
        note="[S]",
    ),
    Scenario(
        title="a suspended instance does not go on",
        orchestrator="one_event",
        steps=(*SUSPEND, sends("Go", 1), shows("EventRaised")),
        stays="Suspended",
        output="lunch",
        history=[SUSPENDED, heard("Go")],
        note="Seen on Durable extension 3.19: the reason is shown as the output.",
    ),
    Scenario(
        title="a timer that fires while the instance is suspended counts when it is resumed",
        orchestrator="event_or_timeout",
        data={"seconds": 1},
        steps=(shows("TimerCreated"), tells("suspend"), shows("TimerFired"), tells("resume")),
        output="too late",
        history=[TIMER, SUSPENDED, RUNG, RESUMED],
        note="[S]",
    ),
    Scenario(
        title="an instance may be suspended again after it was resumed",
        orchestrator="one_event",
        steps=(*SUSPEND, tells("resume"), *SUSPEND, tells("resume"), RUNNING, sends("Go", 1)),
        output=1,
        history=[SUSPENDED, RESUMED, SUSPENDED, RESUMED, heard("Go")],
        note="[S]",
    ),
    Scenario(
        title="a suspended instance can be terminated",
        orchestrator="one_event",
        steps=(*SUSPEND, tells("terminate", "enough")),
        status="Terminated",
        output="enough",
        history=[SUSPENDED, TERMINATED],
        note="[S]",
    ),
)
