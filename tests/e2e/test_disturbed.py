"""What dies, goes away or takes too long."""

import random
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from azure.data.tables import TableServiceClient

from local.azurite import Azurite, AzuriteProcess
from tests.e2e.stack import Import, Tenant, running_stack, wait_until


def test_a_deadline_ends_in_a_timeout_and_leaves_nothing(folder):
    with running_stack(folder, settings={"IMPORT_DEADLINE_SECONDS": "3"}) as stack:
        tenant = Tenant(stack).set_up()
        tenant.fault({"type": "stuck"}, phase="final", method="PUT", path="virtualMachines/[^/]+$")
        job = tenant.submit()
        assert job.ended()["error"]["code"] == "DEADLINE_EXCEEDED"
        assert job.copy["status"] == "IMPORT_FAILED_TIMEOUT"
        assert tenant.inventory() == []


@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.brief), 1, 2])
def test_a_host_that_is_killed_goes_on_where_it_was(folder, seed):
    """Killed at random moments and started again, every import ends once, with one VM each."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    with running_stack(folder, speed=300.0) as stack:
        tenant = Tenant(stack).set_up()
        jobs = [tenant.submit() for _ in range(3)]
        for _ in range(4):
            _after_calls(tenant, chance.randrange(1, 12), jobs)
            stack.kill_host()
            stack.start_host()
        for job in jobs:
            assert job.ended(90)["status"] == "Succeeded", job.operation
            assert [each["to"] for each in job.history if each["entity"] == "IMAGE"] == [
                "IN_PROGRESS",
                "IMPORT_COMPLETE",
            ]
        assert len(tenant.machines()) == 3


def _after_calls(tenant: Tenant, more: int, jobs: list[Import]) -> None:
    """Wait for so many more calls to Azure, or for the end of everything."""
    wanted = len(tenant.calls()) + more

    def look() -> bool:
        return len(tenant.calls()) >= wanted or all(job.image["status"] == "IMPORT_COMPLETE" for job in jobs)

    wait_until(look, "calls to Azure")


def test_an_operation_whose_orchestration_was_terminated_is_brought_to_an_end(stack, tenant):
    """As somebody may do in the portal; what the orchestration began goes on alone, and is stopped."""
    job = tenant.submit()
    wait_until(lambda: tenant.machines(), "the VM to be begun")
    operation_id = job.operation["id"]
    instances = f"{stack.urls['host']}/runtime/webhooks/durabletask/instances"
    assert httpx.post(f"{instances}/{operation_id}/terminate?reason=by+hand").status_code == 202
    wait_until(lambda: httpx.get(f"{instances}/{operation_id}").status_code == 200, "the orchestration's end")

    def reconciled() -> bool:
        run = httpx.post(f"{stack.urls['host']}/admin/functions/reconcile_operations", json={"input": ""})
        assert run.status_code == 202, run.text
        return bool(job.operation["status"] == "Failed")

    wait_until(reconciled, "the operation to be brought to an end")
    operation = job.operation
    assert (operation["status"], operation["error"]["code"]) == ("Failed", "ORCHESTRATION_LOST")
    assert job.copy["status"] == "IMPORT_FAILED"
    assert tenant.inventory() == []


def test_a_cancel_ends_although_the_orchestration_was_terminated_and_purged(stack, tenant):
    """Nothing but the operation's record tells of it then."""
    job = tenant.submit()
    wait_until(lambda: tenant.machines(), "the VM to be begun")
    operation_id = job.operation["id"]
    instances = f"{stack.urls['host']}/runtime/webhooks/durabletask/instances"
    assert httpx.post(f"{instances}/{operation_id}/terminate?reason=by+hand").status_code == 202
    wait_until(lambda: httpx.get(f"{instances}/{operation_id}").status_code == 200, "the orchestration's end")
    assert httpx.delete(f"{instances}/{operation_id}").status_code == 200
    assert httpx.get(f"{instances}/{operation_id}").status_code == 404
    assert tenant.request("POST", f"/operations/{operation_id}/cancel").status_code == 202

    def reconciled() -> bool:
        age(stack, job.operation)
        run = httpx.post(f"{stack.urls['host']}/admin/functions/reconcile_records", json={"input": ""})
        assert run.status_code == 202, run.text
        return bool(job.operation["status"] == "Canceled")

    wait_until(reconciled, "the operation to be brought to an end")
    assert job.operation["error"]["code"] == "OPERATION_CANCELED"
    assert tenant.request("POST", f"/operations/{operation_id}/cancel").status_code == 200
    assert tenant.inventory() == []


def age(stack, operation):
    """Let an operation's record look as if nobody had touched it for an hour."""
    with (
        TableServiceClient.from_connection_string(stack.azurite) as service,
        service.get_table_client("catalog") as catalog,
    ):
        filters = f"RowKey eq 'operation:{operation['id']}'"
        (row,) = catalog.query_entities(filters, select=["PartitionKey", "RowKey"])
        catalog.update_entity({**row, "lastChangedAt": datetime.now(UTC) - timedelta(hours=1)})


def test_a_stopped_host_finishes_what_was_in_flight(folder):
    with running_stack(folder, speed=120.0) as stack:
        tenant = Tenant(stack).set_up()
        job = tenant.submit()
        wait_until(lambda: job.operation["status"] == "Running", "the import to run")
        stack.children["host"].stop()
        assert stack.children["host"].exit_status == 0
        stack.start_host()
        assert job.ended(90)["status"] == "Succeeded"


def test_storage_that_is_away_for_a_while_fails_no_import(folder):
    """Azurite is stopped in the middle of an import and comes back; requests meanwhile hear 503."""
    with ExitStack() as ends:
        storage = AzuriteProcess(folder / "first", folder / "data")
        ends.callback(storage.stop)
        azurite = _started(storage)
        stack = ends.enter_context(running_stack(folder, azurite.connection_string, speed=120.0))
        tenant = Tenant(stack).set_up()
        job = tenant.submit()
        wait_until(lambda: job.operation["status"] == "Running", "the import to run")
        storage.stop()
        answer = tenant.request("GET", "/images")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        again = AzuriteProcess(folder / "again", folder / "data", azurite.ports)
        ends.callback(again.stop)
        _started(again)
        assert job.ended(90)["status"] == "Succeeded", job.operation


def _started(storage: AzuriteProcess) -> Azurite:
    storage.start()
    return wait_until(storage.poll, "Azurite to start")
