"""Requests for galleries, image definitions and image versions, and their answers."""

from ... import ids, lro
from ...calls import Answer, Call, Json
from ...store import Resource
from ...tracked import page
from ...world import World
from . import definitions, galleries, names, sharing, versions

_PARTS = (("galleries", "gallery"), ("images", "image"), ("versions", "version"))


def put_gallery(world: World, call: Call) -> Answer:
    """PUT a gallery."""
    operation, gallery, new = galleries.put(world, call, _id(call))
    return lro.accepted(world, call, operation, 201 if new else 200, _gallery(call, gallery))


def patch_gallery(world: World, call: Call) -> Answer:
    """PATCH a gallery's tags, description or sharing profile."""
    operation = galleries.patch(world, call, world.require(_id(call)))
    return lro.accepted(world, call, operation, 200, _gallery(call, world.require(_id(call))))


def get_gallery(world: World, call: Call) -> Answer:
    """GET a gallery, with whom it is shared with if asked."""
    return Answer(200, _gallery(call, world.require(_id(call))))


def list_galleries(world: World, call: Call) -> Answer:
    """GET all galleries of a group, or of the subscription."""
    found = world.store.select(call.params["subscription"], kind=names.GALLERY, group=call.params.get("group"))
    return Answer(200, page([_gallery(call, gallery) for gallery in found]))


def delete_gallery(world: World, call: Call) -> Answer:
    """DELETE an empty gallery: 204 when there is none."""
    gallery = world.store.find(_id(call))
    if gallery is None:
        return Answer(204)
    return lro.accepted(world, call, galleries.delete(world, call, gallery, names.DEFINITION), 202)


def share_gallery(world: World, call: Call) -> Answer:
    """POST whom a gallery is shared with; here it counts at once."""
    gallery = world.require(_id(call))
    world.unlock(call, gallery)
    sharing.share(world, gallery, call.document)
    return Answer(200, {name: call.document[name] for name in ("operationType", "groups") if name in call.document})


def put_definition(world: World, call: Call) -> Answer:
    """PUT an image definition."""
    operation, definition, new = definitions.put(world, call, _id(call))
    return lro.accepted(world, call, operation, 201 if new else 200, definition.body)


def patch_definition(world: World, call: Call) -> Answer:
    """PATCH what of an image definition may change."""
    operation = definitions.patch(world, call, world.require(_id(call)))
    return lro.accepted(world, call, operation, 200, world.require(_id(call)).body)


def get_definition(world: World, call: Call) -> Answer:
    """GET an image definition."""
    return Answer(200, world.require(_id(call)).body)


def list_definitions(world: World, call: Call) -> Answer:
    """GET all image definitions of a gallery."""
    return Answer(200, page([each.body for each in sharing.definitions_of(world, world.require(_id(call)))]))


def delete_definition(world: World, call: Call) -> Answer:
    """DELETE an image definition without versions: 204 when there is none."""
    definition = world.store.find(_id(call))
    if definition is None:
        return Answer(204)
    return lro.accepted(world, call, galleries.delete(world, call, definition, names.VERSION), 202)


def put_version(world: World, call: Call) -> Answer:
    """PUT an image version; the operation lasts until all regions are done."""
    operation, version, new = versions.put(world, call, _id(call))
    return lro.accepted(world, call, operation, 201 if new else 200, version.body)


def patch_version(world: World, call: Call) -> Answer:
    """PATCH an image version's regions, flags, dates or tags."""
    operation = versions.patch(world, call, world.require(_id(call)))
    return lro.accepted(world, call, operation, 200, world.require(_id(call)).body)


def get_version(world: World, call: Call) -> Answer:
    """GET an image version, with the state of each region if asked."""
    return Answer(200, versions.view(world, world.require(_id(call)), call.query.get("$expand", "")))


def list_versions(world: World, call: Call) -> Answer:
    """GET all versions of an image definition."""
    definition = world.require(_id(call))
    found = [each.body for each in world.store.nested(definition.id) if each.kind == names.VERSION]
    return Answer(200, page(found))


def delete_version(world: World, call: Call) -> Answer:
    """DELETE an image version: 204 when there is none."""
    version = world.store.find(_id(call))
    if version is None:
        return Answer(204)
    return lro.accepted(world, call, versions.delete(world, call, version), 202)


def _id(call: Call) -> str:
    """The id of what the path names: a gallery, a definition or a version."""
    params = call.params
    found = [(kind, params[part]) for kind, part in _PARTS if part in params]
    types, given = tuple(kind for kind, _ in found), tuple(name for _, name in found)
    return str(ids.ResourceId(params["subscription"], params["group"], "Microsoft.Compute", types, given))


def _gallery(call: Call, gallery: Resource) -> Json:
    asked = (call.query.get("$expand", "") + call.query.get("$select", "")).lower()
    profile: Json = gallery.properties.get("sharingProfile") or {}
    if "groups" not in profile or "sharingprofile/groups" in asked or "permissions" in asked:
        return gallery.body
    shown = {name: value for name, value in profile.items() if name != "groups"}
    return gallery.body | {"properties": gallery.properties | {"sharingProfile": shown}}
