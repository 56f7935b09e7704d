"""Timers, and what a race leaves behind: an execution is over when nothing is open any more."""

from tests.conformance.history import RUNG, TIMER, WAITED, Line, child_done, done, failed, flat, heard
from tests.conformance.scenario import Scenario, sends, shows

SCENARIOS = (
    Scenario(
        title="a timer fires no more than a second before its time",
        orchestrator="timer",
        output=True,
        history=WAITED,
        note="Seen on Durable extension 3.19, which cuts the delay to whole seconds.",
    ),
    Scenario(
        title="a timer in the past fires at once",
        orchestrator="timer_in_the_past",
        output="rung",
        history=WAITED,
    ),
    Scenario(
        title="timers fire in the order of their times",
        orchestrator="timers_out_of_order",
        output=True,
        history=[TIMER, TIMER, RUNG, RUNG],
    ),
    Scenario(
        title="a timeout that comes first wins",
        orchestrator="event_or_timeout",
        data={"milliseconds": 100},
        output="too late",
        history=WAITED,
    ),
    Scenario(
        title="a cancelled timer does not delay completion",
        orchestrator="event_or_timeout",
        data={"hours": 1},
        steps=(shows("TimerCreated"), sends("Approval", {"ok": True})),
        output={"ok": True},
        history=[TIMER, heard("Approval")],
    ),
    Scenario(
        title="a timer cancelled beside a failure holds nothing up",
        orchestrator="cancelled_beside_failure",
        output=16,
        history=[TIMER, failed("boom", "Activity function 'boom' failed:  ValueError: early"), done("square", 16)],
    ),
    Scenario(
        title="a timer that lost and was not cancelled delays completion",
        orchestrator="losing_timer",
        output=9,
        history=[TIMER, done("square", 9), RUNG],
    ),
    Scenario(
        title="a timer that lost delays a failure as well",
        orchestrator="losing_timer_and_failure",
        status="Failed",
        output=Line("Orchestrator function 'losing_timer_and_failure' failed: after the race"),
        history=[TIMER, done("square", 9), RUNG],
        note="[S]",
    ),
    Scenario(
        title="an activity that lost delays completion",
        orchestrator="losing_activity",
        output=36,
        history=[done("square", 36), done("slow", 0.5)],
    ),
    Scenario(
        title="a sub-orchestration that lost delays completion",
        orchestrator="losing_child",
        output=36,
        history=flat(done("square", 36), child_done("takes", 0.5)),
        note="[S]",
    ),
)
