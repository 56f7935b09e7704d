"""Provider instances: PUT, GET, list and DELETE."""

from typing import Any

import pytest

from shared.errors.catalogue import Changed
from shared.models.provider_instance import ProviderInstance
from shared.states.statuses import OperationStatus
from tests.builders import GALLERY, ORG, PROVIDER, SUBNET, accepted, import_job, operation
from tests.unit.api.client import Answer, Api, provider_body

PATH = f"/imagemgmt/v1/provider-instances/{PROVIDER}?org_id={ORG}"
NEW = f"/imagemgmt/v1/provider-instances/new-1?org_id={ORG}"


def put(api: Api, body: Any, path: str = NEW, **headers: str) -> Answer:
    return api.request("PUT", path, body, {name.replace("_", "-"): value for name, value in headers.items()})


def test_a_new_one_is_created_and_can_be_read(api: Api):
    answer = put(api, provider_body())

    assert answer.status == 201
    assert (answer.json["id"], answer.json["orgId"], answer.json["region"]) == ("new-1", ORG, "eastus")
    assert answer.headers["Location"].endswith(NEW)
    read = api.request("GET", NEW)
    assert (read.json, read.headers["ETag"]) == (answer.json, answer.headers["ETag"])


def test_where_copies_go_is_part_of_it(api: Api):
    regions = [{"name": "West US 2"}, {"name": "northeurope", "replicaCount": 2, "storageAccountType": "Standard_ZRS"}]
    answer = put(api, provider_body(galleryId=GALLERY, replicationRegions=regions))

    assert answer.status == 201, answer.content
    assert answer.json["galleryId"] == GALLERY
    assert answer.json["replicationRegions"] == [
        {"name": "westus2", "replicaCount": 1, "storageAccountType": "Standard_LRS"},
        {"name": "northeurope", "replicaCount": 2, "storageAccountType": "Standard_ZRS"},
    ]
    assert put(api, api.request("GET", NEW).json).status == 200


def test_a_known_one_is_replaced_and_keeps_its_age(api: Api):
    answer = put(api, provider_body(displayName="New"), PATH)

    assert (answer.status, answer.json["displayName"]) == (200, "New")
    assert answer.json["createdAt"] == "2026-11-23T12:00:00Z"
    assert len(api.catalog.all(ProviderInstance)) == 1


def test_what_was_read_can_be_put_back(api: Api):
    """The read-only fields of an answer are ignored."""
    read = api.request("GET", PATH)

    assert put(api, read.json, PATH, If_Match=read.headers["ETag"]).status == 200


@pytest.mark.parametrize(
    ("condition", "path", "status"),
    [
        ({"If_Match": '"old"'}, PATH, 412),
        ({"If_Match": "*"}, PATH, 200),
        ({"If_Match": "*"}, NEW, 412),
        ({"If_Match": '"old"'}, NEW, 412),
        ({"If_None_Match": "*"}, NEW, 201),
        ({"If_None_Match": "*"}, PATH, 412),
    ],
)
def test_a_condition_that_does_not_hold_is_a_412(api: Api, condition: dict[str, str], path: str, status: int):
    assert put(api, provider_body(), path, **condition).status == status


def test_of_two_writers_the_later_is_told(api: Api):
    api.catalog.fail("update", Changed("written since"), times=2)

    assert put(api, provider_body(), PATH).status == 409
    assert put(api, provider_body(), PATH, If_Match="*").status == 412


@pytest.mark.parametrize(
    ("overrides", "finding"),
    [
        ({"subscriptionId": ...}, ("REQUIRED", "/subscriptionId")),
        ({"subscriptionId": "none"}, ("INVALID_VALUE", "/subscriptionId")),
        ({"tenantId": 7}, ("INVALID_VALUE", "/tenantId")),
        ({"providerLabel": "AKKA"}, ("INVALID_VALUE", "/providerLabel")),
        ({"region": "!"}, ("INVALID_VALUE", "/region")),
        ({"subnetId": "/subscriptions/x"}, ("INVALID_VALUE", "/subnetId")),
        ({"subnetId": SUBNET + "s" * 1024}, ("TOO_LONG", "/subnetId")),
        ({"galleryId": "g"}, ("INVALID_VALUE", "/galleryId")),
        ({"displayName": "d" * 129}, ("TOO_LONG", "/displayName")),
        ({"displayName": "\x00"}, ("FORBIDDEN_CHARACTER", "/displayName")),
        ({"rdpSourceAddressRanges": ["0.0.0.0/0"]}, ("INVALID_VALUE", "/rdpSourceAddressRanges")),
        ({"rdpSourceAddressRanges": ["::/0"]}, ("INVALID_VALUE", "/rdpSourceAddressRanges")),
        ({"rdpSourceAddressRanges": ["10.0.0.1/8"]}, ("INVALID_VALUE", "/rdpSourceAddressRanges")),
        ({"rdpSourceAddressRange": []}, ("UNKNOWN_FIELD", "/rdpSourceAddressRange")),
        ({"subnet_id": SUBNET}, ("UNKNOWN_FIELD", "/subnet_id")),
        ({"vmSizes": {"nvidia": "a b"}}, ("INVALID_VALUE", "/vmSizes/nvidia")),
        ({"vmSizes": {"intel": "Standard_D4s_v5"}}, ("UNKNOWN_FIELD", "/vmSizes/intel")),
        ({"vmSizes": []}, ("INVALID_VALUE", "/vmSizes")),
        ({"replicationRegions": ["westus2"]}, ("INVALID_VALUE", "/replicationRegions/0")),
        ({"replicationRegions": [{"name": "!"}]}, ("INVALID_VALUE", "/replicationRegions/0/name")),
        ({"replicationRegions": [{"replicaCount": 2}]}, ("REQUIRED", "/replicationRegions/0/name")),
        (
            {"replicationRegions": [{"name": "westus2"}, {"name": "West US 2"}]},
            ("INVALID_VALUE", "/replicationRegions"),
        ),
        (
            {"replicationRegions": [{"name": "westus2"}, {"name": "westus3", "replica_count": 2}]},
            ("UNKNOWN_FIELD", "/replicationRegions/1/replica_count"),
        ),
        (
            {"replicationRegions": [{"name": "westus2", "replicaCount": 101}]},
            ("INVALID_VALUE", "/replicationRegions/0/replicaCount"),
        ),
        ({"marketplaceTermsConsent": {"acceptedBy": "me"}}, ("REQUIRED", "/marketplaceTermsConsent/acceptedAt")),
        (
            {"marketplaceTermsConsent": {"acceptedBy": "me", "acceptedAt": "9999-12-31T23:59:59-23:00"}},
            ("INVALID_VALUE", "/marketplaceTermsConsent/acceptedAt"),
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(api: Api, overrides: dict[str, Any], finding: tuple[str, str]):
    answer = put(api, provider_body(**overrides))

    assert (answer.status, answer.findings) == (400, {finding})


def test_everything_that_is_wrong_is_told_at_once(api: Api):
    answer = put(api, provider_body(subnetId="x", region="!", other=1))

    assert {place for _, place in answer.findings} == {"/subnetId", "/region", "/other"}
    assert "3 things" in answer.json["detail"]


def test_an_id_that_can_not_be_is_not_found(api: Api):
    assert put(api, provider_body(), NEW.replace("new-1", "a%3Ab")).status == 404


def test_all_of_an_org_can_be_listed(api: Api):
    put(api, provider_body())
    first = api.get("provider-instances", size="1").json
    second = api.request("GET", first["nextLink"]).json

    assert [item["id"] for item in first["value"] + second["value"]] == ["new-1", PROVIDER]


def test_an_unused_one_can_be_deleted(api: Api):
    api.catalog.create(*accepted(import_job()))
    assert put(api, provider_body()).status == 201

    assert api.request("DELETE", NEW).status == 204
    assert api.request("GET", NEW).status == 404
    assert api.request("DELETE", NEW).status == 404


@pytest.mark.parametrize("status", list(OperationStatus), ids=str)
def test_one_that_is_at_work_can_not_be_deleted(api: Api, status: OperationStatus):
    job = import_job()
    image, version, asset, _, name, _ = accepted(job)
    at_work = operation(id=job.operation_id, image_id=job.image_id, status=status)
    api.catalog.create(image, version, asset, at_work, name)
    answer = api.request("DELETE", PATH)

    assert answer.status == (204 if status.ended else 409)
    if not status.ended:
        assert (answer.json["code"], job.operation_id in answer.json["detail"]) == ("IN_USE", True)


def test_an_abandoned_operation_holds_nothing(api: Api):
    """It has no image, so it works with no provider instance."""
    api.catalog.create(operation(status=OperationStatus.RUNNING))

    assert api.request("DELETE", PATH).status == 204


def test_a_deletion_may_be_conditional(api: Api):
    assert api.request("DELETE", PATH, headers={"If-Match": '"old"'}).status == 412
    api.catalog.fail("delete", Changed("written since"), times=2)
    assert api.request("DELETE", PATH, headers={"If-Match": "*"}).status == 412
    assert api.request("DELETE", PATH).status == 409
