"""What a provider instance allows of a copy, and what is kept and started for one that it allows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from shared.models.image import Asset
from shared.models.provider_instance import ProviderInstance, TargetRegion
from shared.requests.acceptance import Accepted, Ids, accept, asset_of
from shared.requests.copy_sources import Origin
from shared.requests.findings import Code, Finding
from shared.requests.models import CopyRequest
from shared.states.enums import AssetType
from shared.workflow.jobs.copy_job import CopyJob, Replica
from shared.workflow.kinds import planned
from shared.workflow.pace import Pace
from shared.workflow.sources import ReplicationMode

_MODE = "/assetDetails/options/replicationMode"


@dataclass(frozen=True, slots=True)
class _Regions:
    home: TargetRegion
    further: Sequence[TargetRegion]


def _regions(request: CopyRequest, provider: ProviderInstance) -> _Regions:
    """Where the copy goes: as the request says, else as the provider instance does; always to its own region."""
    chosen = request.options.regions
    wanted = provider.replication_regions if chosen is None else chosen
    home = next((region for region in wanted if region.name == provider.region), TargetRegion(name=provider.region))
    return _Regions(home, [region for region in wanted if region.name != provider.region])


def check_copy(request: CopyRequest, provider: ProviderInstance) -> Sequence[Finding]:
    """What the provider instance does not allow of a copy."""
    findings = []
    if provider.gallery_id is None:
        message = f"the provider instance {provider.id} has no gallery to copy to: PUT it with a galleryId"
        findings.append(Finding(Code.NO_GALLERY, message, "/providerInstanceId"))
    name = request.stream_name
    if not (name[0].isalnum() and name[-1].isalnum()):
        message = "must begin and end with a letter or a digit: the image definition in the gallery gets this name"
        findings.append(Finding(Code.INVALID_VALUE, message, "/streamName"))
    further = _regions(request, provider).further
    if request.options.replication_mode is ReplicationMode.SHALLOW and further:
        names = ", ".join(region.name for region in further)
        message = (
            f"a shallow copy stays in the region {provider.region}, and {names} would be further ones: "
            "say Full, or regions: []"
        )
        findings.append(Finding(Code.CONTRADICTION, message, _MODE))
    return findings


def accept_copy(
    request: CopyRequest, provider: ProviderInstance, origin: Origin, ids: Ids, at: datetime, pace: Pace
) -> Accepted:
    """Work out the records and the job of a copy that `check_copy` has nothing against."""
    regions = _regions(request, provider)
    job = CopyJob(
        org_id=request.org_id,
        operation_id=ids.operation,
        image_id=ids.image,
        version_id=ids.version,
        asset_id=ids.asset,
        catalog_name=ids.catalog_name,
        image_name=request.stream_name,
        os_type=request.os_type,
        gpu_type=request.gpu_type,
        provider=provider,
        pace=pace,
        source=origin.version,
        version_name=request.version_name,
        home=regions.home,
        replicas=tuple(_replica(ids, region) for region in regions.further),
        replication_mode=request.options.replication_mode,
        end_of_life=request.options.end_of_life,
        exclude_from_latest=request.options.exclude_from_latest,
    )
    job = planned(job)
    data = {**request.data, "sourceId": origin.version.id, "region": regions.home.name}
    asset = asset_of(request, job, at, data, source_asset_id=origin.asset_id)
    return accept(
        request,
        job,
        at,
        assets=[asset, *(_replica_asset(asset, replica) for replica in job.replicas)],
        source_stream_id=origin.stream_id,
        source_version_id=origin.version_id,
    )


def _replica(ids: Ids, region: TargetRegion) -> Replica:
    """A further region; the id of its asset follows from that of the copy."""
    return Replica(asset_id=str(uuid5(UUID(ids.asset), region.name)), region=region)


def _replica_asset(asset: Asset, replica: Replica) -> Asset:
    update = {
        "id": replica.asset_id,
        "type": AssetType.AZURE_IMAGE_REPLICA_IN_SIG,
        "source_asset_id": asset.id,
        "data": {"region": replica.region.name},
    }
    return asset.model_copy(update=update)
