"""Every scenario of tests/conformance/scenarios: how it ends, and the history that it leaves."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.conformance.history import shown
from tests.conformance.scenario import Runs, Scenario
from tests.conformance.scenarios import (
    activities,
    children,
    custom_status,
    events,
    failures,
    interference,
    lives,
    replays,
    retries,
    side_by_side,
    timers,
)

GROUPS: tuple[ModuleType, ...] = (
    activities,
    replays,
    retries,
    timers,
    events,
    children,
    side_by_side,
    lives,
    custom_status,
    failures,
    interference,
)


def _cases() -> Iterator[Any]:
    for module in GROUPS:
        group = module.__name__.rpartition(".")[2]
        for scenario in module.SCENARIOS:
            yield pytest.param(group, scenario, id=f"{group}: {scenario.title}")


@pytest.mark.parametrize(("group", "scenario"), list(_cases()))
def test_scenario(runs: Runs, group: str, scenario: Scenario) -> None:
    status = runs.outcome(group, scenario)
    assert status["runtimeStatus"] == (scenario.stays or scenario.status), status
    assert status["output"] == scenario.output
    assert status["customStatus"] == scenario.custom_status
    if scenario.history is not None:
        actual = shown(status)
        assert actual == scenario.expected_history(actual)
