"""The clock jumps by an hour while images are made, ahead and back, at every wait and every activity.

The local host's engine does not see a clock go back (`tests/local/host/test_steady.py`); on Azure, and after a restart,
an orchestration may, and since its own time never goes back it waits, at most, for the clock to catch up.
"""

from datetime import timedelta

import pytest

from tests.orchestrations.scenarios import SCENARIOS, Run, Stage

HOUR = timedelta(hours=1)
LONGEST = timedelta(minutes=30)
"""What a run may take that a minute's poll and quarter-minute's retries make."""


class Jump:
    """Sets the clock once, at the so-manieth time that it is asked."""

    def __init__(self, run: Run, by: timedelta, at: int) -> None:
        self._run, self._by, self._left = run, by, at

    def __call__(self, *_: object) -> None:
        if self._left == 0:
            self._run.world.now += self._by
        self._left -= 1

    @property
    def has_happened(self) -> bool:
        return self._left < 0


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["ahead", "back"])
@pytest.mark.parametrize("moment", ["before_activity", "before_wait"])
@pytest.mark.parametrize("name", ["import", "copy-replicated"])
def test_a_clock_that_jumps_fails_nothing_and_holds_nothing_up(stage: Stage, name: str, moment: str, by: timedelta):
    jumps = 0
    for at in range(100):
        jump: list[Jump] = []

        def set_clock(run: Run, at: int = at, jump: list[Jump] = jump) -> None:
            jump.append(Jump(run, by, at))
            setattr(run.world, moment, jump[0])

        run = stage.run(SCENARIOS[name], prepare=set_clock)
        if not jump[0].has_happened:
            break
        jumps += 1
        assert run.wrong == [], f"{moment} {at}"
        assert run.end is SCENARIOS[name].end, f"{moment} {at}"
        taken = run.world.now - run.began - max(by, timedelta(0))
        assert taken <= LONGEST, f"{moment} {at}: it took {taken} beside the jump"
        run.world.store_file.unlink()
    assert jumps >= 5
