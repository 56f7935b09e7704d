"""Retries, waits and deadlines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.policies import JITTER, RETRIES, SLOWEST_POLL, poll_delay, retry_delay
from shared.errors import ErrorKind
from shared.models.steps import Pace

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


@given(st.integers(0, 10_000), st.floats(0, 3600))
def test_polls_slow_down_but_never_below_the_slowest_pace_or_azures_wish(polls, asked):
    delay = poll_delay(polls, PACE, asked)
    assert delay >= asked
    assert delay >= PACE.poll_seconds
    assert delay <= max(asked, SLOWEST_POLL * PACE.poll_seconds)
