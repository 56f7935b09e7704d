"""Many builds at once in one provider instance: so many run as its limit says, and those who came first are first."""

from datetime import datetime, timedelta

import pytest

from activities.records.turn import take
from orchestrators.engine import policies
from shared.errors.azure import PermanentError
from shared.errors.catalogue import StoreUnavailable
from shared.models.operation import Ticket
from shared.names import Activity
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow.messages import TurnTask
from shared.workflow.pace import Pace
from tests import builders

FIRST_STEPS = {Activity.PREFLIGHT_IMPORT, Activity.PROVE_SOURCE_ACCESS}
MINUTE = timedelta(minutes=1)


class Queue:
    """Builds that were accepted a second after each other, and what is seen of them while they run."""

    def __init__(self, world, number: int, limit: int, make=builders.import_job, *, name="Image") -> None:
        self.world = world
        self.jobs = [make(image_name=f"{name}-{place}") for place in range(number)]
        self.set_limit(limit)
        for place, job in enumerate(self.jobs):
            world.catalog.create(*builders.accepted(job, builders.NOW + timedelta(seconds=place)))
            if job.secret_name:
                world.secrets.put(job.secret_name, "correct-Horse-battery-7")
        self.most = 0
        self.began: list[str] = []
        world.before_activity = self.look

    def set_limit(self, limit: int) -> None:
        self.world.catalog.put(builders.provider_instance(max_running_builds=limit))

    def look(self, _: str) -> None:
        working = [job.operation_id for job in self.jobs if self.is_at_work(job)]
        self.began += [each for each in working if each not in self.began]
        self.most = max(self.most, len(working))

    def is_at_work(self, job) -> bool:
        return self.world.operation(job).status is OperationStatus.RUNNING

    def statuses(self) -> set[OperationStatus]:
        return {self.world.operation(job).status for job in self.jobs}

    def run(self) -> None:
        """Start the last first, so that the order is that of acceptance alone; and see all of them through."""
        self.world.run_all(list(reversed(self.jobs)))

    @property
    def order(self) -> list[str]:
        return [job.operation_id for job in self.jobs]


@pytest.mark.parametrize("limit", [1, 3, 8])
def test_no_more_than_the_limit_are_at_work_and_the_first_come_first(world, limit):
    world.images.takes("virtual_machine", 3)
    queue = Queue(world, 8, limit)
    queue.run()
    assert queue.statuses() == {OperationStatus.SUCCEEDED}
    assert queue.most == limit
    assert sorted(queue.began[:limit]) == sorted(queue.order[:limit])
    if limit == 1:
        assert queue.began == queue.order
    assert not world.catalog.all(Ticket)


def test_copies_wait_too_and_those_that_only_replicate_make_room(world):
    queue = Queue(world, 3, 1, lambda **names: builders.copy_job("westus2", **names))
    building, replicating = [], []

    def look(_):
        home = [world.asset(job).status for job in queue.jobs]
        building.append(sum(queue.is_at_work(job) for job in queue.jobs) - home.count(AssetStatus.AVAILABLE))
        replicating.append(AssetStatus.AVAILABLE in home and AssetStatus.COPYING_IMAGE in home)

    world.galleries.takes("image_version", 3)
    world.before_activity = look
    queue.run()
    assert queue.statuses() == {OperationStatus.SUCCEEDED}
    assert max(building) == 1
    assert any(replicating), "replication is Azure's work, not a build"
    assert {world.operation(job).queued_at for job in queue.jobs} == {None}, "nor is it shown as waiting, if retried"


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "hint-lost"])
def test_one_that_waits_can_be_canceled(world, heard):
    world.images.takes("virtual_machine", 40)
    queue = Queue(world, 3, 1)
    second = queue.jobs[1]
    asked: list[datetime] = []

    def cancel():
        if not asked and queue.is_at_work(queue.jobs[0]):
            asked.append(world.now)
            world.cancel(second, heard=heard)

    world.before_wait = cancel
    queue.run()
    operation = world.operation(second)
    assert (operation.status, operation.error.code) == (OperationStatus.CANCELED, "OPERATION_CANCELED")
    assert operation.ended_at - asked[0] < (MINUTE / 6 if heard else 2 * MINUTE), "it does not wait for its turn"
    assert second.operation_id not in world.images.groups
    assert {world.operation(queue.jobs[place]).status for place in (0, 2)} == {OperationStatus.SUCCEEDED}
    assert not world.catalog.all(Ticket)
    assert not world.secrets.secrets


def test_one_that_is_lost_while_it_waits_ends_at_once_and_takes_no_turn(world):
    world.images.takes("virtual_machine", 40)
    queue = Queue(world, 3, 1)
    second = queue.jobs[1]
    lost: list[datetime] = []

    def lose():
        if not lost and queue.is_at_work(queue.jobs[0]):
            lost.append(world.now)
            world.lose(second)
            world.repair(second)

    world.before_wait = lose
    queue.run()
    operation = world.operation(second)
    assert (operation.status, operation.error.code) == (OperationStatus.FAILED, "ORCHESTRATION_LOST")
    assert second.operation_id not in world.images.groups
    assert {world.operation(queue.jobs[place]).status for place in (0, 2)} == {OperationStatus.SUCCEEDED}
    assert not world.catalog.all(Ticket)


def test_no_turn_is_given_to_a_lost_operation(world):
    """So that what waits for it ends, and the schedule, which waits for that, repairs the operation."""
    job = builders.import_job()
    world.accept(job)
    world.catalog.update(world.operation(job).model_copy(update={"lost_at": world.now}))
    turn = take(TurnTask(job=job), world.catalog, 1)
    assert turn.error is not None
    assert not any(ticket.running for ticket in world.catalog.all(Ticket))


def test_one_that_waits_says_nothing_but_that(world):
    queue = Queue(world, 2, 1)
    seen = []

    def look(_):
        if queue.is_at_work(queue.jobs[0]):
            seen.append(world.operation(queue.jobs[1]))

    world.before_activity = look
    queue.run()
    assert {operation.status for operation in seen} == {OperationStatus.NOT_STARTED}
    assert {operation.step for operation in seen} == {None}


def test_the_time_of_an_operation_begins_with_its_turn(world):
    """Each takes some minutes and may take ten; the last waits far longer."""
    pace = Pace(deadline_seconds=600)
    world.images.takes("virtual_machine", 15)
    queue = Queue(world, 6, 1, lambda **names: builders.import_job(pace=pace, **names))
    queue.run()
    assert queue.statuses() == {OperationStatus.SUCCEEDED}
    assert world.now - builders.NOW > timedelta(seconds=2 * pace.deadline_seconds)


def test_a_limit_that_is_raised_holds_for_those_who_wait_already(world):
    world.images.takes("virtual_machine", 20)
    queue = Queue(world, 6, 1)

    def raised():
        if queue.is_at_work(queue.jobs[0]):
            queue.set_limit(4)

    world.before_wait = raised
    queue.run()
    assert queue.most == 4
    assert queue.statuses() == {OperationStatus.SUCCEEDED}


def test_the_ticket_of_an_operation_that_ended_otherwise_does_not_block_the_queue(world):
    """Tickets that nobody will ever release: of ended operations, and of some that are gone; at work or waiting.

    Each look takes one away. Where timers ring early, two look at the same moment and may mean the same one: two more
    that wait make good what those left.
    """
    queue = Queue(world, 4 if world.earliest else 2, 2)
    earlier = builders.NOW - timedelta(days=1)
    for place in range(6):
        ended = builders.operation(status=OperationStatus.FAILED, queued_at=earlier)
        if place % 2:
            world.catalog.put(ended)
        ticket = Ticket(
            org_id=builders.ORG,
            provider_instance_id=builders.PROVIDER,
            queued_at=earlier,
            operation_id=ended.id,
            running=place < 3,
        )
        world.catalog.put(ticket)
    queue.run()
    assert queue.statuses() == {OperationStatus.SUCCEEDED}
    assert not world.catalog.all(Ticket)
    assert world.now - builders.NOW < timedelta(hours=1)


def test_one_whose_records_never_came_holds_nobody_up(world):
    queue = Queue(world, 2, 1)
    abandoned = builders.import_job(image_name="Never-Accepted")
    world.run_all([abandoned, *queue.jobs])
    assert queue.statuses() == {OperationStatus.SUCCEEDED}
    assert world.operation(abandoned).error.code == "NOT_ACCEPTED"
    assert not world.catalog.all(Ticket)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_at_any_activity_keeps_the_limit_and_loses_no_turn(world, moment):
    world.crash_moment = moment
    for crash_at in range(0, 90, 3):
        world.crash_at = len(world.activities) + crash_at
        queue = Queue(world, 2, 1, name=f"Crash-{crash_at}")
        queue.run()
        assert queue.statuses() == {OperationStatus.SUCCEEDED}
        assert queue.most == 1
        assert not world.catalog.all(Ticket)
        if world.crash_at is not None:
            assert crash_at > 30
            return
    raise AssertionError("there are no so many activities")


def test_storage_that_is_away_costs_nobody_the_turn(world):
    queue = Queue(world, 2, 1)
    world.images.takes("virtual_machine", 40)
    times = {"left": 12}
    take = world.catalog.list

    def away(kind, *where, **more):
        if kind is Ticket and queue.is_at_work(queue.jobs[0]) and times["left"]:
            times["left"] -= 1
            raise StoreUnavailable("away")
        return take(kind, *where, **more)

    world.catalog.list = away
    queue.run()
    assert times["left"] == 0
    assert queue.statuses() == {OperationStatus.SUCCEEDED}
    assert queue.most == 1


def test_a_long_wait_keeps_histories_short(world):
    """The wait begins anew again and again: no replay of hours."""
    world.images.takes("virtual_machine", 60)
    queue = Queue(world, 4, 1)
    queue.run()
    assert world.activities.count(Activity.TAKE_TURN) > 8 * policies.POLLS_PER_INSTANCE
    longest = max(len(history) for name, history in world.histories().items() if name.endswith(":queue"))
    assert longest < 8 * policies.POLLS_PER_INSTANCE


def test_jobs_of_an_older_release_do_not_wait(world):
    job = builders.import_job(queues=False)
    world.accept(job)
    queue = Queue(world, 1, 1)
    world.catalog.put(world.catalog.all(Ticket)[0].model_copy(update={"running": True}))
    world.run(job)
    assert world.operation(job).status is OperationStatus.SUCCEEDED
    assert Activity.TAKE_TURN not in world.activities
    assert queue.jobs


def test_a_failed_one_gives_its_place_away_and_a_retry_queues_at_the_end(world):
    pace = Pace(keep_seconds=24 * 3600)
    world.images.fail("begin_restart", PermanentError("Refused", "not now"))
    queue = Queue(world, 3, 1, lambda **names: builders.import_job(pace=pace, **names))
    first = queue.jobs[0]
    retried: list[datetime] = []

    def retry():
        if not retried and world.operation(first).retry_until is not None and queue.is_at_work(queue.jobs[1]):
            retried.append(world.now)
            world.retry(first)

    world.before_wait = retry
    world.images.takes("virtual_machine", 3)
    queue.run()
    assert retried
    assert queue.statuses() == {OperationStatus.SUCCEEDED}
    ends = [world.operation(job).ended_at for job in queue.jobs]
    assert ends[1] < ends[2] < ends[0]
    assert not world.catalog.all(Ticket)
