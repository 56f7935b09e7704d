"""The staging resource group: everything an operation makes is in it, and deleting it undoes everything."""

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm, about
from shared.cloud.arm.core.errors import raise_unless_missing
from shared.cloud.arm.core.ownership import require_ours
from shared.errors.azure import ErrorKind, TransientError
from shared.ports.azure import Waiting
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging, tags

_GONE = "Gone"
_WITHOUT_SHUTDOWN = "Microsoft.Compute/virtualMachines"
"""These are deleted without a graceful shutdown: nobody needs what is on them any more, and it takes minutes."""


def create(arm: Arm, job: ImportJob) -> None:
    """Make the group; one of ours that exists is left as it is."""
    name = staging(job).resource_group
    state = _state(arm, job)
    if state == _GONE:
        body = {"location": job.provider.region, "tags": tags(job)}
        arm.resources.resource_groups.create_or_update(name, body, **about(job))
    elif state == "Deleting":
        raise TransientError(
            "ResourceGroupBeingDeleted",
            f"Resource group {name} is still being deleted; it is made anew afterwards.",
            kind=ErrorKind.BUSY,
        )


def begin_delete(arm: Arm, job: ImportJob) -> Waiting | None:
    """Delete the group and all that is in it, if it is ours."""
    state = _state(arm, job)
    if state == _GONE:
        return None
    if state == "Deleting":
        return Waiting()
    delete = arm.resources.resource_groups.begin_delete
    return operations.begin(arm, job, delete, staging(job).resource_group, force_deletion_types=_WITHOUT_SHUTDOWN)


def check_delete(arm: Arm, job: ImportJob, handle: str | None) -> Waiting | None:
    """How the deletion is doing."""
    return operations.check(arm, job, handle, lambda: _look(arm, job))


def _look(arm: Arm, job: ImportJob) -> Waiting | None:
    state = _state(arm, job)
    if state == _GONE:
        return None
    if state == "Deleting":
        return Waiting()
    raise TransientError(
        "DeletionEnded",
        f"The deletion of resource group {staging(job).resource_group} ended without deleting it; it is begun again.",
        kind=ErrorKind.BUSY,
    )


def _state(arm: Arm, job: ImportJob) -> str:
    """The group's provisioning state, if it is ours."""
    name = staging(job).resource_group
    try:
        group = arm.resources.resource_groups.get(name, **about(job))
    except ResourceNotFoundError as error:
        raise_unless_missing(error)
        return _GONE
    require_ours(job, f"Resource group {name}", group.tags)
    return str(group.properties.provisioning_state) if group.properties else ""
