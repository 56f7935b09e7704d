"""The regions of an image version: asking for them, one update at a time, and what has become of each."""

from collections.abc import Sequence

from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm
from shared.cloud.arm.core.errors import OperationFailed
from shared.cloud.arm.gallery import image_version
from shared.cloud.arm.gallery.gallery import AT_WORK
from shared.errors.azure import ErrorKind, TransientError
from shared.models.provider_instance import TargetRegion
from shared.ports.azure import Waiting
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target
from shared.workflow.replication import RegionReplication, ReplicationState

_NOT_REPORTED = "Azure does not report this region yet."


def begin(arm: Arm, job: CopyJob, regions: Sequence[str]) -> Waiting | None:
    """Ask for the home region and these further ones; Azure ends the update when every region has ended.

    Raises:
        TransientError: an earlier update, for other regions, is under way.
    """
    version = image_version.require(arm, job)
    wanted = _wanted(job, regions)
    asked = set(image_version.asked_regions(version)) == {region.name for region in wanted}
    if image_version.state_of(version) in AT_WORK:
        if asked:
            return Waiting()
        message = f"An update of image version {gallery_target(job).version_id} is under way; it is changed afterwards."
        raise TransientError("UpdateUnderWay", message, kind=ErrorKind.BUSY)
    if asked:
        return None
    target = gallery_target(job)
    names = (target.resource_group, target.gallery, target.definition, target.version)
    body = {"properties": {"publishingProfile": {"targetRegions": image_version.target_regions(wanted)}}}
    return operations.begin(arm, job, arm.compute.gallery_image_versions.begin_update, *names, body)


def check(arm: Arm, job: CopyJob, handle: str | None) -> Waiting | None:
    """Whether an update is under way. One that failed is over, too: `read` tells which regions did."""
    try:
        return operations.check(arm, job, handle, lambda: _look(arm, job))
    except OperationFailed:
        return None


def read(arm: Arm, job: CopyJob) -> Sequence[RegionReplication]:
    """The state of each region that was asked for."""
    version = image_version.require(arm, job)
    reported = {each.region: each for each in image_version.reported_regions(version)}
    return [reported.get(region) or _unreported(region) for region in image_version.asked_regions(version)]


def _wanted(job: CopyJob, regions: Sequence[str]) -> list[TargetRegion]:
    """The regions as the request has them, the home region first."""
    known = {replica.region.name: replica.region for replica in job.replicas}
    further = [known.get(name) or TargetRegion(name=name) for name in regions if name != job.home.name]
    return [job.home, *further]


def _look(arm: Arm, job: CopyJob) -> Waiting | None:
    return Waiting() if image_version.state_of(image_version.require(arm, job)) in AT_WORK else None


def _unreported(region: str) -> RegionReplication:
    return RegionReplication(region=region, state=ReplicationState.UNKNOWN, progress=0, details=_NOT_REPORTED)
