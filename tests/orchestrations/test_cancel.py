"""An operation that is canceled: whenever that is, it ends, and nothing of it is left."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count

import pytest

from shared.errors.azure import ErrorKind, TransientError
from shared.models.ledger_entry import LedgerState
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus
from shared.workflow.replication import ReplicationState
from tests import builders

SOON = timedelta(minutes=10)


def is_canceled(world, job):
    """Whether the operation was canceled; all that belongs to that must be true then."""
    operation = world.operation(job)
    assert operation.status.ended
    assert not world.secrets.secrets
    if operation.status is not OperationStatus.CANCELED:
        return False
    assert operation.error.code == "OPERATION_CANCELED"
    assert world.asset(job).status is AssetStatus.IMPORT_FAILED
    assert world.asset(job).error.code == "OPERATION_CANCELED"
    assert world.image(job).status is StreamStatus.FAILED
    return True


class Canceler:
    """Asks once for an operation's end, when its time has come."""

    def __init__(self, world, job, is_time: Callable[[], bool], *, heard: bool = True) -> None:
        self._world, self._job, self._is_time, self._heard = world, job, is_time, heard
        self.asked_at: datetime | None = None

    def __call__(self, *_: object) -> None:
        if self.asked_at is None and self._is_time():
            self.asked_at = self._world.now
            self._world.cancel(self._job, heard=self._heard)


def canceled_at_each_activity(world, make: Callable[[int], object], *, heard: bool) -> list[bool]:
    """Cancel one operation after the other, each an activity later; returns which of them were canceled."""
    ends: list[bool] = []
    for at in count(1):
        job = make(at)
        world.accept(job)
        moment = len(world.activities) + at
        world.before_activity = canceler = Canceler(
            world, job, partial(lambda moment: len(world.activities) == moment, moment), heard=heard
        )
        world.run(job)
        if canceler.asked_at is None:
            return ends
        ends.append(is_canceled(world, job))
        assert not ends[-1] or set(world.ledger(job).values()) <= {LedgerState.GONE}
    raise AssertionError("every operation ends")


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "hint-lost"])
def test_an_import_can_be_canceled_before_any_activity(world, heard):
    for work in ("network_security_group", "virtual_machine", "run_command", "restart", "clean_up"):
        world.images.takes(work, 2)
    ends = canceled_at_each_activity(world, lambda at: builders.import_job(image_name=f"Image-{at}"), heard=heard)
    assert len(ends) > 20
    # Only the deletion of the secret and the last status itself come after the last moment.
    assert ends[:-2] == [True] * (len(ends) - 2)
    assert len(world.images.groups) == ends.count(False) + 1, "what was not canceled in time, and the last one"


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "hint-lost"])
def test_a_copy_can_be_canceled_before_any_activity(world, heard):
    world.galleries.takes("image_version", 3)
    ends = canceled_at_each_activity(world, lambda at: builders.copy_job(image_name=f"Image-{at}"), heard=heard)
    assert len(ends) > 10
    assert ends[:-1] == [True] * (len(ends) - 1)
    assert len(world.galleries.versions) == ends.count(False) + 1, "what was not canceled in time, and the last one"


def test_a_long_wait_ends_at_once(world, job):
    """Capacity is waited for up to 45 minutes at a time."""
    full = TransientError("AllocationFailed", "full", kind=ErrorKind.CAPACITY)
    world.images.fail("begin_virtual_machine", full, times=9)
    world.accept(job)
    world.before_wait = canceler = Canceler(
        world, job, lambda: world.asset(job).status is AssetStatus.IMPORT_RETRY_PENDING
    )
    world.run(job)
    assert is_canceled(world, job)
    assert world.now - canceler.asked_at < SOON


@pytest.mark.parametrize("state", [ReplicationState.FAILED, ReplicationState.REPLICATING])
def test_a_copy_that_can_be_used_keeps_what_it_has_and_gets_no_more(world, state):
    """Canceled on its way to further regions: those Azure is not at work on are taken away, the others named."""
    job = builders.copy_job("westus", "northeurope")
    for region in ("westus", "northeurope"):
        world.galleries.replicates(region, (state, 10))
    world.accept(job)
    world.before_activity = Canceler(world, job, lambda: world.galleries.calls.count("begin_target_regions") == 1)
    world.run(job)
    operation = world.operation(job)
    assert (operation.status, operation.error.code) == (OperationStatus.CANCELED, "OPERATION_CANCELED")
    assert world.asset(job).status is AssetStatus.AVAILABLE
    assert world.image(job).status is StreamStatus.PARTIALLY_AVAILABLE
    for replica in job.replicas:
        assert world.asset(job, replica.asset_id).status is AssetStatus.REPLICATION_FAILED
        assert world.asset(job, replica.asset_id).error.code == "OPERATION_CANCELED"
    at_work = state is ReplicationState.REPLICATING
    assert (world.galleries.regions(job) == {job.home.name}) is not at_work
    assert ("UpdateUnderWay" in [detail.code for detail in operation.error.details]) is at_work
