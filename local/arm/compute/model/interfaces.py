"""The network interfaces of a machine: referenced, or created with it."""

from ... import durations, ids
from ...calls import Json
from ...network import errors as network_errors
from ...network.model import check_quota, make_ready, users, write
from ...network.shapes import INTERFACE, PUBLIC_ADDRESS, SHAPES, check_reference
from ...store import Resource
from ...world import World
from .. import errors

_DELETE = "Delete"


def attach(world: World, machine_id: str, location: str, profile: Json) -> list[Json]:
    """Give a new machine its interfaces; returns `networkProfile.networkInterfaces` as a GET shows it."""
    references = profile.get("networkInterfaces") or []
    configurations = profile.get("networkInterfaceConfigurations") or []
    if not references and not configurations:
        raise errors.missing_parameter("networkProfile.networkInterfaces")
    if configurations and not profile.get("networkApiVersion"):
        raise errors.missing_parameter("networkProfile.networkApiVersion")
    attached = [_attach_existing(world, machine_id, location, reference) for reference in references]
    attached += [_create(world, machine_id, location, configuration) for configuration in configurations]
    if len(attached) > 1 and sum(bool(each["properties"].get("primary")) for each in attached) != 1:
        raise errors.invalid_parameter("networkInterfaces", "Exactly one network interface must be primary.")
    return attached


def settle(world: World, machine: Resource, *, failed: bool) -> None:
    """The machine is there, or failed: its interfaces are ready; those of a failed one stay reserved for it."""
    for interface in of(world, machine):
        for resource in [interface, *_public_addresses(world, interface)]:
            make_ready(resource)
            if failed and resource is interface:
                _reserve(world, resource, machine)
            world.store.save(resource)


def release(world: World, machine: Resource) -> None:
    """The machine goes: delete what is to go with it, detach the rest."""
    for reference in machine.properties["networkProfile"]["networkInterfaces"]:
        interface = world.store.find(reference["id"])
        if interface is None:
            continue
        if reference.get("properties", {}).get("deleteOption") == _DELETE:
            _delete(world, interface)
            continue
        del interface.properties["virtualMachine"]
        if machine.hidden.get("failure"):
            _reserve(world, interface, machine)
        world.store.save(interface)


def of(world: World, machine: Resource) -> list[Resource]:
    """The interfaces of a machine."""
    references = machine.properties["networkProfile"]["networkInterfaces"]
    return [found for reference in references if (found := world.store.find(reference["id"]))]


def _attach_existing(world: World, machine_id: str, location: str, reference: Json) -> Json:
    interface = check_reference(world, machine_id, str(reference.get("id", "")))
    if interface.location != location:
        raise network_errors.invalid_reference(interface.id, machine_id)
    _take(world, interface, machine_id)
    return {
        "id": interface.id,
        "properties": {"primary": True, "deleteOption": "Detach"} | (reference.get("properties") or {}),
    }


def _create(world: World, machine_id: str, location: str, configuration: Json) -> Json:
    machine = ids.parse(machine_id)
    inner = dict(configuration.get("properties") or {})
    delete_option = inner.pop("deleteOption", "Detach")
    name = _name(configuration, "networkInterfaceConfigurations.name")
    interface_id = str(machine.sibling("Microsoft.Network", "networkInterfaces", name))
    shaped = []
    for each in inner.get("ipConfigurations") or []:
        part = dict(each.get("properties") or {})
        wanted = part.pop("publicIPAddressConfiguration", None)
        if wanted:
            part["publicIPAddress"] = _create_public_address(world, machine, location, wanted)
        name = _name(each, "ipConfigurations.name")
        shaped.append({"name": name, "properties": part})
    primary = bool(inner.pop("primary", True))
    found = world.store.find(interface_id)
    if found is None:
        check_quota(world, interface_id, location)
    sent = inner | {"ipConfigurations": shaped, "primary": primary}
    interface = write(
        world, interface_id, {"location": location}, SHAPES[INTERFACE](world, interface_id, sent, found), found
    )
    _take(world, interface, machine_id)
    return {"id": interface.id, "properties": {"primary": primary, "deleteOption": delete_option}}


def _create_public_address(world: World, machine: ids.ResourceId, location: str, wanted: Json) -> Json:
    name = _name(wanted, "publicIPAddressConfiguration.name")
    resource_id = str(machine.sibling("Microsoft.Network", "publicIPAddresses", name))
    inner = dict(wanted.get("properties") or {})
    delete_option = inner.pop("deleteOption", "Detach")
    found = world.store.find(resource_id)
    if found is None:
        check_quota(world, resource_id, location)
    outer = {"location": location} | ({"sku": wanted["sku"]} if wanted.get("sku") else {})
    address = write(world, resource_id, outer, SHAPES[PUBLIC_ADDRESS](world, resource_id, inner, found), found)
    # It is created together with what refers to it, and so is fit to be referred to.
    address.state = "Succeeded"
    world.store.save(address)
    return {"id": address.id, "properties": {"deleteOption": delete_option}}


def _name(configuration: Json, target: str) -> str:
    if not configuration.get("name"):
        raise errors.missing_parameter(target)
    return str(configuration["name"])


def _take(world: World, interface: Resource, machine_id: str) -> None:
    holders = [user for user in users(world, interface) if not ids.same(user, machine_id)]
    if holders:
        raise network_errors.interface_in_use(interface.id, holders[0])
    reserved = interface.hidden.get("reservedFor", machine_id)
    if not ids.same(reserved, machine_id) and world.now < interface.hidden["reservedUntil"]:
        raise network_errors.interface_reserved(interface.id, reserved)
    interface.properties["virtualMachine"] = {"id": machine_id}
    world.store.save(interface)


def _reserve(world: World, interface: Resource, machine: Resource) -> None:
    until = world.now + durations.TYPICAL[durations.NIC_RESERVATION].seconds
    interface.hidden |= {"reservedFor": machine.id, "reservedUntil": until}


def _public_addresses(world: World, interface: Resource) -> list[Resource]:
    found = []
    for configuration in interface.properties["ipConfigurations"]:
        reference = configuration["properties"].get("publicIPAddress")
        if reference and (address := world.store.find(reference["id"])):
            found.append(address)
    return found


def _delete(world: World, interface: Resource) -> None:
    for configuration in interface.properties["ipConfigurations"]:
        reference = configuration["properties"].get("publicIPAddress")
        if reference and (reference.get("properties") or {}).get("deleteOption") == _DELETE:
            address = world.store.find(reference["id"])
            if address:
                world.store.remove(address)
    world.store.remove(interface)
