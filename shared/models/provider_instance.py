"""What a `providerInstanceId` stands for: where in Azure an org's images are built."""

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from shared.arm_ids import GALLERY_ID, SUBNET_ID, VM_SIZE
from shared.models.base import PROVIDERS, Model, Record, UtcTime
from shared.states.enums import GpuType


class VmSizes(Model):
    """The VM size to import with, by GPU type; a request may name another in `assetDetails.data.vmSize`."""

    none: str = "Standard_D4s_v5"
    nvidia: str = "Standard_NC4as_T4_v3"
    amd: str = "Standard_NV4as_v4"

    @field_validator("none", "nvidia", "amd")
    @classmethod
    def _is_a_size_name(cls, value: str) -> str:
        if not VM_SIZE.fullmatch(value):
            raise ValueError("must be the name of a VM size, such as Standard_D4s_v5")
        return value

    def for_gpu(self, gpu: GpuType) -> str:
        """The size for images with that GPU."""
        return {GpuType.NONE: self.none, GpuType.NVIDIA: self.nvidia, GpuType.AMD: self.amd}[gpu]


class StorageAccountType(StrEnum):
    """How a gallery keeps the replicas of an image version in a region."""

    STANDARD_LRS = "Standard_LRS"
    STANDARD_ZRS = "Standard_ZRS"
    PREMIUM_LRS = "Premium_LRS"


class TargetRegion(Model):
    """A region that an image version is replicated to."""

    name: str = Field(pattern="^[a-z][a-z0-9]{1,49}$", description="A region's short name, such as westus2.")
    replica_count: int = Field(default=1, ge=1, le=100)
    storage_account_type: StorageAccountType = StorageAccountType.STANDARD_LRS

    @field_validator("name", mode="before")
    @classmethod
    def _short_name(cls, value: object) -> object:
        return value.replace(" ", "").lower() if isinstance(value, str) else value


class MarketplaceTermsConsent(Model):
    """Who agreed, for this subscription, that marketplace terms are accepted on its behalf.

    Accepting terms is a legal act, so no import does it without this record.
    """

    accepted_by: str = Field(min_length=1, max_length=256)
    accepted_at: UtcTime

    @field_validator("accepted_by")
    @classmethod
    def _names_somebody(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must name who accepted the terms")
        return value.strip()

    @field_validator("accepted_at", mode="before")
    @classmethod
    def _is_a_date(cls, value: object) -> object:
        if not isinstance(value, str | datetime):
            raise ValueError("must be a date and time, such as 2026-11-01T09:00:00Z")  # noqa: TRY004 - pydantic's way
        return value


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
    max_running_builds: int | None = Field(
        default=None, ge=1, le=1000, description="How many builds run at once; the others wait. None: the deployment's."
    )
    replication_regions: tuple[TargetRegion, ...] = Field(
        default=(), max_length=20, description="Where copies are replicated to, beside the region itself."
    )

    @field_validator("region", mode="before")
    @classmethod
    def _short_region(cls, value: object) -> object:
        return value.replace(" ", "").lower() if isinstance(value, str) else value

    @field_validator("subnet_id")
    @classmethod
    def _is_a_subnet(cls, value: str) -> str:
        if not SUBNET_ID.fullmatch(value):
            raise ValueError(
                "must be a subnet's ARM id: /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/"
                "virtualNetworks/…/subnets/…"
            )
        return value

    @model_validator(mode="after")
    def _has_its_network_at_hand(self) -> Self:
        subnet = SUBNET_ID.fullmatch(self.subnet_id)
        if subnet is not None and subnet["subscription"].lower() != str(self.subscription_id):
            raise ValueError("subnetId must be in the subscription: a machine and its network share one")
        return self

    @field_validator("gallery_id")
    @classmethod
    def _is_a_gallery(cls, value: str | None) -> str | None:
        if value is not None and not GALLERY_ID.fullmatch(value):
            raise ValueError(
                "must be a gallery's ARM id: /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/galleries/…"
            )
        return value

    @field_validator("replication_regions")
    @classmethod
    def _are_different(cls, values: tuple[TargetRegion, ...]) -> tuple[TargetRegion, ...]:
        names = [region.name for region in values]
        if len(set(names)) != len(names):
            raise ValueError("names a region twice")
        return values

    @field_validator("rdp_source_address_ranges")
    @classmethod
    def _are_ranges(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        networks = [ip_network(value) for value in values]  # its ValueError says what is wrong
        fourth = collapse_addresses(each for each in networks if isinstance(each, IPv4Network))
        sixth = collapse_addresses(each for each in networks if isinstance(each, IPv6Network))
        collapsed: list[IPv4Network | IPv6Network] = [*fourth, *sixth]
        if any(each.prefixlen == 0 for each in collapsed):
            raise ValueError("must not be the whole internet: name the ranges that your people come from")
        return tuple(str(each) for each in collapsed)


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
