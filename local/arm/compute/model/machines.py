"""Virtual machines: created, changed, deleted.

`hidden` holds what Azure knows and never shows: `power`; `agentAt`, the moment from which the agent reports (None for
never); `password` and `salt`, a fingerprint to see a change by; `failure`, the error that the creation ended with.
"""

import secrets
import uuid

from ... import durations, ids
from ...calls import Call, Json
from ...operations import Effect, Operation
from ...store import Resource
from ...tracked import envelope, existing
from ...world import World, fingerprint
from . import disks, guest, interfaces
from .changes import check_change
from .quota import check_cores
from .rules import Blueprint, check_new, check_size

_CREATE = "compute.machine.create"
_UPDATE = "compute.machine.update"
_DELETE = "compute.machine.delete"
_CREATION = {"Windows": durations.MACHINE_CREATE_WINDOWS, "Linux": durations.MACHINE_CREATE_LINUX}
# Accepted and never shown again.
_WRITE_ONLY = ("adminPassword", "customData")


def put(world: World, call: Call, machine_id: str) -> tuple[Operation, Resource, bool]:
    """Create a machine, or change one; returns the operation, the machine, and whether it is new."""
    found = existing(world, call, machine_id)
    if found:
        return change(world, call, found), world.require(machine_id), False
    sent = call.document
    blueprint = check_new(world, call, machine_id)
    inner = _inner(world, machine_id, sent, blueprint)
    outer = envelope(call) | {name: sent[name] for name in ("plan", "zones", "identity") if sent.get(name)}
    machine = world.create(machine_id, outer | {"etag": '"1"', "properties": inner}, _hidden(sent, blueprint))
    seconds = world.draw(_CREATION[blueprint.image.os], machine_id)
    operation = world.begin(call, machine, _CREATE, seconds, durations.RETRY_COMPUTE)
    return operation, world.require(machine_id), True


def change(world: World, call: Call, machine: Resource) -> Operation:
    """Change a machine by PUT or PATCH; what cannot be changed must be as it is."""
    sent = call.document
    inner: Json = sent.get("properties") or {}
    check_change(machine, sent)
    current = machine.properties["hardwareProfile"]["vmSize"]
    wanted = (inner.get("hardwareProfile") or {}).get("vmSize") or current
    resized = not ids.same(wanted, current)
    if resized:
        size = check_size(world, machine.location, wanted, machine.hidden["generation"])
        held = world.catalogue.size(machine.location, current)
        check_cores(world, machine.subscription, machine.location, size, held)
        machine.properties["hardwareProfile"]["vmSize"] = size.name
    if "tags" in sent or call.method == "PUT":
        machine.body["tags"] = sent.get("tags") or {}
    profile: Json = inner.get("storageProfile") or {}
    if profile.get("dataDisks") is not None:
        held = machine.properties["storageProfile"]["dataDisks"]
        machine.properties["storageProfile"]["dataDisks"] = disks.settle_data_disks(
            world, machine.id, machine.location, profile["dataDisks"], held
        )
    for member in ("diagnosticsProfile", "licenseType"):
        if member in inner:
            machine.properties[member] = inner[member]
    machine.body["etag"] = f'"{int(machine.body["etag"].strip(chr(34))) + 1}"'
    machine.state = "Updating"
    seconds = world.draw(durations.MACHINE_UPDATE, machine.id)
    arguments = {"resized": resized}
    # A machine whose creation failed is not healed by writing it again.
    failure = machine.hidden.get("failure")
    return world.begin(call, machine, _UPDATE, seconds, durations.RETRY_COMPUTE, arguments, failure)


def delete(world: World, call: Call, machine: Resource, *, forced: bool) -> Operation:
    """Start a deletion; whatever else is under way on the machine is preempted."""
    world.preempt(machine.id)
    machine = world.require(machine.id)
    machine.state = "Deleting"
    duration = durations.MACHINE_DELETE_FORCED if forced else durations.MACHINE_DELETE
    return world.begin(call, machine, _DELETE, world.draw(duration, machine.id), durations.RETRY_COMPUTE)


def _inner(world: World, machine_id: str, sent: Json, blueprint: Blueprint) -> Json:
    inner: Json = sent["properties"]
    location = sent["location"]
    profile = inner.get("storageProfile") or {}
    disk = disks.create_for(world, machine_id, location, profile.get("osDisk") or {}, blueprint.image)
    network = inner.get("networkProfile") or {}
    kept = {name: value for name, value in inner.items() if name != "userData" and value is not None}
    if inner.get("osProfile"):
        kept["osProfile"] = _os_profile(ids.parse(machine_id).name, inner["osProfile"], blueprint.image.os)
    return {
        **kept,
        "vmId": str(uuid.uuid4()),
        "hardwareProfile": inner["hardwareProfile"] | {"vmSize": blueprint.size.name},
        "storageProfile": {
            "osDisk": disk,
            "dataDisks": disks.settle_data_disks(world, machine_id, location, profile.get("dataDisks") or [], []),
        }
        | _image_reference(profile, blueprint),
        "networkProfile": {"networkInterfaces": interfaces.attach(world, machine_id, location, network)},
        "provisioningState": "Creating",
        "timeCreated": world.stamp(),
    }


def _image_reference(profile: Json, blueprint: Blueprint) -> Json:
    """A machine that boots from a disk that was there has none."""
    if not blueprint.version:
        return {}
    return {"imageReference": profile["imageReference"] | {"exactVersion": blueprint.version}}


def _os_profile(name: str, sent: Json, os: str) -> Json:
    defaults = {"provisionVMAgent": True} | ({"enableAutomaticUpdates": True} if os == "Windows" else {})
    member = "windowsConfiguration" if os == "Windows" else "linuxConfiguration"
    shown = {key: value for key, value in sent.items() if key not in _WRITE_ONLY}
    return {
        "computerName": name,
        **shown,
        member: defaults | (sent.get(member) or {}),
        "secrets": [],
        "allowExtensionOperations": True,
        "requireGuestProvisionSignal": True,
    }


def _hidden(sent: Json, blueprint: Blueprint) -> Json:
    salt = secrets.token_hex(8)
    image = blueprint.image
    return {
        "power": "starting",
        "agentAt": None,
        "salt": salt,
        "password": fingerprint(str((sent["properties"].get("osProfile") or {}).get("adminPassword")), salt),
        "generation": image.generation,
        "osName": image.os_name,
        "osVersion": image.os_version,
        "userData": sent["properties"].get("userData"),
    }


def _created(world: World, operation: Operation) -> None:
    machine = world.require(operation.target)
    interfaces.settle(world, machine, failed=False)
    guest.boot(world, machine, operation)
    _ready(world, machine)


def _not_created(world: World, operation: Operation, error: Json) -> None:
    machine = world.require(operation.target)
    machine.hidden["failure"] = error
    interfaces.settle(world, machine, failed=True)
    # What timed out in the guest did start, and may still become ready; what was not placed never ran.
    if error["code"].startswith("OSProvisioning"):
        guest.boot(world, machine, operation)
    else:
        machine.hidden["power"] = "stopped"
    machine.state = "Failed"
    world.store.save(machine)


def _updated(world: World, operation: Operation) -> None:
    machine = world.require(operation.target)
    if operation.arguments["resized"] and machine.hidden["power"] == guest.RUNNING:
        guest.boot(world, machine, operation)
    _ready(world, machine)


def _ready(world: World, machine: Resource) -> None:
    machine.state = "Succeeded"
    machine.hidden["provisionedAt"] = world.stamp()
    world.store.save(machine)


def _deleted(world: World, operation: Operation) -> None:
    machine = world.require(operation.target)
    interfaces.release(world, machine)
    disks.release(world, machine)
    world.store.remove(machine)


def _failed(world: World, operation: Operation, _error: Json) -> None:
    machine = world.require(operation.target)
    machine.state = "Failed"
    world.store.save(machine)


EFFECTS = {
    _CREATE: Effect(_created, _not_created),
    _UPDATE: Effect(_updated, _failed),
    _DELETE: Effect(_deleted, _failed),
}
