"""The image definition that the versions of one image are in: made with the properties of the source's."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm, about, text
from shared.cloud.arm.gallery.gallery import AT_WORK
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.ports.azure import Waiting
from shared.states.enums import OsType
from shared.workflow.facts import Feature, SourceFacts
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target, tags
from shared.workflow.sources import PurchasePlan

if TYPE_CHECKING:
    from azure.mgmt.compute.models import GalleryImage, GalleryImageProperties

OWNER_TAG = "imageId"
SECURITY_TYPE = "SecurityType"
STANDARD = "Standard"
"""The security type of a definition that names none; newer api-versions would take another one for it."""
_PUBLISHER = "image-catalog"
_ILLEGAL = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 64


def begin(arm: Arm, job: CopyJob, facts: SourceFacts) -> Waiting | None:
    """Make the definition, or take the one that this image has already."""
    found = find(arm, job)
    state = state_of(found)
    if state in AT_WORK:
        return Waiting()
    if state == "Deleting":
        message = f"Image definition {gallery_target(job).definition} is being deleted; it is made anew afterwards."
        raise TransientError("DefinitionBeingDeleted", message, kind=ErrorKind.BUSY)
    if state == "Succeeded":
        return None
    target = gallery_target(job)
    put = arm.compute.gallery_images.begin_create_or_update
    names = (target.resource_group, target.gallery, target.definition)
    return operations.begin(arm, job, put, *names, definition_body(job, facts))


def check(arm: Arm, job: CopyJob, handle: str | None) -> Waiting | None:
    """How the definition is coming along."""
    return operations.check(arm, job, handle, lambda: _look(arm, job))


def find(arm: Arm, job: CopyJob) -> "GalleryImage | None":
    """The image's definition, if it is there.

    Raises:
        PermanentError: it belongs to another image, or to somebody else.
    """
    found = read(arm, job)
    if found is not None and not is_ours(job, found):
        message = not_ours(job, found)
        raise PermanentError("DefinitionNotOurs", message)
    return found


def read(arm: Arm, job: CopyJob) -> "GalleryImage | None":
    """The definition of that name, whoever's it is."""
    target = gallery_target(job)
    try:
        return arm.compute.gallery_images.get(target.resource_group, target.gallery, target.definition, **about(job))
    except ResourceNotFoundError:
        return None


def read_source(arm: Arm, job: CopyJob) -> "GalleryImage":
    """The definition that the source is in; `arm` is its subscription."""
    source = job.source
    return arm.compute.gallery_images.get(source.resource_group, source.gallery, source.image, **about(job))


def is_ours(job: CopyJob, found: "GalleryImage") -> bool:
    """Whether a definition is that of the job's image."""
    return (found.tags or {}).get(OWNER_TAG) == job.image_id


def not_ours(job: CopyJob, found: "GalleryImage") -> str:
    """What to do about a name that is taken."""
    owner = (found.tags or {}).get(OWNER_TAG)
    target = gallery_target(job)
    return (
        f"The gallery {target.gallery} has an image definition {target.definition} already, of "
        f"{f'the image {owner}' if owner else 'somebody else'}. Choose another name for the image."
    )


def state_of(found: "GalleryImage | None") -> str:
    """The provisioning state; empty where there is no definition."""
    return text(found.properties.provisioning_state) if found and found.properties else ""


def definition_body(job: CopyJob, facts: SourceFacts) -> dict[str, Any]:
    """The definition in wire form. Azure fills in for what is left out, by api-version: so nothing is left out."""
    properties: dict[str, Any] = {
        "osType": "Linux" if facts.os_family is OsType.LINUX else "Windows",
        "osState": facts.os_state,
        "hyperVGeneration": facts.hyper_v_generation,
        "architecture": facts.architecture,
        "features": [{"name": name, "value": value} for name, value in features(facts.features).items()],
        "identifier": {"publisher": _PUBLISHER, "offer": legal_name(job.org_id), "sku": job.image_name},
    }
    if facts.plan is not None:
        plan = facts.plan
        properties["purchasePlan"] = {"publisher": plan.publisher, "product": plan.product, "name": plan.name}
    return {"location": job.home.name, "tags": tags(job), "properties": properties}


def features(found: Iterable[Feature]) -> Mapping[str, str]:
    """The features by name, the security type always among them."""
    return {SECURITY_TYPE: STANDARD} | {feature.name: feature.value for feature in found}


def facts_of(source_id: str, definition: "GalleryImageProperties", size_gb: int | None) -> SourceFacts:
    """What a definition says of its versions."""
    plan = definition.purchase_plan
    return SourceFacts(
        source_id=source_id,
        os_family=OsType.LINUX if text(definition.os_type) == "Linux" else OsType.WINDOWS,
        os_state=text(definition.os_state, "Generalized"),
        hyper_v_generation=text(definition.hyper_v_generation, "V1"),
        architecture=text(definition.architecture, "x64"),
        features=tuple(
            Feature(name=feature.name or "", value=feature.value or "") for feature in definition.features or ()
        ),
        plan=PurchasePlan(publisher=plan.publisher or "", product=plan.product or "", name=plan.name or "")
        if plan
        else None,
        size_gb=size_gb,
    )


def legal_name(name: str) -> str:
    """A name as Azure allows it in an identifier: letters, digits, dots, dashes and underscores."""
    return _ILLEGAL.sub("-", name).strip("-._")[:_LONGEST_NAME].rstrip("-._") or "org"


def _look(arm: Arm, job: CopyJob) -> Waiting | None:
    state = state_of(find(arm, job))
    if state == "Succeeded":
        return None
    if state in AT_WORK:
        return Waiting()
    message = f"Image definition {gallery_target(job).definition} is {state or 'missing'}; it is begun again."
    raise TransientError("DefinitionNotMade", message)
