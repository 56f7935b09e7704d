"""The operating system disks that machines bring with them."""

from ... import durations, ids
from ...calls import Call, Json
from ...catalogue import Image
from ...errors import not_simulated
from ...operations import Effect, Operation
from ...store import Resource
from ...world import World
from .. import errors

KIND = "Microsoft.Compute/disks"
_DEFAULT_STORAGE = "Standard_LRS"
_DELETE = "compute.disk.delete"


def create_for(world: World, machine_id: str, location: str, sent: Json, image: Image) -> Json:
    """Make a machine's disk from its image; returns `storageProfile.osDisk` as a GET shows it."""
    machine = ids.parse(machine_id)
    if sent.get("createOption", "FromImage") != "FromImage":
        raise not_simulated(f"osDisk.createOption '{sent['createOption']}'")
    name = sent.get("name") or f"{machine.name}_OsDisk_1"
    storage = (sent.get("managedDisk") or {}).get("storageAccountType", _DEFAULT_STORAGE)
    size = sent.get("diskSizeGB", image.size_in_gb)
    disk_id = str(machine.sibling("Microsoft.Compute", "disks", name))
    found = world.store.find(disk_id)
    if found and found.body.get("managedBy"):
        raise errors.disk_attached(name, found.body["managedBy"])
    inner = {
        "osType": image.os,
        "hyperVGeneration": image.generation,
        "creationData": {"createOption": "FromImage"},
        "diskSizeGB": size,
        "diskState": "Attached",
        "timeCreated": world.stamp(),
        "provisioningState": "Succeeded",
    }
    body = {"location": location, "managedBy": machine_id, "sku": {"name": storage}, "properties": inner}
    world.create(disk_id, body)
    return {
        "caching": "ReadWrite",
        "deleteOption": "Detach",
        **sent,
        "osType": image.os,
        "name": name,
        "createOption": "FromImage",
        "diskSizeGB": size,
        "managedDisk": {"storageAccountType": storage, "id": disk_id},
    }


def release(world: World, machine: Resource) -> None:
    """The machine goes: its disk goes with it, or stays unattached."""
    described = machine.properties["storageProfile"]["osDisk"]
    disk = world.store.find(described["managedDisk"]["id"])
    if disk is None:
        return
    if described["deleteOption"] == "Delete":
        world.store.remove(disk)
        return
    disk.body.pop("managedBy", None)
    disk.properties["diskState"] = "Unattached"
    world.store.save(disk)


def delete(world: World, call: Call, disk: Resource) -> Operation:
    """Start the deletion of a disk that no machine holds."""
    if machine := disk.body.get("managedBy"):
        raise errors.disk_attached(disk.name, machine)
    world.unlock(call, disk)
    return world.begin(call, disk, _DELETE, world.draw(durations.DISK_DELETE, disk.id), durations.RETRY_COMPUTE)


def _deleted(world: World, operation: Operation) -> None:
    world.store.remove(world.require(operation.target))


def _kept(_world: World, _operation: Operation, _error: Json) -> None:
    """A disk that could not be deleted is as it was."""


EFFECTS = {_DELETE: Effect(_deleted, _kept)}
