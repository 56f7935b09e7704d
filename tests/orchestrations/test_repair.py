"""Operations whose orchestration ended before its time."""

from datetime import timedelta

import pytest

from shared.models.history import HistoryEntry
from shared.models.ledger_entry import LedgerState
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus
from shared.workflow.replication import ReplicationState
from tests import builders


def lose_and_repair(world, job, activity, at=1, **known):
    """Terminate the orchestration before an activity, and bring its operation to an end."""
    seen: list[str] = []

    def lose(name: str) -> None:
        seen.append(name)
        if name == activity and seen.count(name) == at:
            world.lose(job)
            world.repair(job, **known)

    world.before_activity = lose
    world.accept(job)
    world.run(job)
    assert seen.count(activity) >= at


@pytest.mark.parametrize(
    "activity", ["preflight_import", "check_virtual_machine", "begin_remote_desktop", "delete_secret"]
)
def test_what_a_lost_import_made_is_taken_away_and_said(world, job, activity):
    world.images.takes("virtual_machine", 3)
    lose_and_repair(world, job, activity)
    operation = world.operation(job)
    assert (operation.status, operation.error.code) == (OperationStatus.FAILED, "ORCHESTRATION_LOST")
    assert "Terminated" in operation.error.message
    assert world.asset(job).status is AssetStatus.IMPORT_FAILED
    assert world.image(job).status is StreamStatus.FAILED
    assert set(world.ledger(job).values()) <= {LedgerState.GONE}
    assert not world.images.groups
    assert not world.secrets.secrets


def test_a_lost_import_that_was_canceled_ends_as_canceled(world, job):
    world.images.takes("virtual_machine", 3)
    lose_and_repair(world, job, "check_virtual_machine", canceled=True)
    operation = world.operation(job)
    assert (operation.status, operation.error.code) == (OperationStatus.CANCELED, "OPERATION_CANCELED")
    assert operation.cancel_requested_at is None, "nobody is said to have asked who has not"
    assert not world.images.groups


def test_a_lost_copy_that_can_be_used_stays_usable(world):
    job = builders.copy_job("westus", "northeurope")
    world.galleries.replicates("westus", (ReplicationState.FAILED, 10))
    lose_and_repair(world, job, "read_replication", at=2, usable=True, regions=("northeurope",))
    operation = world.operation(job)
    assert (operation.status, operation.error.code) == (OperationStatus.SUCCEEDED, "ORCHESTRATION_LOST")
    assert world.asset(job).status is AssetStatus.AVAILABLE
    assert world.asset(job, job.replicas[0].asset_id).status is AssetStatus.REPLICATION_FAILED
    assert world.image(job).status is StreamStatus.PARTIALLY_AVAILABLE
    (version,) = world.galleries.versions.values()
    assert set(version.regions) == {job.home.name, "northeurope"}, "Azure has what the catalogue says"


def test_an_operation_that_was_never_accepted_is_given_up(world, job):
    world.secrets.put(job.secret_name, "x")
    world.run_repair(job)
    assert (world.operation(job).status, world.operation(job).error.code) == (OperationStatus.CANCELED, "NOT_ACCEPTED")
    assert not world.secrets.secrets
    assert not world.images.groups


@pytest.mark.parametrize("making", ["import", "copy"])
def test_a_repair_that_is_begun_again_after_its_end_changes_nothing(world, making):
    """Two hosts may find the same loss, and one of them may be late."""
    job = builders.import_job() if making == "import" else builders.copy_job("westus")
    world.images.takes("virtual_machine", 3)
    lose_and_repair(world, job, "check_virtual_machine" if making == "import" else "read_replication")
    assert world.operation(job).status is OperationStatus.FAILED
    told = world.catalog.all(HistoryEntry)
    before = (world.operation(job).status, world.operation(job).error, world.asset(job).status, world.image(job).status)
    world.now += timedelta(hours=1)
    world.run_repair(job)
    after = (world.operation(job).status, world.operation(job).error, world.asset(job).status, world.image(job).status)
    assert after == before
    assert world.catalog.all(HistoryEntry) == told
    assert not world.images.groups
