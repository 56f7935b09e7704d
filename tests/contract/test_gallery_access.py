"""The proof that a source may be read, in our tenant and in another one: the provider over the simulator."""

import logging
from typing import Any
from uuid import UUID

import pytest

from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target
from shared.workflow.sources import GalleryImageVersion
from tests.builders import GOLDEN
from tests.conftest import ArmSimulator
from tests.contract.galleries import APP, OTHER_TENANT, AzureGalleryBench
from tests.contract.simulated import refusal

READ = "Microsoft.Compute/galleries/images/versions/read"
NOTHING = {"actions": ["*"], "notActions": ["Microsoft.Compute/galleries/*"], "dataActions": [], "notDataActions": []}


def refused(bench: AzureGalleryBench, job: CopyJob) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        bench.galleries.prove_access(job)
    return caught.value


def changed_nothing(bench: AzureGalleryBench) -> bool:
    calls = bench.simulator.admin("GET", f"calls?path={bench.subscription}")["calls"]
    return {call["method"] for call in calls} <= {"GET"}


def test_a_source_that_may_be_read_is_proven_by_two_reads(gallery_azure: AzureGalleryBench) -> None:
    gallery_azure.galleries.prove_access(gallery_azure.job())
    assert changed_nothing(gallery_azure.at(GOLDEN))
    assert gallery_azure.at(GOLDEN).calls("GET", "/versions/1.0.0/providers/Microsoft.Authorization/permissions")
    assert gallery_azure.at(GOLDEN).calls("GET", "/images/windows-11-desktop/versions/1.0.0")


def test_a_refusal_says_who_lacks_what_and_which_role_gives_it(gallery_azure: AzureGalleryBench) -> None:
    source = gallery_azure.source()
    gallery_azure.at(source).settings(permissions=[NOTHING])
    error = refused(gallery_azure, gallery_azure.job(source=source))
    assert error.code == "SourceAccessDenied"
    assert "object id" in error.message
    assert "client id" in error.message
    assert f"may not {READ} on {source.id}" in error.message
    assert "role Reader" in error.message
    assert "/galleries/galDesktops." in error.message


def test_without_any_role_the_refusal_is_the_same(gallery_azure: AzureGalleryBench) -> None:
    source = gallery_azure.source()
    gallery_azure.at(source).settings(permissions=[])
    error = refused(gallery_azure, gallery_azure.job(source=source))
    assert error.code == "SourceAccessDenied"
    assert READ in error.message


def test_a_read_that_is_refused_counts_more_than_what_the_permissions_say(gallery_azure: AzureGalleryBench) -> None:
    source = gallery_azure.source()
    gallery_azure.at(source).fault("/versions/1.0.0$", refusal("AuthorizationFailed", 403), method="GET")
    assert refused(gallery_azure, gallery_azure.job(source=source)).code == "SourceAccessDenied"


@pytest.mark.parametrize(
    "missing",
    [
        {"version": "9.9.9"},
        {"image": "nothing"},
        {"gallery": "galNothing"},
        {"resource_group": "rg-nothing"},
    ],
    ids=str,
)
def test_what_is_missing_may_also_be_forbidden(gallery_azure: AzureGalleryBench, missing: dict[str, Any]) -> None:
    error = refused(gallery_azure, gallery_azure.job(source=GOLDEN.model_copy(update=missing)))
    assert error.code == "SourceNotFound"
    assert "a missing permission looks the same" in error.message


def test_what_may_pass_is_no_refusal(gallery_azure: AzureGalleryBench) -> None:
    source = gallery_azure.source()
    gallery_azure.at(source).fault("/permissions$", refusal("ServerTimeout", 503), count=1)
    job = gallery_azure.job(source=source)
    with pytest.raises(TransientError) as caught:
        gallery_azure.galleries.prove_access(job)
    assert caught.value.kind is ErrorKind.OUTAGE
    gallery_azure.galleries.prove_access(job)


def test_no_token_is_in_a_log_or_an_error(gallery_azure: AzureGalleryBench, caplog: pytest.LogCaptureFixture) -> None:
    source = gallery_azure.source()
    gallery_azure.at(source).settings(permissions=[])
    with caplog.at_level(logging.DEBUG):
        error = refused(gallery_azure, gallery_azure.job(source=source))
    assert "eyJ" not in caplog.text
    assert "eyJ" not in str(error)


class Abroad:
    """A bench whose deployment has an app registration, and a source in another tenant."""

    def __init__(self, simulator: ArmSimulator) -> None:
        settings = {"multi_tenant_client_id": APP, "authority": simulator.url}
        self.bench = AzureGalleryBench.over(simulator, **settings)
        self.bench.quick()
        here = self.bench.source()
        self.bench.at(here).settings(tenant=OTHER_TENANT)
        self.source: GalleryImageVersion = here.model_copy(update={"tenant_id": UUID(OTHER_TENANT)})
        self.job = self.bench.job(source=self.source)
        self._simulator = simulator

    def let_in(self, *tenants: str) -> str:
        """Let the app registration into these tenants; its object id in the other one."""
        known = self._simulator.admin("PUT", f"applications/{APP}", {"tenants": list(tenants)})
        return str(known["principals"].get(OTHER_TENANT))

    def give(self, role: str, principal: str) -> None:
        """Give a principal a role on the source's subscription."""
        body = {"principalId": principal, "role": role}
        self._simulator.admin("POST", f"subscriptions/{self.source.subscription_id}/assignments", body)


@pytest.fixture(name="abroad")
def _abroad(simulator: ArmSimulator) -> Abroad:
    return Abroad(simulator)


def test_another_tenant_needs_an_app_registration(abroad: Abroad, gallery_azure: AzureGalleryBench) -> None:
    for source in (abroad.source, abroad.source.model_copy(update={"tenant_id": None})):
        error = refused(gallery_azure, gallery_azure.job(source=source))
        assert error.code == "CrossTenantNotConfigured"
        assert "MULTI_TENANT_CLIENT_ID" in error.message


def test_another_tenant_must_be_named(abroad: Abroad) -> None:
    unnamed = abroad.source.model_copy(update={"tenant_id": None})
    error = refused(abroad.bench, abroad.bench.job(source=unnamed))
    assert error.code == "SourceTenantNotNamed"


def test_another_tenant_must_let_the_app_registration_in(abroad: Abroad) -> None:
    abroad.let_in("00000000-0000-0000-0000-0000000000ee")
    error = refused(abroad.bench, abroad.job)
    assert error.code == "SignInRefused"
    assert "AADSTS700016" in error.message
    assert "administrator of that tenant" in error.message


def test_the_app_registration_needs_a_role_on_the_source(abroad: Abroad) -> None:
    principal = abroad.let_in(OTHER_TENANT)
    error = refused(abroad.bench, abroad.job)
    assert error.code == "SourceAccessDenied"
    assert f"object id {principal}, client id {APP}" in error.message


def test_a_source_in_another_tenant_is_copied(abroad: Abroad) -> None:
    abroad.give("Reader", abroad.let_in(OTHER_TENANT))
    abroad.bench.galleries.prove_access(abroad.job)
    abroad.bench.copy(abroad.job)
    abroad.bench.regions(abroad.job, "westus2")
    assert set(abroad.bench.states(abroad.job)) == {"eastus", "westus2"}
    assert gallery_target(abroad.job).version_id.endswith("/versions/1.0.0")
