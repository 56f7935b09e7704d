"""Cancellations that come in the last round of an execution, before it begins anew.

The engine drops what came then and was not heard (seen on Durable extension 3.19); the record tells of it all the same,
at the next look. Here each comes just after the record was read, so that only the event can tell of it soon.
"""

from datetime import datetime, timedelta

import pytest

from orchestrators.engine import policies
from shared.errors.azure import ErrorKind, TransientError
from shared.models.history import HistoryEntry
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow.replication import ReplicationState
from tests import builders
from tests.orchestrations.test_turns import Queue

AT_ONCE = timedelta(seconds=5)
LAST = policies.POLLS_PER_INSTANCE


class After:
    """Cancels an operation in the middle of the so-manieth call of a method."""

    def __init__(self, world, job, owner, method, at):
        self._world, self._job, self._left, self._inner = world, job, at, getattr(owner, method)
        self.asked_at = None
        setattr(owner, method, self)

    def __call__(self, *given, **named):
        self._left -= 1
        if self._left == 0:
            self.asked_at = self._world.now
            self._world.cancel(self._job)
        return self._inner(*given, **named)


@pytest.mark.parametrize("at", [LAST - 1, LAST, LAST + 1, 2 * LAST])
def test_a_step_hears_it(world, job, at):
    world.images.takes("virtual_machine", 10_000)
    canceling = After(world, job, world.images, "check_virtual_machine", at)
    world.accept(job)
    world.run(job)
    operation = world.operation(job)
    assert operation.status is OperationStatus.CANCELED
    assert operation.ended_at - canceling.asked_at <= AT_ONCE


@pytest.mark.parametrize("at", [LAST, LAST + 1, 2 * LAST])
def test_a_copy_on_its_way_to_further_regions_hears_it(world, at):
    job = builders.copy_job("westus")
    world.galleries.replicates("westus", *[(ReplicationState.REPLICATING, share) for share in range(1, 90)])
    canceling = After(world, job, world.galleries, "replication", at)
    world.accept(job)
    world.run(job)
    assert world.operation(job).status is OperationStatus.CANCELED
    [given_up] = [each for each in world.catalog.all(HistoryEntry) if each.after == "REPLICATION_FAILED"]
    assert given_up.at - canceling.asked_at <= AT_ONCE


@pytest.mark.parametrize("at", range(LAST, LAST + 4))
def test_who_waits_for_a_turn_hears_it(world, monkeypatch, at):
    """Its first looks are those of the workflow itself, and of the other operation."""
    world.images.takes("virtual_machine", 10_000)
    queue = Queue(world, 2, 1)
    second = queue.jobs[1]
    looks = []
    list_ = world.catalog.list

    def listed(*given, **named):
        if world.activities[-1] == "take_turn" and world.asset(second).status is AssetStatus.IMPORT_PENDING:
            looks.append(world.now)
            if len(looks) == at:
                world.cancel(second)
        return list_(*given, **named)

    monkeypatch.setattr(world.catalog, "list", listed)
    queue.run()
    operation = world.operation(second)
    assert operation.status is OperationStatus.CANCELED
    assert operation.ended_at - looks[at - 1] <= AT_ONCE


def test_the_wait_before_regions_are_asked_for_again_ends_at_once(world):
    """Capacity is waited for up to 45 minutes at a time."""
    job = builders.copy_job("westus")
    full = TransientError("AllocationFailed", "full", kind=ErrorKind.CAPACITY)
    world.galleries.fail("begin_target_regions", full)
    asked: list[datetime] = []

    def cancel():
        operation = world.operation(job)
        if operation.retry and operation.step == "replication" and not asked:
            asked.append(world.now)
            world.cancel(job)

    world.before_wait = cancel
    world.accept(job)
    world.run(job)
    operation = world.operation(job)
    assert operation.status is OperationStatus.CANCELED
    assert operation.ended_at - asked[0] <= AT_ONCE
