"""Timers that ring up to a second early, as the engine's do in Azure (seen on Durable extension 3.19).

It sends a timer's message a moment after the workflow asked for it, with the delay cut to whole seconds; and each step
takes its time. Nothing is believed to be over before it is, and no last second is spent asking again and again.
"""

from datetime import timedelta
from itertools import pairwise

import pytest

from local.host.durable.timers import EarlyTimers
from orchestrators.engine import run_step
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus
from shared.workflow.pace import Pace
from shared.workflow.replication import ReplicationState
from tests import builders

SECOND = timedelta(seconds=1)
STEP = timedelta(seconds=0.145)
"""How long a step of an orchestration takes."""


pytestmark = pytest.mark.parametrize("world", [EarlyTimers], ids=["early"], indirect=True)


@pytest.fixture(name="moments")
def _moments(world):
    """When each activity was called."""
    moments = []

    def goes_on(name):
        world.now += STEP
        moments.append((name, world.now))

    world.before_activity = goes_on
    return moments


def calls(moments, activity):
    return [at for name, at in moments if name == activity]


def shortest_gap(asked):
    assert len(asked) > 1
    return min(later - earlier for earlier, later in pairwise(asked))


@pytest.mark.parametrize("seconds", [600.0, 600.3, 607.9])
def test_a_deadline_is_exceeded_when_it_is_and_nobody_asks_in_a_rush_before_it(world, moments, seconds):
    job = builders.import_job(pace=Pace(deadline_seconds=seconds))
    world.accept(job)
    world.images.takes("virtual_machine", 10_000)
    world.run(job)
    assert world.asset(job).status is AssetStatus.IMPORT_FAILED_TIMEOUT
    deadline = builders.NOW + timedelta(seconds=seconds)
    asked = calls(moments, "check_virtual_machine")
    assert shortest_gap(asked) >= SECOND
    assert deadline <= asked[-1] < deadline + 3 * SECOND, "Azure is asked once after it"
    assert asked[-2] < deadline, "and only once"


def test_what_is_done_just_before_the_deadline_is_done(world, moments):
    job = builders.import_job(pace=Pace(deadline_seconds=600.0))
    world.accept(job)
    world.images.takes("virtual_machine", 10_000)
    tick = world.before_activity

    def done_at_last(name):
        tick(name)
        if world.now >= builders.NOW + timedelta(seconds=599.9) and name == "check_virtual_machine":
            world.images.finish(job.operation_id, "virtual_machine")

    world.before_activity = done_at_last
    world.run(job)
    assert calls(moments, "check_virtual_machine")[-1] >= builders.NOW + timedelta(seconds=600)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE


@pytest.mark.parametrize("asked", [1, 7, 30])
def test_azure_is_polled_no_sooner_than_it_said(world, job, moments, asked):
    world.accept(job)
    world.images.takes("virtual_machine", 4)
    world.images.wait_seconds = asked
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    polls = [*calls(moments, "begin_virtual_machine"), *calls(moments, "check_virtual_machine")]
    assert shortest_gap(polls) >= timedelta(seconds=asked)


@pytest.mark.parametrize("asked", [1, 16, 40])
def test_after_a_refusal_azure_is_asked_no_sooner_than_it_said(world, moments, monkeypatch, asked):
    monkeypatch.setattr(run_step, "jitter", lambda _: 0.0)
    job = builders.import_job(pace=Pace(retry_seconds=0.05))
    world.accept(job)
    throttled = TransientError("TooManyRequests", "Wait.", kind=ErrorKind.THROTTLED, retry_after=asked)
    world.images.fail("begin_virtual_machine", throttled, times=5)
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    tries = calls(moments, "begin_virtual_machine")
    assert len(tries) == 6
    assert shortest_gap(tries) >= timedelta(seconds=asked)


@pytest.mark.parametrize("asked", [400, 1000])
def test_a_look_at_regions_that_azure_refuses_comes_no_sooner_than_it_said(world, moments, asked):
    """Whichever host looks: only the one that was refused holds requests back by itself."""
    job = builders.copy_job("westus2")
    world.galleries.replicates("westus2", (ReplicationState.REPLICATING, 63), (ReplicationState.COMPLETED, 100))
    throttled = TransientError("TooManyRequests", "Wait.", kind=ErrorKind.THROTTLED, retry_after=asked)
    world.galleries.fail("replication", throttled, times=3)
    world.accept(job)
    world.run(job)
    assert world.operation(job).status is OperationStatus.SUCCEEDED
    looks = calls(moments, "read_replication")[:4]
    assert shortest_gap(looks) >= timedelta(seconds=asked)


@pytest.mark.parametrize("seconds", [3600.0, 100.2])
def test_what_is_kept_is_removed_when_its_time_is_over_and_the_record_is_not_asked_in_a_rush(world, moments, seconds):
    job = builders.import_job(pace=Pace(keep_seconds=seconds))
    world.images.fail("begin_restart", PermanentError("Forbidden", "No."))
    world.accept(job)
    world.run(job)
    ended_at = world.operation(job).ended_at
    looks = calls(moments, "decide_kept")
    assert shortest_gap(looks) >= SECOND
    assert looks[-2] < ended_at + timedelta(seconds=seconds) <= looks[-1]
    assert looks[-1] < ended_at + timedelta(seconds=seconds) + 3 * SECOND
    assert not world.images.groups


@pytest.mark.parametrize("acceptance", [0.1, 3.0, 50.0])
def test_records_that_come_late_are_found(world, job, moments, acceptance):
    tick = world.before_activity

    def accepted_at_last(name):
        tick(name)
        if world.now >= builders.NOW + timedelta(seconds=acceptance) and not world.secrets.secrets:
            world.before_activity = tick
            world.accept(job)

    world.before_activity = accepted_at_last
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
