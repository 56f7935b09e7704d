"""Names of Azure resources, derived from our ids: every retry finds what the last attempt made.

Limits are Azure's: a Windows computer name has at most 15 characters, a resource group's name 90.
"""

from dataclasses import dataclass

from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.jobs.job import Job

CREATED_BY = "createdBy"
CREATED_BY_US = "image-catalog"
CATALOG = "catalog"
"""The tag that names the deployment: two of them may share a subscription, and must leave each other's things alone."""

_VM_API = "Microsoft.Compute/virtualMachines"


def short(identifier: str, length: int = 12) -> str:
    """The first characters of an id (a UUID), without dashes."""
    return identifier.replace("-", "")[:length].lower()


@dataclass(frozen=True, slots=True)
class Staging:
    """The names of the staging resources of one version; all of them are in its own resource group."""

    subscription_id: str
    resource_group: str
    vm: str

    @property
    def group_id(self) -> str:
        """ARM id of the resource group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"

    @property
    def vm_id(self) -> str:
        """ARM id of the virtual machine."""
        return f"{self.group_id}/providers/{_VM_API}/{self.vm}"

    @property
    def nsg(self) -> str:
        """Name of the network security group."""
        return f"{self.vm}-nsg"

    @property
    def nsg_id(self) -> str:
        """ARM id of the network security group."""
        return f"{self.group_id}/providers/Microsoft.Network/networkSecurityGroups/{self.nsg}"

    @property
    def nic(self) -> str:
        """Name of the NIC that the VM's own PUT creates."""
        return f"{self.vm}-nic"

    @property
    def nic_id(self) -> str:
        """ARM id of the NIC."""
        return f"{self.group_id}/providers/Microsoft.Network/networkInterfaces/{self.nic}"

    @property
    def public_ip(self) -> str:
        """Name of the public IP address that the VM's own PUT creates."""
        return f"{self.vm}-pip"

    @property
    def public_ip_id(self) -> str:
        """ARM id of the public IP address."""
        return f"{self.group_id}/providers/Microsoft.Network/publicIPAddresses/{self.public_ip}"

    @property
    def os_disk(self) -> str:
        """Name of the OS disk."""
        return f"{self.vm}-os"

    @property
    def os_disk_id(self) -> str:
        """ARM id of the OS disk."""
        return f"{self.group_id}/providers/Microsoft.Compute/disks/{self.os_disk}"


def staging_group(version_id: str) -> str:
    """The name of the staging resource group of a version."""
    return f"rg-img-{short(version_id, 20)}"


def staging(job: ImportJob) -> Staging:
    """The staging names of a job's version."""
    return Staging(
        subscription_id=str(job.provider.subscription_id),
        resource_group=staging_group(job.version_id),
        vm=f"vm{short(job.version_id)}",
    )


def tags(job: Job) -> dict[str, str]:
    """The tags of each of our resources: whose it is, and which operation made it."""
    return {
        CREATED_BY: CREATED_BY_US,
        "orgId": job.org_id,
        "imageId": job.image_id,
        "versionId": job.version_id,
        "assetId": job.asset_id,
        "operationId": job.operation_id,
        **({CATALOG: job.catalog_name} if job.catalog_name else {}),
    }


@dataclass(frozen=True, slots=True)
class GalleryTarget:
    """Where a copy goes: the provider instance's gallery, a definition for the image, a version by its name."""

    gallery_id: str
    definition: str
    version: str

    @property
    def subscription_id(self) -> str:
        """The gallery's subscription."""
        return self.gallery_id.split("/")[2]

    @property
    def resource_group(self) -> str:
        """The gallery's resource group."""
        return self.gallery_id.split("/")[4]

    @property
    def gallery(self) -> str:
        """The gallery's name."""
        return self.gallery_id.rpartition("/")[2]

    @property
    def definition_id(self) -> str:
        """ARM id of the image definition."""
        return f"{self.gallery_id}/images/{self.definition}"

    @property
    def version_id(self) -> str:
        """ARM id of the image version."""
        return f"{self.definition_id}/versions/{self.version}"


def gallery_target(job: CopyJob) -> GalleryTarget:
    """The names of what a copy makes. An image's name is a legal name of a definition.

    Raises:
        ValueError: the provider instance has no gallery; acceptance refuses such a request.
    """
    if job.provider.gallery_id is None:
        raise ValueError(f"provider instance {job.provider.id} has no gallery")
    return GalleryTarget(job.provider.gallery_id, job.image_name, job.version_name)
