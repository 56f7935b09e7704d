"""POST /images?action=copy-existing-image: what is accepted, from which source, to where, and what a caller gets."""

import json
from typing import Any
from uuid import UUID

import pytest

from shared.errors.catalogue import StoreUnavailable
from shared.errors.services import SecretUnavailable
from shared.models.image import Asset, Image, NameReservation, Version
from shared.models.operation import Operation
from shared.requests import copy_sources
from shared.states.enums import AssetType, SourceType
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus, VersionStatus
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.plans import copy_steps
from tests.builders import GALLERY, GOLDEN, ORG, PROVIDER, SUBSCRIPTION, asset, image, provider_instance, version
from tests.unit.api.client import (
    HOST,
    PASSWORD,
    Api,
    copy_body,
    import_body,
    with_copy_data,
    with_copy_details,
    with_copy_options,
)
from tests.unit.api.test_create_image import PAGE_FIELDS

ON_PAPER = {"imageVersionId": GOLDEN.id, "mspOrgId": "msp-1"}
IN_OUR_GALLERY = f"{GALLERY}/images/Golden/versions/"
WEST = {"name": "westus2"}


@pytest.fixture(autouse=True)
def _gallery(api: Api):
    """The org's provider instance has a gallery."""
    api.catalog.put(provider_instance(gallery_id=GALLERY))


def accepted(api: Api, body: Any = None) -> CopyJob:
    """The job of a copy that was accepted."""
    answer = api.copy(body)
    assert answer.status == 202, answer.content
    return CopyJob.model_validate(api.client.started[-1][2])


def catalogued(api: Api, *names: str, org: str = ORG, **overrides: Any) -> tuple[Image, list[Version], list[Asset]]:
    """An image of the catalogue that is in our gallery, with a version of each name; overrides are of the assets."""
    owner = image(org_id=org, status=StreamStatus.AVAILABLE)
    versions = [
        version(org_id=org, image_id=owner.id, name=name, status=VersionStatus.AVAILABLE)
        for name in names or ("1.0.0",)
    ]
    assets = [
        asset(
            **{
                "org_id": org,
                "image_id": owner.id,
                "version_id": each.id,
                "type": AssetType.AZURE_IMAGE_IN_SIG,
                "status": AssetStatus.AVAILABLE,
                "data": {"galleryImageVersionId": IN_OUR_GALLERY + each.name},
            }
            | overrides
        )
        for each in versions
    ]
    api.catalog.create(owner, *versions, *assets)
    return owner, versions, assets


def from_catalogue(owner: Image, wanted: Version | None = None, **overrides: Any) -> dict[str, Any]:
    """The body of a copy of an image of the catalogue."""
    return copy_body(
        **{
            "assetDetails": ...,
            "sourceStreamId": owner.id,
            "sourceVersionId": wanted.id if wanted else None,
            "streamName": "A-copy",
        }
        | overrides
    )


def test_the_answer_has_exactly_the_fields_of_the_api_page(api: Api):
    answer = api.copy(with_copy_details(data=ON_PAPER))

    assert answer.status == 202
    assert set(answer.json) == PAGE_FIELDS
    assert answer.json["assetDetails"] == {
        "assetType": "AZURE_IMAGE_IN_SIG",
        "data": {**ON_PAPER, "sourceId": GOLDEN.id, "region": "eastus"},
    }
    assert (answer.json["assetType"], answer.json["sourceStreamType"]) == ("AZURE_IMAGE_IN_SIG", "AZURE_SIG")
    assert (answer.json["streamStatus"], answer.json["versionStatus"], answer.json["assetStatus"]) == (
        StreamStatus.PENDING,
        VersionStatus.PENDING,
        AssetStatus.IMPORT_PENDING,
    )
    absent = {name for name, value in answer.json.items() if value is None}
    assert absent == {"sourceAssetId", "sourceStreamId", "sourceVersionId"}


def test_the_headers_lead_to_the_image_and_the_operation(api: Api):
    answer = api.copy()

    (operation,) = api.catalog.all(Operation)
    assert answer.headers["Location"] == f"{HOST}/imagemgmt/v1/images/{answer.json['streamId']}?org_id={ORG}"
    shown = api.request("GET", answer.headers["Operation-Location"]).json
    assert (shown["id"], shown["action"], shown["status"]) == (operation.id, "copy-existing-image", "NotStarted")


def test_everything_is_written_and_started_under_the_same_ids(api: Api):
    content = api.copy(with_copy_options(regions=["westus2"])).json

    (owner,), (made,), (operation,) = api.catalog.all(Image), api.catalog.all(Version), api.catalog.all(Operation)
    (name,) = api.catalog.all(NameReservation)
    ((started, instance_id, job_input),) = api.client.started
    job = CopyJob.model_validate(job_input)
    assert started == "copy_image"
    assert instance_id == operation.id == job.operation_id
    assert operation.status is OperationStatus.NOT_STARTED
    assert operation.step_count == len(copy_steps(replicated=True))
    assert content["streamId"] == owner.id == made.image_id == name.image_id == job.image_id
    assert content["versionId"] == made.id == operation.version_id == job.version_id
    assert content["assetId"] == operation.asset_id == job.asset_id
    assert (owner.source_type, made.name, job.version_name) == (SourceType.AZURE_SIG, "1.0.0", "1.0.0")
    assert (job.source, job.image_name, job.provider.id) == (GOLDEN, "Windows-11", PROVIDER)
    assert {each.id for each in api.catalog.all(Asset)} == {job.asset_id, *(each.asset_id for each in job.replicas)}


@pytest.mark.parametrize("vm_info", [..., {"username": "builder", "password": list(PASSWORD)}])
def test_no_secret_is_kept_or_needed(api: Api, vm_info: Any):
    api.secrets.fail("put", SecretUnavailable("away"))
    answer = api.copy(with_copy_details(vmInfo=vm_info))

    assert answer.status == 202
    assert api.secrets.secrets == {}
    assert accepted(api, copy_body(streamName="another")).secret_name is None
    kept = [record.to_json() for kind in (Image, Version, Asset, Operation) for record in api.catalog.all(kind)]
    assert "builder" not in json.dumps([kept, api.client.started, answer.json])


def test_without_an_orchestration_nothing_is_kept(api: Api):
    api.client.failure = RuntimeError("no")
    api.secrets.fail("delete", AssertionError("there is no secret to forget"))

    assert api.copy().json["code"] == "TRY_AGAIN"
    assert api.catalog.all(Image) == []


def test_the_orchestration_starts_before_the_records_are_written(api: Api):
    api.catalog.fail("create", StoreUnavailable("away"))

    assert api.copy().status == 503
    assert len(api.client.started) == 1


def test_a_name_that_an_import_has_is_in_use(api: Api):
    api.created(streamName="Windows-11")

    assert (api.copy().status, api.copy().json["code"]) == (409, "NAME_IN_USE")


def test_validate_only_checks_and_creates_nothing(api: Api):
    answer = api.copy(with_copy_details(vmInfo={"username": "x"}), validateOnly="true")

    assert (answer.status, answer.json["valid"]) == (200, True)
    assert [warning["pointer"] for warning in answer.json["warnings"]] == ["/assetDetails/vmInfo"]
    assert (api.client.started, api.catalog.all(Image)) == ([], [])


def test_validate_only_looks_for_the_source_as_well(api: Api):
    answer = api.copy(from_catalogue(image()), validateOnly="true")

    assert answer.findings == {("SOURCE_NOT_FOUND", "/sourceStreamId")}


def test_a_copy_needs_a_gallery(api: Api):
    api.catalog.put(provider_instance())
    answer = api.copy()

    assert (answer.status, answer.findings) == (400, {("NO_GALLERY", "/providerInstanceId")})
    assert "galleryId" in answer.json["detail"]
    assert api.post(import_body()).status == 202


@pytest.mark.parametrize("name", ["-Windows", "Windows_", "_"])
def test_a_name_that_no_image_definition_can_have_is_refused(api: Api, name: str):
    answer = api.copy(copy_body(streamName=name))

    assert answer.status == 400
    assert [error["pointer"] for error in answer.json["errors"]] == ["/streamName"]


def test_everything_that_the_org_has_against_it_is_told_at_once(api: Api):
    api.catalog.put(provider_instance(replication_regions=({"name": "westus2"},)))
    body = from_catalogue(image(), assetDetails={"options": {"replicationMode": "Shallow"}})

    assert api.copy(body).findings == {
        ("NO_GALLERY", "/providerInstanceId"),
        ("CONTRADICTION", "/assetDetails/options/replicationMode"),
        ("SOURCE_NOT_FOUND", "/sourceStreamId"),
    }


def test_parts_without_a_subscription_are_in_the_provider_instances(api: Api):
    parts = {"resourceGroup": "rg", "gallery": "gal", "image": "win", "version": "1.2.3"}
    job = accepted(api, with_copy_data(imageVersionId=..., **parts))

    assert str(job.source.subscription_id) == SUBSCRIPTION
    assert job.source.id.endswith(
        "/resourceGroups/rg/providers/Microsoft.Compute/galleries/gal/images/win/versions/1.2.3"
    )


def test_the_job_is_what_the_caller_asked_for(api: Api):
    options = {"replicationMode": "Full", "endOfLifeDate": "2030-12-31", "excludeFromLatest": True, "regions": [WEST]}
    assert api.copy(with_copy_options(**options)).status == 202
    ((_, _, job),) = api.client.started

    assert (job["replicationMode"], job["endOfLife"]) == ("Full", "2030-12-31T00:00:00Z")
    assert (job["excludeFromLatest"], job["osType"], job["gpuType"]) == (True, "WVD", "NONE")


# Where it goes

OF_THE_PROVIDER = ({"name": "westus2", "replica_count": 2}, {"name": "northeurope"})


@pytest.mark.parametrize(
    ("own", "asked", "home", "further"),
    [
        ((), None, 1, {}),
        ((), [], 1, {}),
        ((), ["westus2"], 1, {"westus2": 1}),
        ((), ["East US"], 1, {}),
        ((), [{"name": "eastus", "replicaCount": 3}, "westus2"], 3, {"westus2": 1}),
        (OF_THE_PROVIDER, None, 1, {"westus2": 2, "northeurope": 1}),
        (OF_THE_PROVIDER, [], 1, {}),
        (OF_THE_PROVIDER, ["westus3"], 1, {"westus3": 1}),
        (({"name": "eastus", "replica_count": 4}, {"name": "westus2"}), None, 4, {"westus2": 1}),
    ],
)
def test_regions_as_asked_for_else_as_the_provider_instance_says(
    api: Api, own: Any, asked: Any, home: int, further: dict[str, int]
):
    """Its own region is always one of them."""
    api.catalog.put(provider_instance(gallery_id=GALLERY, replication_regions=own))
    job = accepted(api, with_copy_options(regions=asked))

    assert (job.home.name, job.home.replica_count) == ("eastus", home)
    assert {each.region.name: each.region.replica_count for each in job.replicas} == further


def test_each_further_region_is_an_asset_of_its_own(api: Api):
    storage = {"name": "westus2", "replicaCount": 2, "storageAccountType": "Standard_ZRS"}
    job = accepted(api, with_copy_options(regions=[storage, "northeurope"]))

    found = {each.id: each for each in api.catalog.all(Asset)}
    own = found.pop(job.asset_id)
    assert (own.type, own.data["region"]) == (AssetType.AZURE_IMAGE_IN_SIG, "eastus")
    assert {each.asset_id: each.region.name for each in job.replicas} == {
        each.id: each.data["region"] for each in found.values()
    }
    assert job.replicas[0].region.storage_account_type == "Standard_ZRS"
    for each in found.values():
        assert UUID(each.id)
        assert (each.type, each.status) == (AssetType.AZURE_IMAGE_REPLICA_IN_SIG, AssetStatus.IMPORT_PENDING)
        assert (each.source_asset_id, each.version_id, list(each.data)) == (own.id, own.version_id, ["region"])


def test_the_copies_of_the_version_are_all_of_them(api: Api):
    content = api.copy(with_copy_options(regions=["westus2"])).json
    replica = next(each for each in api.catalog.all(Asset) if each.id != content["assetId"])
    progress = {"replicationState": "Replicating", "replicationProgress": 40}
    api.catalog.put(replica.model_copy(update={"data": replica.data | progress}))
    base = f"images/{content['streamId']}/versions/{content['versionId']}/copies"
    listed = {each["id"]: each for each in api.get(base).json["content"]}

    assert set(listed) == {content["assetId"], replica.id}
    shown = listed[replica.id]
    assert shown == api.get(f"{base}/{replica.id}").json
    assert (shown["type"], shown["sourceAssetId"]) == ("AZURE_IMAGE_REPLICA_IN_SIG", content["assetId"])
    assert shown["assetDetails"]["data"] == {"region": "westus2", **progress}


def test_a_shallow_copy_stays_at_home(api: Api):
    refused = {("CONTRADICTION", "/assetDetails/options/replicationMode")}
    assert api.copy(with_copy_options(replicationMode="Shallow", regions=["westus2"])).findings == refused
    job = accepted(api, with_copy_options(replicationMode="Shallow", regions=["eastus"]))

    assert (job.replication_mode, job.replicas) == ("Shallow", ())
    (operation,) = api.catalog.all(Operation)
    assert operation.step_count == len(copy_steps(replicated=False))


def test_a_shallow_copy_is_not_quietly_kept_from_the_provider_instances_regions(api: Api):
    api.catalog.put(provider_instance(gallery_id=GALLERY, replication_regions=OF_THE_PROVIDER))
    answer = api.copy(with_copy_options(replicationMode="Shallow"))

    assert answer.findings == {("CONTRADICTION", "/assetDetails/options/replicationMode")}
    assert "westus2, northeurope" in answer.json["detail"]
    assert api.copy(with_copy_options(replicationMode="Shallow", regions=[])).status == 202


# From the catalogue


def test_a_version_of_the_catalogue_is_its_image_in_the_gallery(api: Api):
    owner, (first, _), (source, _) = catalogued(api, "1.0.0", "2.0.0")
    answer = api.copy(from_catalogue(owner, first))

    assert answer.status == 202, answer.content
    assert CopyJob.model_validate(api.client.started[0][2]).source.id == f"{IN_OUR_GALLERY}1.0.0"
    assert set(answer.json) == PAGE_FIELDS
    stated = {name: answer.json[name] for name in ("sourceStreamId", "sourceVersionId", "sourceAssetId")}
    assert stated == {"sourceStreamId": owner.id, "sourceVersionId": first.id, "sourceAssetId": source.id}
    shown = api.get(f"images/{answer.json['streamId']}").json
    assert (shown["sourceStreamId"], shown["sourceVersionId"]) == (owner.id, first.id)
    listed = api.get("images", search=f"sourceStreamId $eq {owner.id}").json["content"]
    assert [each["id"] for each in listed] == [answer.json["streamId"]]


def test_an_image_of_the_catalogue_is_its_newest_version(api: Api):
    owner, versions, _ = catalogued(api, "2.0.0", "10.0.0", "9.9.9")

    assert api.copy(from_catalogue(owner)).json["sourceVersionId"] == versions[1].id


def test_the_newest_version_is_found_behind_many(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(copy_sources, "_PAGE", 2)
    owner, versions, _ = catalogued(api, *(f"{number}.0.0" for number in range(1, 8)))

    assert api.copy(from_catalogue(owner)).json["sourceVersionId"] == versions[-1].id


def test_the_newest_version_that_can_be_used_is_meant(api: Api):
    owner, versions, assets = catalogued(api, "1.0.0", "2.0.0", "3.0.0", "4.0.0")
    api.catalog.put(versions[3].model_copy(update={"status": VersionStatus.FAILED}))
    api.catalog.put(assets[2].model_copy(update={"status": AssetStatus.DISABLED}))
    api.catalog.put(versions[1].model_copy(update={"status": VersionStatus.PARTIALLY_AVAILABLE}))

    assert api.copy(from_catalogue(owner)).json["sourceVersionId"] == versions[1].id


def test_a_source_that_is_named_twice_has_to_be_one(api: Api):
    owner, (only,), _ = catalogued(api)
    same = {"data": {"imageVersionId": f"{IN_OUR_GALLERY}1.0.0".upper()}}
    other = {"data": {"imageVersionId": GOLDEN.id}}

    assert api.copy(from_catalogue(owner, only, assetDetails=other)).findings == {("CONTRADICTION", "/sourceStreamId")}
    assert api.copy(from_catalogue(owner, only, assetDetails=same)).json["sourceVersionId"] == only.id


def test_another_orgs_image_is_not_found(api: Api):
    owner, (only,), _ = catalogued(api, org="org-other")

    assert api.copy(from_catalogue(owner)).findings == {("SOURCE_NOT_FOUND", "/sourceStreamId")}
    assert api.copy(from_catalogue(owner, only)).findings == {("SOURCE_NOT_FOUND", "/sourceStreamId")}
    assert api.copy(from_catalogue(owner, only)).content.count(b"AVAILABLE") == 0


def test_a_version_of_another_image_is_not_found(api: Api):
    (one, _, _), (_, (other,), _) = catalogued(api), catalogued(api)
    answer = api.copy(from_catalogue(one, other))

    assert (answer.status, answer.findings) == (400, {("SOURCE_NOT_FOUND", "/sourceVersionId")})


@pytest.mark.parametrize(
    "overrides",
    [
        {"status": AssetStatus.COPYING_IMAGE},
        {"status": AssetStatus.IMPORT_FAILED},
        {"type": AssetType.AZURE_VM_IN_RG},
        {"type": AssetType.AZURE_IMAGE_REPLICA_IN_SIG},
        {"data": {}},
        {"data": {"galleryImageVersionId": None}},
        {"data": {"galleryImageVersionId": "/elsewhere"}},
    ],
)
def test_what_is_not_an_image_in_a_gallery_is_not_available(api: Api, overrides: dict[str, Any]):
    owner, (only,), _ = catalogued(api, **overrides)

    assert api.copy(from_catalogue(owner)).findings == {("SOURCE_NOT_AVAILABLE", "/sourceStreamId")}
    assert api.copy(from_catalogue(owner, only)).findings == {("SOURCE_NOT_AVAILABLE", "/sourceVersionId")}


@pytest.mark.parametrize("status", list(VersionStatus), ids=str)
def test_a_version_has_to_be_usable(api: Api, status: VersionStatus):
    owner, (only,), _ = catalogued(api)
    api.catalog.put(only.model_copy(update={"status": status}))
    usable = status in (VersionStatus.AVAILABLE, VersionStatus.PARTIALLY_AVAILABLE)
    answer = api.copy(from_catalogue(owner, only))

    assert answer.status == (202 if usable else 400)
    if not usable:
        assert answer.findings == {("SOURCE_NOT_AVAILABLE", "/sourceVersionId")}


def test_a_source_of_another_provider_instance_is_in_the_tenant_of_that(api: Api):
    tenant = "00000000-0000-0000-0000-0000000000bb"
    api.catalog.put(provider_instance(id="elsewhere", tenant_id=tenant))
    owner, _, _ = catalogued(api, provider_instance_id="elsewhere")
    gone, _, _ = catalogued(api, provider_instance_id="gone")

    assert str(accepted(api, from_catalogue(owner)).source.tenant_id) == tenant
    assert accepted(api, from_catalogue(gone, streamName="b")).source.tenant_id is None
