"""Starting, stopping and generalizing machines."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.local.arm.conftest import GROUP, MACHINE, Azure, code_of, until


def test_the_agent_is_ready_some_time_after_the_machine(frozen: Azure) -> None:
    """Succeeded does not mean that the agent reports yet."""
    frozen.created_while_frozen()
    assert (frozen.power(), frozen.agent()) == ("PowerState/running", "Not Ready")
    frozen.clock(step=120)
    view = frozen.compute.virtual_machines.instance_view(GROUP, MACHINE)
    assert view.vm_agent.statuses[0].code == "ProvisioningState/succeeded"
    assert (view.computer_name, view.os_name) == (MACHINE, "Windows 11 Enterprise multi-session")


def test_a_restart_silences_the_agent_for_a_while(frozen: Azure) -> None:
    """Not Ready during the restart and after it, then Ready again."""
    frozen.clock(frozen=False)
    frozen.ready_machine()
    frozen.clock(frozen=True)
    machines = frozen.compute.virtual_machines
    machines.begin_restart(GROUP, MACHINE, polling=False)
    assert (frozen.power(), frozen.agent()) == ("PowerState/running", "Not Ready")
    assert machines.get(GROUP, MACHINE).provisioning_state == "Updating"
    frozen.clock(step=76)
    assert machines.get(GROUP, MACHINE).provisioning_state == "Succeeded"
    frozen.clock(step=120)
    assert frozen.agent() == "Ready"


@pytest.mark.parametrize(
    ("name", "during", "after"), [("power_off", "stopping", "stopped"), ("deallocate", "deallocating", "deallocated")]
)
def test_stopping_and_starting(frozen: Azure, name: str, during: str, after: str) -> None:
    """Each way to stop has its states; nothing runs meanwhile; starting brings all back."""
    frozen.clock(frozen=False)
    frozen.ready_machine()
    frozen.clock(frozen=True)
    machines = frozen.compute.virtual_machines
    getattr(machines, f"begin_{name}")(GROUP, MACHINE, polling=False)
    assert frozen.power() == f"PowerState/{during}"
    frozen.clock(step=300)
    assert (frozen.power(), frozen.agent()) == (f"PowerState/{after}", None)
    machines.begin_start(GROUP, MACHINE, polling=False)
    assert frozen.power() == "PowerState/starting"
    frozen.clock(step=300)
    assert (frozen.power(), frozen.agent()) == ("PowerState/running", "Ready")


def test_actions_can_be_repeated(azure: Azure) -> None:
    """Starting what runs, and deallocating what is deallocated, succeed; redeploy and reapply work."""
    machines = azure.compute.virtual_machines
    azure.machine()
    for call in (machines.begin_start, machines.begin_redeploy, machines.begin_reapply):
        call(GROUP, MACHINE).result()
    assert azure.power() == "PowerState/running"
    for _ in range(2):
        machines.begin_deallocate(GROUP, MACHINE).result()
    assert azure.power() == "PowerState/deallocated"


def test_generalizing(azure: Azure) -> None:
    """Only a stopped machine can be generalized, and it never starts again."""
    machines = azure.compute.virtual_machines
    azure.machine()
    assert code_of(lambda: machines.generalize(GROUP, MACHINE)) == "OperationNotAllowed"
    machines.begin_deallocate(GROUP, MACHINE).result()
    for _ in range(2):
        machines.generalize(GROUP, MACHINE)
    statuses = [status.code for status in machines.instance_view(GROUP, MACHINE).statuses]
    assert "OSState/generalized" in statuses
    assert code_of(lambda: machines.begin_start(GROUP, MACHINE)) == "OperationNotAllowed"


def test_a_restart_needs_a_running_machine(azure: Azure) -> None:
    """409 OperationNotAllowed on a stopped one."""
    machines = azure.compute.virtual_machines
    azure.machine()
    machines.begin_power_off(GROUP, MACHINE, skip_shutdown=True).result()
    refused: list[Callable[..., Any]] = [machines.begin_restart, machines.begin_redeploy]
    for call in refused:
        assert code_of(lambda call=call: call(GROUP, MACHINE)) == "OperationNotAllowed"  # type: ignore[misc]


def test_an_action_that_fails_leaves_the_power_as_it_was(azure: Azure) -> None:
    """The machine says Failed, runs on, and the next action heals it."""
    azure.ready_machine()
    azure.fault({"type": "fail", "code": "VMStartTimedOut"}, phase="final", method="POST", path="restart", count=1)
    machines = azure.compute.virtual_machines
    assert code_of(lambda: machines.begin_restart(GROUP, MACHINE).result()) == "VMStartTimedOut"
    assert machines.get(GROUP, MACHINE).provisioning_state == "Failed"
    assert (azure.power(), azure.agent()) == ("PowerState/running", "Ready")
    machines.begin_restart(GROUP, MACHINE).result()
    until(lambda: azure.agent() == "Ready")
