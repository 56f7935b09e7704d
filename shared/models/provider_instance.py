"""What a `providerInstanceId` stands for: where in Azure an org's images are built."""

import re
from ipaddress import ip_network
from typing import ClassVar
from uuid import UUID

from pydantic import Field, field_validator

from shared.models.base import PROVIDERS, Model, Record, UtcTime
from shared.states import GpuType

_SUBNET_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualNetworks/[^/]+/subnets/[^/]+",
    re.IGNORECASE | re.ASCII,
)
_GALLERY_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/galleries/[^/]+",
    re.IGNORECASE | re.ASCII,
)
_VM_SIZE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,63}", re.ASCII)


class VmSizes(Model):
    """The VM size to import with, by GPU type; a request may name another in `assetDetails.data.vmSize`."""

    none: str = "Standard_D4s_v5"
    nvidia: str = "Standard_NC4as_T4_v3"
    amd: str = "Standard_NV4as_v4"

    @field_validator("none", "nvidia", "amd")
    @classmethod
    def _is_a_size_name(cls, value: str) -> str:
        if not _VM_SIZE.fullmatch(value):
            raise ValueError("must be the name of a VM size, such as Standard_D4s_v5")
        return value

    def for_gpu(self, gpu: GpuType) -> str:
        """The size for images with that GPU."""
        return {GpuType.NONE: self.none, GpuType.NVIDIA: self.nvidia, GpuType.AMD: self.amd}[gpu]


class MarketplaceTermsConsent(Model):
    """Who agreed, for this subscription, that marketplace terms are accepted on its behalf.

    Accepting terms is a legal act, so no import does it without this record.
    """

    accepted_by: str = Field(min_length=1, max_length=256)
    accepted_at: UtcTime


class ProviderInstanceSettings(Model):
    """What a caller PUTs: everything but the id."""

    display_name: str = Field(default="", max_length=128)
    provider_label: str = Field(default="AZURE", pattern="^(?i:AZURE)$")
    subscription_id: UUID
    tenant_id: UUID
    region: str = Field(pattern="^[a-z][a-z0-9]{1,49}$", description="A region's short name, such as eastus.")
    subnet_id: str = Field(description="ARM id of the subnet the build VM's NIC goes into.")
    gallery_id: str | None = Field(default=None, description="ARM id of the gallery that copies go to.")
    vm_sizes: VmSizes = VmSizes()
    os_disk_type: str = Field(default="StandardSSD_LRS", pattern="^[A-Za-z0-9]{1,32}_[LZ]RS$")
    rdp_source_address_ranges: tuple[str, ...] = Field(
        default=(),
        max_length=64,
        description="CIDR ranges that may reach RDP or SSH; none: the network security group stays closed.",
    )
    allow_public_ip: bool = False
    marketplace_terms_consent: MarketplaceTermsConsent | None = None

    @field_validator("region", mode="before")
    @classmethod
    def _short_region(cls, value: object) -> object:
        return value.replace(" ", "").lower() if isinstance(value, str) else value

    @field_validator("subnet_id")
    @classmethod
    def _is_a_subnet(cls, value: str) -> str:
        if not _SUBNET_ID.fullmatch(value):
            raise ValueError(
                "must be a subnet's ARM id: /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/"
                "virtualNetworks/…/subnets/…"
            )
        return value

    @field_validator("gallery_id")
    @classmethod
    def _is_a_gallery(cls, value: str | None) -> str | None:
        if value is not None and not _GALLERY_ID.fullmatch(value):
            raise ValueError(
                "must be a gallery's ARM id: /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/galleries/…"
            )
        return value

    @field_validator("rdp_source_address_ranges")
    @classmethod
    def _are_ranges(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            network = ip_network(value)  # its ValueError says what is wrong
            if network.prefixlen == 0:
                raise ValueError(f"{value} is the whole internet: name the ranges that your people come from")
        return values


class ProviderInstance(ProviderInstanceSettings, Record):
    """The record at rest. It is copied into each operation, so a later change never alters a running one."""

    table: ClassVar[str] = PROVIDERS
    kind: ClassVar[str] = "provider"

    org_id: str
    id: str
    created_at: UtcTime
    updated_at: UtcTime

    @property
    def partition_key(self) -> str:
        """The org."""
        return self.org_id

    @property
    def row_key(self) -> str:
        """The id alone: the table holds nothing else."""
        return self.id
