"""The life of network resources: written, used by one another, deleted."""

import hashlib

from .. import durations, ids
from ..calls import Call, Json
from ..operations import Effect, Operation
from ..store import Resource
from ..tracked import envelope, existing
from ..world import World, new_etag
from . import errors
from .shapes import INTERFACE, NETWORK, PUBLIC_ADDRESS, SECURITY_GROUP, SHAPES

_WRITE = "network.write"
_DELETE = "network.delete"
# Type -> the name under which it is counted.
QUOTA_NAMES = {
    NETWORK: "VirtualNetworks",
    INTERFACE: "NetworkInterfaces",
    SECURITY_GROUP: "NetworkSecurityGroups",
    PUBLIC_ADDRESS: "PublicIPAddresses",
}
_EXTRAS = ("sku", "zones", "extendedLocation")


def put(world: World, call: Call, resource_id: str) -> tuple[Operation, Resource, bool]:
    """Write a resource; returns the operation, what it writes, and whether that is new."""
    found = existing(world, call, resource_id)
    sent = call.document.get("properties") or {}
    kind = ids.parse(resource_id).kind
    if found is None:
        check_quota(world, resource_id, call.document["location"])
    if found and found.kind == NETWORK:
        _check_subnets_kept(world, found, sent)
    inner = SHAPES[kind](world, resource_id, sent, found)
    if kind == INTERFACE:
        _check_public_addresses(world, resource_id, inner)
    resource = write(world, resource_id, envelope(call) | extras(call.document), inner, found)
    return begin_write(world, call, resource), world.require(resource_id), found is None


def write(world: World, resource_id: str, outer: Json, inner: Json, found: Resource | None = None) -> Resource:
    """Save a resource in its Updating state."""
    guid = found.properties["resourceGuid"] if found else _guid(resource_id)
    inner |= {"provisioningState": "Updating", "resourceGuid": guid}
    body = outer | {"etag": new_etag(), "properties": inner}
    return world.create(found.id if found else resource_id, body, found.hidden if found else None)


def begin_write(world: World, call: Call, resource: Resource) -> Operation:
    """Start the operation that makes a written resource ready."""
    seconds = world.draw(durations.NETWORK_WRITE, resource.id)
    return world.begin(call, resource, _WRITE, seconds, durations.RETRY_NETWORK)


def make_ready(resource: Resource) -> None:
    """What is true of a resource once Azure has provisioned it."""
    resource.state = "Succeeded"
    resource.body["etag"] = new_etag()
    if resource.kind == PUBLIC_ADDRESS:
        resource.properties.setdefault("ipAddress", _public_address(resource.id))


def delete(world: World, call: Call, resource: Resource) -> Operation:
    """Start a deletion; refused while something uses the resource."""
    check_unused(world, resource)
    world.unlock(call, resource)
    resource.state = "Deleting"
    seconds = world.draw(durations.NETWORK_DELETE, resource.id)
    return world.begin(call, resource, _DELETE, seconds, durations.RETRY_NETWORK)


def check_unused(world: World, resource: Resource) -> None:
    """Refuse to delete what is in use, or reserved."""
    machine = resource.hidden.get("reservedFor")
    if machine and world.now < resource.hidden["reservedUntil"]:
        raise errors.interface_reserved(resource.id, machine)
    found = users(world, resource)
    if not found:
        return
    match resource.kind:
        case "Microsoft.Network/networkSecurityGroups":
            raise errors.security_group_in_use(resource.id, found)
        case "Microsoft.Network/virtualNetworks":
            raise errors.subnet_in_use(resource.name, found)
        case "Microsoft.Network/publicIPAddresses":
            raise errors.public_address_in_use(resource.id, found)
        case _:
            raise errors.interface_in_use(resource.id, found[0])


def users(world: World, resource: Resource) -> list[str]:
    """The ids of what uses a resource: of IP configurations, interfaces, subnets or the machine."""
    key = resource.key
    match resource.kind:
        case "Microsoft.Network/networkInterfaces":
            machine = resource.properties.get("virtualMachine")
            return [machine["id"]] if machine else []
        case "Microsoft.Network/publicIPAddresses":
            return [each["id"] for each in _ip_configurations(world, resource) if _names(each, "publicIPAddress", key)]
        case "Microsoft.Network/virtualNetworks":
            return [each["id"] for each in _ip_configurations(world, resource) if _names(each, "subnet", key + "/")]
        case "Microsoft.Network/networkSecurityGroups":
            return _security_group_users(world, resource)
        case _:
            return []


def subnet_users(world: World, network: Resource, name: str) -> list[str]:
    """The ids of the IP configurations in a subnet."""
    key = f"{network.key}/subnets/{name.lower()}"
    return [each["id"] for each in _ip_configurations(world, network) if _names(each, "subnet", key)]


def used_from_outside(world: World, content: list[Resource]) -> dict[str, str]:
    """Which of these resources something not among them uses: id -> reason."""
    inside = {resource.key for resource in content}
    blocked = {}
    for resource in content:
        for user in users(world, resource):
            if not any(user.lower() == key or user.lower().startswith(key + "/") for key in inside):
                blocked[resource.id] = f"It is in use by {user}."
    return blocked


def check_quota(world: World, resource_id: str, location: str) -> None:
    """Refuse one more resource than the subscription may have in a region."""
    parsed = ids.parse(resource_id)
    name = QUOTA_NAMES[parsed.kind]
    limit = quota(world, parsed.subscription, location, name)
    if count(world, parsed.subscription, location, parsed.kind) >= limit:
        raise errors.count_limit(name, limit)


def quota(world: World, subscription: str, location: str, name: str) -> int:
    """The limit of one type in a region."""
    changed = world.settings(subscription)["quotas"]
    return int(changed.get(f"{location}/{name}", changed.get(name, world.catalogue.network_quotas[name])))


def count(world: World, subscription: str, location: str, kind: str) -> int:
    """How many of one type a subscription has in a region."""
    return sum(resource.location == location for resource in world.store.select(subscription, kind=kind))


def extras(document: Json) -> Json:
    """The outer members that some network resources have."""
    return {name: document[name] for name in _EXTRAS if document.get(name)}


def _ip_configurations(world: World, resource: Resource) -> list[Json]:
    interfaces = world.store.select(resource.subscription, kind=INTERFACE)
    return [each for interface in interfaces for each in interface.properties["ipConfigurations"]]


def _security_group_users(world: World, resource: Resource) -> list[str]:
    def names(inner: Json) -> bool:
        return bool(inner.get("networkSecurityGroup")) and ids.same(inner["networkSecurityGroup"]["id"], resource.id)

    interfaces = world.store.select(resource.subscription, kind=INTERFACE)
    networks = world.store.select(resource.subscription, kind=NETWORK)
    subnets = [subnet for network in networks for subnet in network.properties["subnets"]]
    found = [interface.id for interface in interfaces if names(interface.properties)]
    return found + [subnet["id"] for subnet in subnets if names(subnet["properties"])]


def _names(configuration: Json, member: str, key: str) -> bool:
    """Whether an IP configuration's `member` names the resource `key`, or, with a slash at its end, one below it."""
    named = str((configuration["properties"].get(member) or {}).get("id", "")).lower()
    return named.startswith(key) if key.endswith("/") else named == key


def _check_subnets_kept(world: World, network: Resource, sent: Json) -> None:
    names = {str(subnet.get("name", "")).lower() for subnet in sent.get("subnets") or []}
    for subnet in network.properties["subnets"]:
        used = subnet_users(world, network, subnet["name"])
        if used and subnet["name"].lower() not in names:
            raise errors.subnet_in_use(subnet["name"], used)


def _check_public_addresses(world: World, interface_id: str, inner: Json) -> None:
    for configuration in inner["ipConfigurations"]:
        public = configuration["properties"].get("publicIPAddress")
        resource = world.store.find(public["id"]) if public else None
        for user in users(world, resource) if resource else []:
            if not user.lower().startswith(interface_id.lower() + "/"):
                raise errors.public_address_taken(public["id"], user)


def _guid(text: str) -> str:
    digest = hashlib.sha256(text.lower().encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def _public_address(resource_id: str) -> str:
    low, high, last = hashlib.sha256(resource_id.lower().encode()).digest()[:3]
    return f"20.{low}.{high}.{last}"


def _written(world: World, operation: Operation) -> None:
    resource = world.require(operation.target)
    make_ready(resource)
    world.store.save(resource)


def _deleted(world: World, operation: Operation) -> None:
    resource = world.require(operation.target)
    check_unused(world, resource)
    world.store.remove(resource)


def _failed(world: World, operation: Operation, _error: Json) -> None:
    resource = world.store.find(operation.target)
    if resource:
        resource.state = "Failed"
        world.store.save(resource)


EFFECTS = {_WRITE: Effect(_written, _failed), _DELETE: Effect(_deleted, _failed)}
