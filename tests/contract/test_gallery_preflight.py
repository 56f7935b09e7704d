"""What a copy's preflight objects to, over the simulator: everything at once, and nothing that may pass."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors.azure import PermanentError, TransientError
from shared.models.provider_instance import TargetRegion
from shared.states.enums import OsType
from shared.workflow.facts import Feature
from shared.workflow.sources import PurchasePlan, ReplicationMode
from tests.builders import GALLERY, GOLDEN, SUBSCRIPTION, new_id, source_facts
from tests.contract.galleries import GOLDEN_DISK_GB, VERSION, AzureGalleryBench
from tests.contract.simulated import refusal

HARDENED = GOLDEN.model_copy(update={"image": "windows-server-hardened", "version": "4.0.0"})
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture(autouse=True)
def _quick(gallery_azure: AzureGalleryBench) -> None:
    gallery_azure.quick()


def codes(bench: AzureGalleryBench, *regions: str, **overrides: Any) -> set[str]:
    report = bench.galleries.preflight_copy(bench.job(*regions, **overrides))
    assert (report.facts is None) == bool(report.findings)
    for finding in report.findings:
        assert finding.message.endswith("."), "a finding is a sentence that says what to do"
    return {finding.code for finding in report.findings}


def test_nothing_to_object_to_gives_the_facts(gallery_azure: AzureGalleryBench) -> None:
    facts = gallery_azure.facts(gallery_azure.job("westus2"))
    assert facts == source_facts(size_gb=GOLDEN_DISK_GB, source_id=facts.source_id)
    assert facts.source_id.lower() == GOLDEN.id.lower()


def test_the_plan_of_the_source_is_carried_to_the_definition(gallery_azure: AzureGalleryBench) -> None:
    job = gallery_azure.job(source=HARDENED)
    plan = PurchasePlan(
        publisher="center-for-internet-security-inc",
        product="cis-windows-server",
        name="cis-windows-server2022-l1-gen2",
    )
    assert gallery_azure.facts(job).plan == plan
    gallery_azure.copy(job)
    assert codes(gallery_azure, image_id=job.image_id, version_name="2.0.0") == {"PlanMismatch"}


@pytest.mark.parametrize(
    ("regions", "overrides", "expected"),
    [
        ((), {"source": GOLDEN.model_copy(update={"version": "9.9.9"})}, {"SourceNotFound"}),
        ((), {"home": TargetRegion(name="uksouth")}, {"SourceNotInRegion"}),
        ((), {"os_type": OsType.LINUX}, {"OsMismatch"}),
        (("westus2",), {"replication_mode": ReplicationMode.SHALLOW}, {"ShallowNotReplicable"}),
        ((), {"replication_mode": ReplicationMode.SHALLOW}, set()),
        ((), {"end_of_life": YESTERDAY}, {"EndOfLifePast"}),
        (
            (),
            {"provider": {"gallery_id": GALLERY.replace("rg-desktops", "rg-nowhere")}},
            {"ResourceGroupNotFound"},
        ),
        ((), {"provider": {"gallery_id": GALLERY.replace("galDesktops", "galNew")}}, set()),
        (
            ("westus2",),
            {
                "source": HARDENED,
                "home": TargetRegion(name="westus3"),
                "os_type": OsType.LINUX,
                "replication_mode": ReplicationMode.SHALLOW,
                "end_of_life": YESTERDAY,
            },
            {"SourceNotInRegion", "OsMismatch", "ShallowNotReplicable", "EndOfLifePast"},
        ),
    ],
)
def test_everything_is_objected_to_at_once(
    gallery_azure: AzureGalleryBench, regions: tuple[str, ...], overrides: dict[str, Any], expected: set[str]
) -> None:
    if "provider" in overrides:
        gallery = overrides["provider"]["gallery_id"].replace(SUBSCRIPTION, gallery_azure.subscription)
        overrides = overrides | {"provider": {"gallery_id": gallery}}
    assert codes(gallery_azure, *regions, **overrides) == expected


def test_a_region_without_galleries_is_objected_to(gallery_azure: AzureGalleryBench) -> None:
    assert codes(gallery_azure, "marsnorth") == {"RegionNotOffered"}


def test_a_source_that_is_being_made_is_not_ready(gallery_azure: AzureGalleryBench) -> None:
    owner = AzureGalleryBench(gallery_azure.galleries, new_id(), gallery_azure.simulator)
    owner.fault("/regions/", {"type": "regionStuck", "at": 40}, phase="replication")
    job = owner.job()
    owner.definition(job)
    owner.galleries.begin_image_version(job, owner.facts(job))
    source = GOLDEN.model_copy(
        update={
            "subscription_id": job.provider.subscription_id,
            "resource_group": "rg-desktops",
            "gallery": "galDesktops",
            "image": job.image_name,
        }
    )
    assert codes(gallery_azure, source=source) == {"SourceNotReady"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"hyper_v_generation": "V1", "features": ()}, "GenerationMismatch"),
        ({"os_state": "Specialized"}, "OsStateMismatch"),
        ({"features": (Feature(name="SecurityType", value="TrustedLaunch"),)}, "SecurityTypeMismatch"),
        ({"features": ()}, "SecurityTypeMismatch"),
        ({"os_family": OsType.LINUX}, "OsMismatch"),
        ({"architecture": "Arm64"}, "ArchitectureMismatch"),
    ],
)
def test_a_definition_that_the_image_has_must_be_like_the_source(
    gallery_azure: AzureGalleryBench, change: dict[str, Any], code: str
) -> None:
    job = gallery_azure.job()
    gallery_azure.galleries.begin_definition(job, source_facts(**change))
    found = codes(gallery_azure, image_id=job.image_id, version_name="2.0.0")
    assert code in found
    assert found <= {code, "SecurityTypeMismatch"}


def test_a_definition_of_another_image_is_named(gallery_azure: AzureGalleryBench) -> None:
    job = gallery_azure.job()
    gallery_azure.definition(job)
    assert codes(gallery_azure) == {"DefinitionNotOurs"}


def test_a_version_of_another_operation_is_in_the_way_and_ours_is_not(gallery_azure: AzureGalleryBench) -> None:
    job = gallery_azure.job()
    gallery_azure.copy(job)
    assert codes(gallery_azure, image_id=job.image_id) == {"TargetVersionExists"}
    gallery_azure.facts(job)


def test_the_target_must_be_writable(gallery_azure: AzureGalleryBench) -> None:
    reader = {"actions": ["*/read"], "notActions": [], "dataActions": [], "notDataActions": []}
    gallery_azure.settings(permissions=[reader])
    report = gallery_azure.galleries.preflight_copy(gallery_azure.job())
    assert [finding.code for finding in report.findings] == ["TargetAccessDenied"]
    assert "Microsoft.Compute/galleries/images/versions/write" in report.findings[0].message


def test_an_unregistered_resource_provider_is_named_and_not_registered(gallery_azure: AzureGalleryBench) -> None:
    gallery_azure.settings(registered=["Microsoft.Network"])
    assert codes(gallery_azure, end_of_life=YESTERDAY) == {"ProviderNotRegistered", "EndOfLifePast"}
    assert gallery_azure.calls("POST", "/register") == []


def test_what_may_pass_is_no_finding(gallery_azure: AzureGalleryBench) -> None:
    gallery_azure.fault(VERSION, refusal("ServerTimeout", 503), method="GET", count=1)
    with pytest.raises(TransientError):
        gallery_azure.galleries.preflight_copy(gallery_azure.job())
    assert codes(gallery_azure) == set()


def test_a_read_that_is_not_allowed_says_what_and_where(gallery_azure: AzureGalleryBench) -> None:
    gallery_azure.settings(permissions=[])
    with pytest.raises(PermanentError, match=r"may not do Microsoft\.\S+/read"):
        gallery_azure.galleries.preflight_copy(gallery_azure.job())


def test_preflight_only_reads(gallery_azure: AzureGalleryBench) -> None:
    gallery_azure.facts(gallery_azure.job("westus2"))
    calls = gallery_azure.simulator.admin("GET", f"calls?path={gallery_azure.subscription}")["calls"]
    assert {call["method"] for call in calls} == {"GET"}
