"""The parts of the gallery provider that need no Azure: permissions, bodies, judgements."""

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.mgmt.compute.models import GalleryImageVersion

from shared.cloud.arm.core.clients import Arm
from shared.cloud.arm.core.permissions import allows
from shared.cloud.arm.gallery import copy_preflight, copy_source, copy_target, image_definition, image_version
from shared.cloud.identity import App, principal
from shared.models.provider_instance import StorageAccountType, TargetRegion
from shared.states.enums import OsType
from shared.workflow.facts import Feature
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.replication import ReplicationState
from shared.workflow.sources import PurchasePlan, ReplicationMode
from tests import builders

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
READ = "Microsoft.Compute/galleries/images/versions/read"


def entry(*actions: str, without: Iterable[str] = ()) -> dict[str, Any]:
    return {"actions": list(actions), "notActions": list(without)}


@pytest.mark.parametrize(
    ("entries", "allowed"),
    [
        ([], False),
        ([{}], False),
        ([entry("*")], True),
        ([entry("*/read")], True),
        ([entry("*/write")], False),
        ([entry("microsoft.compute/GALLERIES/*")], True),
        ([entry("Microsoft.Compute/galleries/*/read")], True),
        ([entry("Microsoft.Compute/galleries/read")], False),
        ([entry(READ)], True),
        ([entry(READ + "/more")], False),
        ([entry("*", without=[READ.upper()])], False),
        ([entry("*", without=["Microsoft.Compute/galleries/*"])], False),
        ([entry("*", without=["Microsoft.Network/*"])], True),
        ([entry("*", without=[READ]), entry("*/read")], True),
        ([entry("*", without=[READ]), entry("*", without=["*/read"])], False),
        ([entry("Microsoft.Comput?/galleries/*")], False),
        ([entry("Microsoft.Comput[e]/galleries/*")], False),
    ],
)
def test_permissions_are_read_as_azure_means_them(entries: list[dict[str, Any]], allowed: bool) -> None:
    assert allows(entries, READ) is allowed


def token(claims: Any) -> str:
    parts: tuple[Any, ...] = ({}, claims, "signature")
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (token({"oid": "o-1", "appid": "a-1"}), "The image catalog's identity (object id o-1, client id a-1)"),
        (token({"oid": "o-1", "azp": "a-2"}), "The image catalog's identity (object id o-1, client id a-2)"),
        (token({"oid": "o-1"}), "The image catalog's identity (object id o-1)"),
        (token({}), "The image catalog's identity"),
        (token([]), "The image catalog's identity"),
        ("opaque", "The image catalog's identity"),
        ("a.b.c", "The image catalog's identity"),
        ("", "The image catalog's identity"),
    ],
)
def test_a_principal_is_named_by_its_ids_and_never_by_its_token(text: str, named: str) -> None:
    assert principal(text) == named


@pytest.mark.parametrize(
    ("authority", "scope"),
    [
        ("https://login.microsoftonline.com", "api://AzureADTokenExchange/.default"),
        ("https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov/.default"),
        ("https://127.0.0.1:8443", "api://AzureADTokenExchange/.default"),
    ],
)
def test_the_token_that_stands_in_for_a_secret_is_for_the_cloud_it_is_used_in(authority: str, scope: str) -> None:
    assert App("app", None, authority).exchange_scope == scope


def test_the_definition_has_the_sources_properties_and_leaves_nothing_to_azure() -> None:
    plan = PurchasePlan(publisher="p", product="o", name="n")
    job = builders.copy_job(org_id="Contoso Ltd. (EU)")
    body = image_definition.definition_body(job, builders.source_facts(plan=plan, architecture="Arm64"))
    properties = body["properties"]
    assert body["location"] == "eastus"
    assert body["tags"]["imageId"] == job.image_id
    assert properties["hyperVGeneration"] == "V2"
    assert properties["architecture"] == "Arm64"
    assert properties["features"] == [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]
    assert properties["purchasePlan"] == {"publisher": "p", "product": "o", "name": "n"}
    assert properties["identifier"] == {"publisher": "image-catalog", "offer": "Contoso-Ltd.-EU", "sku": "Windows-11"}


def test_a_source_without_a_security_type_is_of_the_standard_one() -> None:
    facts = builders.source_facts(features=(Feature(name="IsHibernateSupported", value="True"),))
    features = image_definition.definition_body(builders.copy_job(), facts)["properties"]["features"]
    assert {each["name"]: each["value"] for each in features} == {
        "SecurityType": "Standard",
        "IsHibernateSupported": "True",
    }
    assert "purchasePlan" not in image_definition.definition_body(builders.copy_job(), facts)["properties"]


@pytest.mark.parametrize(("name", "legal"), [("a b/c", "a-b-c"), ("...", "org"), ("x" * 90, "x" * 64), ("ä", "org")])
def test_an_org_id_becomes_a_legal_offer(name: str, legal: str) -> None:
    assert image_definition.legal_name(name) == legal


def test_a_version_is_made_in_the_home_region_only_and_lets_regions_be_taken_out_again() -> None:
    zonal = TargetRegion(name="eastus", replica_count=2, storage_account_type=StorageAccountType.STANDARD_ZRS)
    job = builders.copy_job("westus2", home=zonal, end_of_life=NOW, exclude_from_latest=True)
    properties = image_version.version_body(job, builders.source_facts(source_id="/source"))["properties"]
    profile = properties["publishingProfile"]
    assert properties["storageProfile"] == {"source": {"id": "/source"}}
    assert profile["targetRegions"] == [
        {"name": "eastus", "regionalReplicaCount": 2, "storageAccountType": "Standard_ZRS"}
    ]
    assert profile["endOfLifeDate"] == "2026-11-23T12:00:00+00:00"
    assert profile["excludeFromLatest"] is True
    assert properties["safetyProfile"]["allowDeletionOfReplicatedLocations"] is True


def version(**overrides: Any) -> GalleryImageVersion:
    """A complete source version in eastus and westus2, in Azure's words; overrides are of its properties."""
    properties = {
        "provisioningState": "Succeeded",
        "publishingProfile": {"targetRegions": [{"name": "East US"}, {"name": "West US 2"}]},
        "storageProfile": {"osDiskImage": {"sizeInGB": 127}},
        "replicationStatus": status(("East US", "Completed"), ("West US 2", "Completed")),
    }
    return GalleryImageVersion({"location": "eastus", "properties": properties | overrides})


def status(*regions: tuple[str, str]) -> dict[str, Any]:
    return {"summary": [{"region": region, "state": state, "progress": 50} for region, state in regions]}


def codes(found: GalleryImageVersion, job: CopyJob | None = None) -> list[str]:
    facts = builders.source_facts(size_gb=copy_source.size_gb(found))
    return [each.code for each in copy_source.judge(job or builders.copy_job(), found, facts, NOW)]


ENCRYPTED = {
    "targetRegions": [{"name": "East US", "encryption": {"osDiskImage": {"diskEncryptionSetId": "/set"}}}],
}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, []),
        ({"provisioningState": "Creating"}, ["SourceNotReady"]),
        ({"provisioningState": "Failed"}, []),
        (
            {"provisioningState": "Failed", "replicationStatus": status(("East US", "Failed"))},
            ["SourceNotReady"],
        ),
        ({"replicationStatus": status(("East US", "Replicating"))}, ["SourceNotInRegion"]),
        ({"replicationStatus": status(("West US 2", "Completed"))}, ["SourceNotInRegion"]),
        ({"replicationStatus": {}}, ["SourceNotInRegion"]),
        ({"storageProfile": {"osDiskImage": {"sizeInGB": 2048}}}, []),
        ({"storageProfile": {"osDiskImage": {"sizeInGB": 2049}}}, ["DiskTooLarge"]),
        (
            {"storageProfile": {"osDiskImage": {"sizeInGB": 127}, "dataDiskImages": [{"lun": 0, "sizeInGB": 4096}]}},
            ["DiskTooLarge"],
        ),
        ({"storageProfile": {}}, []),
        ({"publishingProfile": {"endOfLifeDate": "2026-11-23T11:59:59Z"}}, ["SourceRetired"]),
        ({"publishingProfile": {"endOfLifeDate": "2026-11-23T12:00:01Z"}}, []),
        ({"publishingProfile": ENCRYPTED}, ["SourceEncrypted"]),
        (
            {"provisioningState": "Deleting", "publishingProfile": {"endOfLifeDate": "2020-01-01T00:00:00Z"}},
            ["SourceNotReady", "SourceRetired"],
        ),
    ],
)
def test_a_source_is_judged(overrides: dict[str, Any], expected: list[str]) -> None:
    assert codes(version(**overrides)) == expected


def test_a_large_disk_may_be_copied_shallow_and_a_source_of_the_other_system_not_at_all() -> None:
    large = version(storageProfile={"osDiskImage": {"sizeInGB": 4096}})
    assert codes(large, builders.copy_job(replication_mode=ReplicationMode.SHALLOW)) == []
    assert codes(version(), builders.copy_job(os_type=OsType.LINUX)) == ["OsMismatch"]


def test_an_encrypted_source_may_be_copied_within_its_subscription() -> None:
    source = builders.GOLDEN.model_copy(update={"subscription_id": builders.provider_instance().subscription_id})
    assert codes(version(publishingProfile=ENCRYPTED), builders.copy_job(source=source)) == []


def test_regions_are_reported_by_short_name_and_an_unheard_of_state_is_unknown() -> None:
    found = image_version.reported_regions(version(replicationStatus=status(("West US 2", "Paused"))))
    assert [(each.region, each.state, each.progress) for each in found] == [("westus2", ReplicationState.UNKNOWN, 50)]


@pytest.mark.parametrize(
    ("state", "home", "usable"),
    [("Succeeded", "Completed", True), ("Failed", "Completed", True), ("Failed", "Failed", False),
     ("Updating", "Completed", False)],
)  # fmt: skip
def test_a_version_can_be_used_when_the_home_region_is_done(state: str, home: str, usable: bool) -> None:
    found = version(provisioningState=state, replicationStatus=status(("East US", home), ("West US 2", "Failed")))
    assert image_version.is_usable(builders.copy_job(), found) is usable


@pytest.mark.parametrize(("others", "full"), [(9_999, False), (10_000, True)])
def test_a_subscription_that_is_full_in_the_region_is_found_before_the_copy(others: int, full: bool) -> None:
    here = [SimpleNamespace(location="East US")] * others
    elsewhere = [SimpleNamespace(location="westus2")] * 50
    resources = SimpleNamespace(resources=SimpleNamespace(list=lambda **_: iter(here + elsewhere)))
    arm = cast("Arm", SimpleNamespace(resources=resources))
    assert copy_target.is_full(arm, builders.copy_job(), "Microsoft.Compute/galleries/images/versions") is full


def test_a_limit_is_a_finding_that_says_what_to_do() -> None:
    kind = "Microsoft.Compute/galleries/images/versions"
    target = copy_target.Target(None, None, None, "/group", writable=True, full=(kind,), who="we")
    (finding,) = copy_target.judge(builders.copy_job(), target, None)
    assert finding.code == "GalleryLimit"
    assert "10000" in finding.message


def test_only_regions_that_azure_lists_are_offered_and_a_list_that_is_missing_says_nothing() -> None:
    listed = SimpleNamespace(resource_type="galleries/images/versions", locations=["East US", "West US 2"])
    provider = cast("Any", SimpleNamespace(resource_types=[listed]))
    found = [each.code for each in copy_preflight.of_regions(builders.copy_job("westus2", "uksouth"), provider)]
    assert found == ["RegionNotOffered"]
    silent = cast("Any", SimpleNamespace(resource_types=[]))
    assert list(copy_preflight.of_regions(builders.copy_job("uksouth"), silent)) == []


def test_an_end_of_life_must_be_in_the_future() -> None:
    job = builders.copy_job(end_of_life=NOW - timedelta(seconds=1))
    assert [each.code for each in copy_preflight.of_request(job, NOW)] == ["EndOfLifePast"]
    assert list(copy_preflight.of_request(job, NOW - timedelta(seconds=2))) == []
