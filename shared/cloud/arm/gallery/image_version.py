"""The image version in the home region: making it from the source, replacing one that failed, what it became."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm, about, text
from shared.cloud.arm.core.ownership import require_ours
from shared.cloud.arm.gallery import image_definition
from shared.cloud.arm.gallery.gallery import AT_WORK
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.models.provider_instance import TargetRegion
from shared.ports.azure import Waiting
from shared.workflow.facts import SourceFacts
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target, tags
from shared.workflow.replication import RegionReplication, ReplicationState

if TYPE_CHECKING:
    from azure.mgmt.compute.models import GalleryImageVersion, RegionalReplicationStatus

_WITH_REGIONS = "ReplicationStatus"


def begin(arm: Arm, job: CopyJob, facts: SourceFacts) -> Waiting | None:
    """Make the version, or take up one that an earlier try began.

    Raises:
        TransientError: one that failed stands in the way; its deletion has begun.
    """
    found = find(arm, job)
    target = gallery_target(job)
    names = (target.resource_group, target.gallery, target.definition, target.version)
    if found is None:
        put = arm.compute.gallery_image_versions.begin_create_or_update
        return operations.begin(arm, job, put, *names, version_body(job, facts))
    state = state_of(found)
    if state in AT_WORK:
        return Waiting()
    if is_usable(job, found):
        return None
    if state != "Deleting":
        operations.begin(arm, job, arm.compute.gallery_image_versions.begin_delete, *names)
    raise _replacing(job, state)


def check(arm: Arm, job: CopyJob, handle: str | None) -> Waiting | None:
    """How the version is coming along."""
    return operations.check(arm, job, handle, lambda: _look(arm, job))


def details(arm: Arm, job: CopyJob) -> Mapping[str, object]:
    """What the catalogue says of the version, in the wire's names."""
    version = require(arm, job)
    target = gallery_target(job)
    found: dict[str, object] = {
        "galleryImageVersionId": version.id or target.version_id,
        "galleryImageDefinitionId": target.definition_id,
        "sourceId": job.source.id,
        "regions": asked_regions(version),
    }
    definition = image_definition.find(arm, job)
    if definition is not None and definition.properties is not None:
        facts = image_definition.facts_of(job.source.id, definition.properties, None)
        found |= {"hyperVGeneration": facts.hyper_v_generation, "osState": facts.os_state}
    return found


def find(arm: Arm, job: CopyJob) -> "GalleryImageVersion | None":
    """The version with its regions, if it is there and ours."""
    found = read(arm, job)
    if found is not None:
        require_ours(job, f"Image version {gallery_target(job).version_id}", found.tags)
    return found


def require(arm: Arm, job: CopyJob) -> "GalleryImageVersion":
    """The version with its regions, for what comes after it was made.

    Raises:
        PermanentError: it is gone, or not ours.
    """
    found = find(arm, job)
    if found is None:
        message = f"Image version {gallery_target(job).version_id} is gone: somebody deleted it. Copy it again."
        raise PermanentError("ResourceNotFound", message)
    return found


def read(arm: Arm, job: CopyJob) -> "GalleryImageVersion | None":
    """The version of that name with its regions, whoever's it is."""
    target = gallery_target(job)
    names = (target.resource_group, target.gallery, target.definition, target.version)
    try:
        return arm.compute.gallery_image_versions.get(*names, expand=_WITH_REGIONS, **about(job))
    except ResourceNotFoundError:
        return None


def read_source(arm: Arm, job: CopyJob) -> "GalleryImageVersion":
    """The source version with its regions; `arm` is its subscription."""
    source = job.source
    names = (source.resource_group, source.gallery, source.image, source.version)
    return arm.compute.gallery_image_versions.get(*names, expand=_WITH_REGIONS, **about(job))


def state_of(version: "GalleryImageVersion") -> str:
    """The provisioning state of the last operation; it is Failed, too, where only one of many regions failed."""
    return text(version.properties.provisioning_state) if version.properties else ""


def is_usable(job: CopyJob, version: "GalleryImageVersion") -> bool:
    """Whether the home region has the version, whatever became of other regions."""
    if state_of(version) == "Succeeded":
        return True
    home = next((each for each in reported_regions(version) if each.region == job.home.name), None)
    return state_of(version) == "Failed" and home is not None and home.state is ReplicationState.COMPLETED


def asked_regions(version: "GalleryImageVersion") -> list[str]:
    """The short names of the regions that Azure was asked to have the version in."""
    profile = version.properties.publishing_profile if version.properties else None
    return [short_name(region.name) for region in (profile.target_regions if profile else None) or ()]


def reported_regions(version: "GalleryImageVersion") -> list[RegionReplication]:
    """What Azure reports of the version's regions."""
    status = version.properties.replication_status if version.properties else None
    return [_reported(region) for region in (status.summary if status else None) or ()]


def short_name(region: str | None) -> str:
    """A region's short name; Azure mixes it with the one for people, as "East US"."""
    return (region or "").replace(" ", "").lower()


def version_body(job: CopyJob, facts: SourceFacts) -> dict[str, Any]:
    """The version in wire form, in the home region only: the image can be used as soon as that one is done."""
    profile: dict[str, Any] = {
        "targetRegions": target_regions([job.home]),
        "replicaCount": job.home.replica_count,
        "storageAccountType": job.home.storage_account_type.value,
        "excludeFromLatest": job.exclude_from_latest,
        "replicationMode": job.replication_mode.value,
    }
    if job.end_of_life is not None:
        profile["endOfLifeDate"] = job.end_of_life.isoformat()
    return {
        "location": job.home.name,
        "tags": tags(job),
        "properties": {
            "storageProfile": {"source": {"id": facts.source_id}},
            "publishingProfile": profile,
            # A region that failed is taken out and put in again.
            "safetyProfile": {"allowDeletionOfReplicatedLocations": True},
        },
    }


def target_regions(regions: Sequence[TargetRegion]) -> list[dict[str, Any]]:
    """Regions in wire form."""
    return [
        {
            "name": region.name,
            "regionalReplicaCount": region.replica_count,
            "storageAccountType": region.storage_account_type.value,
        }
        for region in regions
    ]


def _reported(region: "RegionalReplicationStatus") -> RegionReplication:
    said = text(region.state)
    known = said in set(ReplicationState)
    return RegionReplication(
        region=short_name(region.region),
        state=ReplicationState(said) if known else ReplicationState.UNKNOWN,
        progress=region.progress or 0,
        details=region.details or "",
    )


def _look(arm: Arm, job: CopyJob) -> Waiting | None:
    found = find(arm, job)
    if found is not None and state_of(found) in AT_WORK:
        return Waiting()
    if found is not None and is_usable(job, found):
        return None
    raise _replacing(job, state_of(found) if found else "missing")


def _replacing(job: CopyJob, state: str) -> TransientError:
    """The step begins again, until the version is gone and can be made anew."""
    message = (
        f"Image version {gallery_target(job).version_id} is {state or 'in no state'}; it is replaced by a new one."
    )
    return TransientError("ReplacingFailedResource", message, kind=ErrorKind.BUSY)
