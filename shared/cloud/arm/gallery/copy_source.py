"""What there is to object to in the source of a copy."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from shared.cloud.arm.gallery.image_version import reported_regions, state_of
from shared.workflow.facts import SourceFacts
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.outcome import Objection
from shared.workflow.replication import ReplicationState
from shared.workflow.sources import ReplicationMode

if TYPE_CHECKING:
    from azure.mgmt.compute.models import GalleryImageVersion

_LARGEST_GB = 2048
"""Azure copies no larger disk."""


def missing(job: CopyJob) -> Objection:
    """The source is not there."""
    message = f"The source {job.source.id} does not exist, or may not be read. Correct it, or ask for the role Reader."
    return _finding("SourceNotFound", message)


def judge(job: CopyJob, version: "GalleryImageVersion", facts: SourceFacts, now: datetime) -> Iterator[Objection]:
    """The findings about a source that exists."""
    yield from _of_state(job, version, now)
    if facts.os_family is not job.os_type.family:
        message = f"The source is {facts.os_family}, the request says {job.os_type}. Correct `osType`."
        yield _finding("OsMismatch", message, "osType")
    size = facts.size_gb or 0
    if size > _LARGEST_GB and job.replication_mode is not ReplicationMode.SHALLOW:
        yield _finding(
            "DiskTooLarge",
            f"The source has a disk of {size} GiB, Azure copies up to {_LARGEST_GB} GiB. Make a shallow copy, or "
            "choose a smaller image.",
        )
    if _is_encrypted(version) and job.source.subscription_id != job.provider.subscription_id:
        yield _finding(
            "SourceEncrypted",
            "The source is encrypted with its owner's key; Azure copies such a one within its subscription only. "
            "Choose a provider instance in that subscription, or another source.",
        )


def size_gb(version: "GalleryImageVersion") -> int | None:
    """The size of the largest disk, in GiB, if Azure says it."""
    storage = version.properties.storage_profile if version.properties else None
    if storage is None:
        return None
    disks = (storage.os_disk_image, *(storage.data_disk_images or ()))
    return max((disk.size_in_gb for disk in disks if disk and disk.size_in_gb), default=None)


def _of_state(job: CopyJob, version: "GalleryImageVersion", now: datetime) -> Iterator[Objection]:
    replicas = {region.region: region.state for region in reported_regions(version)}
    state, home = state_of(version), job.home.name
    # A version is Failed when any of its regions is; what matters is the one that is copied from.
    if state != "Succeeded" and not (state == "Failed" and replicas.get(home) is ReplicationState.COMPLETED):
        yield _finding("SourceNotReady", f"The source is {state or 'not ready'}. Wait until Azure has finished it.")
    elif replicas.get(home) is not ReplicationState.COMPLETED:
        there = sorted(region for region, each in replicas.items() if each is ReplicationState.COMPLETED)
        yield _finding(
            "SourceNotInRegion",
            f"The source has no complete replica in {home}, only in {', '.join(there) or 'no region'}. Let its owner "
            f"replicate it to {home}, or choose a provider instance in a region that has it.",
        )
    profile = version.properties.publishing_profile if version.properties else None
    ends = profile.end_of_life_date if profile else None
    if ends is not None and ends <= now:
        message = f"The source reached the end of its life on {ends:%Y-%m-%d}. Choose a newer version."
        yield _finding("SourceRetired", message)


def _is_encrypted(version: "GalleryImageVersion") -> bool:
    profile = version.properties.publishing_profile if version.properties else None
    regions = (profile.target_regions if profile else None) or ()
    disks = (region.encryption.os_disk_image for region in regions if region.encryption)
    return any(disk is not None and disk.disk_encryption_set_id for disk in disks)


def _finding(code: str, message: str, target: str = "source") -> Objection:
    return Objection(code=code, message=message, target=target)
