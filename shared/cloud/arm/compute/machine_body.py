"""The body that makes a build VM with its NIC, disk and, if asked for, public IP address, in one request."""

from typing import Any

from shared.states.enums import GpuType, OsType
from shared.workflow.facts import Facts
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging, tags

_NIC_API = "2022-11-01"
"""The version of Microsoft.Network that Azure makes the NIC with."""


def machine_body(job: ImportJob, facts: Facts, password: str) -> dict[str, Any]:
    """The VM as it goes over the wire: the only place where the password meets a request."""
    properties: dict[str, Any] = {
        "hardwareProfile": {"vmSize": job.vm_size},
        "storageProfile": _storage(job, facts),
        "osProfile": _system(job, facts, password),
        "networkProfile": _network(job),
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
    }
    if facts.trusted_launch:
        properties["securityProfile"] = {
            "securityType": "TrustedLaunch",
            # NVIDIA's and AMD's kernel modules for Linux are not signed by a key that secure boot knows.
            "uefiSettings": {"secureBootEnabled": not _is_linux_with_gpu(job, facts), "vTpmEnabled": True},
        }
    if job.license_type:
        properties["licenseType"] = job.license_type
    body: dict[str, Any] = {"location": job.provider.region, "tags": tags(job), "properties": properties}
    if facts.plan:
        body["plan"] = facts.plan.to_json()
    return body


def _is_linux_with_gpu(job: ImportJob, facts: Facts) -> bool:
    return facts.os_family is OsType.LINUX and job.gpu_type is not GpuType.NONE


def _storage(job: ImportJob, facts: Facts) -> dict[str, Any]:
    return {
        "imageReference": {
            "publisher": job.source.publisher,
            "offer": job.source.offer,
            "sku": job.source.sku,
            "version": facts.version,
        },
        "osDisk": {
            "name": staging(job).os_disk,
            "createOption": "FromImage",
            "deleteOption": "Delete",
            "managedDisk": {"storageAccountType": job.provider.os_disk_type},
        },
    }


def _system(job: ImportJob, facts: Facts, password: str) -> dict[str, Any]:
    profile: dict[str, Any] = {
        "computerName": staging(job).vm,
        "adminUsername": job.admin_username,
        "adminPassword": password,
    }
    if facts.os_family is OsType.LINUX:
        profile["linuxConfiguration"] = {"provisionVMAgent": True, "disablePasswordAuthentication": False}
    else:
        # An update in the middle of an import would restart the machine under our scripts.
        profile["windowsConfiguration"] = {"provisionVMAgent": True, "enableAutomaticUpdates": False}
    return profile


def _network(job: ImportJob) -> dict[str, Any]:
    names = staging(job)
    address: dict[str, Any] = {"primary": True, "subnet": {"id": job.subnet_id}}
    if job.create_public_ip:
        address["publicIPAddressConfiguration"] = {
            "name": names.public_ip,
            "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static", "deleteOption": "Delete"},
        }
    nic = {
        "primary": True,
        "deleteOption": "Delete",
        "networkSecurityGroup": {"id": names.nsg_id},
        "ipConfigurations": [{"name": "primary", "properties": address}],
    }
    return {
        "networkApiVersion": _NIC_API,
        "networkInterfaceConfigurations": [{"name": names.nic, "properties": nic}],
    }
