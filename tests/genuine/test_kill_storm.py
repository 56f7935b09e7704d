"""A storm of kills over one host with Microsoft's engine."""

from pathlib import Path

from local.azurite import running_azurite
from tests.e2e import aftermath
from tests.e2e.kills import Crew, Storm
from tests.e2e.stack import running_stack

KILLS = 20
OPERATIONS = 30
CREW = Crew(imports=26, copies=14)
"""Each sends one request after the other as long as the storm rages; some of them get no answer, for the kills."""

SEED = 1
SPEED = 300.0
SETTLE_SECONDS = 300.0


def test_twenty_kills_over_thirty_operations_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    with (
        running_azurite() as azurite,
        running_stack(tmp_path, azurite.connection_string, speed=SPEED, host="tests.e2e.hasty_host") as stack,
    ):
        storm = Storm.over(stack, SEED)
        storm.rage(KILLS, CREW)
        left = aftermath.settle(storm, SETTLE_SECONDS)
        assert aftermath.faults(left) == []
        assert storm.kills.total() == KILLS
        assert len(left.succeeded) >= max(len(storm.accepted), OPERATIONS)
