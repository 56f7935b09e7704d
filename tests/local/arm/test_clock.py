"""Simulated time: its pace, its steps, and what bodies say of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.arm import durations
from local.arm.clock import Clock, SteadyWall
from tests.local.arm.conftest import GROUP, MACHINE, Azure


class _Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.moment = 1_000_000.0

    def __call__(self) -> float:
        return self.moment


@pytest.fixture(name="wall")
def _wall() -> _Wall:
    return _Wall()


def test_time_runs_at_its_speed(wall: _Wall) -> None:
    """A minute in a second at speed 60; a changed speed holds from then on."""
    clock = Clock(60, wall)
    wall.moment += 2
    assert clock.now() == 1_000_120
    clock.set(speed=10)
    wall.moment += 1
    assert clock.now() == 1_000_130


def test_time_can_stand_and_be_stepped(wall: _Wall) -> None:
    """Frozen, only steps move it."""
    clock = Clock(60, wall)
    clock.set(frozen=True)
    wall.moment += 100
    assert clock.now() == 1_000_000
    clock.set(step=30)
    assert clock.now() == 1_000_030
    clock.set(frozen=False)
    wall.moment += 1
    assert clock.now() == 1_000_090


def test_time_never_runs_backwards(wall: _Wall) -> None:
    """Neither by a step, nor by a speed, nor because the wall clock is set back."""
    clock = Clock(60, wall)
    changes: list[dict[str, Any]] = [{"step": -1}, {"speed": 0}, {"speed": -2}]
    for change in changes:
        with pytest.raises(ValueError, match="forward"):
            clock.set(**change)
    before = clock.now()
    wall.moment -= 50
    assert clock.now() >= before


def test_time_goes_on_while_the_wall_clock_is_set_back(wall: _Wall) -> None:
    """Else nothing would end until that has caught up. Set ahead, it is followed."""
    seconds = _Wall()
    clock = Clock(60, SteadyWall(wall, seconds))
    wall.moment -= 3_600
    seconds.moment += 2
    assert clock.now() == 1_000_120
    wall.moment += 3_600 + 5
    seconds.moment += 1
    assert clock.now() == 1_000_300


def test_stamps_are_wall_clock_moments(wall: _Wall) -> None:
    """What ended a simulated minute after the start ended a second after it for whoever watched."""
    clock = Clock(60, wall)
    wall.moment += 10
    assert clock.stamp(1_000_060) == "1970-01-12T13:46:41.0000000Z"


def test_a_clock_goes_on_after_a_restart(wall: _Wall) -> None:
    """From where it was, plus the time in between."""
    first = Clock(60, wall)
    wall.moment += 1
    second = Clock(1, wall)
    second.restore(first.state())
    wall.moment += 1
    assert second.now() == 1_000_120


def test_reported_times_agree_with_the_callers_clock(azure: Azure) -> None:
    """A machine was created now, not in the simulated future."""
    created = azure.machine().time_created
    assert abs(datetime.now(UTC) - created) < timedelta(seconds=30)
    assert azure.compute.virtual_machines.instance_view(GROUP, MACHINE).statuses[0].time >= created


def test_durations_are_repeatable_and_within_their_spread() -> None:
    """The same seed draws the same; each stays within its spread; each says where it is from."""
    for name, typical in durations.TYPICAL.items():
        drawn = [durations.draw(name, str(seed)) for seed in range(50)]
        assert drawn == [durations.draw(name, str(seed)) for seed in range(50)]
        assert all(abs(each - typical.seconds) <= typical.seconds * typical.spread for each in drawn)
        assert typical.source


@pytest.mark.parametrize("change", [{"speed": 0}, {"step": -5}, {"pace": 3}, {"step": "x"}])
def test_a_change_that_makes_no_sense_is_refused(azure: Azure, change: dict[str, object]) -> None:
    """400, and the clock is as it was."""
    assert azure.admin.post("/_sim/clock", json=change).status_code == 400
    assert azure.admin.get("/_sim/clock").json()["frozen"] is False
