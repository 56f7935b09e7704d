"""The error codes of Microsoft.Network."""

from collections.abc import Iterable

from ..errors import ArmError


def invalid_reference(referenced: str, by: str) -> ArmError:
    """A resource names one that does not exist, or that lives in another region."""
    return ArmError(
        400,
        "InvalidResourceReference",
        f"Resource {referenced} referenced by resource {by} was not found. Please make sure that the referenced "
        "resource "
        "exists, and that both resources are in the same region.",
    )


def invalid_format(what: str) -> ArmError:
    """A member is missing, or has a value that it cannot have."""
    return ArmError(400, "InvalidRequestFormat", f"Cannot parse the request: {what}")


def not_provisioned(referenced: str, state: str) -> ArmError:
    """A resource names one that is not ready yet: pass again a little later."""
    message = (
        f"Cannot proceed with operation because resource {referenced} is not in Succeeded state. It is in {state} "
        "state."
    )
    detail = {"code": "ReferencedResourceNotProvisioned", "message": message, "details": []}
    return ArmError(429, "RetryableError", "A retryable error occurred.", details=[detail])


def subnet_in_use(subnet: str, users: Iterable[str]) -> ArmError:
    """A subnet, or a network, with something in it."""
    return ArmError(
        400,
        "InUseSubnetCannotBeDeleted",
        f"Subnet {subnet} is in use by {', '.join(users)} and cannot be deleted.",
    )


def security_group_in_use(group: str, users: Iterable[str]) -> ArmError:
    """A security group that an interface or a subnet names."""
    return ArmError(
        400,
        "InUseNetworkSecurityGroupCannotBeDeleted",
        f"Network security group {group} cannot be deleted because it is in use by: {', '.join(users)}.",
    )


def public_address_in_use(address: str, users: Iterable[str]) -> ArmError:
    """A public IP address that an interface holds."""
    return ArmError(
        400,
        "PublicIPAddressCannotBeDeleted",
        f"Public IP address {address} can not be deleted since it is still allocated to resource {', '.join(users)}.",
    )


def public_address_taken(address: str, user: str) -> ArmError:
    """One public IP address for two IP configurations."""
    return ArmError(
        400,
        "PublicIPReferencedByMultipleIPConfigs",
        f"Public ip address {address} is referenced by multiple ip configurations in resource: {user}.",
    )


def interface_in_use(interface: str, machine: str) -> ArmError:
    """An interface that a machine holds."""
    return ArmError(
        400,
        "NicInUse",
        f"Network Interface {interface} is used by existing resource {machine}. In order to delete the network "
        "interface, "
        "it must be dissociated from the resource.",
    )


def interface_reserved(interface: str, machine: str) -> ArmError:
    """The interface of a machine that failed stays reserved for it for some minutes."""
    return ArmError(
        400,
        "NicReservedForAnotherVm",
        f"Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) or "
        f"retry after 180 seconds. Reserved VM: {machine}. Nic: {interface}.",
    )


def invalid_subnet(subnet: str, network: str) -> ArmError:
    """A subnet outside the address space of its network."""
    return ArmError(
        400,
        "NetcfgInvalidSubnet",
        f"Subnet '{subnet}' is not valid because its IP address range is outside the IP address range of virtual "
        "network "
        f"'{network}'.",
    )


def subnets_overlap(first: str, second: str) -> ArmError:
    """Two subnets that share addresses."""
    message = (
        f"Subnet '{first}' is not valid because its IP address range overlaps with that of an existing subnet "
        f"'{second}'."
    )
    return ArmError(400, "NetcfgSubnetRangesOverlap", message)


def subnet_full(subnet: str) -> ArmError:
    """No address is left."""
    return ArmError(400, "SubnetIsFull", f"Subnet {subnet} does not have enough capacity for 1 IP addresses.")


def rules_conflict(first: str, second: str) -> ArmError:
    """Two rules of one direction with the same priority."""
    return ArmError(
        400,
        "SecurityRuleConflict",
        f"Security rule {first} conflicts with rule {second}. Rules cannot have the same Priority and Direction.",
    )


def rule_priority(rule: str) -> ArmError:
    """A rule's priority out of range."""
    message = f"Security rule {rule} has invalid Priority. Value provided should be in the range 100-4096."
    return ArmError(400, "SecurityRuleInvalidPriority", message)


def count_limit(kind: str, limit: int) -> ArmError:
    """The subscription may not have more of this type in the region."""
    code = "PublicIPCountLimitReached" if kind == "PublicIPAddresses" else "ResourceCountExceedsLimit"
    message = f"Cannot create more than {limit} {kind} for this subscription in this region."
    return ArmError(400, code, message)
