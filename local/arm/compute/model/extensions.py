"""Virtual machine extensions, among them the drivers of GPUs."""

from ... import durations, ids
from ...calls import Call, Json
from ...catalogue import Extension
from ...operations import Effect, Operation
from ...store import Resource
from ...tracked import envelope, existing
from ...world import World
from .. import errors
from . import guest

_WRITE = "compute.extension.write"
_DELETE = "compute.extension.delete"
_UNSUPPORTED_GPU = "Enable failed with exit code 100: no supported GPU of {vendor} was found on size {size}."
# Accepted and never shown again.
_WRITE_ONLY = ("protectedSettings", "protectedSettingsFromKeyVault")


def put(world: World, call: Call, extension_id: str) -> tuple[Operation, Resource, bool]:
    """Install an extension, or install it again; returns the operation, the extension, and whether it is new."""
    found = existing(world, call, extension_id)
    machine = world.require(str(ids.parse(extension_id).parent))
    world.unlock(call, machine)
    guest.require_running(machine)
    sent: Json = call.document.get("properties") or {}
    kind, version = _kind(world, machine, sent)
    _check_single(world, machine, extension_id, f"{kind.publisher}.{kind.type}")
    shown = {name: value for name, value in sent.items() if name not in _WRITE_ONLY}
    inner = {"autoUpgradeMinorVersion": False, "settings": {}} | shown
    inner["provisioningState"] = "Updating" if found else "Creating"
    hidden = {"version": version, "handler": f"{kind.publisher}.{kind.type}"}
    extension = world.create(found.id if found else extension_id, envelope(call) | {"properties": inner}, hidden)
    seconds, failure = _course(world, machine, extension, kind)
    operation = world.begin(call, extension, _WRITE, seconds, durations.RETRY_COMPUTE, failure=failure)
    return operation, extension, found is None


def delete(world: World, call: Call, extension: Resource) -> Operation:
    """Remove an extension from a running machine."""
    guest.require_running(world.require(str(ids.parse(extension.id).parent)))
    world.unlock(call, extension)
    extension.state = "Deleting"
    seconds = world.draw(durations.EXTENSION_DELETE, extension.id)
    return world.begin(call, extension, _DELETE, seconds, durations.RETRY_COMPUTE)


def view(extension: Resource) -> Json:
    """The extension's part of an instance view."""
    error = extension.hidden.get("error")
    state, level, display = {
        "Succeeded": ("succeeded", "Info", "Provisioning succeeded"),
        "Failed": (f"failed/{(error or {}).get('code')}", "Error", "Provisioning failed"),
    }.get(extension.state, ("transitioning", "Info", "Transitioning"))
    status = {"code": f"ProvisioningState/{state}", "level": level, "displayStatus": display}
    status["message"] = error["message"] if error else ""
    if "time" in extension.hidden:
        status["time"] = extension.hidden["time"]
    handler = {"type": extension.hidden["handler"], "typeHandlerVersion": extension.hidden["version"]}
    return {"name": extension.name} | handler | {"statuses": [status]}


def _kind(world: World, machine: Resource, sent: Json) -> tuple[Extension, str]:
    for member in ("publisher", "type", "typeHandlerVersion"):
        if not sent.get(member):
            raise errors.missing_parameter(member)
    publisher, name, wanted = sent["publisher"], sent["type"], str(sent["typeHandlerVersion"])
    kind = world.catalogue.extension(publisher, name)
    if kind is None or kind.os != guest.os_of(machine):
        raise errors.extension_not_found(publisher, name, machine.location)
    fitting = [version for version in kind.versions if version == wanted or version.startswith(wanted + ".")]
    if not fitting:
        raise errors.extension_version_not_found(publisher, name, wanted)
    return kind, kind.versions[-1] if sent.get("autoUpgradeMinorVersion") else fitting[-1]


def _check_single(world: World, machine: Resource, extension_id: str, handler: str) -> None:
    for other in world.store.nested(machine.id):
        if other.hidden.get("handler") == handler and not ids.same(other.id, extension_id):
            raise errors.extension_duplicate(ids.parse(extension_id).name, handler, guest.os_of(machine))


def _course(world: World, machine: Resource, extension: Resource, kind: Extension) -> tuple[float, Json | None]:
    """How long it takes, and the error that it must end with, if any."""
    agent_at = machine.hidden.get("agentAt")
    if agent_at is None:
        return world.draw(durations.AGENT_SILENCE, extension.id), errors.agent_silent(machine.name)
    waiting = max(0.0, agent_at - world.now)
    if not kind.gpu_vendor:
        return waiting + world.draw(durations.EXTENSION, extension.id), None
    size = world.catalogue.size(machine.location, machine.properties["hardwareProfile"]["vmSize"])
    if size and size.gpu_vendor == kind.gpu_vendor:
        return waiting + world.draw(durations.EXTENSION_GPU_DRIVER, extension.id), None
    reason = _UNSUPPORTED_GPU.format(vendor=kind.gpu_vendor, size=size.name if size else "?")
    failure = errors.extension_failed(extension.name, extension.hidden["handler"], reason)
    return waiting + world.draw(durations.EXTENSION, extension.id), failure


def _written(world: World, operation: Operation) -> None:
    extension = world.require(operation.target)
    extension.state = "Succeeded"
    extension.hidden["time"] = world.stamp()
    world.store.save(extension)


def _deleted(world: World, operation: Operation) -> None:
    world.store.remove(world.require(operation.target))


def _failed(world: World, operation: Operation, error: Json) -> None:
    extension = world.require(operation.target)
    extension.state = "Failed"
    extension.hidden |= {"error": error, "time": world.stamp()}
    world.store.save(extension)


EFFECTS = {_WRITE: Effect(_written, _failed), _DELETE: Effect(_deleted, _failed)}
