"""What an orchestrator may look at, and must see again in every replay."""

from tests.conformance.history import ANYTHING, WAITED, done, flat
from tests.conformance.scenario import Scenario

SCENARIOS = (
    Scenario(
        title="the first episode is no replay",
        orchestrator="first_sight",
        output=False,
    ),
    Scenario(
        title="uuids and times are the same in each replay, and only the last step is new",
        orchestrator="observations",
        output={
            "same": True,
            "distinct": 4,
            "aware": True,
            "passed": True,
            "replaying": [True, True, False],
            "id": ANYTHING,
            "parent": None,
        },
        history=flat(done("Echo", ANYTHING), WAITED),
    ),
)
