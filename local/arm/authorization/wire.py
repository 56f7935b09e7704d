"""Requests to Microsoft.Authorization, and their answers."""

import re

from .. import ids
from ..calls import Answer, Call, Json
from ..tracked import page
from ..world import World
from . import errors, model, roles

_ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
_FILTER = re.compile(r"\s*(?:(atScope)\(\)|(assignedTo)\('([^']+)'\)|(principalId)\s+eq\s+'([^']+)')\s*", re.IGNORECASE)
_ROLE_FILTER = re.compile(r"\s*roleName\s+eq\s+'([^']+)'\s*", re.IGNORECASE)


def list_permissions(world: World, call: Call) -> Answer:
    """GET the caller's effective permissions on a scope, which must exist: entries are OR-ed."""
    scope = _scope(world, call)
    return Answer(200, page(model.effective(world, call.client, scope)))


def list_assignments(world: World, call: Call) -> Answer:
    """GET the assignments that concern a scope; of one principal, or without those below the scope, if asked."""
    found = model.listed(world, _scope(world, call), only_above=False)
    text = call.query.get("$filter")
    if text:
        found = _filtered(world, call, text)
    return Answer(200, page([_assignment(each) for each in found]))


def get_assignment(world: World, call: Call) -> Answer:
    """GET an assignment."""
    return Answer(200, _assignment(_found(world, call)))


def put_assignment(world: World, call: Call) -> Answer:
    """PUT an assignment: 201 for a new one, 200 for the same again, never a changed one."""
    scope, name = _scope(world, call), call.params["name"]
    sent: Json = call.document.get("properties") or {}
    for member in ("roleDefinitionId", "principalId"):
        if not sent.get(member):
            raise errors.missing_property(member)
    if not ids.GUID.fullmatch(name):
        raise errors.invalid_name(name)
    role, principal = roles.find(sent["roleDefinitionId"]), str(sent["principalId"])
    if role is None:
        raise errors.role_not_found(sent["roleDefinitionId"])
    if not ids.GUID.fullmatch(principal):
        raise errors.invalid_principal(principal)
    found = _named(world, call)
    if found:
        if (found["role"], found["principalId"], found["scope"].lower()) != (role.id, principal.lower(), scope.lower()):
            raise errors.assignment_update()
        return Answer(200, _assignment(found))
    kind = sent.get("principalType") or "ServicePrincipal"
    return Answer(201, _assignment(model.assign(world, scope, role, principal, name=name, principalType=kind)))


def delete_assignment(world: World, call: Call) -> Answer:
    """DELETE an assignment: 204 when there is none."""
    found = _named(world, call)
    if found is None:
        return Answer(204)
    model.revoke(world, call.path.split("/")[2], [found["name"]])
    return Answer(200, _assignment(found))


def list_definitions(world: World, call: Call) -> Answer:
    """GET the built-in roles; one by its name if asked."""
    _scope(world, call)
    match = _ROLE_FILTER.fullmatch(call.query.get("$filter", ""))
    found = [role for role in roles.ROLES if match is None or ids.same(role.name, match[1])]
    return Answer(200, page([_definition(role) for role in found]))


def get_definition(_world: World, call: Call) -> Answer:
    """GET a built-in role."""
    role = roles.find(call.params["name"])
    if role is None:
        raise errors.role_not_found(call.params["name"])
    return Answer(200, _definition(role))


def _scope(world: World, call: Call) -> str:
    scope = "/" + call.params["scope"]
    model.check_scope(world, scope)
    return scope


def _filtered(world: World, call: Call, text: str) -> list[Json]:
    match = _FILTER.fullmatch(text)
    if match is None:
        raise errors.unsupported_filter(text)
    scope = "/" + call.params["scope"]
    if match[1]:
        return model.listed(world, scope, only_above=True)
    # assignedTo() follows the principal into its groups, principalId does not.
    wanted = {(match[3] or match[5]).lower()}
    if match[2] and call.client["oid"] in wanted:
        wanted = model.principals_of(call.client)
    return [each for each in model.listed(world, scope, only_above=False) if each["principalId"] in wanted]


def _named(world: World, call: Call) -> Json | None:
    found = model.existing(world, "/" + call.params["scope"])
    return next((each for each in found if ids.same(each["name"], call.params["name"])), None)


def _found(world: World, call: Call) -> Json:
    found = _named(world, call)
    if found is None:
        raise errors.assignment_not_found(call.params["name"])
    return found


def _assignment(assignment: Json) -> Json:
    role = roles.find(assignment["role"])
    subscription = "/".join(assignment["scope"].split("/")[:3])
    return {
        "id": f"{assignment['scope']}/providers/{_ASSIGNMENT}/{assignment['name']}",
        "name": assignment["name"],
        "type": _ASSIGNMENT,
        "properties": {
            "roleDefinitionId": f"{subscription}{role.definition_id}" if role else None,
            "principalId": assignment["principalId"],
            "principalType": assignment["principalType"],
            "scope": assignment["scope"],
            "createdOn": assignment["createdOn"],
        },
    }


def _definition(role: roles.Role) -> Json:
    described = {"roleName": role.name, "type": "BuiltInRole", "description": role.description}
    return {
        "id": role.definition_id,
        "name": role.id,
        "type": roles.KIND,
        "properties": described | {"assignableScopes": ["/"], "permissions": [role.permissions]},
    }
