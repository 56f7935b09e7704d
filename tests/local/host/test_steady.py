"""The engine's time when the machine's clock is set."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import azure.durable_functions as df
import pytest

from local.host.app import index
from local.host.durable.hub import TaskHub
from local.host.durable.steady import SET_BACK, SteadyClock
from local.host.durable.store import Store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Machine:
    """A machine whose clock can be set."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.clock = NOON
        self.steady = SteadyClock(lambda: self.clock, lambda: self.seconds)

    def goes_on(self, by: timedelta) -> None:
        self.seconds += by.total_seconds()
        self.clock += by


def test_a_clock_that_is_set_back_is_not_followed_and_time_goes_on():
    machine = Machine()
    machine.clock -= HOUR
    for past in (0, 10, 3600, 7200):
        machine.seconds, machine.clock = 100.0 + past, NOON - HOUR + timedelta(seconds=past)
        assert machine.steady() == NOON + timedelta(seconds=past)


def test_a_clock_that_is_right_again_is_followed_again():
    machine = Machine()
    machine.clock -= HOUR
    assert machine.steady() == NOON
    machine.clock += HOUR + 5 * SECOND
    assert machine.steady() == NOON + 5 * SECOND


@pytest.mark.parametrize("by", [HOUR, SECOND, -SECOND, -SET_BACK])
def test_a_clock_that_is_set_ahead_or_corrected_is_followed(by: timedelta):
    machine = Machine()
    machine.clock += by
    assert machine.steady() == NOON + by
    machine.goes_on(10 * SECOND)
    assert machine.steady() == NOON + by + 10 * SECOND


def test_a_machine_that_sleeps_wakes_up_at_the_right_time():
    machine = Machine()
    machine.clock += 8 * HOUR  # its monotonic clock stood still
    assert machine.steady() == NOON + 8 * HOUR


def test_the_engine_goes_by_it(tmp_path: Path):
    store = Store(tmp_path / "state.sqlite")
    try:
        assert isinstance(TaskHub(store, index(df.DFApp(), tmp_path)).post._clock, SteadyClock)
    finally:
        store.close()
