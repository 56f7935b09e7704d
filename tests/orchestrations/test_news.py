"""Events of Azure's resources: they make an operation quicker, and change nothing else, however they come."""

from datetime import datetime, timedelta

import pytest

from orchestrators.engine import policies
from shared.errors.azure import ErrorKind, TransientError
from shared.models.history import HistoryEntry
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow import steps
from shared.workflow.pace import Pace
from shared.workflow.replication import ReplicationState
from tests import builders

PACE = Pace(events=True)
WORKS = ("network_security_group", "virtual_machine", "run_command", "restart")
VM_SECONDS = 160.0


@pytest.fixture(name="job")
def _job():
    return builders.import_job(pace=PACE)


class Azure:
    """Lets the VM take its time, in seconds; told whenever an activity begins or everything waits."""

    def __init__(self, world, job, seconds=VM_SECONDS):
        self._world, self._job, self._seconds = world, job, seconds
        self.begun: datetime = world.now
        self.done: datetime | None = None
        world.images.takes("virtual_machine", 10**6)

    def at_activity(self, name):
        if name == "begin_virtual_machine":
            self.begun = self._world.now
        if name == "check_virtual_machine" and self._world.now - self.begun >= timedelta(seconds=self._seconds):
            self.done = self.done or self._world.now
            self._world.images.finish(self._job.operation_id, "virtual_machine")


def once_a_moment(world, act):
    """Does something whenever something has happened since it last did: time must go on."""
    moments = set()

    def acting(*_):
        moment = (world.now, len(world.activities))
        if moment not in moments:
            moments.add(moment)
            act()

    return acting


def asked(world, activity="check_virtual_machine"):
    return world.activities.count(activity)


def told(world):
    """What the history says, without the times."""
    entries = sorted(world.catalog.all(HistoryEntry), key=lambda entry: (entry.sequence, entry.at))
    return [(entry.entity, entry.before, entry.after) for entry in entries]


def assert_waited(world, took, seconds):
    """It took what it should: where timers ring early, up to a second less."""
    wanted = timedelta(seconds=seconds)
    assert wanted - world.earliest <= took <= wanted


def imported(world, job, *, at_activity=lambda _: None, at_wait=lambda: None):
    """Run an import whose VM takes its time; returns how often it was asked after, and when it was found done."""
    azure = Azure(world, job)
    world.accept(job)

    def before_activity(name):
        azure.at_activity(name)
        at_activity(name)

    world.before_activity, world.before_wait = before_activity, at_wait
    assert world.run(job) == {"imageId": job.image_id, "assetStatus": "IMPORT_COMPLETE"}
    assert told(world)[-3:] == [
        ("ASSET", "RESTARTING_VM", "IMPORT_COMPLETE"),
        ("VERSION", "IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"),
        ("IMAGE", "IN_PROGRESS", "IMPORT_COMPLETE"),
    ]
    assert azure.done is not None
    return asked(world), azure.done - azure.begun


def test_news_end_a_wait_at_once(world, job):
    """One event after 160 seconds, and Azure is asked once."""
    raised: list[datetime] = []

    def at_wait():
        # The virtual clock jumps from timer to timer: this event comes at the moment of the work's end.
        if not raised and asked(world, "begin_virtual_machine"):
            raised.append(world.now)
            world.now += timedelta(seconds=VM_SECONDS)
            world.news(job)

    asks, took = imported(world, job, at_wait=at_wait)
    assert (asks, took) == (1, timedelta(seconds=VM_SECONDS))


def test_polling_alone_asks_many_times(world):
    asks, took = imported(world, builders.import_job())
    assert asks >= 10
    assert took <= timedelta(seconds=VM_SECONDS + 20)


def test_without_any_event_it_takes_longer_and_ends_the_same(world, job):
    asks, took = imported(world, job)
    assert asks == 1
    assert_waited(world, took, policies.patience(steps.VIRTUAL_MACHINE.typical, PACE, told=True))


@pytest.mark.parametrize("times", [1, 3], ids=["once", "tripled"])
@pytest.mark.parametrize("when", ["activity", "wait", "both"])
def test_a_flood_of_events_never_asks_much_more_than_polling_alone(world, job, when, times):
    """Events before anybody waits, during every activity, and at every wait: all but one are nothing."""

    def tell(*_):
        world.news(job, times)

    nothing = lambda *_: None  # noqa: E731
    asks, took = imported(
        world,
        job,
        at_activity=tell if when != "wait" else nothing,
        at_wait=once_a_moment(world, tell) if when != "activity" else nothing,
    )
    assert took <= timedelta(seconds=policies.patience(steps.VIRTUAL_MACHINE.typical, PACE, told=True))
    # 2, 4, 8 seconds, and from then on at the pace of polling; a second less where timers ring early.
    assert asks <= (19 if world.earliest else 16), "polling alone asks 12 times"


def test_news_at_any_one_activity_change_nothing(world):
    """Twice, since events of one name are merged by the SDK where nobody waits for them yet."""
    for work in WORKS:
        world.images.takes(work, 2)
    stories = []
    for at in range(1, 60):
        job = builders.import_job(pace=PACE, image_name=f"Image-{at}")
        world.accept(job)
        begin = len(world.activities)
        entries = len(world.catalog.all(HistoryEntry))
        world.before_activity = lambda _, job=job, begin=begin, at=at: (
            world.news(job, 2) if len(world.activities) - begin == at else None
        )
        assert world.run(job) == {"imageId": job.image_id, "assetStatus": "IMPORT_COMPLETE"}
        assert world.operation(job).status is OperationStatus.SUCCEEDED
        ours = [entry for entry in world.catalog.all(HistoryEntry) if entry.image_id == job.image_id]
        stories.append([(entry.entity, entry.before, entry.after) for entry in sorted(ours, key=lambda e: e.sequence)])
        assert len(world.catalog.all(HistoryEntry)) > entries
        if len(world.activities) - begin < at:
            break
    else:
        raise AssertionError("an import has fewer activities")
    assert len(stories) > 20
    assert all(story == stories[0] for story in stories)


def test_a_wait_before_a_retry_hears_no_news(world, job):
    """Azure has no capacity, whatever it tells of something else."""
    full = TransientError("AllocationFailed", "full", kind=ErrorKind.CAPACITY)
    world.images.fail("begin_virtual_machine", full)
    tries = []

    def at_activity(name):
        if name == "begin_virtual_machine":
            tries.append(world.now)

    imported(world, job, at_activity=at_activity, at_wait=once_a_moment(world, lambda: world.news(job)))
    assert tries[1] - tries[0] >= timedelta(minutes=5)


def test_clean_up_is_woken_too(world, job):
    world.images.takes("clean_up", 1)
    world.images.takes("virtual_machine", 3)
    world.accept(job)
    moments = {}

    def at_wait():
        operation = world.operation(job)
        if operation.step == "virtual-machine" and operation.cancel_requested_at is None:
            world.cancel(job)
        if operation.step == "clean-up" and "told" not in moments:
            moments["told"] = world.now
            world.news(job)

    world.before_wait = at_wait
    world.before_activity = lambda name: moments.setdefault(name, world.now)
    world.run(job)
    assert world.operation(job).status is OperationStatus.CANCELED
    assert_waited(world, moments["check_clean_up"] - moments["told"], policies.news_gap(0, PACE))


@pytest.mark.parametrize("flooded", [False, True], ids=["quiet", "flooded"])
def test_a_cancellation_is_heard_through_news(world, job, flooded):
    world.images.takes("virtual_machine", 10**6)
    world.accept(job)
    asked_at = []

    def at_wait():
        operation = world.operation(job)
        if operation.step != "virtual-machine" or operation.cancel_requested_at:
            return
        if flooded:
            world.news(job, 2)
        if asked(world) > 2 or not flooded:
            asked_at.append(world.now)
            world.cancel(job)

    world.before_wait = once_a_moment(world, at_wait)
    world.run(job)
    assert world.operation(job).status is OperationStatus.CANCELED
    assert world.now - asked_at[0] < timedelta(minutes=1)


def test_a_replication_is_looked_at_as_soon_as_azure_tells(world):
    job = builders.copy_job("westus", pace=PACE)
    world.galleries.replicates("westus", (ReplicationState.COMPLETED, 100))
    world.accept(job)
    moments = {}

    def at_wait():
        if world.operation(job).step == "replication" and "told" not in moments:
            moments["told"] = world.now
            world.news(job)

    world.before_wait = at_wait
    world.before_activity = lambda name: moments.setdefault(name, world.now)
    world.run(job)
    assert world.asset(job, job.replicas[0].asset_id).status is AssetStatus.AVAILABLE
    assert_waited(world, moments["read_replication"] - moments["told"], policies.news_gap(0, PACE))


def test_news_that_come_while_azure_is_asked_are_not_lost(world, job):
    """Not even to a wait that had ended before: the next one ends at once."""
    world.images.takes("virtual_machine", 2)
    world.accept(job)
    moments = []

    def at_activity(name):
        if name == "check_virtual_machine":
            moments.append(world.now)
            if len(moments) == 1:
                world.news(job)

    world.before_activity = at_activity
    world.run(job)
    assert_waited(world, moments[1] - moments[0], policies.news_gap(0, PACE))
