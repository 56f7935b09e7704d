"""The custom status: what it shows while the orchestrator runs, and when it is gone."""

from tests.conformance.client import Json
from tests.conformance.history import ANYTHING, heard
from tests.conformance.scenario import Scenario, has_custom_status, sends

FALSE: dict[str, Json] = {"null": None, "an empty text": "", "zero": 0, "an empty object": {}}

SCENARIOS = (
    Scenario(
        title="it is shown as soon as it is set, and stays after the end",
        orchestrator="custom_status",
        data=["first", {"phase": ["second"]}],
        steps=(
            has_custom_status("first"),
            sends("Next0"),
            has_custom_status({"phase": ["second"]}),
            sends("Next1"),
        ),
        custom_status={"phase": ["second"]},
        history=[heard("Next0"), heard("Next1")],
    ),
    *(
        Scenario(
            title=f"{name} clears it: the SDK leaves out what is false",
            orchestrator="custom_status",
            data=["first", value],
            steps=(has_custom_status("first"), sends("Next0"), has_custom_status(None), sends("Next1")),
            custom_status=None,
        )
        for name, value in FALSE.items()
    ),
    Scenario(
        title="one of almost 16 KB in UTF-16 is kept",
        orchestrator="sized_custom_status",
        data=8000,
        custom_status="x" * 8000,
    ),
    Scenario(
        title="a larger one fails the instance",
        orchestrator="sized_custom_status",
        data=9000,
        status="Failed",
        output=ANYTHING,
        note="[S] The limit was read, and not the words of the failure.",
    ),
)
