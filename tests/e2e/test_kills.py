"""A few kills over running imports and copies; the long storm is a command: `python -m benchmarks.kills`."""

import pytest

from tests.e2e import aftermath
from tests.e2e.kills import Crew, Storm
from tests.e2e.stack import running_stack

KILLS = 10
SEED = 1
SPEED = 300.0


@pytest.mark.timeout(180)
def test_a_host_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(folder):
    with running_stack(folder, speed=SPEED, host="tests.e2e.hasty_host") as stack:
        storm = Storm.over(stack, SEED)
        storm.rage(KILLS, Crew(imports=3, copies=2))
        left = aftermath.settle(storm, seconds=90)
        assert aftermath.faults(left) == []
        assert storm.kills.total() == KILLS
        assert len(left.succeeded) >= len(storm.accepted) > 0
