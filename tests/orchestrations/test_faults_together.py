"""Two faults in one run, drawn by seeds: what no list of single faults has."""

import random

import pytest

from tests.orchestrations.conftest import PASSWORD
from tests.orchestrations.faulty import LASTING, Fault
from tests.orchestrations.scenarios import SCENARIOS, Stage
from tests.orchestrations.test_faults_storage import ends_as_if_nothing_was

PAIRS = 3
"""For each scenario and seed."""


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", SCENARIOS)
def test_two_faults_are_no_worse_than_one(stage: Stage, caplog, name: str, seed: int):
    scenario, chance = SCENARIOS[name], random.Random(f"{name} {seed}")  # noqa: S311 - to be repeated
    single = [(each, fault) for each in stage.operations(scenario) for fault in Fault if each.takes(fault)]
    for _ in range(PAIRS):
        plan = {operation.number: fault for operation, fault in chance.sample(single, 2)}
        run = stage.run(scenario, plan)
        happened = [f"{fault} at {operation}" for operation, fault in run.faults.happened]
        assert happened, plan
        assert run.wrong == [], happened
        if not LASTING & {fault for _, fault in run.faults.happened}:
            assert ends_as_if_nothing_was(run, scenario), happened
        run.world.store_file.unlink()
    assert PASSWORD not in caplog.text
