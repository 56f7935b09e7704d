"""What the documents of Microsoft.Network hold: the caller's part, checked, and what Azure adds to it."""

import ipaddress
import uuid
from collections.abc import Callable
from itertools import combinations
from typing import Any

from .. import ids
from ..calls import Json
from ..store import Resource
from ..world import World, new_etag
from . import errors

SECURITY_GROUP = "Microsoft.Network/networkSecurityGroups"
NETWORK = "Microsoft.Network/virtualNetworks"
PUBLIC_ADDRESS = "Microsoft.Network/publicIPAddresses"
INTERFACE = "Microsoft.Network/networkInterfaces"

Block = ipaddress.IPv4Network | ipaddress.IPv6Network
# What the caller sent, what exists, -> the resource's inner document.
Shape = Callable[[World, str, Json, Resource | None], Json]

_FIRST_PRIORITY, _LAST_PRIORITY = 100, 4096
# Azure keeps the first four addresses of a subnet, and the last, for itself.
_RESERVED_ADDRESSES = 4
_RULE_MEMBERS = ("protocol", "access", "direction", "priority")
_DEFAULT_RULES: tuple[tuple[str, str, int, str, str, str], ...] = (
    ("AllowVnetInBound", "Allow", 65000, "Inbound", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", "Allow", 65001, "Inbound", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", "Deny", 65500, "Inbound", "*", "*"),
    ("AllowVnetOutBound", "Allow", 65000, "Outbound", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", "Allow", 65001, "Outbound", "*", "Internet"),
    ("DenyAllOutBound", "Deny", 65500, "Outbound", "*", "*"),
)


def security_group(_world: World, resource_id: str, sent: Json, _found: Resource | None) -> Json:
    """A network security group with its rules and the six default ones."""
    rules = [nested(resource_id, "securityRules", rule) for rule in sent.get("securityRules") or []]
    check_rules(rules)
    defaults = [
        nested(resource_id, "defaultSecurityRules", {"name": rule[0], "properties": _default_rule(rule)})
        for rule in _DEFAULT_RULES
    ]
    return {"securityRules": rules, "defaultSecurityRules": defaults}


def virtual_network(world: World, resource_id: str, sent: Json, _found: Resource | None) -> Json:
    """A virtual network with its subnets."""
    space = (sent.get("addressSpace") or {}).get("addressPrefixes")
    if not space:
        raise errors.invalid_format("virtual network properties.addressSpace.addressPrefixes is required.")
    subnets = [nested(resource_id, "subnets", subnet) for subnet in sent.get("subnets") or []]
    check_subnets(world, resource_id, space, subnets)
    return sent | {"subnets": subnets, "virtualNetworkPeerings": [], "enableDdosProtection": False}


def public_address(_world: World, _resource_id: str, sent: Json, found: Resource | None) -> Json:
    """A public IP address; the address itself comes when it is ready."""
    defaults = {"publicIPAddressVersion": "IPv4", "publicIPAllocationMethod": "Dynamic", "idleTimeoutInMinutes": 4}
    kept = {name: found.properties[name] for name in ("ipAddress",) if found and name in found.properties}
    return defaults | kept | sent | {"ipTags": []}


def interface(world: World, resource_id: str, sent: Json, found: Resource | None) -> Json:
    """A network interface whose references exist, with addresses from its subnets."""
    configurations = sent.get("ipConfigurations") or []
    if not configurations:
        raise errors.invalid_format("network interface properties.ipConfigurations must have at least one element.")
    if group := _id(sent.get("networkSecurityGroup")):
        check_reference(world, resource_id, group)
    kept: Json = {
        name: found.properties[name] for name in ("virtualMachine", "macAddress") if found and name in found.properties
    }
    shaped = [_ip_configuration(world, resource_id, each, index) for index, each in enumerate(configurations)]
    address = uuid.uuid5(uuid.NAMESPACE_URL, resource_id.lower()).hex[:6].upper()
    return {
        **sent,
        "ipConfigurations": shaped,
        "dnsSettings": {"dnsServers": [], "appliedDnsServers": []} | (sent.get("dnsSettings") or {}),
        "macAddress": f"00-0D-3A-{address[:2]}-{address[2:4]}-{address[4:]}",
        "enableAcceleratedNetworking": sent.get("enableAcceleratedNetworking", False),
        "enableIPForwarding": sent.get("enableIPForwarding", False),
        "nicType": "Standard",
        "vnetEncryptionSupported": False,
        "tapConfigurations": [],
        "hostedWorkloads": [],
        **kept,
    }


def nested(parent_id: str, collection: str, sent: Json) -> Json:
    """A rule, subnet or IP configuration: a small resource that lives in its parent's document."""
    name = sent.get("name")
    if not name:
        raise errors.invalid_format(f"an element of {collection} has no name.")
    kind = f"{ids.parse(parent_id).kind}/{collection}"
    inner = (sent.get("properties") or {}) | {"provisioningState": "Succeeded"}
    return {
        "id": f"{parent_id}/{collection}/{name}",
        "name": name,
        "type": kind,
        "etag": new_etag(),
        "properties": inner,
    }


def check_rules(rules: list[Json]) -> None:
    """Every rule complete and in range, no two of one direction with the same priority."""
    for rule in rules:
        inner = rule["properties"]
        for member in _RULE_MEMBERS:
            if member not in inner:
                raise errors.invalid_format(f"security rule {rule['name']} has no {member}.")
        if not _FIRST_PRIORITY <= inner["priority"] <= _LAST_PRIORITY:
            raise errors.rule_priority(rule["name"])
    for one, other in combinations(rules, 2):
        if all(one["properties"][member] == other["properties"][member] for member in ("priority", "direction")):
            raise errors.rules_conflict(one["name"], other["name"])


def check_subnets(world: World, network_id: str, space: list[str], subnets: list[Json]) -> None:
    """Every subnet within the address space, none overlapping, with references that exist."""
    blocks = [_block(prefix) for prefix in space]
    ranges = [(subnet["name"], _block(prefix_of(subnet))) for subnet in subnets]
    for name, block in ranges:
        if not any(_within(block, outer) for outer in blocks):
            raise errors.invalid_subnet(name, network_id.rsplit("/", 1)[-1])
    for (one, left), (other, right) in combinations(ranges, 2):
        if left.overlaps(right):
            raise errors.subnets_overlap(other, one)
    for subnet in subnets:
        if group := _id(subnet["properties"].get("networkSecurityGroup")):
            check_reference(world, network_id, group)


def check_reference(world: World, by: str, referenced: str) -> Resource:
    """A referenced resource must exist, and be ready."""
    found = world.store.find(referenced)
    if found is None:
        raise errors.invalid_reference(referenced, by)
    if found.state in ("Updating", "Deleting"):
        raise errors.not_provisioned(referenced, found.state)
    return found


def prefix_of(subnet: Json) -> str:
    """The first address prefix of a subnet."""
    inner = subnet["properties"]
    prefixes = [inner["addressPrefix"]] if inner.get("addressPrefix") else inner.get("addressPrefixes") or []
    if not prefixes:
        raise errors.invalid_format(f"subnet {subnet['name']} has no addressPrefix.")
    return str(prefixes[0])


def subnet_of(world: World, subnet_id: str) -> tuple[Resource, Json] | None:
    """A subnet with the network it is in, or None."""
    network_id, _, name = subnet_id.rpartition("/subnets/")
    network = world.store.find(network_id)
    subnets = network.properties.get("subnets", []) if network else []
    found = next((subnet for subnet in subnets if ids.same(subnet["name"], name)), None)
    return (network, found) if network and found else None


def _ip_configuration(world: World, interface_id: str, sent: Json, index: int) -> Json:
    shaped = nested(interface_id, "ipConfigurations", sent)
    inner = shaped["properties"]
    subnet_id = _id(inner.get("subnet")) or ""
    found = subnet_of(world, subnet_id)
    if found is None:
        raise errors.invalid_reference(subnet_id or "(no subnet)", interface_id)
    check_reference(world, interface_id, found[0].id)
    if public := _id(inner.get("publicIPAddress")):
        check_reference(world, interface_id, public)
    method = inner.get("privateIPAllocationMethod", "Dynamic")
    if method != "Static":
        inner["privateIPAddress"] = _free_address(world, interface_id, subnet_id, prefix_of(found[1]), index)
    inner |= {"privateIPAllocationMethod": method, "privateIPAddressVersion": "IPv4"}
    inner.setdefault("primary", index == 0)
    return shaped


def _free_address(world: World, interface_id: str, subnet_id: str, prefix: str, index: int) -> str:
    taken: dict[str, str] = {}
    for other in world.store.select(ids.parse(subnet_id).subscription, kind=INTERFACE):
        for configuration in other.properties["ipConfigurations"]:
            if ids.same(configuration["properties"]["subnet"]["id"], subnet_id):
                taken[configuration["properties"]["privateIPAddress"]] = other.id
                if ids.same(other.id, interface_id) and index == 0:
                    return str(configuration["properties"]["privateIPAddress"])
    block = _block(prefix)
    for offset in range(_RESERVED_ADDRESSES, block.num_addresses - 1):
        address = str(block[offset + index])
        if address not in taken:
            return address
    raise errors.subnet_full(subnet_id)


def _default_rule(rule: tuple[str, str, int, str, str, str]) -> Json:
    _, access, priority, direction, source, destination = rule
    ports = {"sourcePortRange": "*", "destinationPortRange": "*"}
    prefixes = {"sourceAddressPrefix": source, "destinationAddressPrefix": destination}
    return {"protocol": "*", "access": access, "priority": priority, "direction": direction} | ports | prefixes


def _within(inner: Block, outer: Block) -> bool:
    return inner.version == outer.version and inner[0] in outer and inner[-1] in outer


def _block(prefix: str) -> Block:
    try:
        return ipaddress.ip_network(prefix)
    except ValueError as problem:
        raise errors.invalid_format(f"'{prefix}' is no address prefix: {problem}") from problem


def _id(reference: Any) -> str | None:
    return reference.get("id") if isinstance(reference, dict) else None


SHAPES: dict[str, Shape] = {
    SECURITY_GROUP: security_group,
    NETWORK: virtual_network,
    PUBLIC_ADDRESS: public_address,
    INTERFACE: interface,
}
