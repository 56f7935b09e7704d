"""What there is to object to in the subnet that the build VM's NIC goes into."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from shared.cloud.arm.compute import network
from shared.cloud.arm.core.clients import Arm
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.outcome import Objection

_RESERVED = 5
"""Addresses of each subnet that Azure keeps for itself."""


def findings(arm: Arm, job: ImportJob) -> list[Objection]:
    """Read the virtual network, and judge it and its subnet."""
    network_id, _, name = job.subnet_id.rpartition("/subnets/")
    return list(judge(job, network.read(arm, job, network_id), name))


def judge(job: ImportJob, found: Mapping[str, Any] | None, name: str) -> Iterator[Objection]:
    """The findings about a virtual network in wire form, and its subnet of that name."""
    if found is None:
        yield _finding("SubnetNotFound", f"The virtual network of {job.subnet_id} does not exist. Name another subnet.")
        return
    region = str(found.get("location", "")).replace(" ", "").lower()
    if region != job.provider.region:
        yield _finding(
            "SubnetRegionMismatch",
            f"The virtual network of {job.subnet_id} is in {region}, the provider instance in {job.provider.region}. "
            "Name a subnet in the provider instance's region.",
        )
    if job.subnet_id.split("/")[2].lower() != str(job.provider.subscription_id):
        yield _finding(
            "SubnetSubscriptionMismatch",
            f"{job.subnet_id} is in another subscription than the provider instance; Azure does not allow that.",
        )
    subnets = {subnet["name"].lower(): subnet["properties"] for subnet in found["properties"].get("subnets") or ()}
    subnet = subnets.get(name.lower())
    if subnet is None:
        yield _finding("SubnetNotFound", f"The virtual network has no subnet {name}. Name another one.")
    elif _free_addresses(subnet) < 1:
        yield _finding("SubnetFull", f"All addresses of {job.subnet_id} are taken. Enlarge it, or name another one.")


def _free_addresses(subnet: Mapping[str, Any]) -> int:
    prefixes = subnet.get("addressPrefixes") or [subnet["addressPrefix"]]
    networks = [ip_network(prefix) for prefix in prefixes]
    addresses = sum(each.num_addresses - _RESERVED for each in networks if each.version == 4)
    return addresses - len(subnet.get("ipConfigurations") or ())


def _finding(code: str, message: str) -> Objection:
    return Objection(code=code, message=message, target="subnetId")
