"""Azure throttles, fails, refuses and never ends at every step; the cases come from the workflows' own lists."""

from collections.abc import Iterator

import pytest

from shared.models.error_info import ErrorInfo
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow import steps, undoing
from shared.workflow.step import Step
from tests.orchestrations.conftest import PASSWORD
from tests.orchestrations.faulty import AZURE_FAULTS, LASTING, Fault, Operation
from tests.orchestrations.scenarios import SCENARIOS, Run, Stage
from tests.orchestrations.test_faults_storage import ends_as_if_nothing_was

CODES = {
    Fault.FORBIDDEN: "AuthorizationFailed",
    Fault.STUCK: "DEADLINE_EXCEEDED",
    Fault.DOWN: "InternalServerError",
}
"""What the error says after a fault that lasts."""


def cases() -> Iterator[object]:
    for name, scenario in SCENARIOS.items():
        for step in scenario.steps:
            for fault in AZURE_FAULTS:
                if fault is not Fault.STUCK or step.check is not None:
                    yield pytest.param(name, step, fault, id=f"{name}-{step.name}-{fault}")


@pytest.mark.parametrize(("name", "step", "fault"), [*cases()])
def test_whatever_azure_does_at_a_step_the_end_is_right(stage: Stage, caplog, name: str, step: Step, fault: Fault):
    scenario = SCENARIOS[name]
    of_step = [each for each in stage.operations(scenario) if scenario.step_of(each) is step and not each.is_storage]
    hit = [each for each in of_step if each.takes(fault)]
    assert hit, f"nothing of {step.name} takes a {fault}"
    for operation in hit:
        run = stage.hit(scenario, operation, fault)
        if passes(operation, fault):
            assert ends_as_if_nothing_was(run, scenario), f"{run.end} after {fault} at {operation}"
        else:
            check = said_of_removal if step in undoing.UNDOING else said
            assert check(run, step, fault) == [], f"{fault} at {operation}"
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_call_to_azure_belongs_to_a_step(stage: Stage, name: str):
    scenario = SCENARIOS[name]
    calls = [each for each in stage.operations(scenario) if not each.is_storage and each.activity != scenario.at]
    strays = [str(each) for each in calls if scenario.step_of(each) is None]
    assert calls
    assert strays == []


def test_every_step_is_in_a_scenario():
    tried = {step.name for scenario in SCENARIOS.values() for step in scenario.steps}
    # Stopping work asks nothing of Azure: it is in the deletion of what is being made.
    assert tried | {undoing.STOP_WORK.name} == set(steps._BY_NAME) | {steps.REPLICATION.name}


def passes(operation: Operation, fault: Fault) -> bool:
    """Whether the fault does no lasting harm. A look at the regions that is refused is no news, and so is a slow end
    of an update whose regions are all there."""
    harmless = {("replication", Fault.FORBIDDEN), ("begin_target_regions", Fault.STUCK)}
    return fault not in LASTING or (operation.method, fault) in harmless


def said(run: Run, step: Step, fault: Fault) -> list[str]:
    """What the records should say of a fault that lasts, and do not."""
    operation, asset = run.world.operation(run.job), run.world.asset(run.job)
    error = operation.error or ErrorInfo(code="none", message="")
    if step is steps.REPLICATION:
        right = (operation.status, error.code) == (OperationStatus.SUCCEEDED, "REPLICATION_INCOMPLETE")
        return [] if right and asset.status is AssetStatus.AVAILABLE else [f"{operation.status}: {error}"]
    expected = AssetStatus.IMPORT_FAILED_TIMEOUT if fault is Fault.STUCK else step.failure
    found = (operation.status, error.code, error.step, asset.status)
    wanted = (OperationStatus.FAILED, CODES[fault], step.name, expected)
    return [] if found == wanted else [f"{found}, not {wanted}"]


def said_of_removal(run: Run, step: Step, fault: Fault) -> list[str]:
    """What the records should say where something could not be taken away, and do not.

    What a clean-up left behind, the deletion that waited for it may still remove, and then has succeeded.
    """
    deletion = run.world.operation(run.deletion) if run.deletion else None
    errors = [each.error for each in (run.world.operation(run.job), deletion) if each and each.error]
    details = [detail.code for error in errors for detail in error.details]
    found = [] if CODES[fault] in details else [f"the details are {details}"]
    if deletion and (deletion.status is OperationStatus.FAILED) is not (deletion.error is not None):
        found.append(f"the deletion is {deletion.status}: {deletion.error}")
    if deletion and step is not undoing.CLEAN_UP and deletion.status is OperationStatus.SUCCEEDED:
        found.append("the deletion has succeeded")
    return found
