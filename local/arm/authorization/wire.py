"""Requests to Microsoft.Authorization, and their answers."""

from .. import errors as arm_errors
from .. import ids
from ..calls import Answer, Call
from ..tracked import page
from ..world import World


def list_permissions(world: World, call: Call) -> Answer:
    """GET the caller's effective permissions on a scope, which must exist: entries are OR-ed."""
    scope = "/" + call.params["scope"]
    parts = scope.strip("/").split("/")
    if len(parts) >= 4 and not world.store.find(ids.group_id(parts[1], parts[3])):
        raise arm_errors.group_not_found(parts[3])
    if len(parts) >= 8:
        world.require(scope)
    return Answer(200, page(world.settings(parts[1])["permissions"]))
