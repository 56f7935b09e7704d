"""The janitor's round over fakes: what it reports, what it removes, and what it leaves alone."""

from datetime import timedelta
from typing import Any

import pytest

from activities.janitor import sweep_operations
from orchestrators.engine.policies import SWEEP_ATTEMPTS
from shared.errors.azure import PermanentError, TransientError
from shared.errors.catalogue import StoreUnavailable
from shared.models.history import HistoryEntry
from shared.models.idempotency_key import IdempotencyKey
from shared.models.image import Version
from shared.models.ledger_entry import LedgerEntry, LedgerState
from shared.models.orphans import Orphan, OrphanKind, OrphanState, PageReport, Sweep, SweepPage, SweepRules, Why
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.naming import gallery_target, staging, tags
from tests import builders
from tests.builders import ORG
from tests.orchestrations.conftest import World

OURS = "catalog-1"
LOOK = SweepRules(catalog_name=OURS, grace=timedelta(hours=24))
REMOVE = SweepRules(catalog_name=OURS, grace=timedelta(hours=24), removes=True)
AT_ONCE = SweepRules(catalog_name=OURS, grace=timedelta(0), removes=True)
REFUSED = PermanentError("AuthorizationFailed", "The janitor may not.")


@pytest.fixture(name="job")
def _job() -> ImportJob:
    return builders.import_job(catalog_name=OURS)


@pytest.fixture(autouse=True)
def _provider(world: World) -> None:
    world.catalog.put(builders.provider_instance())


def finish(world: World, job: MakingJob, status: OperationStatus, asset: AssetStatus) -> None:
    """Let the job's request have been accepted, and its operation have ended so."""
    world.catalog.create(*builders.accepted(job))
    end(world, job, status, asset)


def end(world: World, job: MakingJob, status: OperationStatus, asset: AssetStatus) -> None:
    world.catalog.update(world.operation(job).model_copy(update={"status": status}))
    world.catalog.update(world.asset(job).model_copy(update={"status": asset}))


def group_in_azure(world: World, job: ImportJob) -> str:
    """Let the job's staging group be in Azure."""
    world.images.create_resource_group(job)
    group_id = staging(job).group_id
    world.inventory.put(group_id, tags(job))
    return group_id


def findings(world: World) -> list[Orphan]:
    return list(world.catalog.all(Orphan))


def last_sweep(world: World) -> Sweep:
    return world.catalog.get(Sweep, ORG, Sweep.LAST)


def later(world: World, hours: float) -> None:
    world.now += timedelta(hours=hours)


def test_a_group_that_nobody_needs_is_reported_and_left_alone(world: World, job: ImportJob) -> None:
    group_id = group_in_azure(world, job)
    finish(world, job, OperationStatus.FAILED, AssetStatus.IMPORT_FAILED)
    began = world.now
    for _ in range(3):
        world.run_sweep(LOOK)
        later(world, 24)
    [finding] = findings(world)
    assert (finding.about, finding.why, finding.state) == (
        OrphanKind.RESOURCE,
        Why.OPERATION_ENDED,
        OrphanState.REPORTED,
    )
    assert (finding.resource_id, finding.operation_id, finding.image_id) == (group_id, job.operation_id, job.image_id)
    assert (finding.first_seen_at, finding.remove_at) == (began, began + timedelta(hours=24))
    assert finding.last_seen_at == began + timedelta(hours=48)
    assert group_id in world.inventory.resources
    assert "begin_clean_up" not in world.images.calls
    sweep = last_sweep(world)
    assert (sweep.removes, sweep.grace_seconds, sweep.unread) == (False, 86400, ())
    assert sweep.began_at == began + timedelta(hours=48)


def test_it_is_removed_after_the_grace_time_and_not_before(world: World, job: ImportJob) -> None:
    group_id = group_in_azure(world, job)
    finish(world, job, OperationStatus.FAILED, AssetStatus.IMPORT_FAILED)
    world.catalog.put(
        LedgerEntry(
            org_id=ORG,
            operation_id=job.operation_id,
            order=10,
            resource_id=group_id,
            state=LedgerState.EXISTS,
            updated_at=world.now,
        )
    )
    world.run_sweep(REMOVE)
    later(world, 23.9)
    world.run_sweep(REMOVE)
    assert "begin_clean_up" not in world.images.calls
    later(world, 0.2)
    world.images.takes("clean_up", 2)
    world.run_sweep(REMOVE)
    [finding] = findings(world)
    assert finding.state is OrphanState.REMOVING
    later(world, 1)
    world.run_sweep(REMOVE)
    [told] = [entry for entry in world.catalog.all(HistoryEntry) if entry.error]
    assert told.error is not None
    assert (told.error.code, told.before, told.after) == ("ORPHAN_REMOVED", "PENDING", "PENDING")
    assert group_id in told.error.message
    del world.inventory.resources[group_id]
    later(world, 1)
    world.run_sweep(REMOVE)
    assert findings(world) == []
    assert world.ledger(job) == {group_id.rpartition("/")[2]: LedgerState.GONE}


def test_a_group_whose_operation_is_unknown_goes_by_its_id_and_tags(world: World, job: ImportJob) -> None:
    group_id = group_in_azure(world, job)
    world.inventory.removal_takes_time = False
    world.run_sweep(AT_ONCE)
    assert group_id not in world.inventory.resources
    assert findings(world) == []


LIVING: list[tuple[OperationStatus, AssetStatus]] = [
    (OperationStatus.NOT_STARTED, AssetStatus.IMPORT_PENDING),
    (OperationStatus.RUNNING, AssetStatus.DEPLOYING_VM),
    (OperationStatus.RUNNING, AssetStatus.IMPORT_FAILED),
    (OperationStatus.SUCCEEDED, AssetStatus.IMPORT_COMPLETE),
    (OperationStatus.SUCCEEDED, AssetStatus.DELETION_FAILED),
]


@pytest.mark.parametrize(("status", "asset"), LIVING)
def test_what_is_needed_is_left_alone(
    world: World, job: ImportJob, status: OperationStatus, asset: AssetStatus
) -> None:
    group_in_azure(world, job)
    finish(world, job, status, asset)
    world.run_sweep(AT_ONCE)
    assert findings(world) == []
    assert world.images.groups


def test_what_is_kept_for_a_retry_is_left_alone_until_then(world: World, job: ImportJob) -> None:
    group_in_azure(world, job)
    finish(world, job, OperationStatus.FAILED, AssetStatus.IMPORT_FAILED)
    kept = {"kept": True, "retry_until": world.now + timedelta(hours=1)}
    world.catalog.update(world.operation(job).model_copy(update=kept))
    world.run_sweep(AT_ONCE)
    assert world.images.groups
    world.catalog.update(world.operation(job).model_copy(update={"kept": False, "retry_until": None}))
    world.run_sweep(AT_ONCE)
    assert not world.images.groups


@pytest.mark.parametrize(
    "marks",
    [{"catalog": "another"}, {"catalog": ""}, {"orgId": "another-org"}, {"orgId": "../x"}],
    ids=["another-catalog", "no-catalog", "another-org", "no-org"],
)
def test_what_may_be_somebody_elses_is_never_removed(world: World, job: ImportJob, marks: dict[str, str]) -> None:
    group_id = staging(job).group_id
    world.inventory.put(group_id, {name: value for name, value in (tags(job) | marks).items() if value})
    for _ in range(3):
        world.run_sweep(AT_ONCE)
        later(world, 48)
    assert group_id in world.inventory.resources
    assert [(each.why, each.remove_at) for each in findings(world)] in ([], [(Why.NOT_MARKED, None)])
    assert bool(findings(world)) == (marks == {"catalog": ""})


def test_tags_that_are_no_ids_of_ours_break_nothing(world: World, job: ImportJob) -> None:
    """Whoever may write in the subscription writes tags as he likes."""
    for number, bad in enumerate(("a/b", "", "#?", "x" * 200)):
        group_id = f"{staging(job).group_id}-{number}"
        world.inventory.put(group_id, tags(job) | {"operationId": bad, "imageId": bad, "versionId": bad})
    world.run_sweep(AT_ONCE)
    assert len(findings(world)) == 4
    assert all(each.remove_at is None for each in findings(world)), "no naming leads there"


def test_an_operation_that_came_back_in_the_last_moment_keeps_its_group(
    world: World, job: ImportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The records are looked at once more before anything is removed."""
    group_in_azure(world, job)
    finish(world, job, OperationStatus.FAILED, AssetStatus.IMPORT_FAILED)
    world.run_sweep(REMOVE)
    later(world, 25)
    real = world.catalog.get

    def revived(kind: type[Any], *keys: str) -> Any:
        found = real(kind, *keys)
        if kind is Orphan:  # after the first look
            world.catalog.update(world.operation(job).model_copy(update={"status": OperationStatus.RUNNING}))
        return found

    monkeypatch.setattr(world.catalog, "get", revived)
    world.run_sweep(REMOVE)
    assert world.images.groups
    assert findings(world) == []


def test_what_azure_does_not_let_go_stays_in_the_report_with_its_reason(world: World, job: ImportJob) -> None:
    group_in_azure(world, job)
    finish(world, job, OperationStatus.FAILED, AssetStatus.IMPORT_FAILED)
    world.images.fail("begin_clean_up", PermanentError("ScopeLocked", "There is a lock on it."))
    world.run_sweep(AT_ONCE)
    [finding] = findings(world)
    assert finding.state is OrphanState.REMAINS
    assert finding.error is not None
    assert finding.error.code == "ScopeLocked"
    assert not world.catalog.all(HistoryEntry), "nothing was removed"
    world.run_sweep(AT_ONCE)
    assert not world.images.groups


def copied(world: World, job: CopyJob) -> None:
    """Let a copy have gone to its end; the inventory shows what it made."""
    world.catalog.put(job.provider)
    world.accept(job)
    world.run(job)
    target = gallery_target(job)
    for each in (target.gallery_id, target.definition_id, target.version_id):
        world.inventory.put(each, tags(job))


def removed_from_catalogue(world: World, job: CopyJob) -> None:
    for record in (world.asset(job), world.catalog.get(Version, ORG, job.image_id, job.version_id), world.image(job)):
        world.catalog.delete(record)


def test_a_version_whose_image_is_gone_is_removed_with_its_definition_but_never_the_gallery(world: World) -> None:
    job = builders.copy_job(catalog_name=OURS)
    copied(world, job)
    world.run_sweep(AT_ONCE)
    assert findings(world) == [], "it lives"
    removed_from_catalogue(world, job)
    world.run_sweep(LOOK)
    target = gallery_target(job)
    assert {each.resource_id for each in findings(world)} == {target.version_id, target.definition_id}
    assert {each.why for each in findings(world)} == {Why.IMAGE_DELETED}
    world.galleries.takes("copy_removal", 1)
    world.run_sweep(AT_ONCE)
    assert {each.state for each in findings(world)} == {OrphanState.REMOVING}
    world.galleries.check_copy_removal(job, None)
    assert not world.galleries.versions
    del world.inventory.resources[target.version_id], world.inventory.resources[target.definition_id]
    later(world, 1)
    world.run_sweep(AT_ONCE)
    assert findings(world) == []
    assert target.gallery_id in world.inventory.resources
    assert {entry.state for entry in world.catalog.all(LedgerEntry)} == {LedgerState.GONE, LedgerState.KEPT}


def test_a_definition_that_others_use_remains_and_says_so(world: World) -> None:
    """Azure has a version in it that is not ours: it is not deleted with it."""
    job = builders.copy_job(catalog_name=OURS)
    copied(world, job)
    removed_from_catalogue(world, job)
    target = gallery_target(job)
    world.galleries.versions[f"{target.definition_id}/versions/9.0.0"] = world.galleries.versions.pop(target.version_id)
    del world.inventory.resources[target.version_id]
    world.run_sweep(AT_ONCE)
    [finding] = findings(world)
    assert finding.error is not None
    assert (finding.state, finding.error.code) == (OrphanState.REMAINS, "STILL_IN_USE")
    assert world.galleries.definitions


def imported(world: World, job: ImportJob) -> list[str]:
    """Let an import have gone to its end; the inventory shows what it made."""
    world.accept(job)
    world.run(job)
    made = [entry.resource_id for entry in world.catalog.all(LedgerEntry) if entry.operation_id == job.operation_id]
    for each in made:
        world.inventory.put(each)
    world.inventory.put(staging(job).group_id, tags(job))
    return made


def test_an_operation_whose_machine_was_deleted_is_reported_with_what_is_missing(world: World, job: ImportJob) -> None:
    made = imported(world, job)
    world.run_sweep(AT_ONCE)
    assert findings(world) == []
    gone = [each for each in made if each.startswith(staging(job).vm_id)]
    for each in gone:
        del world.inventory.resources[each]
    for _ in range(2):
        world.run_sweep(AT_ONCE)
        later(world, 48)
    [finding] = findings(world)
    assert (finding.about, finding.why, finding.remove_at) == (OrphanKind.OPERATION, Why.MISSING_IN_AZURE, None)
    assert sorted(finding.missing) == sorted(gone)
    assert staging(job).vm_id in finding.missing
    assert world.operation(job).status is OperationStatus.SUCCEEDED, "nothing is done about it"
    for each in gone:
        world.inventory.put(each)
    world.run_sweep(AT_ONCE)
    assert findings(world) == [], "it is not true any more"


def test_a_copy_whose_version_was_deleted_is_reported(world: World) -> None:
    job = builders.copy_job(catalog_name=OURS)
    copied(world, job)
    del world.inventory.resources[gallery_target(job).version_id]
    world.run_sweep(LOOK)
    [finding] = findings(world)
    assert finding.missing == (gallery_target(job).version_id,)


def test_only_one_look_at_azure_for_each_operation_that_is_complete(world: World) -> None:
    jobs = [builders.import_job(catalog_name=OURS, image_name=f"image-{number}") for number in range(3)]
    for job in jobs:
        imported(world, job)
    world.inventory.calls.clear()
    world.run_sweep(LOOK)
    assert world.inventory.calls.count("exists") == len(jobs)


def test_findings_stay_while_azure_does_not_answer(world: World, job: ImportJob) -> None:
    """Not being able to look is not the same as not being there."""
    lost = builders.import_job(catalog_name=OURS, image_name="Lost")
    imported(world, lost)
    del world.inventory.resources[staging(lost).vm_id]
    group_in_azure(world, job)
    world.run_sweep(LOOK)
    before = {each.id: each.first_seen_at for each in findings(world)}
    assert len(before) == 2
    later(world, 1)
    world.inventory.fail("tagged", REFUSED, times=4)
    world.inventory.fail("exists", TransientError("TooManyRequests", "Later."), times=1)
    world.run_sweep(LOOK)
    assert {each.id: each.first_seen_at for each in findings(world)} == before
    assert {each.code for each in last_sweep(world).unread} == {"AuthorizationFailed", "TooManyRequests"}
    later(world, 1)
    world.run_sweep(LOOK)
    assert {each.id: each.first_seen_at for each in findings(world)} == before
    assert last_sweep(world).unread == ()


def test_a_subscription_that_can_not_be_read_stops_no_other(world: World, job: ImportJob) -> None:
    other = builders.provider_instance(
        id="other",
        subscription_id="00000000-0000-0000-0000-000000000000",
        subnet_id=builders.SUBNET.replace("1/", "0/"),
    )
    world.catalog.put(other)
    group_in_azure(world, job)
    world.inventory.fail("tagged", REFUSED, times=4)
    world.run_sweep(LOOK)
    assert len(findings(world)) == 1
    assert {each.subscription_id for each in last_sweep(world).unread} == {str(other.subscription_id)}


def test_many_pages_are_gone_through_in_several_instances(world: World) -> None:
    world.inventory.page_size = 1
    jobs = [builders.import_job(catalog_name=OURS) for _ in range(60)]
    for job in jobs:
        world.inventory.put(staging(job).group_id, tags(job))
    world.run_sweep(LOOK)
    assert {each.operation_id for each in findings(world)} == {job.operation_id for job in jobs}
    world.inventory.resources.clear()
    later(world, 1)
    world.run_sweep(LOOK)
    assert findings(world) == []


def test_each_org_sees_its_own(world: World, job: ImportJob) -> None:
    world.catalog.put(builders.provider_instance(org_id="org-2"))
    second = builders.import_job(org_id="org-2", catalog_name=OURS)
    group_in_azure(world, job)
    group_in_azure(world, second)
    world.run_sweep(LOOK)
    assert {(each.org_id, each.operation_id) for each in findings(world)} == {
        (ORG, job.operation_id),
        ("org-2", second.operation_id),
    }
    assert {each.org_id for each in world.catalog.all(Sweep)} == {ORG, "org-2"}


def test_records_that_could_not_be_read_are_told_of_to_their_org_alone(
    world: World, job: ImportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.catalog.put(builders.provider_instance(org_id="org-2"))
    real = sweep_operations.sweep

    def sweep(page: SweepPage, *others: Any) -> PageReport:
        if page.part.orgs == ("org-2",):
            raise RuntimeError("a fault of ours")
        return real(page, *others)

    monkeypatch.setattr(sweep_operations, "sweep", sweep)
    world.run_sweep(LOOK)
    told = {each.org_id: [unread.code for unread in each.unread] for each in world.catalog.all(Sweep)}
    assert told == {ORG: [], "org-2": ["INTERNAL_ERROR"]}


def test_old_idempotency_keys_are_removed_and_young_ones_stay(world: World) -> None:
    ages = {"young": 1.0, "day": 24.5, "old": 25.5, "older": 500.0}
    for name, hours in ages.items():
        world.catalog.put(
            IdempotencyKey(org_id=ORG, id=name, fingerprint="f", claimed_at=world.now - timedelta(hours=hours))
        )
    world.run_sweep(LOOK)
    assert {key.id for key in world.catalog.all(IdempotencyKey)} == {"young", "day"}


def test_storage_that_is_away_for_a_moment_costs_nothing(world: World, job: ImportJob) -> None:
    group_in_azure(world, job)
    for method in ("scan", "get", "list", "put"):
        world.catalog.fail(method, StoreUnavailable("away"))
    world.run_sweep(LOOK)
    assert len(findings(world)) == 1
    assert last_sweep(world).unread == ()


def test_a_page_that_breaks_again_and_again_ends_its_part_alone(world: World, job: ImportJob) -> None:
    group_in_azure(world, job)
    world.catalog.fail("scan", StoreUnavailable("away"))
    world.inventory.fail("tagged", RuntimeError("a fault of ours"), times=SWEEP_ATTEMPTS)
    world.run_sweep(LOOK)
    [unread] = last_sweep(world).unread
    assert (unread.code, unread.subscription_id) == ("INTERNAL_ERROR", builders.SUBSCRIPTION)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_host_that_dies_in_the_middle_doubles_nothing(world: World, job: ImportJob, moment: str) -> None:
    group_in_azure(world, job)
    finish(world, job, OperationStatus.FAILED, AssetStatus.IMPORT_FAILED)
    world.images.takes("clean_up", 3)
    world.crash_at, world.crash_moment = 1, moment
    world.run_sweep(AT_ONCE)
    [finding] = findings(world)
    assert finding.state is OrphanState.REMOVING
    assert len([entry for entry in world.catalog.all(HistoryEntry) if entry.error]) == 1
