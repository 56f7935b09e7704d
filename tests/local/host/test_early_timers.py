"""The mode in which timers ring early, as Microsoft's engine lets them (seen on Durable extension 3.19)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local.host.durable.history import Event
from local.host.durable.instance import Message
from local.host.durable.timers import EarlyTimers, ExactTimers
from tests.local.host.conftest import Process, connected


@pytest.mark.parametrize(
    ("delay", "rings_after"),
    [(-5.0, 0.0), (0.0, 0.0), (0.4, 0.0), (1.0, 0.0), (1.001, 1.0), (9.9, 9.0), (10.0, 9.0), (86400.0, 86399.0)],
)
def test_a_delay_is_cut_to_whole_seconds(delay: float, rings_after: float) -> None:
    now = 1_800_000_000.0
    assert EarlyTimers().rings_at(now + delay, now) == pytest.approx(now + rings_after, abs=1e-5)
    assert ExactTimers().rings_at(now + delay, now) == now + delay


def test_those_that_ring_together_come_in_any_order_and_none_is_lost() -> None:
    messages = [Message(number, "me", None, Event(), 0.0) for number in range(10)]
    orders = {tuple(each.id for each in EarlyTimers(seed).order(messages)) for seed in range(20)}
    assert len(orders) == 20
    assert {tuple(sorted(order)) for order in orders} == {tuple(range(10))}
    assert EarlyTimers(7).order(messages) == EarlyTimers(7).order(messages)


WAITS = """
import datetime
import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def waits(context):
    due = context.current_utc_datetime + datetime.timedelta(seconds=0.5)
    yield context.create_timer(due)
    return context.current_utc_datetime >= due
"""


@pytest.mark.parametrize(("options", "time_has_come"), [((), True), (("--early-timers",), False)])
def test_an_option_of_the_command_line_lets_them(
    process: Callable[..., Process], write_app: Callable[..., Path], options: tuple[str, ...], time_has_come: bool
) -> None:
    host = process(write_app(WAITS), "--port", "0", *options)
    with connected(host.ready()["url"]) as hub:
        assert hub.run("waits") is time_has_come
