"""What cannot be changed on an existing machine."""

from typing import Any

from ...calls import Json
from ...errors import not_simulated
from ...ids import same
from ...store import Resource
from ...world import fingerprint
from .. import errors

_FIXED = (
    "plan.name",
    "plan.publisher",
    "plan.product",
    "properties.storageProfile.imageReference.publisher",
    "properties.storageProfile.imageReference.offer",
    "properties.storageProfile.imageReference.sku",
    "properties.storageProfile.osDisk.name",
    "properties.osProfile.adminUsername",
    "properties.osProfile.computerName",
    "properties.securityProfile.securityType",
)


def check_change(machine: Resource, sent: Json) -> None:
    """Refuse a write that would change what is fixed; what the write does not name stays as it is."""
    for path in _FIXED:
        wanted, current = _at(sent, path), _at(machine.body, path)
        if wanted is not None and not same(str(wanted), str(current)):
            raise errors.change_not_allowed(path.removeprefix("properties."))
    _check_version(machine, sent)
    _check_password(machine, sent)
    _check_interfaces(machine, sent)


def _check_version(machine: Resource, sent: Json) -> None:
    wanted = _at(sent, "properties.storageProfile.imageReference.version")
    current = machine.properties["storageProfile"].get("imageReference") or {}
    if wanted is not None and wanted not in (current.get("version"), current.get("exactVersion")):
        raise errors.change_not_allowed("imageReference")


def _check_password(machine: Resource, sent: Json) -> None:
    password = _at(sent, "properties.osProfile.adminPassword")
    if password is not None and fingerprint(str(password), machine.hidden["salt"]) != machine.hidden["password"]:
        raise errors.change_not_allowed("osProfile.adminPassword")


def _check_interfaces(machine: Resource, sent: Json) -> None:
    profile = _at(sent, "properties.networkProfile") or {}
    wanted = {str(each.get("id")).rsplit("/", 1)[-1].lower() for each in profile.get("networkInterfaces") or []}
    wanted |= {str(each.get("name")).lower() for each in profile.get("networkInterfaceConfigurations") or []}
    current = {
        each["id"].rsplit("/", 1)[-1].lower() for each in machine.properties["networkProfile"]["networkInterfaces"]
    }
    if wanted and wanted != current:
        raise not_simulated("exchanging the network interfaces of a machine")


def _at(document: Any, path: str) -> Any:
    for member in path.split("."):
        document = document.get(member) if isinstance(document, dict) else None
    return document
