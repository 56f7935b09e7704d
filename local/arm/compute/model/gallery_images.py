"""Machines from a gallery: a version that is named, or the newest one of a definition."""

from ... import ids
from ...authorization.model import check_linked
from ...calls import Call
from ...catalogue import Image
from ...errors import not_simulated
from ...store import Resource
from ...world import World
from .. import errors
from ..disks.sources import of_version
from ..galleries import names, replication

SPECIALIZED = "Specialized"


def find(world: World, call: Call, location: str, image_id: str) -> tuple[Image, str, bool]:
    """The image behind an id, its version, and whether it is specialized; it must be in the machine's region."""
    try:
        kind = ids.parse(image_id).kind
    except ValueError as problem:
        raise errors.invalid_parameter("imageReference.id", f"'{image_id}' is no id of an image.") from problem
    if ids.same(kind, "Microsoft.Compute/images"):
        raise not_simulated("machines from managed images")
    if not any(ids.same(kind, known) for known in (names.VERSION, names.DEFINITION)):
        raise errors.invalid_parameter("imageReference.id", f"A machine cannot be made of a '{kind}'.")
    check_linked(world, call, f"{kind}/read", image_id)
    version = _version(world, location, image_id, latest=ids.same(kind, names.DEFINITION))
    if version is None:
        raise errors.gallery_image_not_found(image_id, location)
    definition = world.require(str(ids.parse(version.id).parent)).properties
    content = of_version(world, version)
    plan, system = content.inner.get("purchasePlan") or {}, content.system or {}
    image = Image(
        publisher=plan.get("publisher", ""),
        offer=plan.get("product", ""),
        sku="",
        os=definition["osType"],
        os_name=system["osName"],
        os_version=system["osVersion"],
        generation=definition["hyperVGeneration"],
        size_in_gb=content.size,
        features=tuple(system["features"]),
        versions=(),
        plan=plan.get("name"),
        deprecation={},
        regions=(location,),
    )
    return image, version.name, definition["osState"] == SPECIALIZED


def _version(world: World, location: str, image_id: str, *, latest: bool) -> Resource | None:
    if not latest:
        found = world.store.find(image_id)
        return found if found and _usable(world, found, location) else None
    kept = [each for each in world.store.nested(image_id) if each.kind == names.VERSION]
    fitting = [each for each in kept if _usable(world, each, location) and not _excluded(each, location)]
    return max(fitting, key=lambda each: [int(part) for part in each.name.split(".")], default=None)


def _usable(world: World, version: Resource, location: str) -> bool:
    """A region that has been copied to serves, whatever becomes of the others."""
    job = version.hidden["regions"].get(location)
    return job is not None and replication.state(job, world.now) == replication.COMPLETED


def _excluded(version: Resource, location: str) -> bool:
    profile = version.properties["publishingProfile"]
    here = (region for region in profile["targetRegions"] if ids.region(region["name"]) == location)
    return bool(profile.get("excludeFromLatest")) or any(region.get("excludeFromLatest") for region in here)
