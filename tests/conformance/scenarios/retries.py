"""Calls with retries: the host does them, and the SDK only counts along."""

from tests.conformance.history import (
    RUNG,
    TIMER,
    WAITED,
    Containing,
    Line,
    child_done,
    child_failed,
    done,
    failed,
    flat,
    together,
)
from tests.conformance.scenario import Scenario

FLAKY = failed("flaky", "Activity function 'flaky' failed:  RuntimeError: flaky failed")
BOOM = failed("boom", "Activity function 'boom' failed:  ValueError: no")
FLAKY_CHILD = child_failed(
    "flaky_child",
    Line("Orchestrator function 'flaky_child' failed: Activity function 'flaky' failed:  RuntimeError: flaky failed"),
)
FAILING_CHILD = child_failed("failing", Line("Orchestrator function 'failing' failed: 'which'"))

SCENARIOS = (
    Scenario(
        title="a call that succeeds at once is not tried again",
        orchestrator="retried_for_nothing",
        output=9,
        history=[done("square", 9)],
    ),
    Scenario(
        title="a call is tried again until it succeeds",
        orchestrator="retried",
        output=3,
        history=flat(FLAKY, WAITED, FLAKY, WAITED, done("flaky", 3)),
    ),
    Scenario(
        title="one more timer follows the last failure, and the ids of host and SDK still agree",
        orchestrator="retried_in_vain",
        output=["Activity function 'boom' failed:  ValueError: no", 4],
        history=flat(BOOM, WAITED, BOOM, WAITED, BOOM, WAITED, done("square", 4)),
    ),
    Scenario(
        title="retries in parallel keep their ids apart",
        orchestrator="retries_side_by_side",
        output=[[3, 3, 3], 16],
        history=flat(
            together(*[FLAKY] * 6, *[TIMER] * 6, *[RUNG] * 6, *[done("flaky", 3)] * 3),
            done("square", 16),
        ),
    ),
    Scenario(
        title="a retried activity can't be raced against a timer that is cancelled afterwards: its ids move on replay",
        orchestrator="retry_against_timeout",
        status="Failed",
        output=Containing("Non-Deterministic workflow detected: "),
        note="Seen on Durable extension 3.19: the cancelled timer has won from the beginning.",
    ),
    Scenario(
        title="nor can a sub-orchestration that is tried again",
        orchestrator="retry_of_child_against_timeout",
        status="Failed",
        output=Containing("Non-Deterministic workflow detected: "),
        note="Seen on Durable extension 3.19.",
    ),
    Scenario(
        title="an activity without retries can: its id stays",
        orchestrator="activity_against_timeout",
        output=[True, 9],
        history=[TIMER, done("square", 4), done("square", 9)],
        note="Seen on Durable extension 3.19.",
    ),
    Scenario(
        title="a sub-orchestration is tried again until it succeeds",
        orchestrator="retries_child",
        output=3,
        history=flat(FLAKY_CHILD, WAITED, FLAKY_CHILD, WAITED, child_done("flaky_child", 3)),
    ),
    Scenario(
        title="one more timer follows the last failure of a sub-orchestration",
        orchestrator="retries_child_in_vain",
        output=["Orchestrator function 'failing' failed: 'which'", 4],
        history=flat(FAILING_CHILD, WAITED, FAILING_CHILD, WAITED, FAILING_CHILD, WAITED, done("square", 4)),
    ),
)
