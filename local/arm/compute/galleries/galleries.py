"""Galleries, and the life that they share with image definitions: written in a moment, deleted when empty."""

from ... import durations, ids
from ...calls import Call, Json
from ...errors import not_simulated
from ...operations import Effect, Operation
from ...store import Resource
from ...tracked import envelope, existing
from ...world import World
from . import errors, names

_WRITE = "compute.gallery.write"
_DELETE = "compute.gallery.delete"
_PERMISSIONS = ("Private", "Groups", "Community")
_RETRY_SECONDS = 5.0


def put(world: World, call: Call, gallery_id: str) -> tuple[Operation, Resource, bool]:
    """Create or replace a gallery; returns the operation, the gallery, and whether it is new."""
    names.check_name(names.GALLERY, ids.parse(gallery_id).name)
    found = existing(world, call, gallery_id)
    sent: Json = call.document.get("properties") or {}
    inner = _inner(gallery_id, sent, found)
    return write(world, call, gallery_id, found, inner)


def patch(world: World, call: Call, gallery: Resource) -> Operation:
    """Change a gallery's tags, description or sharing profile."""
    world.unlock(call, gallery)
    sent: Json = call.document.get("properties") or {}
    inner = _inner(gallery.id, {"description": gallery.properties.get("description")} | sent, gallery)
    return rewrite(world, call, gallery, inner)


def write(
    world: World, call: Call, resource_id: str, found: Resource | None, inner: Json
) -> tuple[Operation, Resource, bool]:
    """Begin to write a gallery or a definition whose request was checked."""
    if found:
        operation = rewrite(world, call, found, inner)
        return operation, world.require(found.id), False
    names.check_quota(world, resource_id, call.document["location"])
    resource = world.create(resource_id, envelope(call) | {"properties": inner | {"provisioningState": "Creating"}})
    return _begin(world, call, resource), world.require(resource_id), True


def rewrite(world: World, call: Call, resource: Resource, inner: Json) -> Operation:
    """Begin to change a gallery or a definition: the inner document and the tags."""
    resource.body["properties"] = inner | {"provisioningState": "Updating"}
    if "tags" in call.document or call.method == "PUT":
        resource.body["tags"] = call.document.get("tags") or {}
    return _begin(world, call, resource)


def delete(world: World, call: Call, resource: Resource, child: str) -> Operation:
    """Begin to delete a gallery or a definition that has no `child` in it."""
    if any(nested.kind == child for nested in world.store.nested(resource.id)):
        raise errors.nested_resources()
    world.unlock(call, resource)
    resource.state = "Deleting"
    seconds = world.draw(durations.GALLERY_DELETE, resource.id)
    return world.begin(call, resource, _DELETE, seconds, _RETRY_SECONDS)


def seeded(world: World, resource_id: str, location: str, inner: Json) -> Resource:
    """A gallery or a definition that is simply there."""
    return world.create(resource_id, {"location": location, "properties": inner | {"provisioningState": "Succeeded"}})


def unique_name(gallery_id: str) -> str:
    """What a gallery is called among all galleries."""
    parsed = ids.parse(gallery_id)
    return f"{parsed.subscription}-{parsed.name.upper()}"


def _begin(world: World, call: Call, resource: Resource) -> Operation:
    seconds = world.draw(durations.GALLERY_WRITE, resource.id)
    return world.begin(call, resource, _WRITE, seconds, _RETRY_SECONDS)


def _inner(gallery_id: str, sent: Json, found: Resource | None) -> Json:
    if (sent.get("softDeletePolicy") or {}).get("isSoftDeleteEnabled"):
        raise not_simulated("galleries with soft deletion")
    inner: Json = {"identifier": {"uniqueName": unique_name(gallery_id)}}
    if sent.get("description") is not None:
        inner["description"] = sent["description"]
    profile: Json = (found.properties.get("sharingProfile") or {}) if found else {}
    # Who the gallery is shared with is changed by the share action only.
    kept = {name: profile[name] for name in ("groups",) if name in profile}
    profile = profile | (sent.get("sharingProfile") or {}) | kept
    if profile:
        permissions = profile.setdefault("permissions", "Private")
        if permissions not in _PERMISSIONS:
            raise errors.invalid_value("gallery.properties.sharingProfile.permissions", permissions, _PERMISSIONS)
        inner["sharingProfile"] = profile
    return inner


def _written(world: World, operation: Operation) -> None:
    resource = world.require(operation.target)
    resource.state = "Succeeded"
    world.store.save(resource)


def _not_written(world: World, operation: Operation, _error: Json) -> None:
    resource = world.require(operation.target)
    resource.state = "Failed"
    world.store.save(resource)


def _deleted(world: World, operation: Operation) -> None:
    world.store.remove(world.require(operation.target))


EFFECTS = {_WRITE: Effect(_written, _not_written), _DELETE: Effect(_deleted, _not_written)}
