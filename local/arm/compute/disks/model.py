"""Disks and snapshots as resources: written, changed, deleted.

`hidden` holds `system`, what a machine that boots from the disk needs to know of it (None for a disk of data), and,
while access is granted, `access`: the simulated moment at which the shared access signature ends.
"""

import uuid

from ... import durations, ids
from ...calls import Call, Json
from ...operations import Effect, Operation
from ...store import Resource
from ...tracked import envelope, existing
from ...world import World
from .. import errors as compute_errors
from . import errors, sources

_WRITE = "compute.disk.write"
_DELETE = "compute.disk.delete"
_DEFAULT_STORAGE = "Standard_LRS"
_LARGEST_GB = 32_767
_DEALLOCATED = "deallocated"
_BYTES_PER_GB = 1024**3
# What a PUT says of a disk's contents in place of its source.
_DESCRIBED = ("osType", "hyperVGeneration", "purchasePlan", "supportedCapabilities", "securityProfile")
# What a later PUT or PATCH may change, apart from size, storage and tags.
_CHANGEABLE = (
    *("networkAccessPolicy", "publicNetworkAccess", "purchasePlan", "supportedCapabilities", "diskAccessId"),
    *("burstingEnabled", "tier", "supportsHibernation", "optimizedForFrequentAttach", "dataAccessAuthMode"),
)


def put(world: World, call: Call, disk_id: str) -> tuple[Operation, Resource]:
    """Create a disk or a snapshot, or change one."""
    found = existing(world, call, disk_id)
    if found:
        return change(world, call, found), world.require(disk_id)
    sent: Json = call.document.get("properties") or {}
    content = sources.find(world, call, call.document["location"], sent)
    size = sent.get("diskSizeGB") or content.size
    _check_size(size, content.size)
    described = {name: sent[name] for name in _DESCRIBED if sent.get(name)}
    extra = {name: sent[name] for name in _CHANGEABLE if name in sent}
    inner = new_inner(world, content.inner | described | extra, sent["creationData"], size)
    if ids.parse(disk_id).kind == sources.SNAPSHOT:
        inner["incremental"] = bool(sent.get("incremental"))
    storage = (call.document.get("sku") or {}).get("name") or _DEFAULT_STORAGE
    body = envelope(call) | {"sku": sku(storage), "properties": inner | {"provisioningState": "Updating"}}
    body |= {"zones": call.document["zones"]} if call.document.get("zones") else {}
    disk = world.create(disk_id, body, {"system": content.system})
    return _begin(world, call, disk, _WRITE, durations.DISK_WRITE), world.require(disk_id)


def change(world: World, call: Call, disk: Resource) -> Operation:
    """Change size, storage, tags and what else can be changed; PUT and PATCH alike."""
    sent: Json = call.document.get("properties") or {}
    _check_source_kept(disk, sent)
    size = int(sent.get("diskSizeGB") or disk.properties["diskSizeGB"])
    storage = (call.document.get("sku") or {}).get("name", disk.body["sku"]["name"])
    if size < disk.properties["diskSizeGB"]:
        raise errors.size_shrinks(disk.name)
    _check_size(size, 0)
    machine = holder(world, disk)
    if machine and machine.hidden["power"] != _DEALLOCATED and storage != disk.body["sku"]["name"]:
        raise errors.in_running_machine(disk.name, machine.name, "change the storage of")
    if "tags" in call.document or call.method == "PUT":
        disk.body["tags"] = call.document.get("tags") or {}
    disk.body["sku"] = sku(storage)
    disk.properties.update({name: sent[name] for name in _CHANGEABLE if name in sent})
    disk.body["properties"] |= {
        "diskSizeGB": size,
        "diskSizeBytes": size * _BYTES_PER_GB,
        "provisioningState": "Updating",
    }
    return _begin(world, call, disk, _WRITE, durations.DISK_WRITE)


def delete(world: World, call: Call, disk: Resource) -> Operation:
    """Start the deletion of a disk that no machine holds and nobody reads."""
    if machine := disk.body.get("managedBy"):
        raise compute_errors.disk_attached(disk.name, machine)
    check_no_access(world, disk)
    world.unlock(call, disk)
    return _begin(world, call, disk, _DELETE, durations.DISK_DELETE)


def new_inner(world: World, described: Json, creation: Json, size: int) -> Json:
    """The inner document of a disk that is new."""
    return {
        **described,
        "creationData": creation,
        "diskSizeGB": size,
        "diskSizeBytes": size * _BYTES_PER_GB,
        "uniqueId": str(uuid.uuid4()),
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": described.get("networkAccessPolicy", "AllowAll"),
        "publicNetworkAccess": described.get("publicNetworkAccess", "Enabled"),
        "timeCreated": world.stamp(),
        "provisioningState": "Succeeded",
        "diskState": "Unattached",
    }


def view(world: World, disk: Resource) -> Json:
    """The document of a disk: its state follows from who holds it, and who may read it."""
    machine = holder(world, disk)
    state = "Unattached"
    if machine:
        state = "Reserved" if machine.hidden["power"] == _DEALLOCATED else "Attached"
    elif accessible(world, disk):
        state = "ActiveSAS"
    return disk.body | {"properties": disk.properties | {"diskState": state}}


def holder(world: World, disk: Resource) -> Resource | None:
    """The machine that holds a disk, or None."""
    return world.store.find(disk.body["managedBy"]) if disk.body.get("managedBy") else None


def accessible(world: World, disk: Resource) -> bool:
    """Whether a shared access signature for the contents is in force."""
    return bool(disk.hidden.get("access", 0.0) > world.now)


def check_no_access(world: World, disk: Resource) -> None:
    """Refuse what cannot be done while somebody may read or write the contents."""
    if accessible(world, disk):
        raise errors.access_granted(disk.name)


def sku(storage: str) -> Json:
    """`sku` as a GET shows it."""
    return {"name": storage, "tier": storage.partition("_")[0].removesuffix("SSD")}


def _check_size(size: int, least: int) -> None:
    if not 1 <= size <= _LARGEST_GB:
        raise compute_errors.invalid_parameter("diskSizeGB", f"The disk size must be between 1 and {_LARGEST_GB} GB.")
    if size < least:
        raise errors.size_too_small(size, least)


def _check_source_kept(disk: Resource, sent: Json) -> None:
    current = disk.properties["creationData"]
    for name, value in (sent.get("creationData") or {}).items():
        if name in ("createOption", "sourceResourceId") and not ids.same(str(value), str(current.get(name))):
            raise compute_errors.change_not_allowed(f"creationData.{name}")


def _begin(world: World, call: Call, disk: Resource, effect: str, duration: str) -> Operation:
    return world.begin(call, disk, effect, world.draw(duration, disk.id), durations.RETRY_DISK)


def _written(world: World, operation: Operation) -> None:
    disk = world.require(operation.target)
    disk.state = "Succeeded"
    world.store.save(disk)


def _failed(world: World, operation: Operation, _error: Json) -> None:
    disk = world.require(operation.target)
    disk.state = "Failed"
    world.store.save(disk)


def _deleted(world: World, operation: Operation) -> None:
    world.store.remove(world.require(operation.target))


def _kept(_world: World, _operation: Operation, _error: Json) -> None:
    """A disk that could not be deleted is as it was."""


EFFECTS = {_WRITE: Effect(_written, _failed), _DELETE: Effect(_deleted, _kept)}
