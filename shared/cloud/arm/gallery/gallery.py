"""The provider instance's gallery: it may be there already, and it stays when a copy is undone."""

from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm, about, text
from shared.errors.azure import ErrorKind, TransientError
from shared.ports.azure import Waiting
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target, tags

if TYPE_CHECKING:
    from azure.mgmt.compute.models import Gallery

AT_WORK = ("Creating", "Updating", "Migrating")
"""The provisioning states of galleries, and of all that is in them, that end by themselves."""


def begin(arm: Arm, job: CopyJob) -> Waiting | None:
    """Make the gallery; one that exists is taken as it is, whoever made it."""
    found = find(arm, job)
    if found is not None and not _has_failed(found):
        return _state_of(job, found)
    target = gallery_target(job)
    body = {"location": job.home.name, "tags": tags(job), "properties": {}}
    put = arm.compute.galleries.begin_create_or_update
    return operations.begin(arm, job, put, target.resource_group, target.gallery, body)


def check(arm: Arm, job: CopyJob, handle: str | None) -> Waiting | None:
    """How the gallery is coming along."""
    return operations.check(arm, job, handle, lambda: _look(arm, job))


def find(arm: Arm, job: CopyJob) -> "Gallery | None":
    """The gallery, if it is there."""
    target = gallery_target(job)
    try:
        return arm.compute.galleries.get(target.resource_group, target.gallery, **about(job))
    except ResourceNotFoundError:
        return None


def _look(arm: Arm, job: CopyJob) -> Waiting | None:
    found = find(arm, job)
    if found is None or _has_failed(found):
        message = f"Gallery {gallery_target(job).gallery} could not be made; it is begun again."
        raise TransientError("GalleryNotMade", message)
    return _state_of(job, found)


def _state_of(job: CopyJob, found: "Gallery") -> Waiting | None:
    state = _state(found)
    if state == "Deleting":
        message = f"Gallery {gallery_target(job).gallery} is being deleted; it is made anew afterwards."
        raise TransientError("GalleryBeingDeleted", message, kind=ErrorKind.BUSY)
    return Waiting() if state in AT_WORK else None


def _has_failed(found: "Gallery") -> bool:
    """Whether it is one of ours that could not be made; what other people's galleries are is their business."""
    return _state(found) == "Failed" and (found.tags or {}).get("createdBy") == "image-catalog"


def _state(found: "Gallery") -> str:
    return text(found.properties.provisioning_state) if found.properties else ""
