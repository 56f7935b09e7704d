"""Valid records and jobs to start a test from; name only what the test is about."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from shared.catalogue.queue import new_ticket
from shared.models.base import Record
from shared.models.image import Asset, Image, NameReservation, Version
from shared.models.operation import Operation
from shared.models.provider_instance import ProviderInstance, TargetRegion
from shared.states.enums import Action, AssetType, GpuType, OperationAction, OsType, SourceType, VersionType
from shared.states.statuses import OperationStatus, StreamStatus, VersionStatus
from shared.states.transition_table import FIRST_ASSET_STATUS
from shared.workflow.facts import Facts, Feature, SourceFacts
from shared.workflow.jobs.copy_job import CopyJob, Replica
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.sources import GalleryImageVersion, MarketplaceImage

ORG = "org-test"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-0000000000aa"
SUBNET = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-desktops"
    "/providers/Microsoft.Network/virtualNetworks/vnet-desktops/subnets/desktops"
)
GALLERY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-desktops/providers/Microsoft.Compute/galleries/galDesktops"
PROVIDER = "provider-1"
GOLDEN = GalleryImageVersion(
    subscription_id=UUID("00000000-0000-0000-0000-000000000002"),
    resource_group="rg-golden",
    gallery="galGolden",
    image="windows-11-desktop",
    version="1.0.0",
)
WINDOWS_11 = MarketplaceImage(publisher="MicrosoftWindowsDesktop", offer="windows-11", sku="win11-24h2-avd")


def new_id() -> str:
    """An id as the product makes them."""
    return str(uuid4())


def provider_instance(**overrides: Any) -> ProviderInstance:
    """A provider instance in eastus, whose network security groups stay closed."""
    values: dict[str, Any] = {
        "org_id": ORG,
        "id": PROVIDER,
        "display_name": "Desktops in East US",
        "subscription_id": SUBSCRIPTION,
        "tenant_id": TENANT,
        "region": "eastus",
        "subnet_id": SUBNET,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return ProviderInstance(**(values | overrides))


def image(**overrides: Any) -> Image:
    """An image that was just accepted."""
    identifier = overrides.get("id") or new_id()
    values: dict[str, Any] = {
        "org_id": ORG,
        "id": identifier,
        "name": f"image-{identifier[:8]}",
        "status": StreamStatus.PENDING,
        "os": "Windows 11 Enterprise multi-session, 24H2",
        "os_type": OsType.WVD,
        "os_family": OsType.WINDOWS,
        "multi_session": True,
        "provider_instance_id": PROVIDER,
        "source_type": SourceType.AZURE_MARKET_PLACE,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Image(**(values | overrides))


def version(**overrides: Any) -> Version:
    """A first version that was just accepted."""
    values: dict[str, Any] = {
        "org_id": ORG,
        "image_id": new_id(),
        "id": new_id(),
        "name": "1.0.0",
        "status": VersionStatus.PENDING,
        "version_source": "0.0",
        "version_type": VersionType.MAJOR,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Version(**(values | overrides))


def asset(**overrides: Any) -> Asset:
    """An asset that was just accepted."""
    values: dict[str, Any] = {
        "org_id": ORG,
        "image_id": new_id(),
        "version_id": new_id(),
        "id": new_id(),
        "type": AssetType.AZURE_VM_IN_RG,
        "status": FIRST_ASSET_STATUS,
        "provider_instance_id": PROVIDER,
        "data": {"publisher": WINDOWS_11.publisher, "offer": WINDOWS_11.offer, "sku": WINDOWS_11.sku},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Asset(**(values | overrides))


def operation(**overrides: Any) -> Operation:
    """An import that has not started."""
    values: dict[str, Any] = {
        "org_id": ORG,
        "id": new_id(),
        "action": Action.IMPORT,
        "status": OperationStatus.NOT_STARTED,
        "image_id": new_id(),
        "version_id": new_id(),
        "asset_id": new_id(),
        "created_at": NOW,
        "last_changed_at": NOW,
    }
    return Operation(**(values | overrides))


def import_job(**overrides: Any) -> ImportJob:
    """An import of Windows 11 multi-session without a GPU."""
    operation_id = overrides.get("operation_id") or new_id()
    values: dict[str, Any] = {
        "org_id": ORG,
        "operation_id": operation_id,
        "image_id": new_id(),
        "version_id": new_id(),
        "asset_id": new_id(),
        "image_name": "Windows-11",
        "source": WINDOWS_11,
        "os_type": OsType.WVD,
        "gpu_type": GpuType.NONE,
        "vm_size": "Standard_D4s_v5",
        "subnet_id": SUBNET,
        "admin_username": "builder",
        "secret_name": f"vm-{operation_id}",
        "queues": True,
        "provider": provider_instance(),
    }
    return ImportJob(**(values | overrides))


def facts(**overrides: Any) -> Facts:
    """What preflight finds out about a current Windows 11 image."""
    values: dict[str, Any] = {"version": "26100.4061.250604", "hyper_v_generation": "V2", "trusted_launch": True}
    return Facts(**(values | overrides))


def replica(region: str, **overrides: Any) -> Replica:
    """A further region, and the id of its asset; overrides are fields of the region."""
    return Replica(asset_id=new_id(), region=TargetRegion(name=region, **overrides))


def copy_job(*regions: str, **overrides: Any) -> CopyJob:
    """A copy of a golden Windows 11 into eastus, and replicas in further regions."""
    values: dict[str, Any] = {
        "org_id": ORG,
        "operation_id": new_id(),
        "image_id": new_id(),
        "version_id": new_id(),
        "asset_id": new_id(),
        "image_name": "Windows-11",
        "version_name": "1.0.0",
        "source": GOLDEN,
        "os_type": OsType.WVD,
        "gpu_type": GpuType.NONE,
        "provider": provider_instance(gallery_id=GALLERY),
        "home": TargetRegion(name="eastus"),
        "queues": True,
        "replicas": tuple(replica(region) for region in regions),
    }
    return CopyJob(**(values | overrides))


def source_facts(**overrides: Any) -> SourceFacts:
    """What preflight finds out about a current Windows 11 in a gallery."""
    values: dict[str, Any] = {
        "source_id": GOLDEN.id,
        "os_family": OsType.WINDOWS,
        "os_state": "Generalized",
        "hyper_v_generation": "V2",
        "features": (Feature(name="SecurityType", value="TrustedLaunchSupported"),),
        "size_gb": 127,
    }
    return SourceFacts(**(values | overrides))


def accepted(job: MakingJob, at: datetime = NOW) -> Sequence[Record]:
    """The records that accepting a job's request wrote: image, version, assets, operation, name reservation, ticket."""
    ids = {"org_id": job.org_id, "image_id": job.image_id}
    work = operation(
        **ids,
        id=job.operation_id,
        version_id=job.version_id,
        asset_id=job.asset_id,
        action=OperationAction(job.action),
        job=job.to_json(),
        queued_at=at,
    )
    return (
        image(
            org_id=job.org_id,
            id=job.image_id,
            name=job.image_name,
            os_type=job.os_type,
            os_family=job.os_type.family,
            gpu_type=job.gpu_type,
            provider_instance_id=job.provider.id,
            source_type=SourceType.AZURE_SIG if isinstance(job, CopyJob) else SourceType.AZURE_MARKET_PLACE,
        ),
        version(
            **ids,
            id=job.version_id,
            name=job.version_name if isinstance(job, CopyJob) else "1.0.0",
            operation_id=job.operation_id,
        ),
        *_assets(job),
        work,
        NameReservation(**ids, name=job.image_name),
        new_ticket(work, job.provider.id),
    )


def delete_job(made: MakingJob, **overrides: Any) -> DeleteJob:
    """The deletion of an image that one job made."""
    operation_id = new_id()
    fields = ("org_id", "image_id", "version_id", "asset_id", "image_name", "os_type", "gpu_type", "provider", "pace")
    same = {name: getattr(made, name) for name in fields}
    shown = made.model_copy(update={"shown_by": operation_id})
    return DeleteJob(**(same | {"operation_id": operation_id, "made": (shown,)} | overrides))


def deletion_operation(job: DeleteJob) -> Operation:
    """The operation of a deletion that was accepted."""
    return operation(
        org_id=job.org_id,
        id=job.operation_id,
        image_id=job.image_id,
        version_id=job.version_id,
        asset_id=job.asset_id,
        action=OperationAction.DELETE,
        job=job.to_json(),
    )


def _assets(job: MakingJob) -> Sequence[Asset]:
    ids: dict[str, Any] = {
        "org_id": job.org_id,
        "image_id": job.image_id,
        "version_id": job.version_id,
        "provider_instance_id": job.provider.id,
    }
    if not isinstance(job, CopyJob):
        return (asset(**ids, id=job.asset_id),)
    home = asset(
        **ids,
        id=job.asset_id,
        type=AssetType.AZURE_IMAGE_IN_SIG,
        data={"sourceId": job.source.id, "region": job.home.name},
    )
    replicas = (
        asset(
            **ids,
            id=each.asset_id,
            type=AssetType.AZURE_IMAGE_REPLICA_IN_SIG,
            source_asset_id=job.asset_id,
            data={"region": each.region.name},
        )
        for each in job.replicas
    )
    return (home, *replicas)
