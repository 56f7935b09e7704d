"""The transition table, the roll-up, and the page drawn from them."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.states.enums import GpuType, OsType
from shared.states.roll_up import STREAM_OF_VERSION, VERSION_OF_ASSET, stream_status, version_status
from shared.states.sets import AT_REST, FAILED, LIVE, USABLE
from shared.states.statuses import AssetStatus, StreamStatus, VersionStatus
from shared.states.transition_table import (
    ASSET_TRANSITIONS,
    DELETION_TRANSITIONS,
    FIRST_ASSET_STATUS,
    RETRY_TRANSITIONS,
    UNUSED_ASSET_STATUSES,
    may_follow,
)
from shared.workflow.plans import copy_steps, import_steps
from tools import state_diagram

FAILURES = {status for status, version in VERSION_OF_ASSET.items() if version is VersionStatus.FAILED}


def test_the_named_sets_agree_with_the_roll_up():
    """Of an asset that is at work, its version is at work; of one that has failed, it has failed."""
    at_work = {
        *(VersionStatus.PENDING, VersionStatus.IMPORT_IN_PROGRESS, VersionStatus.PUBLISH_IN_PROGRESS),
        *(VersionStatus.REPLICATION_IN_PROGRESS, VersionStatus.DELETING),
    }
    # A deletion that failed leaves the version as it is shown while it is deleted: it may be asked for again.
    assert {status for status, version in VERSION_OF_ASSET.items() if version in at_work} == LIVE | {
        AssetStatus.DELETION_FAILED
    }
    assert FAILURES | {AssetStatus.DELETION_FAILED} == FAILED
    assert set(AssetStatus) - LIVE == AT_REST
    assert USABLE | FAILED <= AT_REST


def test_the_page_agrees_with_the_table():
    assert state_diagram.PAGE.read_text(encoding="utf-8") == state_diagram.page(), (
        "docs/states.md is out of date: python -m tools.state_diagram"
    )


def test_the_readme_agrees_with_the_table():
    text = state_diagram.README.read_text(encoding="utf-8")
    assert text == state_diagram.readme(text), "README.md is out of date: python -m tools.state_diagram"
    assert "DEPLOYING_VM --> RESTARTING_VM" in text


def test_the_diagram_has_exactly_the_arrows_of_the_table():
    arrows = set(re.findall(r"^    (\w+) --> (\w+)$", state_diagram.diagram(), re.MULTILINE))
    assert arrows == {(one.value, other.value) for one, others in ASSET_TRANSITIONS.items() for other in others}


def test_every_status_in_use_is_reached_from_the_first_and_reaches_an_end():
    reached, todo = {FIRST_ASSET_STATUS}, [FIRST_ASSET_STATUS]
    while todo:
        for following in ASSET_TRANSITIONS.get(todo.pop(), frozenset()) - reached:
            reached.add(following)
            todo.append(following)
    assert reached | set(DELETION_TRANSITIONS) == set(AssetStatus) - UNUSED_ASSET_STATUSES
    ends = {status for status in reached if status not in ASSET_TRANSITIONS}
    assert ends == (FAILURES & reached) | {AssetStatus.IMPORT_COMPLETE, AssetStatus.AVAILABLE}


@pytest.mark.parametrize("status", sorted(set(ASSET_TRANSITIONS) - {AssetStatus.REPLICATION_COMPLETE}))
def test_every_status_at_work_can_time_out(status):
    """All but REPLICATION_COMPLETE, which is work that is done."""
    timeout = (
        AssetStatus.REPLICATION_FAILED_TIMEOUT
        if status is AssetStatus.REPLICATING
        else AssetStatus.IMPORT_FAILED_TIMEOUT
    )
    assert may_follow(status, timeout)


@pytest.mark.parametrize("os_type", list(OsType))
@pytest.mark.parametrize("gpu", list(GpuType))
def test_every_workflow_walks_along_the_table_and_may_fail_and_retry_anywhere(os_type, gpu):
    current = FIRST_ASSET_STATUS
    for step in import_steps(os_type, gpu):
        assert step.status is not None
        assert may_follow(current, step.status), f"{current} -> {step.status}"
        current = step.status
        assert may_follow(current, step.failure)
        assert may_follow(current, AssetStatus.IMPORT_RETRY_PENDING)
        assert may_follow(AssetStatus.IMPORT_RETRY_PENDING, current)
        assert may_follow(AssetStatus.IMPORT_RETRY_PENDING, step.failure)
    assert may_follow(current, AssetStatus.IMPORT_COMPLETE)


def test_a_copy_walks_along_the_table_and_never_passes_import_complete():
    current = FIRST_ASSET_STATUS
    for step in copy_steps(replicated=True):
        following = step.status or AssetStatus.AVAILABLE
        assert may_follow(current, following)
        current = following
    assert current is AssetStatus.AVAILABLE
    assert not may_follow(AssetStatus.COPYING_IMAGE, AssetStatus.IMPORT_COMPLETE)


def test_a_replica_walks_along_the_table():
    way = (FIRST_ASSET_STATUS, AssetStatus.REPLICATING, AssetStatus.REPLICATION_COMPLETE, AssetStatus.AVAILABLE)
    assert all(may_follow(one, other) for one, other in pairwise(way))


def test_a_status_may_stay_but_not_go_back():
    assert may_follow(AssetStatus.DEPLOYING_VM, AssetStatus.DEPLOYING_VM)
    assert not may_follow(AssetStatus.RESTARTING_VM, AssetStatus.DEPLOYING_VM)
    assert not may_follow(AssetStatus.IMPORT_COMPLETE, AssetStatus.IMPORT_FAILED)


@pytest.mark.parametrize("steps", [import_steps(OsType.SERVER, GpuType.AMD), copy_steps(replicated=True)])
def test_whichever_step_failed_a_retry_goes_back_to_it(steps):
    for step in steps:
        for failure in (step.failure, AssetStatus.IMPORT_FAILED_TIMEOUT) if step.status else (step.failure,):
            (again,) = RETRY_TRANSITIONS[failure] - ({FIRST_ASSET_STATUS} if step.status else set())
            assert step.status is None or may_follow(again, step.status)


def test_without_a_retry_a_failure_is_the_end():
    assert set(RETRY_TRANSITIONS) <= FAILURES
    for failure, following in RETRY_TRANSITIONS.items():
        assert not any(may_follow(failure, each) for each in following)


def test_the_diagram_of_retries_has_exactly_the_arrows_of_the_table():
    arrows = set(re.findall(r"^    (\w+) --> (\w+)$", state_diagram.retry(), re.MULTILINE))
    assert arrows == {(one.value, other.value) for one, others in RETRY_TRANSITIONS.items() for other in others}


@pytest.mark.parametrize("status", list(AssetStatus))
def test_whatever_its_status_an_asset_may_be_deleted_and_never_comes_back(status):
    assert may_follow(status, AssetStatus.DELETING)
    assert may_follow(AssetStatus.DELETING, status) is (status in DELETION_TRANSITIONS)


def test_every_asset_and_version_status_has_a_roll_up():
    assert set(VERSION_OF_ASSET) == set(AssetStatus)
    assert set(STREAM_OF_VERSION) == set(VersionStatus)
    assert set(STREAM_OF_VERSION.values()) == set(StreamStatus)


@pytest.mark.parametrize(
    ("assets", "expected"),
    [
        ([AssetStatus.IMPORT_PENDING], VersionStatus.PENDING),
        ([AssetStatus.IMPORT_RETRY_PENDING], VersionStatus.IMPORT_IN_PROGRESS),
        ([AssetStatus.IMPORT_COMPLETE], VersionStatus.IMPORT_COMPLETE),
        ([AssetStatus.ALLOW_RDP_FAILED], VersionStatus.FAILED),
        ([AssetStatus.AVAILABLE, AssetStatus.REPLICATION_FAILED], VersionStatus.PARTIALLY_AVAILABLE),
        ([AssetStatus.COPYING_IMAGE, AssetStatus.IMPORT_PENDING], VersionStatus.IMPORT_IN_PROGRESS),
        ([AssetStatus.AVAILABLE, AssetStatus.IMPORT_PENDING], VersionStatus.REPLICATION_IN_PROGRESS),
        ([AssetStatus.AVAILABLE, AssetStatus.REPLICATING], VersionStatus.REPLICATION_IN_PROGRESS),
        ([AssetStatus.REPLICATION_FAILED, AssetStatus.REPLICATION_FAILED_TIMEOUT], VersionStatus.FAILED),
        ([AssetStatus.DELETING, AssetStatus.AVAILABLE], VersionStatus.DELETING),
    ],
)
def test_live_work_decides_then_all_some_or_none(assets, expected):
    assert version_status(assets) is expected


@given(st.lists(st.sampled_from(AssetStatus), min_size=1, max_size=6))
def test_the_roll_up_does_not_depend_on_the_order(assets):
    assert version_status(assets) is version_status(reversed(assets))
    version = version_status(assets)
    assert stream_status([version]) is STREAM_OF_VERSION[version]


@given(st.lists(st.sampled_from(sorted(FAILURES)), min_size=1, max_size=6))
def test_only_failures_are_a_failure(assets):
    assert version_status(assets) is VersionStatus.FAILED
    assert stream_status([version_status(assets)]) is StreamStatus.FAILED


def test_nothing_rolls_up_to_nothing():
    with pytest.raises(ValueError, match="at least one"):
        version_status([])
    with pytest.raises(ValueError, match="at least one"):
        stream_status([])
