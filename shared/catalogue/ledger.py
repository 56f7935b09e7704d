"""The write-ahead ledger: each Azure resource is in it before it is created, and until it is gone."""

from collections.abc import Sequence
from datetime import datetime

from shared.errors.catalogue import Changed, NotFound
from shared.models.ledger_entry import LedgerEntry, LedgerState, ResourceOwner
from shared.ports.catalog import CatalogStore, every
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.jobs.job import Job
from shared.workflow.naming import gallery_target, staging


def group_resources(job: ImportJob) -> Sequence[str]:
    """The staging resource group."""
    return (staging(job).group_id,)


def network_resources(job: ImportJob) -> Sequence[str]:
    """The network security group."""
    return (staging(job).nsg_id,)


def machine_resources(job: ImportJob) -> Sequence[str]:
    """All that the VM's own PUT creates."""
    names = staging(job)
    public_ip = (names.public_ip_id,) if job.create_public_ip else ()
    return (names.vm_id, names.nic_id, names.os_disk_id, *public_ip)


def driver_resources(job: ImportJob, extension: str) -> Sequence[str]:
    """The extension with the GPU driver."""
    return (f"{staging(job).vm_id}/extensions/{extension}",)


def command_resources(job: ImportJob, name: str) -> Sequence[str]:
    """A managed run command: each attempt of a step has one of its own, which stays as long as the VM."""
    return (f"{staging(job).vm_id}/runCommands/{name}",)


def gallery_resources(job: CopyJob) -> Sequence[str]:
    """The provider instance's gallery, which may be there already, and stays."""
    return (gallery_target(job).gallery_id,)


def definition_resources(job: CopyJob) -> Sequence[str]:
    """The image definition of a copy."""
    return (gallery_target(job).definition_id,)


def version_resources(job: CopyJob) -> Sequence[str]:
    """The image version of a copy."""
    return (gallery_target(job).version_id,)


def write(catalog: CatalogStore, job: Job, resources: Sequence[str], state: str, at: datetime) -> None:
    """Write the state of resources; the last writer wins, as one operation has one writer."""
    for order, resource_id in enumerate(resources):
        if state == LedgerState.CREATING and _tells_of_itself(resource_id):
            catalog.put(ResourceOwner(resource_id=resource_id, org_id=job.org_id, operation_id=job.operation_id))
        catalog.put(
            LedgerEntry(
                org_id=job.org_id,
                operation_id=job.operation_id,
                order=order,
                resource_id=resource_id,
                state=state,
                updated_at=at,
            )
        )


def _tells_of_itself(resource_id: str) -> bool:
    """Whether events name it: a staging group stands for all that is in it, a gallery's group for nothing of ours."""
    return "/providers/" not in resource_id or "/galleries/" in resource_id


def entries(catalog: CatalogStore, operation_id: str) -> Sequence[LedgerEntry]:
    """What the operation's ledger says of each resource, in the order of creation.

    A row that an older release wrote has another key: of two about one resource, the later counts.
    """
    latest: dict[str, LedgerEntry] = {}
    for entry in every(catalog, LedgerEntry, operation_id):
        resource = entry.resource_id.lower()
        if resource not in latest or latest[resource].updated_at <= entry.updated_at:
            latest[resource] = entry
    return sorted(latest.values(), key=lambda entry: (entry.updated_at, entry.order))


def is_empty(catalog: CatalogStore, operation_id: str) -> bool:
    """Whether the operation never began to create anything that it would take away again."""
    return all(entry.stays for entry in entries(catalog, operation_id))


def close(catalog: CatalogStore, operation_id: str, at: datetime) -> None:
    """Everything of the operation is gone from Azure, but what stays."""
    for entry in entries(catalog, operation_id):
        state = LedgerState.KEPT if entry.stays else LedgerState.GONE
        if entry.state != state:
            _write_end(catalog, entry.now(state, at))


def note_gone(catalog: CatalogStore, operation_id: str, resource_id: str, at: datetime) -> None:
    """A resource of the operation is gone from Azure, and with it all that was in it."""
    gone = resource_id.lower()
    for entry in entries(catalog, operation_id):
        within = entry.resource_id.lower() == gone or entry.resource_id.lower().startswith(f"{gone}/")
        if within and entry.state != LedgerState.GONE:
            _write_end(catalog, entry.now(LedgerState.GONE, at))


def _write_end(catalog: CatalogStore, entry: LedgerEntry) -> None:
    """Write the last state of an entry; events about what is gone are nobody's any more."""
    if entry.state == LedgerState.GONE and _tells_of_itself(entry.resource_id):
        try:
            owner = catalog.get(ResourceOwner, ResourceOwner.partition_of(entry.resource_id), ResourceOwner.kind)
            if owner.operation_id == entry.operation_id:
                catalog.delete(owner)
        except (NotFound, Changed):
            pass  # another operation has made it anew
    catalog.put(entry)


def existing(catalog: CatalogStore, operation_id: str) -> Sequence[str]:
    """The ARM ids of what the operation made and has not taken away, in the order of creation."""
    found = entries(catalog, operation_id)
    return [entry.resource_id for entry in found if entry.state == LedgerState.EXISTS]
