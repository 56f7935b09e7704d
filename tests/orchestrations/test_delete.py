"""The deletion of an image, in any state that it may be in."""

from datetime import timedelta

import pytest

from activities.records import progress
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.errors.catalogue import NotFound
from shared.models.history import HistoryEntry
from shared.models.image import Asset, Image, NameReservation, Version
from shared.models.ledger_entry import LedgerState
from shared.models.operation import Operation
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus, VersionStatus
from shared.workflow.messages import Progress
from tests import builders


def accept(world, job):
    """Write what accepting a deletion writes."""
    image = world.image(job).model_copy(update={"deletion_id": job.operation_id})
    world.catalog.create(builders.deletion_operation(job), replacing=[image])


def made(world, job):
    """The job, done."""
    world.accept(job)
    world.run(job)
    return job


def delete(world, job, **overrides):
    """Delete what a job made; returns the deletion's operation."""
    deletion = builders.delete_job(job, **overrides)
    accept(world, deletion)
    world.run(deletion)
    return world.operation(deletion)


def is_gone(world, job):
    """Whether nothing is left of what a job made."""
    for kind in (Image, Version, Asset, NameReservation):
        assert not [each for each in world.catalog.all(kind) if job.image_id in repr(each)]
    with pytest.raises(NotFound):
        world.image(job)
    return set(world.ledger(job).values()) <= {LedgerState.GONE}


@pytest.mark.parametrize("step", ["begin_network_security_group", "begin_restart"])
def test_an_operation_whose_image_was_taken_over_still_ends(world, job, step):
    """The deletion waited for it in vain, and went on."""
    original = getattr(world.images, step)

    def take_over(given):
        asset = world.asset(job)
        world.catalog.update(asset.model_copy(update={"status": AssetStatus.DELETING}))
        return original(given)

    setattr(world.images, step, take_over)
    world.accept(job)
    output = world.run(job)
    operation = world.operation(job)
    assert output["imageId"] == job.image_id
    assert (operation.status, operation.error.code) == (OperationStatus.FAILED, "RECORDS_CHANGED")
    assert operation.ended_at is not None
    assert world.asset(job).status is AssetStatus.DELETING
    assert not world.images.groups
    assert not world.secrets.secrets


def test_an_imported_image_goes_with_all_that_belongs_to_it(world, job):
    operation = delete(world, made(world, job))
    assert operation.status is OperationStatus.SUCCEEDED
    assert (operation.percent_complete, operation.error) == (100, None)
    assert is_gone(world, job)
    assert not world.images.groups


def test_a_copy_goes_with_its_regions(world):
    job = made(world, builders.copy_job("westus", "northeurope"))
    assert delete(world, job).status is OperationStatus.SUCCEEDED
    assert is_gone(world, job)
    assert not world.galleries.versions
    assert not world.galleries.definitions


def test_a_failed_image_can_be_deleted(world, job):
    world.images.fail("begin_restart", PermanentError("Broken", "x"))
    made(world, job)
    assert world.image(job).status is StreamStatus.FAILED
    assert delete(world, job).status is OperationStatus.SUCCEEDED
    assert is_gone(world, job)


def test_every_asset_is_shown_as_deleting_first(world):
    job = made(world, builders.copy_job("westus"))
    delete(world, job)
    for asset_id in (job.asset_id, job.replicas[0].asset_id):
        assert world.statuses(asset_id)[-1] == "DELETING"


@pytest.mark.parametrize("activity", ["preflight_import", "check_virtual_machine", "begin_restart", "delete_secret"])
def test_work_in_progress_is_canceled_first(world, job, activity):
    """The deletion begins in the middle of an import, which has not heard of it."""
    world.images.takes("virtual_machine", 5)
    world.accept(job)
    deletion = builders.delete_job(job)
    begun: list[str] = []

    def begin(name: str) -> None:
        if name == activity and not begun:
            begun.append(name)
            accept(world, deletion)
            world.start(deletion)

    world.before_activity = begin
    world.run(job)
    assert world.operation(deletion).status is OperationStatus.SUCCEEDED
    assert is_gone(world, job)
    assert not world.images.groups
    assert not world.secrets.secrets
    # What was canceled in time says so; what was all but complete is deleted as it is.
    made_by = world.catalog.get(Operation, job.org_id, job.operation_id)
    in_time = activity in ("preflight_import", "check_virtual_machine")
    assert made_by.status is (OperationStatus.CANCELED if in_time else OperationStatus.SUCCEEDED)


def test_what_may_pass_is_tried_again_and_shown(world, job):
    made(world, job)
    world.images.fail("begin_clean_up", TransientError("Conflict", "busy", kind=ErrorKind.BUSY), times=2)
    assert delete(world, job).status is OperationStatus.SUCCEEDED
    assert world.statuses()[-5:] == ["DELETING", *["DELETION_RETRY_PENDING", "DELETING"] * 2]
    assert is_gone(world, job)


def test_what_azure_refuses_is_said_and_can_be_asked_for_again(world, job):
    made(world, job)
    world.images.fail("begin_clean_up", PermanentError("ScopeLocked", "There is a lock."))
    operation = delete(world, job)
    assert (operation.status, operation.error.code) == (OperationStatus.FAILED, "LEFT_IN_AZURE")
    assert "There is a lock." in operation.error.message
    assert world.asset(job).status is AssetStatus.DELETION_FAILED
    assert world.asset(job).error.code == "ScopeLocked"
    assert world.image(job).status is StreamStatus.DELETING
    assert delete(world, job).status is OperationStatus.SUCCEEDED
    assert is_gone(world, job)


def test_force_removes_the_records_and_says_what_is_left(world, job):
    made(world, job)
    world.images.fail("begin_clean_up", PermanentError("ScopeLocked", "There is a lock."))
    operation = delete(world, job, force=True)
    assert (operation.status, operation.error.code) == (OperationStatus.SUCCEEDED, "LEFT_IN_AZURE")
    with pytest.raises(NotFound):
        world.image(job)
    assert LedgerState.EXISTS in world.ledger(job).values(), "the ledger goes on knowing what exists"


def test_the_image_is_what_its_other_versions_make_it(world, job):
    made(world, job)
    world.catalog.create(builders.version(org_id=job.org_id, image_id=job.image_id, status=VersionStatus.FAILED))
    assert delete(world, job, whole_image=False).status is OperationStatus.SUCCEEDED
    assert world.image(job).status is StreamStatus.FAILED
    entry = max(world.catalog.all(HistoryEntry), key=lambda each: each.sequence)
    assert (entry.entity, entry.before, entry.after) == ("IMAGE", "DELETING", "FAILED")
    assert world.image(job).revision == entry.sequence


def test_a_deletion_that_was_never_accepted_deletes_nothing(world, job):
    made(world, job)
    assert world.run(builders.delete_job(job)) == {"imageId": job.image_id, "abandoned": True}
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    assert world.images.groups


def test_a_name_that_was_given_away_stays(world, job):
    """Another image has taken it meanwhile."""
    made(world, job)
    (name,) = world.catalog.all(NameReservation)
    world.catalog.put(name.model_copy(update={"image_id": "another"}))
    delete(world, job)
    assert [each.image_id for each in world.catalog.all(NameReservation)] == ["another"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 9))
def test_a_host_that_dies_at_any_activity_goes_on(world, job, at, moment):
    made(world, job)
    world.crash_at, world.crash_moment = len(world.activities) + at, moment
    assert delete(world, job).status is OperationStatus.SUCCEEDED
    assert is_gone(world, job)
    assert world.now < builders.NOW + timedelta(hours=3)


def test_an_end_whose_answer_was_lost_is_written_though_the_image_is_deleted_by_now(world, job):
    """It is written again a moment later, and meanwhile the deletion that waited for it has gone on."""
    made(world, job)
    operation = world.operation(job)
    end = Progress.of(job, operation.ended_at, status=AssetStatus.IMPORT_COMPLETE, end=operation.status)
    delete(world, job)
    progress.record(end, world.catalog)
    with pytest.raises(NotFound):
        progress.record(end.model_copy(update={"end": OperationStatus.FAILED}), world.catalog)
