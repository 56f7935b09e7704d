"""Requests for galleries of others, shared or of the community, and their answers."""

from ... import errors as arm_errors
from ... import ids
from ...calls import Answer, Call, Json
from ...store import Resource
from ...tracked import page
from ...world import World
from . import sharing

_SHARED = "SharedGalleries"
_COMMUNITY = "CommunityGalleries"
_IMAGE = (
    *("osType", "osState", "hyperVGeneration", "architecture", "identifier", "features", "purchasePlan"),
    *("recommended", "disallowed", "endOfLifeDate", "eula", "privacyStatementUri"),
)


def list_galleries(world: World, call: Call) -> Answer:
    """GET the galleries that are shared with the subscription."""
    return Answer(200, page([_gallery(call, each) for each in sharing.shared(world, call.params["subscription"])]))


def get_gallery(world: World, call: Call) -> Answer:
    """GET a gallery of somebody else."""
    return Answer(200, _gallery(call, _found(world, call)))


def list_images(world: World, call: Call) -> Answer:
    """GET the image definitions of somebody else's gallery."""
    gallery = _found(world, call)
    return Answer(200, page([_image(call, each) for each in sharing.definitions_of(world, gallery)]))


def get_image(world: World, call: Call) -> Answer:
    """GET an image definition of somebody else."""
    return Answer(200, _image(call, _definition(world, call)))


def list_versions(world: World, call: Call) -> Answer:
    """GET the versions of somebody else's image that the region has."""
    found = sharing.versions_in(world, _definition(world, call), _location(call))
    return Answer(200, page([_version(call, each) for each in found]))


def get_version(world: World, call: Call) -> Answer:
    """GET a version of somebody else's image; the region must have it."""
    found = sharing.versions_in(world, _definition(world, call), _location(call))
    for version in found:
        if ids.same(version.name, call.params["version"]):
            return Answer(200, _version(call, version))
    raise _missing(call)


def _found(world: World, call: Call) -> Resource:
    if "public" in call.params:
        gallery = sharing.community(world, call.params["public"])
        found = [gallery] if gallery else []
    else:
        found = sharing.shared(world, call.params["subscription"], call.params["unique"])
    if not found:
        raise _missing(call)
    return found[0]


def _definition(world: World, call: Call) -> Resource:
    for definition in sharing.definitions_of(world, _found(world, call)):
        if ids.same(definition.name, call.params["image"]):
            return definition
    raise _missing(call)


def _missing(call: Call) -> arm_errors.ArmError:
    parts = call.path.split("/")[7:]
    return arm_errors.resource_not_found(f"Microsoft.Compute/locations/{parts[0]}", "/".join(parts[1:]), "")


def _location(call: Call) -> str:
    return ids.region(call.params["location"])


def _gallery(call: Call, gallery: Resource) -> Json:
    if "public" not in call.params:
        unique = gallery.properties["identifier"]["uniqueName"]
        identifier = {"uniqueId": f"/{_SHARED}/{unique}"}
        return {"name": unique, "location": _location(call), "identifier": identifier, "properties": {}}
    info: Json = gallery.properties["sharingProfile"]["communityGalleryInfo"]
    public = info["publicNames"][0]
    shown = {name: info[name] for name in ("publisherUri", "publisherContact", "eula") if name in info}
    return {
        "name": public,
        "location": _location(call),
        "type": "Microsoft.Compute/locations/communityGalleries",
        "identifier": {"uniqueId": f"/{_COMMUNITY}/{public}"},
        "properties": {"communityMetadata": shown | {"publicNames": info["publicNames"]}},
    }


def _image(call: Call, definition: Resource) -> Json:
    inner = {name: definition.properties[name] for name in _IMAGE if name in definition.properties}
    return _nested(call, definition.name, f"Images/{definition.name}") | {"properties": inner}


def _version(call: Call, version: Resource) -> Json:
    profile = version.properties["publishingProfile"]
    disk = version.properties["storageProfile"]["osDiskImage"]
    inner: Json = {name: profile[name] for name in ("publishedDate", "endOfLifeDate") if name in profile}
    inner["excludeFromLatest"] = profile["excludeFromLatest"]
    inner["storageProfile"] = {"osDiskImage": {"diskSizeGB": disk["sizeInGB"], "hostCaching": disk["hostCaching"]}}
    tail = f"Images/{ids.parse(version.id).names[1]}/Versions/{version.name}"
    return _nested(call, version.name, tail) | {"properties": inner}


def _nested(call: Call, name: str, tail: str) -> Json:
    public = call.params.get("public")
    kind, gallery = (_COMMUNITY, public) if public else (_SHARED, call.params["unique"])
    return {"name": name, "location": _location(call), "identifier": {"uniqueId": f"/{kind}/{gallery}/{tail}"}}
