"""What preflight objects to, over the simulator: everything at once, and nothing that may pass."""

from typing import Any

import pytest

from shared.errors.azure import PermanentError, TransientError
from shared.models.provider_instance import MarketplaceTermsConsent
from shared.states.enums import GpuType, OsType
from shared.workflow.facts import Facts
from shared.workflow.sources import MarketplaceImage, PurchasePlan
from tests.builders import NOW, WINDOWS_11
from tests.contract.conftest import AzureBench

CIS = MarketplaceImage(
    publisher="center-for-internet-security-inc", offer="cis-windows-server", sku="cis-windows-server2022-l1-gen2"
)
CIS_PLAN = PurchasePlan(publisher=CIS.publisher, product=CIS.offer, name=CIS.sku)
UBUNTU = MarketplaceImage(publisher="Canonical", offer="ubuntu-24_04-lts", sku="server")
CONSENT = MarketplaceTermsConsent(accepted_by="ada@example.com", accepted_at=NOW)


def windows(offer: str, sku: str) -> MarketplaceImage:
    return MarketplaceImage(publisher="MicrosoftWindowsDesktop", offer=offer, sku=sku)


def codes(azure: AzureBench, **overrides: Any) -> set[str]:
    report = azure.images.preflight(azure.job(**overrides))
    assert (report.facts is None) == bool(report.findings)
    for finding in report.findings:
        assert finding.message.endswith("."), "a finding is a sentence that says what to do"
    return {finding.code for finding in report.findings}


def test_nothing_to_object_to_gives_the_facts_and_pins_the_version(azure: AzureBench) -> None:
    facts = azure.facts(azure.job())
    assert facts == Facts(version=facts.version, hyper_v_generation="V2", trusted_launch=True, architecture="x64")
    assert facts.version.count(".") == 2
    older = WINDOWS_11.model_copy(update={"version": "26100.6584.250906"})
    assert azure.facts(azure.job(source=older)).version == older.version


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"source": windows("windows-11", "win95")}, {"ImageNotFound"}),
        ({"source": WINDOWS_11.model_copy(update={"version": "1.2.3"})}, {"ImageNotFound"}),
        ({"source": windows("windows-10", "win10-21h2-avd-g2")}, {"ImageDeprecated"}),
        ({"source": windows("windows-11", "win11-22h2-avd")}, set()),
        ({"source": UBUNTU}, {"OsMismatch"}),
        ({"source": UBUNTU, "os_type": OsType.LINUX}, set()),
        ({"vm_size": "Standard_A2_v2"}, {"GenerationMismatch"}),
        ({"vm_size": "Standard_X1"}, {"SizeNotOffered"}),
        ({"vm_size": "standard_d4S_V5"}, set()),
        ({"gpu_type": GpuType.NVIDIA}, {"SizeNotForGpu"}),
        ({"gpu_type": GpuType.AMD, "vm_size": "Standard_NC4as_T4_v3"}, {"SizeNotForGpu"}),
        ({"gpu_type": GpuType.AMD, "vm_size": "Standard_NV4as_v4"}, set()),
        (
            {"gpu_type": GpuType.AMD, "vm_size": "Standard_NV4as_v4", "source": UBUNTU, "os_type": OsType.LINUX},
            {"GpuDriverNotOffered"},
        ),
        ({"create_public_ip": True}, {"PublicIpNotAllowed"}),
        ({"source": CIS}, {"TermsNotAccepted"}),
        ({"source": CIS, "provider": {"marketplace_terms_consent": CONSENT}}, set()),
        (
            {"provider": {"region": "westus2"}, "gpu_type": GpuType.NVIDIA, "vm_size": "Standard_NC4as_T4_v3"},
            {"SizeRestricted", "SubnetRegionMismatch"},
        ),
        (
            {"source": windows("windows-10", "win10-22h2-avd"), "vm_size": "Standard_D2s_v6"},
            {"GenerationMismatch", "DiskControllerMismatch"},
        ),
        (
            {"source": UBUNTU, "vm_size": "Standard_X1", "create_public_ip": True, "gpu_type": GpuType.AMD},
            {"OsMismatch", "SizeNotOffered", "PublicIpNotAllowed", "SizeNotForGpu"},
        ),
    ],
)
def test_everything_is_objected_to_at_once(azure: AzureBench, overrides: dict[str, Any], expected: set[str]) -> None:
    assert codes(azure, **overrides) == expected


@pytest.mark.parametrize(
    ("part", "replacement", "expected"),
    [
        ("/subnets/desktops", "/subnets/nowhere", "SubnetNotFound"),
        ("/virtualNetworks/vnet-desktops", "/virtualNetworks/nowhere", "SubnetNotFound"),
        ("/resourceGroups/rg-desktops", "/resourceGroups/nowhere", "SubnetNotFound"),
    ],
)
def test_a_subnet_must_exist(azure: AzureBench, part: str, replacement: str, expected: str) -> None:
    subnet = azure.job().subnet_id.replace(part, replacement)
    assert codes(azure, subnet_id=subnet) == {expected}


def test_quota_of_the_family_and_of_the_region_are_both_counted(azure: AzureBench) -> None:
    azure.settings(quotas={"standardDSv5Family": 3, "cores": 2})
    report = azure.images.preflight(azure.job())
    assert [finding.code for finding in report.findings] == ["QuotaExceeded", "QuotaExceeded"]
    assert "needs 4 vCPUs" in report.findings[0].message
    assert "3 of 3 are free" in report.findings[0].message


def test_an_unregistered_resource_provider_is_named_and_not_registered(azure: AzureBench) -> None:
    azure.settings(registered=["Microsoft.Compute"])
    report = azure.images.preflight(azure.job(create_public_ip=True))
    assert {finding.code for finding in report.findings} == {"ProviderNotRegistered", "PublicIpNotAllowed"}
    assert any("az provider register --namespace Microsoft.Network" in each.message for each in report.findings)
    assert azure.calls("POST", "/register") == []


def test_accepted_terms_need_no_consent(azure: AzureBench) -> None:
    terms = {"publisher": CIS.publisher, "offer": CIS.offer, "plan": CIS.sku, "accepted": True}
    azure.simulator.admin("PUT", f"subscriptions/{azure.subscription}/terms", terms)
    assert azure.facts(azure.job(source=CIS)).plan == CIS_PLAN


def test_terms_are_accepted_once_and_only_with_consent(azure: AzureBench) -> None:
    refused = azure.job(source=CIS)
    facts = Facts(version="3.0.7", plan=CIS_PLAN)
    with pytest.raises(PermanentError) as caught:
        azure.images.accept_terms(refused, facts)
    assert caught.value.code == "TermsNotAccepted"
    job = azure.job(source=CIS, provider={"marketplace_terms_consent": CONSENT})
    azure.images.accept_terms(job, facts)
    azure.images.accept_terms(job, facts)
    azure.images.accept_terms(refused, facts)
    assert len(azure.calls("PUT", "/agreements/current")) == 1
    azure.network(job)
    azure.machine(job)


def test_what_may_pass_is_no_finding(azure: AzureBench) -> None:
    azure.fault("/skus$", {"type": "error", "status": 503, "code": "ServerTimeout"}, count=1)
    with pytest.raises(TransientError):
        azure.images.preflight(azure.job())
    assert codes(azure) == set()


def test_a_read_that_is_not_allowed_says_what_and_where(azure: AzureBench) -> None:
    reader = {
        "actions": ["*"],
        "notActions": ["Microsoft.Network/virtualNetworks/read"],
        "dataActions": [],
        "notDataActions": [],
    }
    azure.settings(permissions=[reader])
    with pytest.raises(PermanentError, match=r"Microsoft\.Network/virtualNetworks/read") as caught:
        azure.images.preflight(azure.job())
    assert caught.value.code == "AuthorizationFailed"


def test_preflight_only_reads_and_reads_the_long_list_of_sizes_once(azure: AzureBench) -> None:
    azure.facts(azure.job())
    azure.facts(azure.job())
    calls = azure.simulator.admin("GET", f"calls?path={azure.subscription}")["calls"]
    assert {call["method"] for call in calls} == {"GET"}
    assert len(azure.calls("GET", "/skus")) == 1
