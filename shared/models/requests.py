"""What a caller asks for, after it was read and found right."""

from typing import Any

from pydantic import Field, SecretStr

from shared.models.base import Model
from shared.states import Action, AssetType, GpuType, OsType, ProviderLabel, SourceType, VersionType


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


class ImageRequest(Model):
    """`POST /images?action=import`."""

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
    create_public_ip: bool = False
    source: ImportSource
    administrator: Administrator
