"""Imports from the HTTP request to their end, through Azurite and the simulated Azure."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e import stored
from tests.e2e.stack import PASSWORD, Import, Tenant, coming_back, wait_until


@pytest.mark.brief
def test_an_import_goes_from_the_request_to_import_complete(tenant):
    job = tenant.submit()
    assert (job.created["streamStatus"], job.created["versionStatus"], job.created["assetStatus"]) == (
        "PENDING",
        "PENDING",
        "IMPORT_PENDING",
    )
    assert job.created["versionName"] == "1.0.0"
    operation = job.ended()
    assert operation["status"] == "Succeeded", operation
    assert operation["percentComplete"] == 100
    assert job.image["status"] == job.version["status"] == job.copy["status"] == "IMPORT_COMPLETE"
    statuses = [entry["to"] for entry in job.history if entry["entity"] == "ASSET"]
    assert statuses == ["DEPLOYING_VM", "RESTARTING_VM", "IMPORT_COMPLETE"]


def test_azure_has_exactly_what_the_catalogue_says(tenant):
    job = tenant.submit()
    job.ended()
    data = job.copy["assetDetails"]["data"]
    kinds = [each.split("/providers/")[-1].split("/")[1] for each in tenant.inventory() if "/providers/" in each]
    assert kinds.count("networkInterfaces") == 1
    assert "publicIPAddresses" not in kinds
    [machine] = tenant.machines()
    assert machine.lower() == data["vmResourceId"].lower()


def test_a_gpu_import_gets_an_n_series_size_and_its_driver(tenant):
    job = tenant.submit(gpuType="NVIDIA")
    assert job.ended()["status"] == "Succeeded", job.operation
    statuses = [entry["to"] for entry in job.history if entry["entity"] == "ASSET"]
    assert "INSTALLING_AGENTS" in statuses
    put = [call["path"] for call in tenant.calls() if call["method"] == "PUT"]
    assert any("/extensions/" in path for path in put)


def test_the_password_is_nowhere_but_in_the_vm(stack, tenant):
    """Tables, durable history, the vault at rest, logs and responses hold no password, during and afterwards."""
    tenant.fault(
        {"type": "fail", "code": "OSProvisioningInternalError"}, phase="final", method="PUT", path="/vm", nth=1
    )
    job = tenant.submit()
    wait_until(lambda: tenant.machines(), "the VM to be begun")
    find_no_password(stack, job)
    job.ended()
    find_no_password(stack, job)


def find_no_password(stack, job):
    forms = [
        PASSWORD,
        repr(list(PASSWORD)),
        json.dumps(list(PASSWORD)),
        json.dumps(list(PASSWORD), separators=(",", ":")),
    ]
    encoded = [form.encode(code) for form in forms for code in ("utf-8", "utf-16-le")]
    files = [file for file in stack.folder.rglob("*") if file.is_file()]
    logs = {f"{name}.log" for name in stack.children}
    assert {"host.sqlite", "vault.sqlite", "arm.sqlite"} | logs <= {file.name for file in files}
    for file in files:
        content = file.read_bytes()
        assert not any(form in content for form in encoded), file.name
    seen = repr([job.created, job.operation, job.image, job.version, job.copy, job.history])
    seen += "".join(stored.texts(stack.azurite))
    assert f"name:{job.created['streamName'].lower()}" in seen, "the tables were read"
    assert not any(form in seen for form in forms)


@pytest.mark.parametrize(
    ("os_type", "sku", "failure"),
    [
        ("WVD", "win11-24h2-avd", "ENABLING_RDS_AND_ALLOW_RDP_FAILED"),
        ("CLIENT", "win11-24h2-ent", "ALLOW_RDP_FAILED"),
    ],
)
def test_a_script_that_fails_names_its_exit_code_and_everything_is_removed(tenant, os_type, sku, failure):
    tenant.fault({"type": "runCommand", "exitCode": 7, "error": "Access denied"}, phase="guest")
    job = tenant.submit(osType=os_type, data={"sku": sku})
    operation = job.ended()
    assert operation["status"] == "Failed"
    assert operation["error"]["code"] == "RunCommandFailed"
    assert "7" in operation["error"]["message"]
    assert (job.copy["status"], job.version["status"], job.image["status"]) == (failure, "FAILED", "FAILED")
    assert tenant.inventory() == []


def test_terms_without_consent_are_refused_before_anything_is_created(tenant, third_party):
    job = tenant.submit(**third_party)
    operation = job.ended()
    assert operation["status"] == "Failed"
    assert "TermsNotAccepted" in str(operation["error"])
    assert tenant.inventory() == []
    assert not [call for call in tenant.calls() if call["method"] in ("PUT", "POST", "DELETE")]


def test_terms_are_accepted_with_the_recorded_consent(stack, third_party):
    consent = {"acceptedBy": "legal@example.org", "acceptedAt": "2026-11-01T00:00:00Z"}
    tenant = Tenant(stack).set_up(marketplaceTermsConsent=consent)
    job = tenant.submit(**third_party)
    assert job.ended()["status"] == "Succeeded", job.operation


@pytest.fixture(name="third_party")
def _third_party(tenant):
    """An image that comes with a purchase plan, as image-sources lists it."""
    sources = tenant.ok("GET", "/image-sources", params={"provider_instance_id": "desktops", "size": "100"})
    items = sources.get("content", sources.get("value"))
    source = next(each for each in items if each["planRequired"])
    data = {name: source[name] for name in ("publisher", "offer", "sku")}
    return {"data": data, "os": source["displayName"], "osType": source["osType"]}


def test_a_quota_that_is_too_small_is_said_beforehand(stack, tenant):
    stack.arm.patch(f"/_sim/subscriptions/{tenant.subscription}", json={"quotas": {"cores": 1}})
    job = tenant.submit()
    assert "QuotaExceeded" in str(job.ended()["error"])
    assert tenant.inventory() == []


def test_a_size_that_is_not_offered_is_said_beforehand(tenant):
    job = tenant.submit(data={"vmSize": "Standard_D64s_v99"})
    assert "SizeNotOffered" in str(job.ended()["error"])


def test_all_findings_of_preflight_come_at_once(stack, tenant):
    stack.arm.patch(f"/_sim/subscriptions/{tenant.subscription}", json={"quotas": {"cores": 1}})
    job = tenant.submit(data={"sku": "win11-99h9-avd", "vmSize": "Standard_D64s_v99"})
    codes = {detail["code"] for detail in job.ended()["error"]["details"]}
    assert {"ImageNotFound", "SizeNotOffered"} <= codes


def test_a_vm_that_fails_to_provision_is_replaced(tenant):
    tenant.fault(
        {"type": "fail", "code": "AllocationFailed"}, phase="final", method="PUT", path="virtualMachines/[^/]+$", nth=1
    )
    job = tenant.submit()
    assert job.ended()["status"] == "Succeeded", job.operation
    retried = [entry for entry in job.history if entry["to"] == "IMPORT_RETRY_PENDING"]
    assert retried[0]["error"]["code"] == "AllocationFailed"
    assert len(tenant.machines()) == 1


def test_a_vm_that_never_provisions_fails_the_import(tenant):
    tenant.fault(
        {"type": "fail", "code": "OSProvisioningClientError"},
        phase="final",
        method="PUT",
        path="virtualMachines/[^/]+$",
    )
    job = tenant.submit()
    operation = job.ended()
    assert operation["error"]["code"] == "OSProvisioningClientError"
    assert job.copy["status"] == "IMPORT_FAILED"
    assert tenant.inventory() == []


def test_throttling_is_waited_out_as_long_as_azure_says(tenant):
    action = {"type": "error", "status": 429, "code": "TooManyRequests", "message": "Slow down.", "retryAfter": 1}
    tenant.fault(action, method="PUT", path="virtualMachines/[^/]+$", count=2)
    job = tenant.submit()
    assert job.ended()["status"] == "Succeeded", job.operation
    assert [entry["to"] for entry in job.history].count("IMPORT_RETRY_PENDING") >= 1


def test_dropped_connections_make_nothing_twice(tenant):
    tenant.fault({"type": "drop", "when": "after"}, method="PUT", count=3)
    job = tenant.submit()
    assert job.ended()["status"] == "Succeeded", job.operation
    assert len(tenant.machines()) == 1


def test_many_imports_at_once_all_end_right(tenant):
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda _: tenant.submit(data={"vmSize": "Standard_D2s_v5"}), range(12)))
    for job in jobs:
        assert job.ended(120)["status"] == "Succeeded", job.operation
    assert len(set(tenant.machines())) == 12


def test_a_name_is_taken_once(tenant):
    with ThreadPoolExecutor(8) as pool:
        body = tenant.import_body(streamName="Only-One")
        ask = lambda: tenant.request("POST", "/images", json=body)  # noqa: E731
        answers = list(pool.map(lambda _: coming_back(ask), range(8)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [202] + [409] * 7
    images = tenant.ok("GET", "/images", params={"name": "only-one"})["content"]
    wait_until(lambda: tenant.ok("GET", f"/images/{images[0]['id']}")["status"] == "IMPORT_COMPLETE", "the import")
    assert len(tenant.machines()) == 1


@pytest.mark.parametrize("step", [pytest.param("virtual-machine", marks=pytest.mark.brief), "enable-rds", "restart"])
def test_a_canceled_import_leaves_nothing(stack, tenant, step):
    job = tenant.submit()
    wait_until(lambda: (job.operation["step"] or {}).get("name") == step, f"the step {step}")
    answer = stack.api.post(job.operation_location.replace("?", "/cancel?"))
    assert answer.status_code == 202, answer.text
    operation = job.ended()
    assert (operation["status"], operation["error"]["code"]) == ("Canceled", "OPERATION_CANCELED")
    assert (job.image["status"], job.copy["status"]) == ("FAILED", "IMPORT_FAILED")
    assert job.copy["errorCode"] == "OPERATION_CANCELED"
    assert tenant.inventory() == []
    assert stack.api.post(job.operation_location.replace("?", "/cancel?")).status_code == 200


@pytest.mark.parametrize("in_the_middle", [False, True], ids=["complete", "in-the-middle"])
def test_a_deleted_image_is_gone_in_azure_and_in_the_catalogue(stack, tenant, in_the_middle):
    job = tenant.submit()
    if in_the_middle:
        wait_until(lambda: tenant.machines(), "the VM to be begun")
    else:
        assert job.ended()["status"] == "Succeeded"
    path = f"/images/{job.created['streamId']}"
    answer = tenant.request("DELETE", path)
    assert answer.status_code == 202, answer.text
    deletion = Import(tenant, job.created, answer.headers["Operation-Location"]).ended()
    assert (deletion["status"], deletion["error"]) == ("Succeeded", None), deletion
    assert tenant.request("GET", path).status_code == 404
    assert tenant.request("DELETE", path).status_code == 404
    assert tenant.inventory() == []
    assert job.ended()["status"] == ("Canceled" if in_the_middle else "Succeeded")
    assert tenant.submit(streamName=job.created["streamName"]).ended()["status"] == "Succeeded"


def test_two_hundred_requests_with_one_key_make_one_image(stack, tenant):
    body, key = tenant.import_body(), {"Idempotency-Key": "one-for-all"}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: tenant.request("POST", "/images", json=body, headers=key), range(200)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    accepted = {answer.json()["streamId"] for answer in answers if answer.status_code == 202}
    again = tenant.request("POST", "/images", json=body, headers=key)
    assert accepted == {again.json()["streamId"]}
    assert [image["id"] for image in tenant.ok("GET", "/images")["content"]] == [*accepted]
    assert len(tenant.ok("GET", "/operations")["value"]) == 1
    other = tenant.request("POST", "/images", json={**body, "osType": "CLIENT"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "KEY_REUSED")


def test_a_bad_request_hears_everything_at_once(tenant):
    body = tenant.import_body(osType="SOLARIS", versionSource="01", gpuType="INTEL")
    answer = tenant.request("POST", "/images", json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert {"/osType", "/versionSource", "/gpuType"} <= pointers
    assert PASSWORD not in answer.text
