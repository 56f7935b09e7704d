"""Copies from the HTTP request to their end, through Azurite and the simulated Azure."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests import functions_host
from tests.e2e.stack import MULTI_TENANT_APP, Import, Json, Tenant, running_stack

HOME_TENANT = "00000000-0000-0000-0000-0000000000aa"
OTHER_TENANT = "00000000-0000-0000-0000-0000000000bb"
GOLDEN = (
    "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg-golden/providers/Microsoft.Compute"
    "/galleries/galGolden/images/windows-11-desktop/versions/1.0.0"
)


@pytest.fixture(name="tenant")
def _tenant(stack) -> Tenant:
    return with_gallery(Tenant(stack))


def with_gallery(tenant: Tenant, **overrides) -> Tenant:
    gallery = (
        f"/subscriptions/{tenant.subscription}/resourceGroups/rg-desktops/providers/Microsoft.Compute"
        "/galleries/galDesktops"
    )
    return tenant.set_up(galleryId=gallery, **overrides)


def copy_body(tenant: Tenant, *, data=None, options=None, **overrides) -> Json:
    return {
        "assetDetails": {
            "data": data or {"imageVersionId": GOLDEN},
            "options": options or {},
            "type": "AZURE_IMAGE_IN_SIG",
        },
        "gpuType": "NONE",
        "orgId": tenant.org,
        "os": "Windows 11 Enterprise, 24H2",
        "osType": "CLIENT",
        "providerInstanceId": "desktops",
        "providerLabel": "AZURE",
        "sourceStreamType": "AZURE_SIG",
        "streamName": f"Copy-{uuid4().hex[:8]}",
        "versionSource": "0.0",
        "versionType": "MAJOR",
        **overrides,
    }


def copy(tenant: Tenant, **details) -> Import:
    body = copy_body(tenant, **details)
    response = tenant.request("POST", "/images", params={"action": "copy-existing-image"}, json=body)
    assert response.status_code == 202, response.text
    return Import(tenant, response.json(), response.headers["Operation-Location"])


def versions_in_azure(tenant: Tenant) -> list[str]:
    answer = tenant.stack.arm.get("/_sim/inventory", params={"subscription": tenant.subscription}).json()
    return [each["id"] for each in answer["value"] if "/versions/" in each["id"]]


def copies(job: Import) -> list[Json]:
    path = f"/images/{job.created['streamId']}/versions/{job.created['versionId']}/copies"
    return list(job.tenant.ok("GET", path)["content"])


def of_region(job: Import, region: str) -> Json:
    return next(each for each in copies(job) if each["assetDetails"]["data"].get("region") == region)


def source_of_its_own(stack) -> tuple[Tenant, str]:
    """A version in a subscription of its own, for tests that take access to it away."""
    owner = with_gallery(Tenant(stack))
    job = copy(owner)
    assert job.ended()["status"] == "Succeeded", job.operation
    return owner, job.copy["assetDetails"]["data"]["galleryImageVersionId"]


@pytest.mark.brief
def test_a_copy_goes_from_the_request_to_available(tenant):
    job = copy(tenant)
    assert job.created["assetType"] == "AZURE_IMAGE_IN_SIG"
    operation = job.ended()
    assert operation["status"] == "Succeeded", operation
    assert job.image["status"] == job.version["status"] == job.copy["status"] == "AVAILABLE"
    statuses = [entry["to"] for entry in job.history if entry["entity"] == "ASSET"]
    assert statuses == ["COPYING_IMAGE", "AVAILABLE"]
    [version] = versions_in_azure(tenant)
    assert version.lower() == job.copy["assetDetails"]["data"]["galleryImageVersionId"].lower()


def test_a_copy_reaches_every_region_and_each_is_shown(tenant):
    job = copy(tenant, options={"regions": ["westus2", "northeurope"]})
    operation = job.ended()
    assert operation["status"] == "Succeeded", operation
    found = copies(job)
    assert {each["status"] for each in found} == {"AVAILABLE"}
    regions = {each["assetDetails"]["data"].get("region") for each in found}
    assert regions == {"eastus", "westus2", "northeurope"}


def test_a_copy_of_a_copy_goes_by_the_catalogues_own_ids(tenant):
    first = copy(tenant)
    assert first.ended()["status"] == "Succeeded"
    second = copy(tenant, data={"note": "from the catalogue"}, sourceStreamId=first.created["streamId"])
    assert second.ended()["status"] == "Succeeded", second.operation
    assert second.created["sourceStreamId"] == first.created["streamId"]
    assert len(versions_in_azure(tenant)) == 2


def test_a_source_that_does_not_exist_is_said_before_anything_is_created(tenant):
    job = copy(tenant, data={"imageVersionId": GOLDEN.replace("/1.0.0", "/9.9.9")})
    error = job.ended()["error"]
    assert "SourceNotFound" in json.dumps(error)
    assert job.copy["status"] == "IMPORT_FAILED"
    assert versions_in_azure(tenant) == []
    assert not [call for call in tenant.calls() if call["method"] in ("PUT", "POST", "DELETE")]


def test_a_refusal_says_who_lacks_what_before_anything_is_created(stack, tenant):
    owner, source = source_of_its_own(stack)
    stack.arm.patch(f"/_sim/subscriptions/{owner.subscription}", json={"permissions": []})
    job = copy(tenant, data={"imageVersionId": source})
    error = job.ended()["error"]
    assert error["code"] == "SourceAccessDenied"
    for part in ("object id", "Microsoft.Compute/galleries/images/versions/read", source, "Reader"):
        assert part.lower() in error["message"].lower()
    assert not [call for call in tenant.calls() if call["method"] in ("PUT", "POST", "DELETE")]


def test_another_tenants_source_is_copied_with_two_tokens(stack, tenant):
    owner, source = source_of_its_own(stack)
    stack.arm.patch(f"/_sim/subscriptions/{owner.subscription}", json={"tenant": OTHER_TENANT})
    refused = copy(tenant, data={"imageVersionId": source, "tenantId": OTHER_TENANT})
    assert refused.ended()["status"] == "Failed", "nobody let the app registration in"
    known = stack.arm.put(
        f"/_sim/applications/{MULTI_TENANT_APP}", json={"tenants": [OTHER_TENANT, HOME_TENANT]}
    ).json()
    role = {"principalId": known["principals"][OTHER_TENANT], "role": "Reader"}
    stack.arm.post(f"/_sim/subscriptions/{owner.subscription}/assignments", json=role)
    job = copy(tenant, data={"imageVersionId": source, "tenantId": OTHER_TENANT})
    assert job.ended()["status"] == "Succeeded", job.operation


def test_a_region_that_fails_once_is_removed_and_added_again(tenant):
    tenant.fault({"type": "regionFails"}, phase="replication", path="/regions/westus2", count=1)
    job = copy(tenant, options={"regions": ["westus2"]})
    assert job.ended(120)["error"] is None, job.operation
    assert of_region(job, "westus2")["status"] == "AVAILABLE"


def test_a_region_that_keeps_failing_leaves_the_image_partially_available(tenant):
    tenant.fault({"type": "regionFails"}, phase="replication", path="/regions/westus2")
    job = copy(tenant, options={"regions": ["westus2", "northeurope"]})
    operation = job.ended(120)
    assert operation["status"] == "Succeeded"
    assert operation["error"]["code"] == "REPLICATION_INCOMPLETE"
    assert job.version["status"] == job.image["status"] == "PARTIALLY_AVAILABLE"
    assert of_region(job, "westus2")["status"] == "REPLICATION_FAILED"
    assert of_region(job, "northeurope")["status"] == "AVAILABLE"


def test_what_azure_still_copies_is_not_called_failed(folder):
    """The operation's deadline passes long before the region is done."""
    slower = 3 if functions_host.IS_GENUINE else 1
    with running_stack(folder, settings={"IMPORT_DEADLINE_SECONDS": str(10 * slower)}) as stack:
        tenant = with_gallery(Tenant(stack))
        tenant.fault({"type": "regionLasts", "seconds": 9000 * slower}, phase="replication", path="/regions/westus2")
        job = copy(tenant, options={"regions": ["westus2"]})
        operation = job.ended(120)
        assert operation["error"] is None, operation
        assert of_region(job, "westus2")["status"] == "AVAILABLE"


def test_an_os_that_does_not_fit_is_said_beforehand(tenant):
    job = copy(tenant, osType="LINUX", os="Ubuntu")
    assert "OsMismatch" in json.dumps(job.ended()["error"])
    assert versions_in_azure(tenant) == []


def test_a_copy_that_fails_leaves_nothing(tenant):
    tenant.fault(
        {"type": "fail", "code": "InternalOperationFailed"}, phase="final", method="PUT", path="/versions/[^/]+$"
    )
    job = copy(tenant)
    assert job.ended(120)["status"] == "Failed"
    assert versions_in_azure(tenant) == []


def test_throttling_and_dropped_connections_are_gone_through(tenant):
    action = {"type": "error", "status": 429, "code": "TooManyRequests", "message": "Slow down.", "retryAfter": 1}
    tenant.fault(action, method="PUT", path="/galleries/", count=2)
    tenant.fault({"type": "drop", "when": "after"}, method="PUT", path="/galleries/", count=2)
    job = copy(tenant, options={"regions": ["westus2"]})
    assert job.ended(120)["status"] == "Succeeded", job.operation
    assert len(versions_in_azure(tenant)) == 1


def test_both_actions_at_once_in_a_small_storm(stack):
    """The long storm is a command of its own: `python -m benchmarks.storm`."""
    tenant = with_gallery(Tenant(stack))
    tenant.fault({"type": "storm"}, probability=0.05, seed=7)
    with ThreadPoolExecutor(6) as pool:
        jobs = list(pool.map(lambda number: copy(tenant) if number % 2 else tenant.submit(), range(8)))
    for job in jobs:
        assert job.ended(170)["status"] == "Succeeded", job.operation
    assert len(versions_in_azure(tenant)) == 4
    assert len(tenant.machines()) == 4
