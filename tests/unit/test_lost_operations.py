"""The schedule that looks for lost orchestrations."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import pytest
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

from shared import wiring
from shared.errors.catalogue import Changed, StoreUnavailable
from shared.models.error_info import ErrorInfo
from shared.models.image import Asset
from shared.models.operation import Operation
from shared.states.enums import OperationAction
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.messages import RepairTask
from tests import builders
from tests.builders import ORG
from tests.fakes import FakeCatalogStore
from triggers.timers import lost_operations

BEGINNING_OF_TIME = datetime.min.replace(tzinfo=UTC)
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
    asked: list[str] = field(default_factory=list)
    """The instances that were asked for one by one."""
    ailing: bool = False
    """Whether it answers such questions without a status, as the SDK does when the host answers 500."""

    async def get_status(self, instance_id: str) -> DurableOrchestrationStatus:
        self.asked.append(instance_id)
        found = [each.runtime_status.name for each in self.instances if each.instance_id == instance_id]
        return DurableOrchestrationStatus(runtimeStatus=found[0] if found and not self.ailing else None)

    async def get_status_by(
        self,
        created_time_from: datetime = BEGINNING_OF_TIME,
        runtime_status: Sequence[Any] = tuple(Status),
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


def lost(job: AnyJob, name: str, status: Any = Status.Terminated) -> FakeClient:
    return FakeClient([Instance(job.operation_id, name, status, json.dumps(job.to_json()))])


def reconcile(client: FakeClient, builder: Any = lost_operations.reconcile_operations) -> list[tuple[str, str, Any]]:
    function = builder.build()._func
    asyncio.run(getattr(function, "client_function", function)(timer=None, client=client))
    return client.started


def reconcile_records(client: FakeClient) -> list[tuple[str, str, Any]]:
    return reconcile(client, lost_operations.reconcile_records)


def change(catalog: FakeCatalogStore, job: MakingJob, **update: Any) -> None:
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


class TwoHosts(FakeClient):
    """The client of two hosts whose timers run at once: both have looked at everything before either starts anything.

    The engine takes no start of an instance that is at work; the SDK raises then.
    """

    def __init__(self, instances: list[Instance]) -> None:
        super().__init__(instances)
        self._both = asyncio.Barrier(2)

    async def start_new(self, name: str, instance_id: str, client_input: Any) -> None:
        await self._both.wait()
        if any(each[1] == instance_id for each in self.started):
            raise Exception("409")  # noqa: TRY002 - as the SDK does
        await super().start_new(name, instance_id, client_input)
        self.instances = [each for each in self.instances if each.instance_id != instance_id]
        self.instances.append(Instance(instance_id, name, Status.Running))


@pytest.mark.parametrize("builder", [lost_operations.reconcile_operations, lost_operations.reconcile_records])
@pytest.mark.parametrize("deleted", [False, True])
def test_two_timers_at_once_begin_one_repair(catalog: FakeCatalogStore, builder: Any, deleted: bool) -> None:
    made = builders.import_job()
    job = builders.delete_job(made) if deleted else made
    catalog.create(builders.provider_instance())
    records = {"id": job.operation_id, "status": OperationStatus.RUNNING, "job": job.to_json()}
    catalog.create(builders.operation(org_id=ORG, action=OperationAction(job.action), **records))
    client = TwoHosts(lost(job, "remove_image" if deleted else "import_image").instances)
    function = builder.build()._func

    async def both() -> None:
        call = getattr(function, "client_function", function)
        await asyncio.gather(*(call(timer=None, client=client) for _ in range(2)))

    asyncio.run(asyncio.wait_for(both(), 10))
    assert [instance_id for _, instance_id, _ in client.started] == [
        job.operation_id if deleted else f"{job.operation_id}:repair"
    ]


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


OPEN: list[dict[str, Any]] = [
    {"status": OperationStatus.NOT_STARTED},
    {"status": OperationStatus.RUNNING},
    {"status": OperationStatus.RUNNING, "retries": 2},
    {"status": OperationStatus.FAILED, "kept": True, "retry_until": builders.NOW},
    {"status": OperationStatus.SUCCEEDED, "kept": True, "retry_until": builders.NOW},
]


def accepted(catalog: FakeCatalogStore, job: MakingJob, **update: Any) -> None:
    """Write the records of a job of an org with a provider instance, which did not change for some time."""
    catalog.put(builders.provider_instance(org_id=job.org_id))
    catalog.create(*builders.accepted(job))
    operation = catalog.get(Operation, job.org_id, job.operation_id)
    settled = datetime.now(UTC) - timedelta(minutes=11)
    catalog.update(operation.model_copy(update={"last_changed_at": settled, **update}))


@pytest.mark.parametrize("update", OPEN[:4])
def test_an_operation_whose_orchestration_was_purged_is_repaired(
    catalog: FakeCatalogStore, update: dict[str, Any]
) -> None:
    job = builders.import_job()
    accepted(catalog, job, **update)
    ((name, instance_id, given),) = reconcile_records(FakeClient())
    assert (name, instance_id) == ("repair_operation", f"{job.operation_id}:repair")
    assert RepairTask.model_validate(given) == RepairTask(job=job, reason="Missing")
    assert catalog.get(Operation, ORG, job.operation_id).lost_at is not None


def test_one_that_succeeded_in_part_takes_no_retry_any_more_once_its_orchestration_was_purged(
    catalog: FakeCatalogStore,
) -> None:
    job = builders.copy_job("westus")
    accepted(catalog, job, **OPEN[4])
    assert not reconcile_records(FakeClient()), "what it made stays"
    assert not catalog.get(Operation, ORG, job.operation_id).is_open


def test_a_cancel_comes_to_its_end_although_the_orchestration_was_purged(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    accepted(catalog, job, status=OperationStatus.RUNNING, cancel_requested_at=builders.NOW)
    ((_, _, given),) = reconcile_records(FakeClient())
    assert RepairTask.model_validate(given).canceled


def test_a_deletion_whose_orchestration_was_purged_is_begun_again(catalog: FakeCatalogStore) -> None:
    job = builders.delete_job(builders.import_job())
    catalog.create(builders.provider_instance())
    catalog.create(builders.deletion_operation(job))
    assert reconcile_records(FakeClient()) == [("remove_image", job.operation_id, job.to_json())]


@pytest.mark.parametrize("status", [Status.Running, Status.Pending, Status.Suspended, Status.Completed])
@pytest.mark.parametrize("update", OPEN)
@pytest.mark.parametrize("ailing", [False, True])
def test_an_operation_whose_orchestration_is_there_is_left_alone(
    catalog: FakeCatalogStore, status: Any, update: dict[str, Any], ailing: bool
) -> None:
    """Also while it waits for a retry, goes on after one, or the host can't answer for one instance."""
    job = builders.import_job()
    accepted(catalog, job, **update)
    client = lost(job, "import_image", status)
    client.ailing = ailing
    assert not reconcile_records(client)
    assert client.asked == [job.operation_id]
    assert catalog.get(Operation, ORG, job.operation_id).lost_at is None


def test_one_that_was_lost_longer_ago_than_orchestrations_are_looked_at_is_repaired(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    accepted(catalog, job, status=OperationStatus.RUNNING)
    client = lost(job, "import_image", Status.Failed)
    client.instances[0].created_at -= lost_operations.LOOK_BACK + timedelta(days=1)
    assert not reconcile(client)
    ((_, _, given),) = reconcile_records(client)
    assert RepairTask.model_validate(given).reason == "Failed"


def test_an_operation_with_more_instances_than_a_host_tells_of_is_left_alone(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    accepted(catalog, job, status=OperationStatus.RUNNING)
    client = FakeClient([Instance(f"{job.operation_id}:{n}", "run_step", Status.Completed) for n in range(100)])
    assert not reconcile_records(client)


def test_a_step_that_goes_on_without_its_orchestration_is_stopped_and_waited_for(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    accepted(catalog, job, status=OperationStatus.RUNNING)
    client = FakeClient([Instance(f"{job.operation_id}:virtual-machine", "run_step", Status.Running)])
    assert not reconcile_records(client)
    assert catalog.get(Operation, ORG, job.operation_id).lost_at is not None, "so the step stops"
    client.instances.clear()
    assert len(reconcile_records(client)) == 1


def test_one_that_changed_just_now_is_looked_at_later(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    accepted(catalog, job, status=OperationStatus.RUNNING, last_changed_at=datetime.now(UTC))
    client = FakeClient()
    assert not reconcile_records(client)
    assert not client.asked


def test_the_host_is_asked_about_open_operations_only_in_every_org(catalog: FakeCatalogStore) -> None:
    ended = (OperationStatus.SUCCEEDED, OperationStatus.FAILED, OperationStatus.CANCELED)
    jobs = [builders.import_job(org_id=f"org-{number}") for number in range(3)]
    for job in jobs:
        accepted(catalog, job, status=OperationStatus.RUNNING)
        for status in ended:
            catalog.create(builders.operation(org_id=job.org_id, status=status))
    client = FakeClient()
    reconcile_records(client)
    assert sorted(client.asked) == sorted(job.operation_id for job in jobs)


def test_an_operation_that_ends_while_the_host_is_asked_is_left_alone(catalog: FakeCatalogStore) -> None:
    job = builders.import_job()
    accepted(catalog, job, status=OperationStatus.RUNNING)

    class Purging(FakeClient):
        async def get_status(self, instance_id: str) -> DurableOrchestrationStatus:
            change(catalog, job, status=OperationStatus.SUCCEEDED)
            return await super().get_status(instance_id)

    assert not reconcile_records(Purging())
    assert catalog.get(Operation, ORG, job.operation_id).lost_at is None


def test_one_that_nothing_is_known_of_does_not_stop_the_others(
    catalog: FakeCatalogStore, caplog: pytest.LogCaptureFixture
) -> None:
    job = builders.import_job()
    accepted(catalog, job, status=OperationStatus.RUNNING)
    odd = builders.operation(id="0-odd")
    catalog.create(odd)
    assert [instance for _, instance, _ in reconcile_records(FakeClient())] == [f"{job.operation_id}:repair"]
    assert odd.id in caplog.text
