"""The schedule that looks for lost orchestrations."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from shared import wiring
from shared.errors import Changed, StoreUnavailable
from shared.models.records import Asset, ErrorInfo, Operation
from shared.models.steps import CopyJob, DeleteJob, ImportJob, RepairTask
from shared.states import AssetStatus, OperationAction, OperationStatus
from tests import builders
from tests.builders import ORG
from tests.fakes import FakeCatalogStore
from triggers import schedules

END_OF_TIME = datetime.max.replace(tzinfo=UTC)
Status = df.OrchestrationRuntimeStatus


@dataclass
class Instance:
    """What the SDK tells of an instance."""

    instance_id: str
    name: str
    runtime_status: Any
    input_: Any = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class FakeClient:
    """A durable client that knows some instances."""

    instances: list[Instance] = field(default_factory=list)
    started: list[tuple[str, str, Any]] = field(default_factory=list)
    page: int = 100

    async def get_status_by(
        self,
        created_time_from: datetime,
        runtime_status: list[Any],
        created_time_to: datetime = END_OF_TIME,
        instance_id_prefix: str = "",
    ) -> list[Instance]:
        found = [each for each in self.instances if each.instance_id.startswith(instance_id_prefix)]
        found = [each for each in found if created_time_from <= each.created_at <= created_time_to]
        return [each for each in found if each.runtime_status in runtime_status][: self.page]

    async def start_new(self, name: str, instance_id: str, client_input: Any) -> None:
        self.started.append((str(name), instance_id, client_input))


@pytest.fixture(name="catalog")
def _catalog(monkeypatch: pytest.MonkeyPatch) -> FakeCatalogStore:
    catalog = FakeCatalogStore()
    monkeypatch.setattr(wiring, "catalog", lambda: catalog)
    return catalog


def lost(job: ImportJob | CopyJob | DeleteJob, name: str, status: Any = Status.Terminated) -> FakeClient:
    return FakeClient([Instance(job.operation_id, name, status, json.dumps(job.to_json()))])


def reconcile(client: FakeClient) -> list[tuple[str, str, Any]]:
    function = schedules.reconcile_operations.build()._func
    asyncio.run(getattr(function, "client_function", function)(timer=None, client=client))
    return client.started


def change(catalog: FakeCatalogStore, job: ImportJob | CopyJob, **update: Any) -> None:
    catalog.update(catalog.get(Operation, ORG, job.operation_id).model_copy(update=update))


@pytest.mark.parametrize("status", [Status.Terminated, Status.Failed])
def test_an_operation_whose_orchestration_is_lost_is_repaired(catalog: FakeCatalogStore, status: Any) -> None:
    job = builders.import_job()
    catalog.create(*builders.accepted(job))
    change(catalog, job, status=OperationStatus.RUNNING)
    ((name, instance_id, given),) = reconcile(lost(job, "import_image", status))
    assert (name, instance_id) == ("repair_operation", f"{job.operation_id}:repair")
    assert RepairTask.model_validate(given) == RepairTask(job=job, reason=status.name)
    operation = catalog.get(Operation, ORG, job.operation_id)
    assert (operation.lost_at is not None, operation.cancel_requested_at) == (True, None)


def test_one_that_was_canceled_before_is_repaired_as_such(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    catalog.create(*builders.accepted(job))
    change(catalog, job, status=OperationStatus.RUNNING, cancel_requested_at=builders.NOW)
    ((_, _, given),) = reconcile(lost(job, "import_image"))
    assert RepairTask.model_validate(given).canceled


def test_a_step_that_writes_at_the_same_moment_does_not_hide_the_loss(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    catalog.create(*builders.accepted(job))
    catalog.fail("update", Changed("by a step"))
    assert len(reconcile(lost(job, "import_image"))) == 1
    assert catalog.get(Operation, ORG, job.operation_id).lost_at is not None


def test_more_of_them_than_a_host_tells_of_at_once_are_all_found(catalog: FakeCatalogStore) -> None:
    at = datetime.now(UTC)
    jobs = [builders.import_job() for _ in range(250)]
    client = FakeClient([one for job in jobs for one in lost(job, "import_image").instances], page=100)
    for number, instance in enumerate(client.instances):
        instance.created_at = at - timedelta(minutes=number)
    assert len(reconcile(client)) == 250


@pytest.mark.parametrize("status", [OperationStatus.SUCCEEDED, OperationStatus.FAILED, OperationStatus.CANCELED])
def test_an_operation_that_has_ended_is_left_alone(catalog: FakeCatalogStore, status: OperationStatus) -> None:
    job = builders.import_job()
    catalog.create(*builders.accepted(job))
    change(catalog, job, status=status)
    assert not reconcile(lost(job, "import_image"))


def test_what_a_lost_operation_keeps_is_removed(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    catalog.create(*builders.accepted(job))
    why = ErrorInfo(code="RunCommandFailed", message="exit code 1")
    change(catalog, job, status=OperationStatus.FAILED, error=why, kept=True, retry_until=builders.NOW)
    ((_, _, given),) = reconcile(lost(job, "import_image"))
    assert RepairTask.model_validate(given).failed == why
    assert catalog.get(Operation, ORG, job.operation_id).retry_until is None


def test_one_that_was_never_accepted_is_brought_to_an_end_too(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    assert [name for name, _, _ in reconcile(lost(job, "import_image"))] == ["repair_operation"]


def test_a_copy_that_can_be_used_is_told_apart(catalog: FakeCatalogStore) -> None:
    job = builders.copy_job("westus")
    catalog.create(*builders.accepted(job))
    asset = catalog.get(Asset, ORG, job.image_id, job.version_id, job.asset_id)
    catalog.update(asset.model_copy(update={"status": AssetStatus.AVAILABLE}))
    ((_, _, given),) = reconcile(lost(job, "copy_image"))
    assert RepairTask.model_validate(given).usable
    assert RepairTask.model_validate(given).regions == ()
    replica = catalog.get(Asset, ORG, job.image_id, job.version_id, job.replicas[0].asset_id)
    catalog.update(replica.model_copy(update={"status": AssetStatus.AVAILABLE}))
    ((_, _, given),) = reconcile(lost(job, "copy_image"))
    assert RepairTask.model_validate(given).regions == ("westus",)


def test_a_repair_that_is_at_work_is_not_begun_again(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    client = lost(job, "import_image")
    client.instances.append(Instance(f"{job.operation_id}:repair", "repair_operation", Status.Running))
    assert not reconcile(client)


def test_a_lost_deletion_is_begun_again(catalog: FakeCatalogStore) -> None:
    made = builders.import_job()
    job = builders.delete_job(made)
    catalog.create(
        builders.operation(
            org_id=ORG, id=job.operation_id, action=OperationAction.DELETE, status=OperationStatus.RUNNING
        )
    )
    assert reconcile(lost(job, "remove_image")) == [("remove_image", job.operation_id, job.to_json())]


@pytest.mark.parametrize("deleted", [False, True])
def test_a_step_that_goes_on_alone_is_waited_for(catalog: FakeCatalogStore, deleted: bool) -> None:
    """Its instance has the id that the repair, or the deletion begun again, would give its own."""
    made = builders.import_job()
    job = builders.delete_job(made) if deleted else made
    client = lost(job, "remove_image" if deleted else "import_image")
    client.instances.append(Instance(f"{job.operation_id}:clean-up", "run_step", Status.Running))
    assert not reconcile(client)
    client.instances.pop()
    assert len(reconcile(client)) == 1


def test_an_input_that_can_not_be_read_does_not_stop_the_others(catalog: FakeCatalogStore) -> None:
    other = builders.import_job()
    client = FakeClient([Instance("odd", "import_image", Status.Failed, "{}"), *lost(other, "import_image").instances])
    assert [instance for _, instance, _ in reconcile(client)] == [f"{other.operation_id}:repair"]


def test_steps_and_other_orchestrations_are_not_looked_at(catalog: FakeCatalogStore) -> None:
    client = FakeClient([Instance("x:preflight", "run_step", Status.Failed, "not a job")])
    assert not reconcile(client)


def test_storage_that_is_away_for_one_does_not_stop_the_others(
    catalog: FakeCatalogStore, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = builders.import_job(), builders.import_job()
    client = FakeClient([*lost(one, "import_image").instances, *lost(other, "import_image").instances])
    catalog.fail("get", StoreUnavailable("away"))
    assert [instance for _, instance, _ in reconcile(client)] == [f"{other.operation_id}:repair"]
    assert one.operation_id in caplog.text
