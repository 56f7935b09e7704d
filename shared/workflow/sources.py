"""What an image is made from."""

from enum import StrEnum
from uuid import UUID

from shared.models.base import Model


class MarketplaceImage(Model):
    """An image of the Azure Marketplace; `version` may be "latest" until preflight has pinned it."""

    publisher: str
    offer: str
    sku: str
    version: str = "latest"


class PurchasePlan(Model):
    """The plan under which a Marketplace image is bought; the names are those of Azure's VM body."""

    publisher: str
    product: str
    name: str


class GalleryImageVersion(Model):
    """An image version in an Azure Compute Gallery."""

    subscription_id: UUID
    resource_group: str
    gallery: str
    image: str
    version: str
    tenant_id: UUID | None = None
    """The tenant that the subscription belongs to; None for the provider instance's own."""

    @property
    def definition_id(self) -> str:
        """ARM id of the image definition."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Compute/galleries/{self.gallery}/images/{self.image}"
        )

    @property
    def id(self) -> str:
        """ARM id of the version."""
        return f"{self.definition_id}/versions/{self.version}"


class ReplicationMode(StrEnum):
    """How a version is made: FULL copies, SHALLOW refers to its source (quick, one region, for trying out)."""

    FULL = "Full"
    SHALLOW = "Shallow"
