"""What there is to object to in the place that a copy goes to: gallery, image definition, version, limits, rights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.compute.marketplace import side_by_side
from shared.cloud.arm.core import permissions
from shared.cloud.arm.core.clients import Arm, about
from shared.cloud.arm.core.ownership import OWNER_TAG
from shared.cloud.arm.gallery import image_definition
from shared.cloud.arm.gallery.image_version import short_name
from shared.workflow.facts import SourceFacts
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target, tags
from shared.workflow.outcome import Objection
from shared.workflow.sources import PurchasePlan

if TYPE_CHECKING:
    from azure.mgmt.compute.models import Gallery, GalleryImage, GalleryImageVersion

WRITE_VERSION = "Microsoft.Compute/galleries/images/versions/write"
_GALLERIES = "Microsoft.Compute/galleries"
_DEFINITIONS = "Microsoft.Compute/galleries/images"
_VERSIONS = "Microsoft.Compute/galleries/images/versions"
_LIMITS: Mapping[str, int] = {_GALLERIES: 100, _DEFINITIONS: 1_000, _VERSIONS: 10_000}
"""How many Azure has of each in a subscription and region."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is there already; None does not exist.

    Attributes:
        scope: the gallery, or else its resource group; None where that does not exist either.
        writable: whether our roles allow us to make versions there.
        full: the types of which there are as many as Azure allows.
        who: we are.
    """

    gallery: "Gallery | None"
    definition: "GalleryImage | None"
    version: "GalleryImageVersion | None"
    scope: str | None
    writable: bool
    full: tuple[str, ...]
    who: str


def look(
    arm: Arm,
    job: CopyJob,
    gallery: "Gallery | None",
    definition: "GalleryImage | None",
    version: "GalleryImageVersion | None",
) -> Target:
    """What else is to be known, once it is known what is there."""
    target = gallery_target(job)
    scope = target.gallery_id if gallery else _group_id(arm, job)
    missing = [kind for kind, found in zip(_LIMITS, (gallery, definition, version), strict=True) if found is None]
    counted = side_by_side(lambda kind: is_full(arm, job, kind), missing)
    full = tuple(kind for kind, at_limit in zip(missing, counted, strict=True) if at_limit)
    writable = scope is None or permissions.may(arm, job, WRITE_VERSION, scope)
    return Target(gallery, definition, version, scope, writable, full, permissions.who(arm))


def judge(job: CopyJob, found: Target, facts: SourceFacts | None) -> Iterator[Objection]:
    """The findings about the target; `facts` are the source's, if it exists."""
    target = gallery_target(job)
    if found.scope is None:
        yield _finding(
            "ResourceGroupNotFound",
            f"The resource group {target.resource_group} of the gallery does not exist. Create it, or correct "
            "`galleryId` of the provider instance.",
            "galleryId",
        )
    elif not found.writable:
        yield _finding(
            "TargetAccessDenied",
            f"{found.who} may not {WRITE_VERSION} on {found.scope}: grant it the role Compute Gallery Artifacts "
            "Publisher (or Contributor) there.",
            "galleryId",
        )
    if found.definition is not None and not image_definition.is_ours(job, found.definition):
        yield _finding("DefinitionNotOurs", image_definition.not_ours(job, found.definition), "name")
    elif found.definition is not None and facts is not None:
        yield from _mismatches(job, found.definition, facts)
    if found.version is not None and (found.version.tags or {}).get(OWNER_TAG) != tags(job)[OWNER_TAG]:
        message = f"{target.definition_id} has a version {target.version} already. Choose another version."
        yield _finding("TargetVersionExists", message, "version")
    for kind in found.full:
        yield _finding(
            "GalleryLimit",
            f"The subscription has {_LIMITS[kind]} resources of the type {kind} in {job.home.name}, which is Azure's "
            "limit. Delete some, or use another subscription or region.",
            "galleryId",
        )


def _mismatches(job: CopyJob, definition: "GalleryImage", facts: SourceFacts) -> Iterator[Objection]:
    """Where the definition that the image has already is not like the source; none of it can be changed."""
    if definition.properties is None:
        return
    ours = image_definition.facts_of(facts.source_id, definition.properties, None)
    security = image_definition.SECURITY_TYPE
    compared = (
        ("OsMismatch", "operating system", ours.os_family, facts.os_family),
        ("OsStateMismatch", "OS state", ours.os_state, facts.os_state),
        ("GenerationMismatch", "generation", ours.hyper_v_generation, facts.hyper_v_generation),
        ("ArchitectureMismatch", "architecture", ours.architecture, facts.architecture),
        (
            "SecurityTypeMismatch",
            "security type",
            image_definition.features(ours.features)[security],
            image_definition.features(facts.features)[security],
        ),
        ("PlanMismatch", "purchase plan", _plan(ours.plan), _plan(facts.plan)),
    )
    for code, what, there, here in compared:
        if there.lower() != here.lower():
            yield _finding(
                code,
                f"The image definition {gallery_target(job).definition} has the {what} {there}, the source {here}; "
                "versions of one image are alike. Choose another source, or make it a new image.",
                "source",
            )


def _plan(plan: PurchasePlan | None) -> str:
    return f"{plan.publisher}/{plan.product}/{plan.name}" if plan else "none"


def _group_id(arm: Arm, job: CopyJob) -> str | None:
    name = gallery_target(job).resource_group
    try:
        return arm.resources.resource_groups.get(name, **about(job)).id
    except ResourceNotFoundError:
        return None


def is_full(arm: Arm, job: CopyJob, kind: str) -> bool:
    """Whether there are as many as there may be; a page has a thousand, so one read is the rule."""
    listed = arm.resources.resources.list(filter=f"resourceType eq '{kind}'", **about(job))
    here = (each for each in listed if short_name(each.location) == job.home.name)
    return sum(1 for _ in islice(here, _LIMITS[kind])) == _LIMITS[kind]


def _finding(code: str, message: str, target: str) -> Objection:
    return Objection(code=code, message=message, target=target)
