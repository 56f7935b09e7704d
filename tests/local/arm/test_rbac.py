"""Roles, their assignments, and what follows from them for every call."""

import base64
import json
import uuid
from typing import Any

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ManagedIdentityCredential
from azure.mgmt.compute import ComputeManagementClient

from tests.local.arm.conftest import GROUP, LOCATION, Azure, code_of

_V = {"api-version": "2022-04-01"}
_ARM = "https://management.azure.com/.default"
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
_IMAGE_READER = "cf7c76d2-98a3-4358-a134-615aa78bf44d"
_READ = "Microsoft.Compute/galleries/images/versions/read"


def claims(token: str) -> dict[str, Any]:
    """What a token says."""
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


@pytest.fixture(name="principal")
def _principal(azure: Azure) -> str:
    """The object id of the caller, who has no role in the subscription any more."""
    azure.group()
    assert azure.admin.delete(f"/_sim/subscriptions/{azure.subscription}/assignments").status_code == 204
    return str(claims(azure.credential.get_token(_ARM).token)["oid"])


def _assign(azure: Azure, principal: str, role: str, scope: str = "") -> httpx.Response:
    body = {"principalId": principal, "role": role, "scope": f"/subscriptions/{azure.subscription}{scope}"}
    return azure.admin.post(f"/_sim/subscriptions/{azure.subscription}/assignments", json=body)


def _group_path(azure: Azure, group: str = GROUP) -> str:
    return f"/subscriptions/{azure.subscription}/resourceGroups/{group}"


def _authorization(azure: Azure, kind: str, scope: str = "") -> str:
    return f"/subscriptions/{azure.subscription}{scope}/providers/Microsoft.Authorization/{kind}"


def _listed(azure: Azure, **query: str) -> list[Any]:
    answer = azure.raw("GET", _authorization(azure, "roleAssignments"), params=_V | query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["value"])


def test_managed_identities_own_a_new_subscription(azure: Azure) -> None:
    """So that nothing needs to be set up; also identities that are named."""
    client_id = str(uuid.uuid4())
    with (
        ManagedIdentityCredential(client_id=client_id) as credential,
        ComputeManagementClient(credential, azure.subscription, **azure.options) as client,
    ):
        assert [each.name for each in client.galleries.list()] == ["galDesktops"]
    (held,) = _listed(azure)
    assert held["properties"]["roleDefinitionId"].endswith(_OWNER)


def test_without_a_role_nothing_works(azure: Azure, principal: str) -> None:
    """AuthorizationFailed names the client, its object id, the action and the scope."""
    with pytest.raises(HttpResponseError) as caught:
        azure.compute.galleries.get(GROUP, "galNone")
    assert (caught.value.status_code, caught.value.error.code) == (403, "AuthorizationFailed")  # type: ignore[union-attr]
    application = claims(azure.credential.get_token(_ARM).token)["appid"]
    scope = f"{_group_path(azure)}/providers/Microsoft.Compute/galleries/galNone"
    for part in (f"client '{application}' with object id '{principal}'", "'Microsoft.Compute/galleries/read'", scope):
        assert part in str(caught.value)


def test_a_role_counts_on_its_scope_and_below(azure: Azure, principal: str) -> None:
    """A reader of one group reads there, and neither elsewhere nor above."""
    assert _assign(azure, principal, "Reader", f"/resourceGroups/{GROUP.upper()}").status_code == 201
    assert list(azure.compute.galleries.list_by_resource_group(GROUP)) == []
    assert code_of(lambda: list(azure.compute.galleries.list_by_resource_group("rg-desktops"))) == "AuthorizationFailed"
    assert code_of(lambda: list(azure.compute.galleries.list())) == "AuthorizationFailed"
    body = {"location": LOCATION}
    write = azure.compute.galleries.begin_create_or_update
    assert code_of(lambda: write(GROUP, "galMine", body)) == "AuthorizationFailed"


def test_somebody_elses_role_is_not_the_callers(azure: Azure, principal: str) -> None:
    """An owner beside does not help."""
    assert _assign(azure, str(uuid.uuid4()), "Owner").status_code == 201
    assert code_of(lambda: list(azure.compute.galleries.list())) == "AuthorizationFailed"
    assert _assign(azure, principal, "Owner").status_code == 201
    assert list(azure.compute.galleries.list())


def test_who_may_begin_may_poll(azure: Azure, principal: str) -> None:
    """A role on a group is enough for operations, although these are polled above it."""
    _assign(azure, principal, "Contributor", f"/resourceGroups/{GROUP}")
    made = azure.compute.galleries.begin_create_or_update(GROUP, "galMine", {"location": LOCATION}).result()
    assert made.provisioning_state == "Succeeded"


def test_what_a_contributor_may_not(azure: Azure, principal: str) -> None:
    """notActions: assigning roles, sharing galleries."""
    _assign(azure, principal, "Contributor")
    body = {"properties": {"roleDefinitionId": _READER, "principalId": principal}}
    path = _authorization(azure, f"roleAssignments/{uuid.uuid4()}")
    assert azure.raw("PUT", path, params=_V, json=body).status_code == 403
    update = {"operationType": "Reset"}
    share = azure.compute.gallery_sharing_profile.begin_update
    assert code_of(lambda: share("rg-desktops", "galDesktops", update)) == "AuthorizationFailed"


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [
        ("Reader", True, False),
        ("Contributor", True, True),
        ("Owner", True, True),
        ("Compute Gallery Artifacts Publisher", True, True),
        ("Compute Gallery Image Reader", True, False),
        ("Virtual Machine Contributor", False, False),
    ],
)
def test_roles_on_galleries(azure: Azure, principal: str, role: str, read: bool, write: bool) -> None:
    """What each role may do with a definition of a gallery that is there."""
    scope = "/resourceGroups/rg-desktops/providers/Microsoft.Compute/galleries/galDesktops"
    _assign(azure, principal, role, scope)
    images = azure.compute.gallery_images
    found = code_of(lambda: images.get("rg-desktops", "galDesktops", "none"))
    assert found == ("ResourceNotFound" if read else "AuthorizationFailed")
    body = {"location": LOCATION, "properties": {}}
    refused = code_of(lambda: images.begin_create_or_update("rg-desktops", "galDesktops", "none", body))
    assert refused == ("InvalidParameter" if write else "AuthorizationFailed")


def test_the_permissions_api_tells_what_the_caller_may(azure: Azure, principal: str) -> None:
    """Also to whoever may nothing; by group and by resource; several roles are several entries."""
    answer = azure.raw("GET", _authorization(azure, "permissions", f"/resourceGroups/{GROUP}"), params=_V)
    assert (answer.status_code, answer.json()) == (200, {"value": []})
    _assign(azure, principal, "Compute Gallery Image Reader", "/resourceGroups/rg-desktops")
    _assign(azure, principal, "Compute Gallery Artifacts Publisher", "/resourceGroups/rg-desktops")
    gallery = "/resourceGroups/rg-desktops/providers/Microsoft.Compute/galleries/galDesktops"
    entries = azure.raw("GET", _authorization(azure, "permissions", gallery), params=_V).json()["value"]
    assert [_READ in each["actions"] for each in entries] == [True, False]
    assert entries[1]["notActions"] == ["Microsoft.Compute/galleries/share/action"]
    assert azure.raw("GET", _authorization(azure, "permissions", gallery + "x"), params=_V).status_code == 404


def test_assigning_a_role_over_arm(azure: Azure) -> None:
    """Created, the same again, found by filters, deleted; the role is named in the subscription."""
    other, name = str(uuid.uuid4()), str(uuid.uuid4())
    scope = f"/resourceGroups/{azure.group()}"
    definition = f"/subscriptions/{azure.subscription}/providers/Microsoft.Authorization/roleDefinitions/{_READER}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": other, "principalType": "User"}}
    path = _authorization(azure, f"roleAssignments/{name}", scope)
    made = azure.raw("PUT", path, params=_V, json=body)
    assert (made.status_code, made.json()["name"]) == (201, name)
    assert made.json()["properties"]["roleDefinitionId"] == definition
    assert azure.raw("PUT", path, params=_V, json=body).status_code == 200
    twice = azure.raw("PUT", path.replace(name, str(uuid.uuid4())), params=_V, json=body)
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "RoleAssignmentExists")
    assert [each["name"] for each in _listed(azure, **{"$filter": f"principalId eq '{other}'"})] == [name]
    assert [each["name"] for each in _listed(azure, **{"$filter": f"assignedTo('{other}')"})] == [name]
    assert name not in [each["name"] for each in _listed(azure, **{"$filter": "atScope()"})]
    assert azure.raw("GET", path, params=_V).json() == made.json()
    assert [azure.raw("DELETE", path, params=_V).status_code for _ in range(2)] == [200, 204]
    assert azure.raw("GET", path, params=_V).json()["error"]["code"] == "RoleAssignmentNotFound"


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ({}, "BadRequestFormat"),
        ({"roleDefinitionId": str(uuid.uuid4()), "principalId": str(uuid.uuid4())}, "RoleDefinitionDoesNotExist"),
        ({"roleDefinitionId": _READER, "principalId": "me"}, "InvalidPrincipalId"),
    ],
)
def test_an_assignment_that_is_wrong(azure: Azure, inner: dict[str, str], code: str) -> None:
    """Missing members, unknown roles, principals that are no GUIDs."""
    path = _authorization(azure, f"roleAssignments/{uuid.uuid4()}")
    assert azure.raw("PUT", path, params=_V, json={"properties": inner}).json()["error"]["code"] == code


def test_an_assignment_cannot_become_another(azure: Azure) -> None:
    """One name, one principal; and a name is a GUID."""
    path = _authorization(azure, f"roleAssignments/{uuid.uuid4()}")
    codes = []
    for target in (path, path, _authorization(azure, "roleAssignments/mine")):
        body = {"properties": {"roleDefinitionId": _READER, "principalId": str(uuid.uuid4())}}
        answer = azure.raw("PUT", target, params=_V, json=body).json()
        codes.append(answer.get("error", {}).get("code"))
    assert codes == [None, "RoleAssignmentUpdateNotPermitted", "InvalidRoleAssignmentId"]


def test_role_definitions(azure: Azure) -> None:
    """The built-in ones, by id and by name."""
    query = _V | {"$filter": "roleName eq 'Compute Gallery Image Reader'"}
    (found,) = azure.raw("GET", _authorization(azure, "roleDefinitions"), params=query).json()["value"]
    assert (found["name"], _READ in found["properties"]["permissions"][0]["actions"]) == (_IMAGE_READER, True)
    one = azure.raw("GET", _authorization(azure, f"roleDefinitions/{_IMAGE_READER}"), params=_V)
    assert one.json() == found
    assert azure.raw("GET", _authorization(azure, f"roleDefinitions/{uuid.uuid4()}"), params=_V).status_code == 404
    assert len(azure.raw("GET", _authorization(azure, "roleDefinitions"), params=_V).json()["value"]) > 5


def test_a_change_needs_time_to_spread(frozen: Azure) -> None:
    """With the setting `propagation` a role counts later, and is lost later."""
    principal = str(claims(frozen.credential.get_token(_ARM).token)["oid"])
    frozen.group()
    assignments = f"/_sim/subscriptions/{frozen.subscription}/assignments"
    frozen.admin.delete(assignments)
    frozen.settings(propagation=300)
    _assign(frozen, principal, "Reader")
    assert code_of(lambda: list(frozen.compute.galleries.list())) == "AuthorizationFailed"
    frozen.clock(step=301)
    assert list(frozen.compute.galleries.list())
    frozen.admin.delete(assignments, params={"principalId": principal, "role": "Reader"})
    assert frozen.admin.get(assignments).json()["value"] == []
    assert list(frozen.compute.galleries.list())
    frozen.clock(step=301)
    assert code_of(lambda: list(frozen.compute.galleries.list())) == "AuthorizationFailed"


@pytest.mark.parametrize(
    "body",
    [
        {"principalId": "me", "role": "Reader"},
        {"principalId": str(uuid.UUID(int=1)), "role": "King"},
        {"principalId": str(uuid.UUID(int=1)), "role": "Reader", "scope": "/subscriptions/other"},
        {"who": "me"},
    ],
)
def test_the_admin_endpoint_refuses_what_is_no_assignment(azure: Azure, body: dict[str, str]) -> None:
    """With a reason."""
    answer = azure.admin.post(f"/_sim/subscriptions/{azure.subscription}/assignments", json=body)
    assert (answer.status_code, "error" in answer.json()) == (400, True)


def test_a_source_needs_a_right_of_its_own(azure: Azure, principal: str) -> None:
    """Who may write a version, but not read its source, is told so for the source."""
    _assign(azure, principal, "Owner")
    source = Azure(azure.simulator)
    source.compute.galleries.get("rg-desktops", "galDesktops")
    azure.admin.delete(f"/_sim/subscriptions/{source.subscription}/assignments")
    gallery = "/resourceGroups/rg-desktops/providers/Microsoft.Compute/galleries/galDesktops"
    named = f"/subscriptions/{source.subscription}{gallery}/images/i/versions/1.0.0"
    identifier = {"publisher": "p", "offer": "o", "sku": "s"}
    body = {"location": LOCATION, "properties": {"osType": "Windows", "osState": "Generalized"}}
    body["properties"]["identifier"] = identifier  # type: ignore[index]
    azure.compute.gallery_images.begin_create_or_update("rg-desktops", "galDesktops", "mine", body).result()
    version = {"location": LOCATION, "properties": {"storageProfile": {"source": {"id": named}}}}
    place = ("rg-desktops", "galDesktops", "mine", "1.0.0")
    with pytest.raises(HttpResponseError) as caught:
        azure.compute.gallery_image_versions.begin_create_or_update(*place, version)
    assert (caught.value.status_code, caught.value.error.code) == (403, "LinkedAuthorizationFailed")  # type: ignore[union-attr]
    assert _READ in str(caught.value)
    assert named in str(caught.value)
    _assign(source, principal, "Compute Gallery Image Reader", gallery)
    begin = azure.compute.gallery_image_versions.begin_create_or_update
    assert code_of(lambda: begin(*place, version)) == "NotFound"
    source.close()
