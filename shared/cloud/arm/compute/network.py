"""The network security group, and what there is to know about subnets and addresses.

Network resources are read and written by their ids: azure-mgmt-network costs a second and more of a cold start.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm, about
from shared.cloud.arm.core.errors import raise_unless_missing
from shared.cloud.arm.core.ownership import require_ours
from shared.errors.azure import ErrorKind, TransientError
from shared.ports.azure import Waiting
from shared.states.enums import OsType
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging, tags

NETWORK_API = "2024-05-01"
"""The version of Microsoft.Network that bodies here are written for."""

_RULES = {OsType.WINDOWS: ("AllowRdp", "3389"), OsType.LINUX: ("AllowSsh", "22")}
_AT_WORK = ("Creating", "Updating")


def begin_security_group(arm: Arm, job: ImportJob) -> Waiting | None:
    """Make the group; closed, but for the provider instance's ranges."""
    found = read(arm, job, staging(job).nsg_id)
    if found is not None:
        require_ours(job, f"Network security group {staging(job).nsg}", found.get("tags"))
        state = found["properties"].get("provisioningState")
        if state in _AT_WORK:
            return Waiting()
        if state == "Succeeded":
            return None
        if state == "Deleting":
            raise _not_ready(job, "is being deleted")
    put = arm.resources.resources.begin_create_or_update_by_id
    return operations.begin(arm, job, put, staging(job).nsg_id, security_group(job), api_version=NETWORK_API)


def check_security_group(arm: Arm, job: ImportJob, handle: str | None) -> Waiting | None:
    """How the group is coming along."""
    return operations.check(arm, job, handle, lambda: _look(arm, job))


def security_group(job: ImportJob) -> dict[str, Any]:
    """The body of the group."""
    families: dict[int, list[str]] = {}
    for text in job.provider.rdp_source_address_ranges:
        families.setdefault(ip_network(text).version, []).append(text)
    allowed = [_allow(job, family, ranges) for family, ranges in sorted(families.items())]
    return {
        "location": job.provider.region,
        "tags": tags(job),
        "properties": {"securityRules": [*allowed, _DENY_THE_REST]},
    }


_DENY_THE_REST = {
    "name": "DenyAllInbound",
    "properties": {
        # Before Azure's own rules, which let in whatever is in the virtual network or peered with it.
        "priority": 4096,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "*",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    },
}


def _allow(job: ImportJob, family: int, ranges: list[str]) -> dict[str, Any]:
    """A rule takes prefixes of one address family only."""
    name, port = _RULES[job.os_type.family]
    return {
        "name": name if family == 4 else f"{name}V{family}",
        "properties": {
            "priority": 1000 + family,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "sourceAddressPrefixes": ranges,
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": port,
        },
    }


def read(arm: Arm, job: ImportJob, resource_id: str) -> Mapping[str, Any] | None:
    """A network resource in wire form, or None."""
    try:
        resource = arm.resources.resources.get_by_id(resource_id, api_version=NETWORK_API, **about(job))
    except ResourceNotFoundError as error:
        raise_unless_missing(error)
        return None
    return {"properties": {}, **resource.as_dict()}


def addresses(arm: Arm, job: ImportJob, nic_id: str) -> Mapping[str, str]:
    """The NIC's private address and, where it has one, the public one, in the wire's names."""
    nic = read(arm, job, nic_id)
    configurations = nic["properties"].get("ipConfigurations") if nic else None
    if not configurations:
        return {}
    first = configurations[0]["properties"]
    found = {"privateIpAddress": first.get("privateIPAddress")}
    if public := first.get("publicIPAddress"):
        address = read(arm, job, public["id"])
        found |= {
            "publicIpAddressId": public["id"],
            "publicIpAddress": address and address["properties"].get("ipAddress"),
        }
    return {name: value for name, value in found.items() if value}


def _look(arm: Arm, job: ImportJob) -> Waiting | None:
    found = read(arm, job, staging(job).nsg_id)
    state = found["properties"].get("provisioningState") if found else "missing"
    if state == "Succeeded":
        return None
    if state in _AT_WORK:
        return Waiting()
    raise _not_ready(job, f"is {state}")


def _not_ready(job: ImportJob, what: str) -> TransientError:
    """The step begins again, which makes the group anew."""
    message = f"Network security group {staging(job).nsg} {what}; it is made anew."
    return TransientError("NetworkNotReady", message, kind=ErrorKind.BUSY)
