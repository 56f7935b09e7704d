"""Retries, waits and deadlines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.engine.policies import (
    JITTER,
    KEPT_LOOK,
    RETRIES,
    SLOWEST_POLL,
    SLOWEST_REPLICATION_POLL,
    TIMER_EARLY,
    no_sooner,
    patience,
    poll_delay,
    queue_delay,
    replication_delay,
    retry_delay,
)
from shared.errors.azure import ErrorKind
from shared.workflow.pace import Pace

PACE = Pace()
luck = st.floats(0, 1)
kinds = st.sampled_from(ErrorKind)


def test_every_kind_of_error_has_a_policy():
    assert set(RETRIES) == set(ErrorKind)


@pytest.mark.parametrize("kind", [ErrorKind.PERMANENT, ErrorKind.TIMEOUT])
def test_what_only_a_person_can_mend_is_never_tried_again(kind):
    assert retry_delay(kind, 1, PACE, 5, 0) is None


@given(kinds, st.integers(1, 100), st.floats(0, 3600), luck)
def test_azures_own_wish_is_never_undercut(kind, failures, asked, lucky):
    delay = retry_delay(kind, failures, PACE, asked, lucky)
    assert delay is None or delay >= asked


@given(kinds, luck, luck)
def test_jitter_stretches_a_delay_by_its_share_at_most(kind, one, other):
    first, second = retry_delay(kind, 1, PACE, None, one), retry_delay(kind, 1, PACE, None, other)
    if first is not None and second is not None:
        assert second <= first * (1 + JITTER) + 1e-9


def test_capacity_is_given_5_15_and_45_minutes():
    delays = [retry_delay(ErrorKind.CAPACITY, failures, PACE, None, 0) for failures in (1, 2, 3, 4)]
    assert delays == [300, 900, 2700, None]


@given(kinds)
def test_retries_end(kind):
    assert retry_delay(kind, RETRIES[kind].retries + 1, PACE, None, 0) is None


def test_the_waits_that_an_event_ends_are_short_without_it_too():
    """The figures of docs/faults.md."""
    retries = {
        kind: max(filter(None, (retry_delay(kind, failures, PACE, None, 1) for failures in range(1, 41))), default=0)
        for kind in ErrorKind
    }
    assert retries.pop(ErrorKind.CAPACITY) == 54 * 60
    assert max(retries.values()) == 6 * 60
    assert poll_delay(10**6, PACE, None) == 60
    assert patience(10**6, PACE, told=True) == 10 * 60
    assert queue_delay(10**6, 1, PACE) == 5 * 60
    assert replication_delay(10**6, PACE) == 5 * 60
    assert KEPT_LOOK * PACE.retry_seconds == 5 * 60


@given(st.floats(1, 3600), kinds, luck, st.integers(0, 10_000))
def test_a_timer_that_rings_early_does_not_undercut_azures_wish_either(asked, kind, lucky, polls):
    """Azure's wishes are whole seconds."""
    delays = [retry_delay(kind, 1, PACE, asked, lucky), poll_delay(polls, PACE, asked)]
    delays.append(replication_delay(polls, PACE, asked))
    assert all(delay - TIMER_EARLY >= asked for delay in delays if delay is not None)


@given(st.floats(0, 0.99))
def test_where_time_is_sped_up_no_poll_gets_a_second_longer(asked):
    assert poll_delay(0, Pace(poll_seconds=0.05), asked) == max(0.05, asked)


@given(st.floats(-100, 0))
def test_what_is_over_is_not_waited_for(left):
    assert no_sooner(left) == 0


@given(st.integers(0, 10_000))
def test_regions_are_looked_at_ever_more_slowly(polls):
    delay = replication_delay(polls, PACE)
    assert PACE.poll_seconds < delay <= SLOWEST_REPLICATION_POLL * PACE.poll_seconds


@given(st.integers(0, 10_000), st.floats(0, 3600))
def test_polls_slow_down_but_never_below_the_slowest_pace_or_azures_wish(polls, asked):
    delay = poll_delay(polls, PACE, asked)
    assert delay >= asked
    assert delay >= PACE.poll_seconds
    assert delay <= max(asked + TIMER_EARLY, SLOWEST_POLL * PACE.poll_seconds)
