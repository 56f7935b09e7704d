"""An operation that failed, is mended and retried: it goes on from the step that failed, and makes nothing twice."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.e2e.stack import Import, Stack, Tenant, running_stack, wait_until
from tests.e2e.test_copy import copy, of_region, versions_in_azure, with_gallery

KEPT = {"FAILED_KEEP_SECONDS": "600", "RETRY_BASE_SECONDS": "0.05"}
MACHINE = "virtualMachines/[^/]+$"


@pytest.fixture(name="keeping", scope="module")
def _keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that keeps what failed, for longer than any of these tests takes."""
    with running_stack(tmp_path_factory.mktemp("keeping"), settings=KEPT) as stack:
        yield stack


@pytest.fixture(name="tenant")
def _tenant(keeping):
    return Tenant(keeping).set_up()


def retry(job: Import):
    return job.tenant.request("POST", f"/operations/{job.operation['id']}/retry")


def failed(job: Import, code: str):
    """The operation, which failed with that code and takes a retry."""
    operation = job.ended()
    assert (operation["status"], operation["error"]["code"]) == ("Failed", code), operation
    assert operation["retryUntil"]
    assert operation["links"]["retry"]
    return operation


def retried(job: Import):
    """The operation, once its retry has ended."""
    answer = retry(job)
    assert (answer.status_code, answer.json()["status"]) == (202, "Running"), answer.text
    return job.ended()


def created(tenant: Tenant):
    """How often Azure was asked for a resource that was not there, by the last part of its id."""
    made = [call["path"] for call in tenant.calls() if call["method"] == "PUT" and call["status"] == 201]
    return Counter(path.rsplit("/", 1)[-1] for path in made)


def passwords(stack: Stack, job: Import):
    """The names of what the vault keeps of the operation."""
    with closing(sqlite3.connect(stack.folder / "vault.sqlite")) as db:
        names = db.execute("SELECT name FROM versions WHERE deleted_at IS NULL").fetchall()
    return [name for (name,) in names if job.operation["id"] in name]


@pytest.mark.brief
def test_a_machine_that_failed_is_made_anew_and_the_rest_is_not(keeping, tenant):
    action = {"type": "fail", "code": "InvalidParameter"}
    fault = tenant.fault(action, phase="final", method="PUT", path=MACHINE)
    job = tenant.submit()
    failed(job, "InvalidParameter")
    before = created(tenant)
    assert passwords(keeping, job)
    tenant.mend(fault)
    assert retried(job)["status"] == "Succeeded", job.operation["error"]
    [machine] = tenant.machines()
    again = set(created(tenant) - before)
    assert again == {machine.rsplit("/", 1)[-1], "remote-desktop-1-1"}, "group and network are those of before"
    assert passwords(keeping, job) == []
    statuses = [each["to"] for each in job.history if each["entity"] == "ASSET"]
    assert statuses[:4] == ["DEPLOYING_VM", "IMPORT_FAILED", "IMPORT_RETRY_PENDING", "DEPLOYING_VM"]
    assert statuses[-2:] == ["RESTARTING_VM", "IMPORT_COMPLETE"]


def test_a_script_that_failed_twice_is_run_again_in_the_same_machine(tenant):
    fault = tenant.fault({"type": "runCommand", "exitCode": 7, "error": "Access denied"}, phase="guest")
    job = tenant.submit()
    failed(job, "RunCommandFailed")
    [machine] = tenant.machines()
    assert retried(job)["error"]["code"] == "RunCommandFailed"
    tenant.mend(fault)
    operation = retried(job)
    assert (operation["status"], operation["retries"]) == ("Succeeded", 2), operation
    assert tenant.machines() == [machine]
    assert created(tenant)[machine.rsplit("/", 1)[-1]] == 1


def test_a_quota_that_was_raised_is_enough(keeping, tenant):
    keeping.arm.patch(f"/_sim/subscriptions/{tenant.subscription}", json={"quotas": {"cores": 1}})
    job = tenant.submit()
    failed(job, "QuotaExceeded")
    keeping.arm.patch(f"/_sim/subscriptions/{tenant.subscription}", json={"quotas": {"cores": 100}})
    assert retried(job)["status"] == "Succeeded", job.operation["error"]


def test_a_host_that_is_killed_meanwhile_loses_no_retry(keeping, tenant):
    fault = tenant.fault({"type": "runCommand", "exitCode": 7, "error": "Access denied"}, phase="guest")
    job = tenant.submit()
    failed(job, "RunCommandFailed")
    tenant.mend(fault)
    assert retry(job).status_code == 202
    keeping.kill_host()
    keeping.start_host()
    assert job.ended()["status"] == "Succeeded", job.operation
    assert len(tenant.machines()) == 1


@pytest.mark.parametrize("by", ["cancel", "deletion"])
def test_what_is_kept_is_removed_on_request(keeping, tenant, by):
    tenant.fault({"type": "runCommand", "exitCode": 7, "error": "Access denied"}, phase="guest")
    job = tenant.submit()
    failed(job, "RunCommandFailed")
    assert tenant.machines()
    image = f"/images/{job.created['streamId']}"
    if by == "cancel":
        answer = tenant.request("POST", f"/operations/{job.operation['id']}/cancel")
    else:
        answer = tenant.request("DELETE", image)
    assert answer.status_code == 202, answer.text
    wait_until(lambda: tenant.inventory() == [] and not passwords(keeping, job), "all of it to be removed")
    assert job.operation["status"] == "Failed"
    answer = retry(job)
    assert (answer.status_code, answer.json()["code"]) == (409, "TOO_LATE_TO_RETRY")
    if by == "deletion":
        wait_until(lambda: tenant.request("GET", image).status_code == 404, "the image to be gone")


def test_a_region_that_a_copy_lacks_is_asked_for_again(keeping):
    tenant = with_gallery(Tenant(keeping))
    fault = tenant.fault({"type": "regionFails"}, phase="replication", path="/regions/westus2")
    job = copy(tenant, options={"regions": ["westus2", "northeurope"]})
    operation = job.ended(120)
    assert (operation["status"], operation["error"]["code"]) == ("Succeeded", "REPLICATION_INCOMPLETE")
    tenant.mend(fault)
    assert retry(job).status_code == 202
    operation = job.ended(120)
    assert (operation["status"], operation["error"]) == ("Succeeded", None), operation
    assert of_region(job, "westus2")["status"] == of_region(job, "northeurope")["status"] == "AVAILABLE"
    assert job.image["status"] == "AVAILABLE"
    assert len(versions_in_azure(tenant)) == 1
