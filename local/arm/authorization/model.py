"""Who may do what: role assignments, and the permissions that follow from them.

Assignments are kept with their subscription's settings, each ``{"name", "scope", "role", "principalId",
"principalType", "from", "until", "createdOn"}``: `role` is the role's GUID, `from` and `until` are the simulated
moments between which it counts, `until` None while it exists. Azure needs minutes to spread a change; the setting
`propagation` says how many seconds it takes here, on granting and on revoking. An assignment on a scope counts for all
below it; it is not removed with the resource, other than in Azure.
"""

import uuid
from collections.abc import Iterable
from fnmatch import fnmatchcase

from .. import errors as arm_errors
from .. import ids
from ..calls import Call, Json
from ..identity import auxiliary
from ..world import World
from . import errors, roles


def allowed(permissions: Iterable[Json], operation: str) -> bool:
    """Whether any entry allows the operation: `*` matches across slashes, notActions subtract within their entry."""

    def covers(patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(operation.lower(), pattern.lower()) for pattern in patterns)

    return any(covers(entry.get("actions", [])) and not covers(entry.get("notActions", [])) for entry in permissions)


def effective(world: World, claims: Json, scope: str) -> list[Json]:
    """The permissions of a caller on a scope; the subscription's setting `permissions`, if any, goes before roles."""
    settings = world.settings(_subscription(scope))
    if settings["permissions"] is not None:
        return list(settings["permissions"])
    held = [each for each in settings["assignments"] if _counts(world, each) and _covers(each["scope"], scope)]
    principals = principals_of(claims)
    found = (roles.find(each["role"]) for each in held if each["principalId"] in principals)
    return [role.permissions for role in found if role]


def check_linked(world: World, call: Call, action: str, linked: str) -> None:
    """The caller of a write must also have a right on a resource that the write names, in whichever tenant it is.

    For another tenant's resource ARM wants a token of that tenant in `x-ms-authorization-auxiliary`.
    """
    subscription = _subscription(linked)
    tenant = world.settings(subscription)["tenant"]
    known = [call.client, *auxiliary(call, world.signing_key)]
    claims = next((each for each in known if each["tid"] == tenant), None)
    if claims is None:
        raise arm_errors.linked_tenant(call, action, linked, subscription)
    if not allowed(effective(world, claims, linked), action):
        raise arm_errors.linked_permission(call, claims, action, linked)


def assign(world: World, scope: str, role: roles.Role, principal: str, **more: str) -> Json:
    """Add an assignment; `more` may have `name` and `principalType`. Returns it."""
    settings = world.settings(_subscription(scope))
    assignment: Json = {
        "name": more.get("name") or str(uuid.uuid4()),
        "scope": "/" + scope.strip("/"),
        "role": role.id,
        "principalId": principal.lower(),
        "principalType": more.get("principalType") or "ServicePrincipal",
        "from": world.now + settings["propagation"],
        "until": None,
        "createdOn": world.stamp(),
    }
    for each in existing(world, scope):
        if all(each[part].lower() == assignment[part].lower() for part in ("scope", "role", "principalId")):
            raise errors.assignment_exists(each["name"])
    settings["assignments"].append(assignment)
    world.store.save_subscription(_subscription(scope), settings)
    return assignment


def revoke(world: World, subscription: str, names: Iterable[str]) -> None:
    """Take assignments away, by name; they may count for a while longer."""
    settings = world.settings(subscription)
    wanted = {name.lower() for name in names}
    for each in settings["assignments"]:
        if each["name"].lower() in wanted and each["until"] is None:
            each["until"] = world.now + settings["propagation"]
    settings["assignments"] = [
        each for each in settings["assignments"] if each["until"] is None or _counts(world, each)
    ]
    world.store.save_subscription(subscription, settings)


def existing(world: World, scope: str) -> list[Json]:
    """The assignments of a scope's subscription that are not revoked."""
    return [each for each in world.settings(_subscription(scope))["assignments"] if each["until"] is None]


def listed(world: World, scope: str, *, only_above: bool) -> list[Json]:
    """The assignments on a scope and above, and, unless only those are wanted, below it."""
    found = existing(world, scope)
    return [
        each for each in found if _covers(each["scope"], scope) or (not only_above and _covers(scope, each["scope"]))
    ]


def principals_of(claims: Json) -> set[str]:
    """A caller's object id, and those of the groups it is in."""
    return {claims["oid"], *claims.get("groups", [])}


def check_scope(world: World, scope: str) -> None:
    """A subscription, a group or a resource; what is named must exist."""
    parts = scope.strip("/").split("/")
    if len(parts) >= 4 and not world.store.find(ids.group_id(parts[1], parts[3])):
        raise arm_errors.group_not_found(parts[3])
    if len(parts) >= 8:
        world.require(scope)


def _subscription(scope: str) -> str:
    return scope.strip("/").split("/")[1]


def _counts(world: World, assignment: Json) -> bool:
    until = assignment["until"]
    return bool(assignment["from"] <= world.now and (until is None or world.now < until))


def _covers(above: str, scope: str) -> bool:
    above, scope = above.strip("/").lower(), scope.strip("/").lower()
    return scope == above or scope.startswith(above + "/")
