"""Several things at once: fan-out, fan-in, races, and a failure among siblings."""

from tests.conformance.history import done, failed, together
from tests.conformance.scenario import Scenario

SCENARIOS = (
    *(
        Scenario(
            title=f"the results of {width} activities keep the order of the calls",
            orchestrator="fan_out",
            data=width,
            output=[number * number for number in range(width)],
            history=[together(*(done("square", number * number) for number in range(width)))],
        )
        for width in (1, 2, 40)
    ),
    Scenario(
        title="after a failure the next step waits for the siblings",
        orchestrator="fan_out_with_failure",
        output=["Activity function 'boom' failed:  ValueError: first", 25],
        history=[
            failed("boom", "Activity function 'boom' failed:  ValueError: first"),
            done("slow", 0.5),
            done("square", 25),
        ],
    ),
    Scenario(
        title="the first wins, and the other may be taken in later",
        orchestrator="first_of_two",
        output=[1296, 0.5],
        history=[done("square", 36), done("square", 1296), done("slow", 0.5)],
    ),
    Scenario(
        title="groups may race",
        orchestrator="any_of_alls",
        output=[1, 4],
        history=[together(*(done("square", result) for result in (1, 4, 9))), done("slow", 0.5)],
    ),
)
