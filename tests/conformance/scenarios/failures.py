"""What a failure says, to the orchestrator's code and to whoever asks for the status."""

from tests.conformance.history import ANYTHING, Containing, Line, done, failed
from tests.conformance.scenario import Scenario


def reason(orchestrator: str, text: str) -> Line:
    """Return how the failure of an orchestration is worded."""
    return Line(f"Orchestrator function '{orchestrator}' failed: {text}")


BOOM = "Activity function 'boom' failed:  ValueError: "

SCENARIOS = (
    Scenario(
        title="an exception fails the instance with its text",
        orchestrator="failing",
        status="Failed",
        output=reason("failing", "'which'"),
        history=[done("square", 1)],
    ),
    Scenario(
        title="an orchestrator may fail in its first episode",
        orchestrator="failing_at_once",
        status="Failed",
        output=reason("failing_at_once", "not even begun"),
        history=[],
    ),
    Scenario(
        title="an orchestrator without a yield fails in the worker's words: the SDK wraps generators only",
        orchestrator="failing_without_yield",
        status="Failed",
        output=Containing(
            "Orchestrator function 'failing_without_yield' failed: One or more errors occurred. (Result: Failure\n"
            "Exception: ValueError: not even begun\n"
            "Stack: "
        ),
        history=[],
        note="Seen on Durable extension 3.19.",
    ),
    Scenario(
        title="an exception without a text is named by its type",
        orchestrator="failing_without_words",
        status="Failed",
        output=reason("failing_without_words", "<class 'LookupError'>"),
        history=[done("square", 1)],
    ),
    Scenario(
        title="an activity's failure names its function, its type, and its text",
        orchestrator="activity_failure",
        data="boom!",
        status="Failed",
        output=reason("activity_failure", f"{BOOM}boom!"),
        history=[failed("boom", f"{BOOM}boom!")],
    ),
    Scenario(
        title="a text of several lines is kept whole",
        orchestrator="activity_failure",
        data="one\ntwo",
        status="Failed",
        output=Containing(f"{BOOM}one\ntwo"),
        history=[failed("boom", f"{BOOM}one\ntwo")],
        note="[S] The reason is what stands between the worker's words Exception and Stack.",
    ),
    Scenario(
        title="the code sees a bare exception, and may go on",
        orchestrator="activity_failure_caught",
        output=["Exception", f"{BOOM}one", 4],
        history=[failed("boom", f"{BOOM}one"), done("square", 4)],
    ),
    Scenario(
        title="an orchestrator whose replay parts from its history fails",
        orchestrator="changes_its_mind",
        status="Failed",
        output=Containing("Non-Deterministic workflow detected: "),
        note="Seen on Durable extension 3.19.",
    ),
    Scenario(
        title="an output that is no JSON fails the instance",
        orchestrator="returns_object",
        status="Failed",
        output=Containing("Orchestrator function 'returns_object' failed: "),
        history=[],
    ),
    Scenario(
        title="a result that is no JSON fails the activity",
        orchestrator="calls_unserialisable",
        status="Failed",
        output=Containing("Activity function 'unserialisable' failed: "),
        history=[failed("unserialisable", ANYTHING)],
    ),
)
