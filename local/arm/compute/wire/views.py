"""What a GET shows of a machine."""

from ...calls import Json
from ...store import Resource
from ...world import World
from ..model import extensions, guest

_AGENT_VERSION = {"Windows": "2.7.41491.1183", "Linux": "2.13.1.1"}
_PROVISIONING = {
    "Succeeded": ("succeeded", "Info", "Provisioning succeeded"),
    "Failed": ("failed", "Error", "Provisioning failed"),
    "Creating": ("creating", "Info", "Creating"),
    "Updating": ("updating", "Info", "Updating"),
    "Deleting": ("deleting", "Info", "Deleting"),
}


def machine_view(world: World, machine: Resource, expand: str = "") -> Json:
    """The document of a machine; `expand` is instanceView, userData, or empty."""
    inner: Json = dict(machine.properties)
    if expand.lower() == "instanceview":
        inner["instanceView"] = instance_view(world, machine)
    if expand.lower() == "userdata" and machine.hidden.get("userData"):
        inner["userData"] = machine.hidden["userData"]
    body = machine.body | {"properties": inner}
    installed = [child.body for child in world.store.nested(machine.id) if child.kind == guest.EXTENSION]
    return body | ({"resources": installed} if installed else {})


def instance_view(world: World, machine: Resource) -> Json:
    """What a machine does: the agent and the extensions only say something while it runs."""
    hidden, statuses = machine.hidden, _statuses(machine)
    view: Json = {
        "hyperVGeneration": hidden["generation"],
        "disks": _disks(machine),
        "statuses": statuses,
    }
    if hidden.get("power") == guest.RUNNING:
        view["vmAgent"] = _agent(world, machine)
    if guest.agent_ready(world, machine):
        view["computerName"] = machine.properties.get("osProfile", {}).get("computerName", machine.name)
        view |= {"osName": hidden["osName"], "osVersion": hidden["osVersion"]}
    if machine.properties.get("diagnosticsProfile", {}).get("bootDiagnostics", {}).get("enabled"):
        view["bootDiagnostics"] = {}
    installed = [child for child in world.store.nested(machine.id) if child.kind == guest.EXTENSION]
    if installed:
        view["extensions"] = [extensions.view(child) for child in installed]
    return view


def _statuses(machine: Resource) -> list[Json]:
    code, level, display = _PROVISIONING[machine.state]
    failure = machine.hidden.get("failure")
    if failure and machine.state == "Failed":
        code = f"failed/{failure['code']}"
    provisioning: Json = {"code": f"ProvisioningState/{code}", "level": level, "displayStatus": display}
    if failure and machine.state == "Failed":
        provisioning["message"] = failure["message"]
    if "provisionedAt" in machine.hidden:
        provisioning["time"] = machine.hidden["provisionedAt"]
    power = machine.hidden["power"]
    statuses = [provisioning, {"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"}]
    if machine.hidden.get("generalized"):
        statuses.append({"code": "OSState/generalized", "level": "Info", "displayStatus": "VM generalized"})
    return statuses


def _agent(world: World, machine: Resource) -> Json:
    ready = guest.agent_ready(world, machine)
    status = {
        "code": f"ProvisioningState/{'succeeded' if ready else 'Unavailable'}",
        "level": "Info" if ready else "Warning",
        "displayStatus": "Ready" if ready else "Not Ready",
        "message": "GuestAgent is running and processing the extensions."
        if ready
        else "VM status blob is found but not yet populated.",
        "time": world.stamp(),
    }
    version = _AGENT_VERSION[guest.os_of(machine)] if ready else "Unknown"
    return {"vmAgentVersion": version, "extensionHandlers": _handlers(world, machine), "statuses": [status]}


def _handlers(world: World, machine: Resource) -> list[Json]:
    ready = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready"}
    return [
        {"type": child.hidden["handler"], "typeHandlerVersion": child.hidden["version"], "status": ready}
        for child in world.store.nested(machine.id)
        if child.kind == guest.EXTENSION and child.state == "Succeeded"
    ]


def _disks(machine: Resource) -> list[Json]:
    status = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
    status["time"] = machine.properties["timeCreated"]
    profile = machine.properties["storageProfile"]
    return [{"name": disk["name"], "statuses": [status]} for disk in [profile["osDisk"], *profile["dataDisks"]]]
