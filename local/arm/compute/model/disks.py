"""The disks that machines hold: made with them, or attached to them."""

from ... import ids
from ...calls import Json
from ...catalogue import Image
from ...errors import not_simulated
from ...store import Resource
from ...world import World
from .. import errors as compute_errors
from ..disks import errors, sources
from ..disks.model import check_no_access, new_inner, sku

_DEFAULT_STORAGE = "Standard_LRS"
_DEFAULT_DATA_STORAGE = "Premium_LRS"
_LUNS = range(64)
ATTACH, EMPTY, FROM_IMAGE = "Attach", "Empty", "FromImage"


def create_for(world: World, machine_id: str, location: str, sent: Json, image: Image) -> Json:
    """Make a machine's disk from its image, or attach one; returns `storageProfile.osDisk` as a GET shows it."""
    machine = ids.parse(machine_id)
    option = sent.get("createOption") or FROM_IMAGE
    if option == ATTACH:
        return _shown(sent, _attach(world, machine_id, _attachable(world, machine_id, location, sent)))
    if option != FROM_IMAGE:
        raise not_simulated(f"osDisk.createOption '{option}'")
    content = sources.of_image(image)
    size = sent.get("diskSizeGB") or content.size
    if size < content.size:
        raise errors.size_too_small(size, content.size)
    name = sent.get("name") or f"{machine.name}_OsDisk_1"
    storage = (sent.get("managedDisk") or {}).get("storageAccountType") or _DEFAULT_STORAGE
    disk_id = str(machine.sibling("Microsoft.Compute", "disks", name))
    _check_absent(world, disk_id)
    inner = new_inner(world, content.inner, {"createOption": FROM_IMAGE}, size)
    body = {"location": location, "managedBy": machine_id, "sku": sku(storage), "properties": inner}
    return _shown(sent, world.create(disk_id, body, {"system": content.system}))


def boot_image(world: World, machine_id: str, location: str, sent: Json) -> Image:
    """What a machine that boots from an existing disk boots, in the form of an image."""
    disk = _attachable(world, machine_id, location, sent)
    system, inner = disk.hidden.get("system"), disk.properties
    if not system or "osType" not in inner:
        raise errors.not_attachable(disk.name, "it has no operating system")
    if not ids.same(str(sent.get("osType") or inner["osType"]), inner["osType"]):
        raise errors.not_attachable(disk.name, f"its operating system is {inner['osType']}")
    plan = inner.get("purchasePlan") or {}
    return Image(
        publisher=plan.get("publisher", ""),
        offer=plan.get("product", ""),
        sku="",
        os=inner["osType"],
        os_name=system["osName"],
        os_version=system["osVersion"],
        generation=inner.get("hyperVGeneration", "V1"),
        size_in_gb=inner["diskSizeGB"],
        features=tuple(system["features"]),
        versions=(),
        plan=plan.get("name"),
        deprecation={},
        regions=(disk.location,),
    )


def settle_data_disks(world: World, machine_id: str, location: str, wanted: list[Json], held: list[Json]) -> list[Json]:
    """Make a machine's data disks those that are wanted: create, attach, detach; returns them as a GET shows them."""
    luns = [_lun(each) for each in wanted]
    for lun in luns:
        if luns.count(lun) > 1:
            raise errors.lun_taken(lun)
    kept = {each["managedDisk"]["id"].lower(): each for each in held}
    staying = [each for each in wanted if not each.get("toBeDetached")]
    shown = [_settle(world, machine_id, location, each, kept) for each in staying]
    for gone in kept.values():
        _detach(world, gone["managedDisk"]["id"])
    return shown


def release(world: World, machine: Resource) -> None:
    """The machine goes: its disks go with it, or stay unattached."""
    profile = machine.properties["storageProfile"]
    for described in [profile["osDisk"], *profile["dataDisks"]]:
        disk = world.store.find(described["managedDisk"]["id"])
        if disk and described["deleteOption"] == "Delete":
            world.store.remove(disk)
        elif disk:
            _detach(world, disk.id)


def _settle(world: World, machine_id: str, location: str, sent: Json, kept: dict[str, Json]) -> Json:
    machine = ids.parse(machine_id)
    # Azure tells data disks apart by their place, where the request names none.
    at_place = next((each["name"] for each in kept.values() if each["lun"] == sent["lun"]), None)
    name = sent.get("name") or at_place or f"{machine.name}_DataDisk_{sent['lun']}"
    named = (sent.get("managedDisk") or {}).get("id") or str(machine.sibling("Microsoft.Compute", "disks", name))
    if known := kept.pop(str(named).lower(), None):
        return known | {key: sent[key] for key in ("lun", "caching", "deleteOption") if key in sent}
    option = sent.get("createOption")
    if option == ATTACH:
        return _shown(sent, _attach(world, machine_id, _attachable(world, machine_id, location, sent))) | _place(sent)
    if option != EMPTY:
        raise not_simulated(f"dataDisks.createOption '{option}'")
    size = sent.get("diskSizeGB")
    if not size or size < 1:
        raise compute_errors.missing_parameter("dataDisk.diskSizeGB")
    _check_absent(world, str(named))
    storage = (sent.get("managedDisk") or {}).get("storageAccountType") or _DEFAULT_DATA_STORAGE
    inner = new_inner(world, {}, {"createOption": EMPTY}, size)
    body = {"location": location, "managedBy": machine_id, "sku": sku(storage), "properties": inner}
    return _shown(sent, world.create(str(named), body)) | _place(sent)


def _attachable(world: World, machine_id: str, location: str, sent: Json) -> Resource:
    disk_id = (sent.get("managedDisk") or {}).get("id")
    if not disk_id:
        raise compute_errors.missing_parameter("managedDisk.id")
    disk = world.store.find(disk_id)
    if disk is None or not ids.same(disk.kind, sources.DISK):
        raise errors.disk_not_found(disk_id)
    owner = disk.body.get("managedBy")
    if owner and not ids.same(owner, machine_id):
        raise errors.owned(disk.name, ids.parse(machine_id).name, owner)
    if disk.location != location:
        raise errors.not_attachable(disk.name, f"it is in {disk.location}, not in {location}")
    if disk.state != "Succeeded":
        raise errors.not_attachable(disk.name, f"it is in the state {disk.state}")
    check_no_access(world, disk)
    return disk


def _attach(world: World, machine_id: str, disk: Resource) -> Resource:
    disk.body["managedBy"] = machine_id
    world.store.save(disk)
    return disk


def _detach(world: World, disk_id: str) -> None:
    disk = world.store.find(disk_id)
    if disk:
        disk.body.pop("managedBy", None)
        world.store.save(disk)


def _shown(sent: Json, disk: Resource) -> Json:
    described = {"osType": disk.properties["osType"]} if "osType" in disk.properties else {}
    return {
        "caching": "ReadWrite" if described else "None",
        "deleteOption": "Detach",
        **{name: value for name, value in sent.items() if value is not None},
        **described,
        "name": disk.name,
        "createOption": sent.get("createOption") or FROM_IMAGE,
        "diskSizeGB": disk.properties["diskSizeGB"],
        "managedDisk": {"storageAccountType": disk.body["sku"]["name"], "id": disk.id},
    }


def _place(sent: Json) -> Json:
    return {"lun": sent["lun"], "toBeDetached": False}


def _lun(sent: Json) -> int:
    lun = sent.get("lun", -1)
    if lun not in _LUNS:
        raise compute_errors.invalid_parameter("dataDisk.lun", f"The lun must be between 0 and {_LUNS[-1]}.")
    return int(lun)


def _check_absent(world: World, disk_id: str) -> None:
    if found := world.store.find(disk_id):
        raise errors.already_there(found.name, found.group)
