"""The build VM: making it, replacing one that failed, restarting it, and what it became."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.compute import guest, network
from shared.cloud.arm.compute.machine_body import machine_body
from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm, about
from shared.cloud.arm.core.errors import raise_unless_missing
from shared.cloud.arm.core.ownership import require_ours
from shared.errors.azure import ErrorKind, TransientError
from shared.ports.azure import Waiting
from shared.workflow.facts import Facts
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging

if TYPE_CHECKING:
    from azure.mgmt.compute.models import VirtualMachine

_AT_WORK = ("Creating", "Updating")
_AGENT = "guest-agent"
"""The handle of a restart that is over but for the guest agent."""


def begin(arm: Arm, job: ImportJob, facts: Facts, password: str) -> Waiting | None:
    """Make the VM, or take up one that an earlier try began.

    Raises:
        TransientError: one that failed stands in the way; its deletion has begun.
    """
    names = staging(job)
    machine = _find(arm, job)
    if machine is None:
        put = arm.compute.virtual_machines.begin_create_or_update
        body = machine_body(job, facts, password)
        # Should another try be quicker than our look, its VM must not be written over.
        once = MatchConditions.IfMissing
        return operations.begin(arm, job, put, names.resource_group, names.vm, body, match_condition=once)
    state = machine.provisioning_state
    if state in _AT_WORK:
        return Waiting()
    # One that Azure gave up on may have come up late all the same.
    if state == "Succeeded" or (state == "Failed" and guest.agent_is_ready(arm, job)):
        return None
    if state != "Deleting":
        delete = arm.compute.virtual_machines.begin_delete
        operations.begin(arm, job, delete, names.resource_group, names.vm, force_deletion=True)
    raise _replacing(job, state)


def check(arm: Arm, job: ImportJob, handle: str | None) -> Waiting | None:
    """How the VM is coming along."""
    return operations.check(arm, job, handle, lambda: _look(arm, job))


def details(arm: Arm, job: ImportJob) -> Mapping[str, object]:
    """What the catalogue says of the VM, in the wire's names."""
    names = staging(job)
    machine = arm.compute.virtual_machines.get(names.resource_group, names.vm, **about(job))
    found: dict[str, object] = {"vmId": machine.vm_id, "vmName": names.vm, "vmResourceId": names.vm_id}
    found |= {"vmSize": job.vm_size, "region": machine.location}
    if machine.storage_profile and (image := machine.storage_profile.image_reference):
        found["imageVersion"] = image.exact_version or image.version
    if machine.storage_profile and (disk := machine.storage_profile.os_disk) and disk.managed_disk:
        found["osDiskId"] = disk.managed_disk.id
    if machine.network_profile and machine.network_profile.network_interfaces:
        nic = machine.network_profile.network_interfaces[0].id or names.nic_id
        found |= {"networkInterfaceId": nic, **network.addresses(arm, job, nic)}
    return {name: value for name, value in found.items() if value is not None}


def begin_restart(arm: Arm, job: ImportJob) -> Waiting | None:
    """Restart the VM; a restart that is under way is not begun again."""
    names = staging(job)
    machine = arm.compute.virtual_machines.get(names.resource_group, names.vm, **about(job))
    if machine.provisioning_state in _AT_WORK:
        return Waiting()
    return operations.begin(arm, job, arm.compute.virtual_machines.begin_restart, names.resource_group, names.vm)


def check_restart(arm: Arm, job: ImportJob, handle: str | None) -> Waiting | None:
    """First the restart itself, then the guest agent, which comes back a little later."""
    waiting = None if handle == _AGENT else operations.check(arm, job, handle, lambda: _at_work(arm, job))
    return waiting or (None if guest.agent_is_ready(arm, job) else Waiting(handle=_AGENT))


def _at_work(arm: Arm, job: ImportJob) -> Waiting | None:
    """Whether Azure is still at work on the VM, as it is while it restarts."""
    machine = _find(arm, job)
    return Waiting() if machine is not None and machine.provisioning_state in _AT_WORK else None


def _look(arm: Arm, job: ImportJob) -> Waiting | None:
    machine = _find(arm, job)
    if machine is not None and machine.provisioning_state in _AT_WORK:
        return Waiting()
    if machine is not None and machine.provisioning_state == "Succeeded":
        return None
    raise _replacing(job, machine.provisioning_state if machine else "missing")


def _find(arm: Arm, job: ImportJob) -> "VirtualMachine | None":
    """The VM, if it is there and ours."""
    names = staging(job)
    try:
        machine = arm.compute.virtual_machines.get(names.resource_group, names.vm, **about(job))
    except ResourceNotFoundError as error:
        raise_unless_missing(error)
        return None
    require_ours(job, f"Virtual machine {names.vm}", machine.tags)
    return machine


def _replacing(job: ImportJob, state: str | None) -> TransientError:
    """The step begins again, until the VM is gone and can be made anew: Azure mends no VM whose creation failed."""
    message = f"Virtual machine {staging(job).vm} is {state or 'in no state'}; it is replaced by a new one."
    return TransientError("ReplacingFailedResource", message, kind=ErrorKind.BUSY)
