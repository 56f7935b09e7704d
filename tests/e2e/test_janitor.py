"""The janitor over the whole service: what it finds in Azure, what it takes away, and what it leaves alone."""

from collections.abc import Mapping
from uuid import uuid4

import httpx
import pytest
from azure.data.tables import TableServiceClient

from tests.e2e.stack import Json, Stack, Tenant, running_stack, wait_until

CATALOG = "end-to-end"
API_VERSION = {"api-version": "2025-04-01"}


def arm(stack: Stack, method: str, path: str, **options) -> httpx.Response:
    """Call Azure behind the service's back."""
    token = stack.arm.get(
        "/msi/token",
        params={"resource": "https://management.azure.com", "api-version": "2019-08-01"},
        headers={"X-IDENTITY-HEADER": "local"},
    ).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return stack.arm.request(method, path, params=API_VERSION, headers=headers, **options)


def tags(tenant: Tenant, **others: str) -> dict[str, str]:
    """The tags of an operation that nobody knows."""
    names = ("imageId", "versionId", "assetId", "operationId")
    ids = {name: str(uuid4()) for name in names}
    return {"createdBy": "image-catalog", "orgId": tenant.org, "catalog": CATALOG} | ids | others


def leave_behind(tenant: Tenant, marked: Mapping[str, str], name: str | None = None) -> str:
    """Let there be a resource group with these tags, with something in it."""
    name = name or f"rg-img-{marked['versionId'].replace('-', '')[:20]}"
    path = f"/subscriptions/{tenant.subscription}/resourceGroups/{name}"
    made = arm(tenant.stack, "PUT", path, json={"location": "eastus", "tags": marked})
    assert made.status_code == 201, made.text
    return path.lower()


def groups(tenant: Tenant) -> set[str]:
    found = arm(tenant.stack, "GET", f"/subscriptions/{tenant.subscription}/resourcegroups").json()["value"]
    return {each["id"].lower() for each in found}


def report(tenant: Tenant) -> Json:
    return tenant.ok("GET", "/operations/orphans", params={"size": "100"})


def call_timer(stack: Stack, name: str) -> None:
    run = httpx.post(f"{stack.urls['host']}/admin/functions/{name}", json={"input": ""})
    assert run.status_code == 202, run.text


def sweep(tenant: Tenant) -> dict[str, Json]:
    """Let the janitor make a round, and wait for its end; returns the findings by the id of what they are about."""
    before = report(tenant)["lastSweep"]

    def swept() -> bool:
        call_timer(tenant.stack, "sweep_orphans")
        return report(tenant)["lastSweep"] not in (None, before)

    wait_until(swept, "the sweep's end")
    return {each["resourceId"].lower(): each for each in report(tenant)["value"]}


@pytest.fixture(name="stack")
def _stack(folder):
    settings = {"CATALOG_NAME": CATALOG, "JANITOR_GRACE_HOURS": "0"}
    with running_stack(folder, settings=settings) as stack:
        yield stack


def test_what_nobody_needs_is_reported_then_removed_and_all_else_is_left_alone(stack, tenant):
    done = tenant.submit()
    done.ended()
    orphan = leave_behind(tenant, tags(tenant))
    others = {
        leave_behind(tenant, tags(tenant, catalog="another")),
        leave_behind(tenant, tags(tenant, orgId="another-org")),
        leave_behind(tenant, {"createdBy": "somebody", "versionId": str(uuid4())}),
        leave_behind(tenant, {}, name="rg-foreign"),
        leave_behind(tenant, tags(tenant), name="rg-img-of-another-name"),
    }
    unmarked = {name: value for name, value in tags(tenant).items() if name != "catalog"}
    old = leave_behind(tenant, unmarked)
    living = tenant.submit()
    wait_until(lambda: len(groups(tenant)) >= 10, "the group of the living import")
    there = groups(tenant)

    found = sweep(tenant)
    misnamed = next(each for each in others if each.endswith("another-name"))
    assert {name: each["why"] for name, each in found.items()} == {
        orphan: "NO_OPERATION",
        misnamed: "NO_OPERATION",
        old: "NOT_MARKED",
    }
    assert found[orphan]["state"] == "REPORTED"
    assert found[orphan]["removeAt"] == found[orphan]["firstSeenAt"]
    assert found[misnamed]["removeAt"] is None
    assert report(tenant)["lastSweep"]["removes"] is False
    assert groups(tenant) == there, "it only reports"

    stack.settings["JANITOR_REMOVES"] = "true"
    stack.children["host"].stop()
    stack.start_host()
    wait_until(lambda: orphan not in sweep(tenant), "the orphan's end")
    assert report(tenant)["lastSweep"]["removes"] is True
    assert groups(tenant) == there - {orphan}
    assert f"removing {orphan}" in stack.log().lower()
    assert living.ended()["status"] == "Succeeded"
    assert set(sweep(tenant)) == {misnamed, old}
    assert len(tenant.machines()) == 2
    assert {call["path"].lower() for call in tenant.calls() if call["method"] == "DELETE"} == {orphan}


def test_an_operation_whose_group_was_deleted_behind_our_back_is_reported(stack, tenant):
    job = tenant.submit()
    job.ended()
    assert sweep(tenant) == {}
    machine = job.copy["assetDetails"]["data"]["vmResourceId"]
    group = machine.partition("/providers/")[0]
    assert arm(stack, "DELETE", group).status_code == 202
    wait_until(lambda: group.lower() not in groups(tenant), "the group's end")
    [finding] = sweep(tenant).values()
    assert (finding["kind"], finding["why"], finding["removeAt"]) == ("OPERATION", "MISSING_IN_AZURE", None)
    assert finding["operationId"] == job.operation["id"]
    assert machine.lower() in {each.lower() for each in finding["missing"]}
    assert job.image["status"] == "IMPORT_COMPLETE", "what to do about it is for people to say"


def test_the_ledger_has_exactly_what_azure_has(stack, tenant):
    """Of an import with everything: a GPU, its driver, a script and a public address."""
    tenant.set_up(allowPublicIp=True)
    job = tenant.submit(gpuType="NVIDIA", options={"createPublicIp": True})
    assert job.ended()["status"] == "Succeeded", job.operation
    with (
        TableServiceClient.from_connection_string(stack.azurite) as service,
        service.get_table_client("ledger") as ledger,
    ):
        entries = ledger.query_entities(f"PartitionKey eq '{job.operation['id']}'")
        states = {entry["resourceId"].lower(): entry["state"] for entry in entries}
    assert set(states.values()) == {"exists"}
    assert set(states) == {each.lower() for each in tenant.inventory()}
    assert len(states) == 8


def test_the_report_has_a_path_of_its_own_and_old_histories_are_purged(stack, tenant):
    """Beside `operations/{id}`, in the order in which the host tries routes."""
    assert set(report(tenant)) == {"lastSweep", "value", "nextLink"}
    assert tenant.request("GET", "/operations/orphan").status_code == 404
    call_timer(stack, "forget_old_histories")
    wait_until(lambda: "forgot 0 histories" in stack.log(), "the purge")
