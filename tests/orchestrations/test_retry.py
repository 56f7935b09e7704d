"""An operation that failed keeps what is good for a while: a retry goes on from the step that failed."""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain

import pytest

from activities.records import progress as catalog_activities
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.errors.catalogue import Changed, IllegalTransition, StoreUnavailable
from shared.models.ledger_entry import LedgerState
from shared.names import Activity
from shared.ports.azure import Preflight
from shared.states.enums import GpuType, OsType
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus
from shared.workflow.facts import Facts
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.pace import Pace
from shared.workflow.plans import copy_steps, import_steps
from shared.workflow.replication import ReplicationState
from shared.workflow.sources import PurchasePlan
from shared.workflow.steps import REPLICATION
from tests import builders
from tests.fakes import FOUND_FACTS
from tests.orchestrations import test_delete

KEPT = Pace(keep_seconds=3600.0)
METHODS = {
    Activity.PREFLIGHT_IMPORT: "preflight",
    Activity.ACCEPT_MARKETPLACE_TERMS: "accept_terms",
    Activity.CHECK_GUEST_AGENT: "check_guest_agent",
    Activity.BEGIN_REMOTE_DESKTOP: "begin_run_command",
    Activity.PROVE_SOURCE_ACCESS: "prove_access",
    Activity.BEGIN_IMAGE_DEFINITION: "begin_definition",
}
"""The port's method behind an activity that begins a step, where it has another name."""
IMPORT = import_steps(OsType.WVD, GpuType.NVIDIA)
COPY = [step for step in copy_steps(replicated=True) if step is not REPLICATION]
WITH_PLAN = FOUND_FACTS.model_copy(update={"plan": PurchasePlan(publisher="p", product="o", name="s")})
"""Of an image whose terms are to be accepted."""
REFUSED = PermanentError("Forbidden", "The identity may not do that.")


def import_job(**overrides):
    return builders.import_job(pace=KEPT, gpu_type=GpuType.NVIDIA, **overrides)


def copy_job(**overrides):
    return builders.copy_job("westus", pace=KEPT, **overrides)


def method_of(step):
    return METHODS.get(step.begin, step.begin.value)


def provider(world, job):
    return world.galleries if isinstance(job, CopyJob) else world.images


def resources(world):
    """What there is in the fake Azure; the same objects only as long as nothing was made anew."""
    made = (world.images.groups, world.galleries.definitions, world.galleries.versions)
    return {name: id(thing) for name, thing in chain(*(each.items() for each in made))}


class Person:
    """Does something once the operation is kept, and nothing is at work."""

    fails = True
    """Whether the operation fails wholly, not in part."""

    def __init__(self, world, job, *acts: Callable[[], None]) -> None:
        self._world, self._job, self._acts = world, job, list(acts)
        self.seen: list[dict[str, int]] = []
        self.failures: list[object] = []
        self.retries = -1

    def __call__(self) -> None:
        if not self._acts:
            return
        operation = self._world.operation(self._job)
        if operation.retry_until is not None and operation.retries > self.retries:
            assert operation.status is (OperationStatus.FAILED if self.fails else OperationStatus.SUCCEEDED)
            self.retries = operation.retries
            self.seen.append(resources(self._world))
            self.failures.append((operation.error.code, self._world.asset(self._job).status))
            self._acts.pop(0)()


def run_with(world, job, *acts, fails=True):
    """Run a job to its end; at its first failure somebody does the first of the acts, and so on."""
    person = Person(world, job, *acts)
    person.fails = fails
    world.before_wait = person
    world.accept(job)
    world.run(job)
    assert not person._acts, "everything was done"
    return person


def assert_succeeded(world, job):
    operation = world.operation(job)
    assert (operation.status, operation.error, operation.percent_complete) == (OperationStatus.SUCCEEDED, None, 100)
    assert (operation.kept, operation.retry_until) == (False, None)
    assert world.image(job).status in (StreamStatus.IMPORT_COMPLETE, StreamStatus.AVAILABLE)
    assert not world.secrets.secrets


def assert_nothing_left(world, job):
    assert set(world.ledger(job).values()) <= {LedgerState.GONE}
    assert not resources(world)
    assert not world.secrets.secrets
    assert (world.operation(job).kept, world.operation(job).retry_until) == (False, None)


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "hint-lost"])
@pytest.mark.parametrize(
    ("plan", "index"),
    [pytest.param(plan, index, id=step.name) for plan in (IMPORT, COPY) for index, step in enumerate(plan)],
)
def test_a_retry_goes_on_from_whichever_step_failed(world, plan, index, heard):
    job = import_job() if plan is IMPORT else copy_job()
    step, method = plan[index], method_of(plan[index])
    world.images.preflight_result = Preflight((), WITH_PLAN)
    provider(world, job).fail(method, REFUSED)
    person = run_with(world, job, lambda: world.retry(job, heard=heard))
    assert person.failures == [("Forbidden", step.failure)]
    assert_succeeded(world, job)
    assert person.seen[0].items() <= resources(world).items(), "what was made before is there still, not again"
    for before in plan[:index]:
        assert world.activities.count(before.begin) == 1, f"{before.name} is done once"
    assert provider(world, job).calls.count(method) == 2
    assert world.asset(job).error is None
    assert world.operation(job).retries == 1


def test_what_the_steps_before_found_out_is_kept(world):
    job = import_job()
    pinned = Facts(version="1.2.3", hyper_v_generation="V2")
    world.images.preflight_result = Preflight((), pinned)
    used = []
    begin = world.images.begin_virtual_machine

    def noting(job, facts, password):
        used.append(facts)
        return begin(job, facts, password)

    world.images.begin_virtual_machine = noting
    world.images.fail("begin_virtual_machine", REFUSED)

    def mend_and_retry():
        world.images.preflight_result = Preflight((), FOUND_FACTS)
        world.retry(job)

    run_with(world, job, mend_and_retry)
    assert used == [pinned, pinned]
    assert "resourceGroupId" in world.asset(job).data


def test_it_may_be_retried_again_and_again(world):
    job = import_job()
    world.images.fail("begin_run_command", REFUSED, times=2)
    world.images.fail("begin_restart", REFUSED)
    person = run_with(world, job, *[lambda: world.retry(job)] * 3)
    assert [status for _, status in person.failures] == [
        AssetStatus.ENABLING_RDS_AND_ALLOW_RDP_FAILED,
        AssetStatus.ENABLING_RDS_AND_ALLOW_RDP_FAILED,
        AssetStatus.IMPORT_FAILED,
    ]
    assert_succeeded(world, job)
    assert world.activities.count(Activity.BEGIN_VIRTUAL_MACHINE) == 1
    assert len(world.images.passwords) == 1


def test_a_script_is_run_under_a_new_name(world):
    """Azure runs a command of the same name and body only once."""
    job = import_job()
    world.images.takes("run_command", 1)
    world.images.fail("check_run_command", REFUSED)
    run_with(world, job, lambda: world.retry(job))
    assert set(world.images.scripts) == {"remote-desktop-1", "remote-desktop-1-1"}


def test_a_retry_is_shown_at_once_and_in_the_history(world):
    job = copy_job()
    shown = []
    world.galleries.fail("begin_image_version", REFUSED)

    def retry():
        world.retry(job, heard=False)
        replica = world.asset(job, job.replicas[0].asset_id)
        shown.append((world.operation(job).status, world.image(job).status, world.asset(job).status, replica.status))
        assert (world.operation(job).error, world.operation(job).ended_at) == (None, None)

    run_with(world, job, retry)
    assert shown == [
        (
            OperationStatus.RUNNING,
            StreamStatus.IN_PROGRESS,
            AssetStatus.IMPORT_RETRY_PENDING,
            AssetStatus.IMPORT_PENDING,
        )
    ]
    assert world.statuses(job.asset_id) == [
        "COPYING_IMAGE",
        "IMPORT_FAILED",
        "IMPORT_RETRY_PENDING",
        "COPYING_IMAGE",
        "AVAILABLE",
    ]
    assert world.asset(job, job.replicas[0].asset_id).status is AssetStatus.AVAILABLE


def test_the_deadline_begins_anew(world):
    job = import_job()
    world.images.takes("virtual_machine", 10_000)

    def mend_and_retry():
        world.images.forget_work(job.operation_id, "virtual_machine")
        world.images.takes("virtual_machine", 2)
        world.retry(job)

    person = run_with(world, job, mend_and_retry)
    assert person.failures == [("DEADLINE_EXCEEDED", AssetStatus.IMPORT_FAILED_TIMEOUT)]
    assert_succeeded(world, job)


@pytest.mark.parametrize("make", [import_job, copy_job])
def test_when_the_time_is_over_all_of_it_is_taken_away(world, make, caplog):
    caplog.set_level("INFO")
    job = make()
    last = IMPORT[-1] if make is import_job else COPY[-1]
    provider(world, job).fail(method_of(last), REFUSED)
    removal = "begin_clean_up" if make is import_job else "begin_copy_removal"
    when = []
    world.before_activity = lambda name: when.append(world.now) if name == removal else None
    world.accept(job)
    world.run(job)
    operation = world.operation(job)
    assert (operation.status, operation.error.code, operation.error.step) == (
        OperationStatus.FAILED,
        "Forbidden",
        last.name,
    )
    assert timedelta(0) <= when[0] - operation.ended_at - timedelta(hours=1) < timedelta(seconds=1)
    assert world.asset(job).status is last.failure
    assert_nothing_left(world, job)
    said = [record.getMessage().partition(" [")[0] for record in caplog.records]
    assert said.count("operation Failed (Forbidden: The identity may not do that.)") == 1, "alerts count these"
    assert said.count("what was kept is removed") == 1
    with pytest.raises(IllegalTransition):
        world.retry(job)


def test_what_could_not_be_removed_is_told_with_the_original_error(world):
    job = import_job()
    world.images.fail("begin_restart", REFUSED)
    world.images.fail("begin_clean_up", PermanentError("ScopeLocked", "Somebody locked the resource group."))
    world.accept(job)
    world.run(job)
    operation = world.operation(job)
    assert (operation.status, operation.error.code) == (OperationStatus.FAILED, "Forbidden")
    assert [detail.code for detail in operation.error.details] == ["ScopeLocked"]
    assert [detail.code for detail in world.asset(job).error.details] == ["ScopeLocked"]
    assert not operation.kept
    assert world.asset(job).data["vmId"]


def test_a_clean_up_that_is_retried_leaves_the_operation_failed(world):
    job = import_job()
    world.images.fail("begin_restart", REFUSED)
    world.images.fail("begin_clean_up", TransientError("Busy", "Later.", kind=ErrorKind.BUSY), times=2)
    world.accept(job)
    statuses = set()

    def look(name):
        if world.operation(job).kept:
            statuses.add(world.operation(job).status)

    world.before_activity = look
    world.run(job)
    assert statuses == {OperationStatus.FAILED}
    assert_nothing_left(world, job)


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "hint-lost"])
def test_a_failed_operation_that_is_canceled_is_cleaned_up_and_stays_failed(world, heard):
    job = import_job()
    world.images.fail("begin_restart", REFUSED)
    asked = []

    def cancel():
        world.cancel(job, heard=heard)
        asked.append(world.now)

    run_with(world, job, cancel)
    operation = world.operation(job)
    assert (operation.status, operation.error.code) == (OperationStatus.FAILED, "Forbidden")
    assert_nothing_left(world, job)
    assert world.now - asked[0] < timedelta(minutes=10 if not heard else 1)


def test_canceled_at_the_moment_of_its_failure_it_is_canceled(world):
    job = import_job()

    def fail_and_cancel(given):
        world.catalog.update(world.operation(job).asked_to_end(world.now))
        raise REFUSED

    world.images.begin_restart = fail_and_cancel
    world.accept(job)
    world.run(job)
    assert world.operation(job).status is OperationStatus.CANCELED
    assert_nothing_left(world, job)


def test_a_retry_outlives_a_repetition_of_the_end_that_it_answered(world, monkeypatch):
    """The activity that wrote the end comes again, minutes later on Azure, if its host died right after it."""
    job = import_job()
    world.images.fail("begin_virtual_machine", REFUSED)
    real = catalog_activities.record
    ends: list[int] = []

    def record(progress, catalog, outbox):
        real(progress, catalog, outbox)
        if progress.retry_until is not None:
            ends.append(progress.retries)
            if len(ends) == 1:
                world.retry(job, heard=False)
                raise StoreUnavailable("away")

    monkeypatch.setattr(catalog_activities, "record", record)
    world.accept(job)
    world.run(job)
    assert ends == [0, 0]
    assert_succeeded(world, job)
    assert world.operation(job).retries == 1


@pytest.mark.parametrize("closing_first", [True, False])
def test_retry_and_closing_race_for_the_record_and_one_of_them_wins(world, closing_first):
    """Both have read the record when one of them writes it."""
    job = import_job()
    world.images.fail("begin_restart", REFUSED)
    world.accept(job)
    outcomes: list[str] = []
    update = world.catalog.update

    def racing(*records, **more):
        operation = records[0]
        closing = operation.kind == "operation" and operation.kept and operation.retry_until is None
        if closing and not outcomes:
            outcomes.append("raced")
            if closing_first:
                update(*records, **more)
                with pytest.raises(IllegalTransition):
                    world.retry(job)
                return
            # The clock of the API runs behind that of the orchestration: it accepts a retry in the last moment.
            world.now -= timedelta(seconds=1)
            world.retry(job, heard=False)
            world.now += timedelta(seconds=1)
            with pytest.raises(Changed):
                update(*records, **more)
            raise Changed("by the retry")
        update(*records, **more)

    world.catalog.update = racing
    world.run(job)
    assert outcomes == ["raced"]
    if closing_first:
        assert world.operation(job).status is OperationStatus.FAILED
        assert_nothing_left(world, job)
    else:
        assert_succeeded(world, job)


def test_deleting_what_is_kept_takes_all_of_it_away(world):
    job = import_job()
    world.images.fail("begin_restart", REFUSED)
    deletion = builders.delete_job(job)

    def delete():
        test_delete.accept(world, deletion)
        world.start(deletion)

    run_with(world, job, delete)
    assert world.operation(deletion).status is OperationStatus.SUCCEEDED
    assert world.operation(job).status is OperationStatus.FAILED
    assert test_delete.is_gone(world, job)
    assert_nothing_left(world, job)


def test_an_orchestration_that_is_lost_while_it_is_kept_is_cleaned_up(world):
    job = import_job()
    world.images.fail("begin_run_command", REFUSED)

    def lose():
        world.lose(job)
        world.repair(job)

    run_with(world, job, lose)
    operation = world.operation(job)
    assert (operation.status, operation.error.code) == (OperationStatus.FAILED, "Forbidden")
    assert world.asset(job).status is AssetStatus.ENABLING_RDS_AND_ALLOW_RDP_FAILED
    assert_nothing_left(world, job)


def test_storage_that_is_away_meanwhile_loses_no_retry(world):
    job = import_job()
    world.images.fail("begin_restart", REFUSED)

    def retry():
        world.retry(job)
        world.catalog.fail("get", StoreUnavailable("away"), times=5)

    run_with(world, job, retry)
    assert_succeeded(world, job)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("at", range(24, 40, 2))
def test_a_host_that_dies_while_it_is_kept_goes_on(world, at, moment):
    job = import_job()
    world.images.fail("begin_run_command", REFUSED)
    world.crash_at, world.crash_moment = at, moment
    run_with(world, job, lambda: world.retry(job, heard=False))
    assert_succeeded(world, job)
    assert len(world.images.passwords) == 1


def test_with_no_time_to_keep_it_is_cleaned_up_at_once(world):
    job = builders.import_job()
    world.images.fail("begin_restart", REFUSED)
    world.accept(job)
    world.run(job)
    assert Activity.DECIDE_KEPT not in world.activities
    assert_nothing_left(world, job)


def incomplete(world, *states):
    """A copy that one of two regions lacks: it fails there until the states, if any, follow."""
    job = builders.copy_job("westus2", "northeurope", pace=KEPT)
    world.galleries.replicates("westus2", *[(ReplicationState.FAILED, 5)] * 3, *states)
    return job


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "hint-lost"])
def test_of_a_copy_only_the_regions_that_are_missing_are_retried(world, heard):
    job = incomplete(world, (ReplicationState.COMPLETED, 100))
    lacking, good = (replica.asset_id for replica in job.replicas)
    shown: list[object] = []

    def retry():
        world.retry(job, heard=heard)
        shown.append([world.asset(job, each).status for each in (job.asset_id, good, lacking)])
        shown.append((world.operation(job).status, world.operation(job).error, world.image(job).status))

    person = run_with(world, job, retry, fails=False)
    assert person.failures == [("REPLICATION_INCOMPLETE", AssetStatus.AVAILABLE)]
    assert shown == [
        [AssetStatus.AVAILABLE, AssetStatus.AVAILABLE, AssetStatus.IMPORT_PENDING],
        (OperationStatus.RUNNING, None, StreamStatus.IN_PROGRESS),
    ]
    assert_succeeded(world, job)
    assert world.galleries.regions(job) == {"eastus", "westus2", "northeurope"}
    assert world.statuses(good).count("REPLICATING") == 1
    assert world.statuses(lacking)[-4:] == ["IMPORT_PENDING", "REPLICATING", "REPLICATION_COMPLETE", "AVAILABLE"]
    assert world.activities.count(Activity.BEGIN_IMAGE_VERSION) == 1


@pytest.mark.parametrize("end", ["time-over", "cancel", "deletion"])
def test_a_copy_that_is_not_retried_keeps_the_regions_that_it_has(world, end):
    job = incomplete(world, *[(ReplicationState.FAILED, 5)] * 9)
    deletion = builders.delete_job(job)

    def delete():
        test_delete.accept(world, deletion)
        world.start(deletion)

    acts = {"time-over": [], "cancel": [lambda: world.cancel(job)], "deletion": [delete]}[end]
    run_with(world, job, *acts, fails=False)
    operation = world.operation(job)
    assert (operation.status, operation.error.code) == (OperationStatus.SUCCEEDED, "REPLICATION_INCOMPLETE")
    assert (operation.kept, operation.retry_until) == (False, None)
    if end == "deletion":
        assert test_delete.is_gone(world, job)
    else:
        assert world.asset(job).status is AssetStatus.AVAILABLE
        assert world.image(job).status is StreamStatus.PARTIALLY_AVAILABLE
        assert world.galleries.regions(job) == {"eastus", "northeurope"}


def test_a_region_may_fail_again(world):
    job = incomplete(world, *[(ReplicationState.FAILED, 5)] * 3, (ReplicationState.COMPLETED, 100))
    person = run_with(world, job, *[lambda: world.retry(job)] * 2, fails=False)
    assert [code for code, _ in person.failures] == ["REPLICATION_INCOMPLETE"] * 2
    assert_succeeded(world, job)


def test_a_copy_that_is_canceled_as_it_ends_in_part_keeps_what_it_has(world):
    job = incomplete(world, *[(ReplicationState.FAILED, 5)] * 9)

    def cancel(name):
        running = world.operation(job).status is OperationStatus.RUNNING
        if running and world.asset(job, job.replicas[0].asset_id).status is AssetStatus.REPLICATION_FAILED:
            world.catalog.update(world.operation(job).asked_to_end(world.now))

    world.before_activity = cancel
    world.accept(job)
    world.run(job)
    assert world.operation(job).status is OperationStatus.SUCCEEDED
    assert world.asset(job).status is AssetStatus.AVAILABLE
    assert world.galleries.versions
    assert not world.operation(job).kept
