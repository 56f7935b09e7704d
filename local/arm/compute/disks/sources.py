"""What a disk or a snapshot is made of: nothing, a platform image, a gallery's version, or another disk.

The result is a `Content`. Its wire part goes into the resource's properties; the rest, which only a machine that boots
from it needs, into `hidden["system"]`.
"""

import re
from dataclasses import dataclass, field

from ... import ids
from ...authorization.model import check_linked
from ...calls import Call, Json
from ...catalogue import Image
from ...errors import not_simulated
from ...store import Resource
from ...world import World
from .. import errors as compute_errors
from . import errors

DISK = "Microsoft.Compute/disks"
SNAPSHOT = "Microsoft.Compute/snapshots"
_VERSION = "Microsoft.Compute/galleries/images/versions"
_PLATFORM = re.compile(
    r"/subscriptions/[^/]+/providers/microsoft\.compute/locations/([^/]+)/publishers/([^/]+)"
    r"/artifacttypes/vmimage/offers/([^/]+)/skus/([^/]+)/versions/([^/]+)",
    re.IGNORECASE,
)
_INHERITED = ("osType", "hyperVGeneration", "purchasePlan", "supportedCapabilities", "securityProfile")


@dataclass(frozen=True)
class Content:
    """What is on a disk: its least size in GiB (0 for any), its part of the document, its operating system."""

    size: int = 0
    inner: Json = field(default_factory=dict)
    system: Json | None = None


def find(world: World, call: Call, location: str, sent: Json) -> Content:
    """The content that `creationData` names; ArmError says why it cannot be."""
    data: Json = sent.get("creationData") or {}
    match data.get("createOption"):
        case None:
            raise compute_errors.missing_parameter("creationData.createOption")
        case "Empty":
            return Content()
        case "Copy":
            return _copy(world, call, location, data.get("sourceResourceId"))
        case "FromImage":
            return _from_image(world, call, location, data)
        case other:
            raise not_simulated(f"the createOption '{other}' of disks")


def of_image(image: Image) -> Content:
    """The content of a platform image."""
    inner: Json = {"osType": image.os, "hyperVGeneration": image.generation}
    inner["supportedCapabilities"] = {"architecture": "x64", "acceleratedNetwork": True}
    if image.plan:
        inner["purchasePlan"] = {"name": image.plan, "publisher": image.publisher, "product": image.offer}
    system = {"osName": image.os_name, "osVersion": image.os_version, "features": list(image.features)}
    return Content(image.size_in_gb, inner, system)


def of_version(world: World, version: Resource) -> Content:
    """The content of a gallery's image version."""
    definition = world.require(str(ids.parse(version.id).parent)).properties
    inner: Json = {"osType": definition["osType"], "hyperVGeneration": definition["hyperVGeneration"]}
    inner["supportedCapabilities"] = {"architecture": definition.get("architecture", "x64")}
    if definition.get("purchasePlan"):
        inner["purchasePlan"] = definition["purchasePlan"]
    image = version.properties["storageProfile"]["osDiskImage"]
    system = {"osName": definition["osType"], "osVersion": "", "features": definition.get("features") or []}
    return Content(image["sizeInGB"], inner, system)


def _copy(world: World, call: Call, location: str, source_id: str | None) -> Content:
    if not source_id:
        raise compute_errors.missing_parameter("creationData.sourceResourceId")
    source = _existing(world, call, source_id, DISK, SNAPSHOT)
    if source.location != location:
        raise errors.source_elsewhere(source_id, location)
    inner = {name: source.properties[name] for name in _INHERITED if name in source.properties}
    return Content(source.properties["diskSizeGB"], inner, source.hidden.get("system"))


def _from_image(world: World, call: Call, location: str, data: Json) -> Content:
    reference = str((data.get("imageReference") or {}).get("id") or "")
    from_gallery: Json = data.get("galleryImageReference") or {}
    if other := next(
        (each for each in ("sharedGalleryImageId", "communityGalleryImageId") if each in from_gallery), None
    ):
        raise not_simulated(f"disks from a galleryImageReference.{other}")
    gallery = str(from_gallery.get("id") or "")
    if bool(reference) == bool(gallery):
        raise compute_errors.missing_parameter("creationData.imageReference.id")
    if gallery:
        return of_version(world, _existing(world, call, gallery, _VERSION))
    match = _PLATFORM.fullmatch(reference)
    if match is None:
        raise compute_errors.invalid_parameter("imageReference.id", f"'{reference}' is no id of a platform image.")
    _, publisher, offer, sku, wanted = match.groups()
    found = world.catalogue.select_images(location, publisher=publisher, offer=offer, sku=sku)
    if not found or found[0].version(wanted) is None:
        raise compute_errors.image_not_found(publisher, offer, sku, wanted)
    return of_image(found[0])


def _existing(world: World, call: Call, source_id: str, *kinds: str) -> Resource:
    try:
        kind = ids.parse(source_id).kind
    except ValueError as problem:
        raise compute_errors.invalid_parameter("sourceResourceId", f"'{source_id}' is no resource id.") from problem
    if not any(ids.same(kind, wanted) for wanted in kinds):
        raise compute_errors.invalid_parameter("sourceResourceId", f"A disk cannot be made of a '{kind}'.")
    action = "read" if ids.same(kind, _VERSION) else "beginGetAccess/action"
    check_linked(world, call, f"{kind}/{action}", source_id)
    source = world.store.find(source_id)
    if source is None:
        raise errors.source_not_found(source_id)
    if source.state not in ("Succeeded", "Updating"):
        raise errors.source_not_ready(source_id, source.state)
    return source
