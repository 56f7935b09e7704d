"""Images, their versions and assets, and the reservation of an image's name."""

from typing import Any, ClassVar

from pydantic import Field

from shared.models.base import UtcTime
from shared.models.catalog_record import CatalogRecord
from shared.models.error_info import ErrorInfo
from shared.states.enums import AssetType, GpuType, OsType, ProviderLabel, SourceType, VersionType
from shared.states.statuses import AssetStatus, StreamStatus, VersionStatus


class Image(CatalogRecord):
    """An image ("stream")."""

    kind: ClassVar[str] = "image"

    id: str
    name: str
    description: str = ""
    status: StreamStatus
    os: str = ""
    os_type: OsType
    os_family: OsType
    multi_session: bool = False
    gpu_type: GpuType = GpuType.NONE
    provider_label: ProviderLabel = ProviderLabel.AZURE
    provider_instance_id: str
    source_type: SourceType
    source_stream_id: str | None = None
    source_version_id: str | None = None
    created_at: UtcTime
    updated_at: UtcTime
    revision: int = 0
    """Counts the changes of status; numbers the entries of the history."""
    deletion_id: str | None = None
    """The operation that deletes it, or that last tried to."""

    @property
    def row_key(self) -> str:
        """`image:{id}`."""
        return self.key(self.id)


class Version(CatalogRecord):
    """A version of an image; immutable but for its status."""

    kind: ClassVar[str] = "version"

    image_id: str
    id: str
    name: str
    description: str = ""
    status: VersionStatus
    version_source: str
    version_type: VersionType
    version_history: tuple[str, ...] = ()
    operation_id: str | None = None
    """The operation that made it."""
    created_at: UtcTime
    updated_at: UtcTime

    @property
    def row_key(self) -> str:
        """`version:{image}:{id}`."""
        return self.key(self.image_id, self.id)


class Asset(CatalogRecord):
    """An asset ("copy"): a version made concrete in one provider instance."""

    kind: ClassVar[str] = "asset"

    image_id: str
    version_id: str
    id: str
    type: AssetType
    status: AssetStatus
    provider_instance_id: str
    source_asset_id: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    """`assetDetails.data`: what the caller sent, and what the workflow found out and made."""
    error: ErrorInfo | None = None
    created_at: UtcTime
    updated_at: UtcTime

    @property
    def row_key(self) -> str:
        """`asset:{image}:{version}:{id}`."""
        return self.key(self.image_id, self.version_id, self.id)


class NameReservation(CatalogRecord):
    """Holds an image's name in its org; names are equal without regard to case."""

    kind: ClassVar[str] = "name"

    name: str
    image_id: str

    @property
    def row_key(self) -> str:
        """`name:{name in lower case}`, which also sorts an org's images by name."""
        return self.key(self.name.lower())
