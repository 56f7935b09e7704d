"""The way back of a copy: first its version, then the definition, if it is our image's and nothing else is in it."""

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm, about
from shared.cloud.arm.core.ownership import OWNER_TAG
from shared.cloud.arm.gallery import image_definition, image_version
from shared.ports.azure import Waiting
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target, tags


def begin(arm: Arm, job: CopyJob) -> Waiting | None:
    """Take the next thing away that is there and ours; None when nothing is left to do."""
    version = image_version.read(arm, job)
    if version is None:
        return _begin_definition(arm, job)
    if (version.tags or {}).get(OWNER_TAG) != tags(job)[OWNER_TAG]:
        return None
    if image_version.state_of(version) == "Deleting":
        return Waiting()
    target = gallery_target(job)
    names = (target.resource_group, target.gallery, target.definition, target.version)
    return operations.begin(arm, job, arm.compute.gallery_image_versions.begin_delete, *names)


def check(arm: Arm, job: CopyJob, handle: str | None) -> Waiting | None:
    """How the deletion is doing that is under way; after that of the version comes that of the definition."""
    return operations.check(arm, job, handle, lambda: None) or begin(arm, job)


def _begin_definition(arm: Arm, job: CopyJob) -> Waiting | None:
    definition = image_definition.read(arm, job)
    if definition is None or not image_definition.is_ours(job, definition) or _has_versions(arm, job):
        return None
    if image_definition.state_of(definition) == "Deleting":
        return Waiting()
    target = gallery_target(job)
    names = (target.resource_group, target.gallery, target.definition)
    return operations.begin(arm, job, arm.compute.gallery_images.begin_delete, *names)


def _has_versions(arm: Arm, job: CopyJob) -> bool:
    """Whether other versions are in the definition; ours is gone, though Azure may go on listing it for a while."""
    target = gallery_target(job)
    listed = arm.compute.gallery_image_versions.list_by_gallery_image(
        target.resource_group, target.gallery, target.definition, **about(job)
    )
    try:
        return any(version.name != target.version for version in listed)
    except ResourceNotFoundError:
        return False
