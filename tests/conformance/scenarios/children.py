"""Sub-orchestrations: what they are given, what comes back, and how they fail."""

from tests.conformance.history import Line, child_done, child_failed, together
from tests.conformance.scenario import Scenario, child, reaches, sends, tells

FAILING = "Orchestrator function 'failing' failed: 'which'"

SCENARIOS = (
    *(
        Scenario(
            title=f"a child may be given {name}",
            orchestrator="hands_down",
            data=value,
            output={"type": type(value).__name__, "value": value},
            history=[child_done("input_only", {"type": type(value).__name__, "value": value})],
        )
        for name, value in {"an object": {"a": 1}, "a list": [1, 2], "a text": "Bob", "a number": 5}.items()
    ),
    Scenario(
        title="children run side by side, and their results keep the order of the calls",
        orchestrator="parent_of_several",
        output=[0.2, 0.0, 0.1],
        history=[together(*(child_done("takes", seconds) for seconds in (0.0, 0.1, 0.2)))],
    ),
    Scenario(
        title="a child's failure reaches its parent in words",
        orchestrator="parent_of_failing",
        output=FAILING,
        history=[child_failed("failing", Line(FAILING))],
    ),
    Scenario(
        title="a failure that nobody catches goes up, and tells where it came from",
        orchestrator="parent_that_fails_too",
        status="Failed",
        output=Line(f"Orchestrator function 'parent_that_fails_too' failed: {FAILING}"),
        history=[child_failed("failing", Line(FAILING))],
    ),
    Scenario(
        title="a child's failure among siblings is told when all of them have ended",
        orchestrator="children_and_failure",
        output=FAILING,
        history=[child_failed("failing", Line(FAILING)), child_done("takes", 0.5)],
    ),
    Scenario(
        title="a child that continues as new answers once, from its last life",
        orchestrator="parent_of_lives",
        output="lift-off",
        history=[child_done("countdown", "lift-off")],
        note="[S]",
    ),
    Scenario(
        title="a parent waits for its child's event",
        orchestrator="parent_of_waiting",
        steps=(child("-child", reaches("Running"), sends("Go", 1)),),
        output=1,
        history=[child_done("one_event", 1)],
    ),
    Scenario(
        title="a terminated child fails its parent's call with the reason",
        orchestrator="parent_of_waiting",
        steps=(child("-child", reaches("Running"), tells("terminate", "enough")),),
        output="enough",
        history=[child_failed("one_event", "enough")],
        note="[S]",
    ),
)
