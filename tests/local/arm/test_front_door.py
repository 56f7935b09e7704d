"""What ARM checks and adds for every request."""

import uuid

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.local.arm.conftest import GROUP, LOCATION, Azure, code_of

_VERSION = {"api-version": "2025-04-01"}
_NETWORK_VERSION = {"api-version": "2026-03-01"}


def _error(answer: object) -> str:
    return str(answer.json()["error"]["code"])  # type: ignore[attr-defined]


def test_a_request_without_a_token_is_refused(azure: Azure) -> None:
    """401, with a challenge."""
    answer = azure.admin.get(f"/subscriptions/{azure.subscription}/resourcegroups", params=_VERSION)
    assert (answer.status_code, _error(answer)) == (401, "AuthenticationFailed")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_token_of_somebody_else_is_refused(azure: Azure) -> None:
    """A token that this simulator did not issue says nothing."""
    headers = {"Authorization": "Bearer e30.e30.bm8"}
    answer = azure.raw("GET", f"/subscriptions/{azure.subscription}/resourcegroups", params=_VERSION, headers=headers)
    assert (answer.status_code, _error(answer)) == (401, "InvalidAuthenticationToken")


def test_a_token_for_another_audience_is_refused(azure: Azure) -> None:
    """A token for storage opens nothing here."""
    token = azure.credential.get_token("https://storage.azure.com/.default").token
    headers = {"Authorization": f"Bearer {token}"}
    answer = azure.raw("GET", f"/subscriptions/{azure.subscription}/resourcegroups", params=_VERSION, headers=headers)
    assert (answer.status_code, _error(answer)) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("path", "version", "status", "code"),
    [
        ("/resourcegroups", None, 400, "MissingApiVersionParameter"),
        ("/resourcegroups", "2020-13-99x", 400, "InvalidApiVersionParameter"),
        ("/resourcegroups", "1999-01-01", 400, "InvalidApiVersionParameter"),
        ("/providers/Microsoft.Compute/virtualMachines", "1999-01-01", 400, "NoRegisteredProviderFound"),
        ("/providers/Microsoft.Compute/virtualMachineScaleSets", "2026-04-01", 404, "InvalidResourceType"),
        ("/providers/Microsoft.Batch/batchAccounts", "2024-02-01", 404, "InvalidResourceNamespace"),
    ],
)
def test_what_is_not_served_is_refused_loudly(
    azure: Azure, path: str, version: str | None, status: int, code: str
) -> None:
    """Missing and unknown versions, types and providers have ARM's codes."""
    query = {"api-version": version} if version else {}
    answer = azure.raw("GET", f"/subscriptions/{azure.subscription}{path}", params=query)
    assert (answer.status_code, _error(answer)) == (status, code)


def test_a_refusal_names_the_operation_that_is_missing(azure: Azure) -> None:
    """Who meets a gap of the simulator can see which one."""
    azure.group()
    path = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute/images/i"
    answer = azure.raw("PUT", path, params={"api-version": "2026-04-01"}, json={"location": LOCATION})
    assert "Microsoft.Compute/images/write" in answer.json()["error"]["message"]
    group = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}"
    answer = azure.raw("POST", group, params=_VERSION, json={})
    assert answer.status_code == 405
    assert "Microsoft.Resources/subscriptions/resourceGroups/action" in answer.json()["error"]["message"]


def test_paths_match_whatever_the_casing_and_ids_keep_the_callers(azure: Azure) -> None:
    """An id has ARM's casing of types, and the caller's of names."""
    azure.group("Rg-Mixed")
    path = f"/SUBSCRIPTIONS/{azure.subscription}/resourcegroups/Rg-Mixed/PROVIDERS/microsoft.network/"
    body = {"location": "East US"}
    made = azure.raw("PUT", path + "NETWORKSECURITYGROUPS/Nsg-One", params=_NETWORK_VERSION, json=body)
    assert made.status_code == 201, made.text
    read = azure.raw("GET", path + "networksecuritygroups/nsg-ONE", params=_NETWORK_VERSION | {"unknown": "ignored"})
    assert read.json()["id"] == (
        f"/subscriptions/{azure.subscription}/resourceGroups/Rg-Mixed/providers/Microsoft.Network/"
        "networkSecurityGroups/Nsg-One"
    )
    assert read.json()["location"] == "eastus"


def test_every_answer_carries_arms_headers(azure: Azure) -> None:
    """Request ids, the caller's correlation id, and what is left of the limits; also on errors."""
    correlation, request = str(uuid.uuid4()), str(uuid.uuid4())
    headers = {"x-ms-correlation-request-id": correlation, "x-ms-client-request-id": request}
    headers["x-ms-return-client-request-id"] = "true"
    path = f"/subscriptions/{azure.subscription}/resourcegroups"
    answer = azure.raw("GET", path, params=_VERSION, headers=headers)
    assert answer.headers["x-ms-correlation-request-id"] == correlation
    assert answer.headers["x-ms-client-request-id"] == request
    assert int(answer.headers["x-ms-ratelimit-remaining-subscription-reads"]) > 0
    refused = azure.raw("GET", path, headers=headers)
    assert refused.headers["x-ms-correlation-request-id"] == correlation
    assert refused.headers["x-ms-request-id"]


def test_a_group_that_is_not_there(azure: Azure) -> None:
    """Anything in it is refused with ResourceGroupNotFound."""
    code = code_of(lambda: azure.compute.virtual_machines.get("rg-missing", "vm"))
    assert code == "ResourceGroupNotFound"


def test_a_resource_that_is_not_there(azure: Azure) -> None:
    """404, unless it is to be deleted: then 204, which is success."""
    azure.group()
    assert code_of(lambda: azure.compute.virtual_machines.get(GROUP, "vm")) == "ResourceNotFound"
    azure.compute.virtual_machines.begin_delete(GROUP, "vm").result()
    azure.network.network_interfaces.begin_delete(GROUP, "nic").result()


def test_a_nested_resource_needs_its_parent(azure: Azure) -> None:
    """ParentResourceNotFound, for every nested type."""
    azure.group()
    command = {"location": LOCATION, "properties": {"source": {"script": "dir"}}}
    commands = azure.compute.virtual_machine_run_commands
    assert code_of(lambda: commands.begin_create_or_update(GROUP, "vm", "c", command)) == "ParentResourceNotFound"
    rule = {"properties": {"protocol": "*", "access": "Allow", "direction": "Inbound", "priority": 100}}
    rules = azure.network.security_rules
    assert code_of(lambda: rules.begin_create_or_update(GROUP, "nsg", "r", rule)) == "ParentResourceNotFound"


def test_locations_are_checked(azure: Azure) -> None:
    """Missing, unknown and changed locations are three different refusals."""
    azure.group()
    groups = azure.network.network_security_groups
    assert code_of(lambda: groups.begin_create_or_update(GROUP, "n", {})) == "LocationRequired"
    unknown = code_of(lambda: groups.begin_create_or_update(GROUP, "n", {"location": "atlantis"}))
    assert unknown == "LocationNotAvailableForResourceType"
    groups.begin_create_or_update(GROUP, "n", {"location": "eastus"}).result()
    moved = code_of(lambda: groups.begin_create_or_update(GROUP, "n", {"location": "westus2"}))
    assert moved == "InvalidResourceLocation"


@pytest.mark.parametrize("content", [b"{", b"[1]", b'{"location": "eastus", "tags": {"a": 1}}', b""])
def test_a_body_that_is_no_resource_is_refused(azure: Azure, content: bytes) -> None:
    """InvalidRequestContent, whatever is wrong with it."""
    path = f"/subscriptions/{azure.subscription}/resourcegroups/rg-new"
    answer = azure.raw("PUT", path, params=_VERSION, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, _error(answer)) == (400, "InvalidRequestContent")


def test_a_subscription_id_must_be_a_guid(azure: Azure) -> None:
    """InvalidSubscriptionId."""
    with ResourceManagementClient(azure.credential, "mine", **azure.options) as client:
        assert code_of(lambda: list(client.resource_groups.list())) == "InvalidSubscriptionId"


def test_a_namespace_that_is_not_registered_is_refused_until_it_is(azure: Azure) -> None:
    """MissingSubscriptionRegistration, healed by registering."""
    azure.settings(registered=["Microsoft.Network"])
    azure.group()
    path = f"/subscriptions/{azure.subscription}/providers/Microsoft.Compute/virtualMachines"
    refused = azure.raw("GET", path, params={"api-version": "2026-04-01"})
    assert (refused.status_code, _error(refused)) == (409, "MissingSubscriptionRegistration")
    assert azure.resources.providers.get("Microsoft.Compute").registration_state == "NotRegistered"
    assert azure.resources.providers.register("Microsoft.Compute").registration_state == "Registered"
    assert list(azure.compute.virtual_machines.list(GROUP)) == []


def test_a_caller_without_the_permission_is_refused(azure: Azure) -> None:
    """AuthorizationFailed for what notActions take away; the permissions themselves can be read."""
    azure.group()
    azure.settings(permissions=[{"actions": ["*"], "notActions": ["Microsoft.Network/*/write"]}])
    body = {"location": LOCATION}
    groups = azure.network.network_security_groups
    with pytest.raises(HttpResponseError) as caught:
        groups.begin_create_or_update(GROUP, "n", body)
    assert caught.value.error is not None
    assert (caught.value.status_code, caught.value.error.code) == (403, "AuthorizationFailed")
    assert "Microsoft.Network/networkSecurityGroups/write" in str(caught.value)
    path = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Authorization/permissions"
    read = azure.raw("GET", path, params={"api-version": "2022-04-01"})
    assert read.json()["value"][0]["notActions"] == ["Microsoft.Network/*/write"]


def test_a_token_for_another_tenant_is_refused(azure: Azure) -> None:
    """A subscription of another tenant does not take this one's tokens."""
    azure.settings(tenant=str(uuid.uuid4()))
    assert code_of(lambda: list(azure.resources.resource_groups.list())) == "InvalidAuthenticationTokenTenant"


def test_the_token_endpoint_wants_its_header(azure: Azure) -> None:
    """Without X-IDENTITY-HEADER there is no token."""
    query = {"api-version": "2019-08-01", "resource": "https://management.azure.com"}
    assert azure.admin.get("/msi/token", params=query).status_code == 401
    assert azure.admin.get("/msi/token", headers={"X-IDENTITY-HEADER": "x"}).status_code == 400
