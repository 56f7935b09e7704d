"""What a caller asks for, after it was read and found right."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from shared.models.base import Model, UtcTime
from shared.models.provider_instance import ProviderInstance, TargetRegion
from shared.states.enums import Action, AssetType, GpuType, OsType, ProviderLabel, SourceType, VersionType
from shared.workflow.sources import GalleryImageVersion, ReplicationMode


class ImageRequest(Model):
    """What `POST /images` says, whichever the action."""

    action: Action
    org_id: str
    stream_name: str
    stream_description: str = ""
    os: str = ""
    os_type: OsType
    multi_session: bool
    gpu_type: GpuType
    provider_label: ProviderLabel
    provider_instance_id: str
    source_type: SourceType
    version_source: str
    version_type: VersionType
    version_name: str
    version_description: str = ""
    asset_type: AssetType

    @property
    def secret(self) -> SecretStr | None:
        """What has to be in the secret store before the work begins, if anything."""
        return None


class Administrator(Model):
    """The administrator of the new machine (`assetDetails.vmInfo`)."""

    username: str
    password: SecretStr


class ImportSource(Model):
    """`assetDetails.data` of an import."""

    publisher: str
    offer: str
    sku: str
    version: str = "latest"
    license_type: str | None = None
    vm_size: str | None = None
    """None takes the provider instance's own choice."""
    virtual_network: str | None = None
    """`vNet`: a name or an ARM id."""
    subnet: str | None = None
    """`subNet`: a name or an ARM id."""
    data: dict[str, Any] = Field(default_factory=dict)
    """All of it as it was sent, keys that nobody knows included."""


class ImportRequest(ImageRequest):
    """`POST /images?action=import`."""

    action: Literal[Action.IMPORT] = Action.IMPORT
    create_public_ip: bool = False
    source: ImportSource
    administrator: Administrator

    @property
    def secret(self) -> SecretStr:
        """The administrator's password."""
        return self.administrator.password


class NamedSource(Model):
    """The image version that `assetDetails.data` of a copy names, by its ARM id or in parts."""

    subscription_id: UUID | None = None
    """None for the provider instance's own."""
    resource_group: str
    gallery: str
    image: str
    version: str
    tenant_id: UUID | None = None
    """None for the provider instance's own."""

    def within(self, provider: ProviderInstance) -> GalleryImageVersion:
        """The version, with what is left out taken from the provider instance."""
        return GalleryImageVersion(
            subscription_id=self.subscription_id or provider.subscription_id,
            resource_group=self.resource_group,
            gallery=self.gallery,
            image=self.image,
            version=self.version,
            tenant_id=self.tenant_id,
        )


class CatalogueReference(Model):
    """An image of the same org that a copy names as its source."""

    stream_id: str
    version_id: str | None = None
    """None for the newest version that can be used."""


class CopyOptions(Model):
    """`assetDetails.options` of a copy."""

    regions: tuple[TargetRegion, ...] | None = None
    """Where the copy should be; None takes the provider instance's own choice."""
    replication_mode: ReplicationMode = ReplicationMode.FULL
    end_of_life: UtcTime | None = None
    exclude_from_latest: bool = False


class CopyRequest(ImageRequest):
    """`POST /images?action=copy-existing-image`. The source is named at least once; twice only if both agree."""

    action: Literal[Action.COPY_EXISTING_IMAGE] = Action.COPY_EXISTING_IMAGE
    named: NamedSource | None = None
    reference: CatalogueReference | None = None
    options: CopyOptions = CopyOptions()
    data: dict[str, Any] = Field(default_factory=dict)
    """`assetDetails.data` as it was sent, without the keys that the service itself writes."""


AnyRequest = ImportRequest | CopyRequest
