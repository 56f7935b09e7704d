"""External events: waiting for them, missing them, and the SDK's traps."""

from tests.conformance.history import RUNG, TIMER, heard
from tests.conformance.scenario import Scenario, reaches, sends, shows

VALUES = {
    "an object": {"ok": True, "ü": [None]},
    "a list": [1, "two"],
    "a text": "Zürich \U0001f600",
    "a number": 0,
    "true": True,
    "null": None,
}
RUNNING = reaches("Running")

SCENARIOS = (
    *(
        Scenario(
            title=f"{name} that is sent over HTTP arrives as it is",
            orchestrator="one_event",
            steps=(RUNNING, sends("Go", value)),
            output=value,
            history=[heard("Go")],
        )
        for name, value in VALUES.items()
    ),
    Scenario(
        title="an event may come before the instance has begun",
        orchestrator="one_event",
        steps=(sends("Go", 1),),
        output=1,
        history=[heard("Go")],
        note="[S] A host may hold the start back for longer than the event, as long as it loses neither.",
    ),
    Scenario(
        title="an event that nobody waits for yet is kept",
        orchestrator="late_wait",
        steps=(shows("TimerCreated"), sends("Item", {"n": 1})),
        output={"n": 1},
        history=[TIMER, heard("Item"), RUNG],
    ),
    Scenario(
        title="one may wait for several events, in whatever order they come",
        orchestrator="all_events",
        steps=(RUNNING, sends("Second", 2), shows("EventRaised"), sends("First", 1)),
        output=[1, 2],
        history=[heard("Second"), heard("First")],
    ),
    Scenario(
        title="an event that nobody waits for any more does not hold up completion",
        orchestrator="any_event",
        steps=(RUNNING, sends("Second", 2)),
        output=[1, 2],
        history=[heard("Second")],
    ),
    Scenario(
        title="events that nobody ever waits for change nothing",
        orchestrator="one_event",
        steps=(RUNNING, sends("Other", 0), shows("EventRaised"), sends("Go", 1)),
        output=1,
        history=[heard("Other"), heard("Go")],
    ),
    Scenario(
        title="the events of one name that come when they are waited for arrive one by one",
        orchestrator="late_waits",
        steps=(
            RUNNING,
            sends("Begin"),
            shows("EventRaised"),
            sends("Item", 1),
            shows("EventRaised", 2),
            sends("Item", 2),
        ),
        output=[1, 2],
        history=[heard("Begin"), heard("Item"), heard("Item")],
    ),
    Scenario(
        title="of two waits for one name at the same time the newest hears first",
        orchestrator="two_waits_at_once",
        steps=(RUNNING, sends("Item", 1), shows("EventRaised"), sends("Item", 2)),
        output=[2, 1],
        history=[heard("Item"), heard("Item")],
    ),
    Scenario(
        title="two early events of one name become twice the last: the SDK keeps only that",
        orchestrator="late_waits",
        steps=(
            RUNNING,
            sends("Item", 1),
            shows("EventRaised"),
            sends("Item", 2),
            shows("EventRaised", 2),
            sends("Begin"),
        ),
        output=[2, 2],
        history=[heard("Item"), heard("Item"), heard("Begin")],
    ),
    Scenario(
        title="one early event for two waits leaves the instance running: the SDK takes it twice, the host once",
        orchestrator="late_waits",
        steps=(RUNNING, sends("Item", 1), shows("EventRaised"), sends("Begin"), shows("EventRaised", 2)),
        stays="Running",
        history=[heard("Item"), heard("Begin")],
    ),
    Scenario(
        title="a second event lets the host catch up, and the SDK still returns the first one twice",
        orchestrator="late_waits",
        steps=(
            RUNNING,
            sends("Item", 1),
            shows("EventRaised"),
            sends("Begin"),
            shows("EventRaised", 2),
            sends("Item", 2),
        ),
        output=[1, 1],
        history=[heard("Item"), heard("Begin"), heard("Item")],
    ),
    Scenario(
        title="the SDK heeds the case of an event's name",
        orchestrator="one_event",
        steps=(RUNNING, sends("GO", 1), shows("EventRaised")),
        stays="Running",
        history=[heard("GO")],
    ),
    Scenario(
        title="an event in another case does not keep the right one from being heard",
        orchestrator="one_event",
        steps=(RUNNING, sends("GO", 1), shows("EventRaised"), sends("Go", 2)),
        output=2,
        history=[heard("GO"), heard("Go")],
        note="[S] The host ignores case, so that for it the first one ends the wait.",
    ),
)
