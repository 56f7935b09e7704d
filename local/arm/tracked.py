"""What all resources with a location have in common when they are written."""

from . import errors, ids
from .calls import Call, Json
from .store import Resource
from .world import World


def existing(world: World, call: Call, resource_id: str) -> Resource | None:
    """What a PUT is about to replace, after the conditions that ARM checks itself; None when it creates.

    Checks the location, the parent of a nested resource, `If-Match` and `If-None-Match`, and that no other write runs.
    """
    found = world.store.find(resource_id)
    parsed = ids.parse(resource_id)
    if parsed.parent and not world.store.find(str(parsed.parent)):
        raise errors.parent_not_found("/".join(parsed.parent.names))
    wanted = call.document.get("location")
    if wanted is None:
        raise errors.location_required()
    if found and ids.region(found.location) != wanted:
        raise errors.location_mismatch(parsed.name, parsed.group, found.location, wanted)
    check_conditions(call, found)
    if found:
        world.unlock(call, found)
    return found


def check_conditions(call: Call, found: Resource | None) -> None:
    """If-None-Match: * wants nothing there; If-Match wants this very version."""
    if found and call.headers.get("if-none-match") == "*":
        raise errors.precondition_failed()
    wanted = call.headers.get("if-match")
    if wanted and (found is None or wanted not in ("*", found.body.get("etag"))):
        raise errors.precondition_failed()


def envelope(call: Call) -> Json:
    """The part of a resource that ARM itself understands."""
    document = call.document
    return {"location": document["location"]} | ({"tags": document["tags"]} if document.get("tags") else {})


def number(call: Call, name: str, default: int) -> int:
    """A query member that is a whole number."""
    text = call.query.get(name, str(default))
    if not text.isdecimal():
        raise errors.ArmError(400, "InvalidParameter", f"The value '{text}' of {name} is not a number.", target=name)
    return int(text)


def page(items: list[Json]) -> Json:
    """A listing that fits on one page."""
    return {"value": items}
