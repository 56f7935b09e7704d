"""Two tenants: tokens of applications, and copying an image out of another tenant."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ClientAssertionCredential, ClientSecretCredential, ManagedIdentityCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.core.policies import AuxiliaryAuthenticationPolicy

from tests.local.arm.conftest import LOCATION, Azure, code_of

_ARM = "https://management.azure.com/.default"
_EXCHANGE = "api://AzureADTokenExchange/.default"
_HOME = "00000000-0000-0000-0000-0000000000aa"
_SECRET = "Correct-Horse-7-Battery"
_GALLERY = "/resourceGroups/rg-desktops/providers/Microsoft.Compute/galleries/galDesktops"
_PLACE = ("rg-desktops", "galDesktops", "windows", "1.0.0")


class Tenants:
    """A subscription of the home tenant, one of a foreign tenant, and an application known in both."""

    def __init__(self, azure: Azure) -> None:
        self.azure, self.foreign = azure, Azure(azure.simulator)
        self._opened: list[Any] = [self.foreign]
        self.tenant, self.client_id = str(uuid.uuid4()), str(uuid.uuid4())
        self.foreign.settings(tenant=self.tenant)
        self.principals = self.register(tenants=[_HOME, self.tenant], secret=_SECRET)
        self.grant(self.azure, self.principals[_HOME], "Owner")

    def register(self, **document: Any) -> dict[str, str]:
        answer = self.azure.admin.put(f"/_sim/applications/{self.client_id}", json=document)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["principals"])

    def grant(self, azure: Azure, principal: str, role: str) -> None:
        body = {"principalId": principal, "role": role}
        answer = azure.admin.post(f"/_sim/subscriptions/{azure.subscription}/assignments", json=body)
        assert answer.status_code == 201, answer.text

    def secret(self, tenant: str, secret: str = _SECRET) -> Any:
        authority = self.azure.simulator.url
        options = {"authority": authority, "disable_instance_discovery": True}
        return self._closed_later(ClientSecretCredential(tenant, self.client_id, secret, **options))

    def assertion(self, tenant: str, scope: str = _EXCHANGE) -> Any:
        identity = self._closed_later(ManagedIdentityCredential())
        options: Any = {"authority": self.azure.simulator.url, "disable_instance_discovery": True}

        def token() -> str:
            return str(identity.get_token(scope).token)

        return self._closed_later(ClientAssertionCredential(tenant, self.client_id, token, **options))

    def close(self) -> None:
        for each in self._opened:
            each.close()

    def _closed_later(self, opened: Any) -> Any:
        self._opened.append(opened)
        return opened

    def compute(self, credential: Any, azure: Azure, **options: Any) -> Any:
        return ComputeManagementClient(credential, azure.subscription, **azure.options, **options)

    def fill(self) -> str:
        """A definition on both sides, and a version on the foreign one; its id."""
        self.grant(self.foreign, self.principals[self.tenant], "Owner")
        with self.compute(self.secret(self.tenant), self.foreign) as client:
            _define(client)
            golden = (
                "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg-golden/providers"
                "/Microsoft.Compute/galleries/galGolden/images/windows-11-desktop/versions/1.0.0"
            )
            auxiliary = AuxiliaryAuthenticationPolicy([self.secret(_HOME)], _ARM)
            source = self._closed_later(Azure(self.azure.simulator, golden.split("/")[2]))
            self.grant(source, self.principals[_HOME], "Reader")
            with self.compute(self.secret(self.tenant), self.foreign, per_retry_policies=[auxiliary]) as both:
                made = both.gallery_image_versions.begin_create_or_update(*_PLACE, _version(golden)).result()
        with self.compute(self.secret(_HOME), self.azure) as client:
            _define(client)
        self.foreign.admin.delete(f"/_sim/subscriptions/{self.foreign.subscription}/assignments")
        return str(made.id)


def _define(client: Any) -> None:
    identifier = {"publisher": "Contoso", "offer": "windows", "sku": "desktop"}
    inner = {"osType": "Windows", "osState": "Generalized", "identifier": identifier}
    body = {"location": LOCATION, "properties": inner}
    client.gallery_images.begin_create_or_update("rg-desktops", "galDesktops", "windows", body).result()


def _version(source: str) -> dict[str, Any]:
    return {"location": LOCATION, "properties": {"storageProfile": {"source": {"id": source}}}}


@pytest.fixture(name="tenants")
def _tenants(azure: Azure) -> Iterator[Tenants]:
    tenants = Tenants(azure)
    yield tenants
    tenants.close()


def test_an_application_signs_in_with_its_secret(tenants: Tenants) -> None:
    """In each tenant it is somebody else, with rights of its own."""
    with tenants.compute(tenants.secret(_HOME), tenants.azure) as client:
        assert [each.name for each in client.galleries.list()] == ["galDesktops"]
    with tenants.compute(tenants.secret(tenants.tenant), tenants.foreign) as client:
        assert code_of(lambda: list(client.galleries.list())) == "AuthorizationFailed"
        tenants.grant(tenants.foreign, tenants.principals[tenants.tenant], "Reader")
        assert [each.name for each in client.galleries.list()] == ["galDesktops"]
    assert tenants.principals[_HOME] != tenants.principals[tenants.tenant]


def test_an_application_signs_in_with_a_managed_identity(tenants: Tenants) -> None:
    """A token for the exchange stands in for a secret."""
    tenants.grant(tenants.foreign, tenants.principals[tenants.tenant], "Reader")
    with tenants.compute(tenants.assertion(tenants.tenant), tenants.foreign) as client:
        assert [each.name for each in client.galleries.list()] == ["galDesktops"]


def test_a_token_of_the_wrong_tenant(tenants: Tenants) -> None:
    """401, and the tenant that would be the right one."""
    with (
        tenants.compute(tenants.secret(_HOME), tenants.foreign) as client,
        pytest.raises(ClientAuthenticationError) as caught,
    ):
        list(client.galleries.list())
    assert caught.value.error is not None
    assert (caught.value.status_code, caught.value.error.code) == (401, "InvalidAuthenticationTokenTenant")
    assert f"https://sts.windows.net/{tenants.tenant}/" in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "number"),
    [
        (lambda tenants: tenants.secret(_HOME, "wrong"), "AADSTS7000215"),
        (lambda tenants: tenants.secret(str(uuid.uuid4())), "AADSTS700016"),
        (lambda tenants: tenants.assertion(_HOME, _ARM), "AADSTS700212"),
        (lambda tenants: (tenants.register(tenants=[_HOME]), tenants.secret(_HOME))[1], "AADSTS7000215"),
        (
            lambda tenants: (tenants.register(tenants=[_HOME], trusts=["x"]), tenants.assertion(_HOME))[1],
            "AADSTS700213",
        ),
    ],
)
def test_sign_ins_that_are_refused(tenants: Tenants, spoil: Any, number: str) -> None:
    """A wrong secret, a tenant without the application, a token for something else, an identity not trusted."""
    with pytest.raises(ClientAuthenticationError) as caught:
        spoil(tenants).get_token(_ARM)
    assert number in str(caught.value)
    assert _SECRET not in str(caught.value)


def test_an_assertion_that_was_not_issued_here(tenants: Tenants) -> None:
    """Its signature is checked."""
    options: Any = {"authority": tenants.azure.simulator.url, "disable_instance_discovery": True}
    with (
        ClientAssertionCredential(_HOME, tenants.client_id, lambda: "e30.e30.bm8", **options) as credential,
        pytest.raises(ClientAuthenticationError) as caught,
    ):
        credential.get_token(_ARM)
    assert "AADSTS700027" in str(caught.value)


def test_an_application_that_was_forgotten(tenants: Tenants) -> None:
    """It is unknown from then on."""
    assert tenants.azure.admin.delete(f"/_sim/applications/{tenants.client_id}").status_code == 204
    with pytest.raises(ClientAuthenticationError) as caught:
        tenants.secret(_HOME).get_token(_ARM)
    assert "AADSTS700016" in str(caught.value)


def test_copying_out_of_another_tenant(tenants: Tenants) -> None:
    """Without a token of that tenant: refused; with one that may not read: refused; with one that may: done."""
    source = tenants.fill()
    with (
        tenants.compute(tenants.secret(_HOME), tenants.azure) as client,
        pytest.raises(HttpResponseError) as caught,
    ):
        client.gallery_image_versions.begin_create_or_update(*_PLACE, _version(source))
    assert caught.value.error is not None
    assert (caught.value.status_code, caught.value.error.code) == (403, "LinkedAuthorizationFailed")
    assert f"is not authorized to access linked subscription '{tenants.foreign.subscription}'" in str(caught.value)

    auxiliary = AuxiliaryAuthenticationPolicy([tenants.assertion(tenants.tenant)], _ARM)
    with tenants.compute(tenants.secret(_HOME), tenants.azure, per_retry_policies=[auxiliary]) as client:
        begin = client.gallery_image_versions.begin_create_or_update
        with pytest.raises(HttpResponseError) as caught:
            begin(*_PLACE, _version(source))
        assert "Microsoft.Compute/galleries/images/versions/read" in str(caught.value)
        tenants.grant(tenants.foreign, tenants.principals[tenants.tenant], "Compute Gallery Image Reader")
        assert begin(*_PLACE, _version(source)).result().provisioning_state == "Succeeded"


def test_an_auxiliary_token_is_checked_as_any_other(tenants: Tenants) -> None:
    """One that was not issued here is refused."""
    source = tenants.fill()
    path = f"/subscriptions/{tenants.azure.subscription}{_GALLERY}/images/windows/versions/1.0.0"
    headers = {"x-ms-authorization-auxiliary": "Bearer e30.e30.bm8"}
    answer = tenants.azure.raw(
        "PUT", path, params={"api-version": "2026-03-03"}, json=_version(source), headers=headers
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("path", "form", "error"),
    [
        ("common", {"grant_type": "client_credentials"}, "invalid_tenant"),
        (_HOME, {"grant_type": "password"}, "unsupported_grant_type"),
        (_HOME, {"grant_type": "client_credentials", "client_id": "x", "scope": "openid"}, "invalid_scope"),
    ],
)
def test_the_token_endpoint_refuses_what_it_has_not(azure: Azure, path: str, form: dict[str, str], error: str) -> None:
    """Other grants, other scopes, tenants without an id."""
    answer = azure.admin.post(f"/{path}/oauth2/v2.0/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("document", [{}, {"tenants": ["home"]}, {"tenants": [], "colour": "red"}, []])
def test_what_is_no_application_is_refused(azure: Azure, document: Any) -> None:
    """With a reason."""
    assert azure.admin.put(f"/_sim/applications/{uuid.uuid4()}", json=document).status_code == 400


def test_a_secret_is_not_in_the_log_of_calls(tenants: Tenants) -> None:
    """The call is there, without its body."""
    tenants.secret(_HOME).get_token(_ARM)
    calls = tenants.azure.admin.get("/_sim/calls", params={"path": "/oauth2/"}).text
    assert "/oauth2/v2.0/token" in calls
    assert _SECRET not in calls
