"""Storage fails at every operation of imports, copies, and what ends them: one run for each.

Runs that can't differ from their neighbours are left out; `python -m benchmarks.faults` leaves out none.
"""

import pytest

from shared.states.statuses import OperationStatus
from tests.orchestrations.conftest import PASSWORD
from tests.orchestrations.faulty import STORAGE_FAULTS, Fault
from tests.orchestrations.scenarios import SAME_STORAGE, SCENARIOS, Run, Scenario, Stage


def ends_as_if_nothing_was(run: Run, scenario: Scenario) -> bool:
    deleted = run.deletion is None or run.world.operation(run.deletion).status is OperationStatus.SUCCEEDED
    return deleted and run.end in scenario.ends


@pytest.mark.parametrize("fault", STORAGE_FAULTS)
@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in SAME_STORAGE])
def test_wherever_storage_fails_the_end_is_the_same(stage: Stage, caplog, name: str, fault: Fault):
    scenario = SCENARIOS[name]
    operations = [each for each in stage.operations(scenario) if each.is_storage and each.takes(fault)]
    hit = [each for each in operations if each.is_worth(fault)]
    assert len(hit) >= 5
    for operation in hit:
        run = stage.hit(scenario, operation, fault)
        assert ends_as_if_nothing_was(run, scenario), f"{run.end} after {fault} at {operation}"
    assert PASSWORD not in caplog.text
