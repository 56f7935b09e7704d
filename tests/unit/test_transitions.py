"""What a progress does to the records."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.catalogue import transitions
from shared.catalogue.change import Tree
from shared.errors.catalogue import IllegalTransition, OperationCanceled
from shared.models.error_info import ErrorInfo, RetryInfo
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus, VersionStatus
from shared.workflow.messages import Progress
from shared.workflow.step_input import StepPosition
from tests import builders

AT = builders.NOW + timedelta(minutes=5)
STEP = StepPosition(name="virtual-machine", title="Create the virtual machine", number=5, count=9, percent=30)


@pytest.fixture(name="tree")
def _tree():
    return Tree(
        image=builders.image(), version=builders.version(), asset=builders.asset(), operation=builders.operation()
    )


def progress(at=AT, **change):
    return Progress.of(builders.import_job(), at, **change)


def applied(tree, change):
    """The tree after a change."""
    by_kind = {record.kind: record for record in change.records}
    return Tree(
        image=by_kind.get("image", tree.image),
        version=by_kind.get("version", tree.version),
        asset=by_kind.get("asset", tree.asset),
        operation=by_kind.get("operation", tree.operation),
    )


def test_the_first_step_sets_everything_going(tree):
    change = transitions.apply(tree, progress(status=AssetStatus.DEPLOYING_VM, step=STEP))
    after = applied(tree, change)
    assert after.asset.status is AssetStatus.DEPLOYING_VM
    assert after.version.status is VersionStatus.IMPORT_IN_PROGRESS
    assert after.image.status is StreamStatus.IN_PROGRESS
    assert after.operation.status is OperationStatus.RUNNING
    assert (after.operation.step, after.operation.step_number, after.operation.percent_complete) == (STEP.name, 5, 30)
    assert [(e.entity, e.before, e.after, e.sequence) for e in change.history] == [
        ("ASSET", "IMPORT_PENDING", "DEPLOYING_VM", 1),
        ("VERSION", "PENDING", "IMPORT_IN_PROGRESS", 2),
        ("IMAGE", "PENDING", "IN_PROGRESS", 3),
    ]


def test_the_image_is_written_last(tree):
    change = transitions.apply(tree, progress(status=AssetStatus.DEPLOYING_VM, step=STEP))
    assert [record.kind for record in change.records] == ["operation", "asset", "version", "image"]


def test_repeating_a_progress_changes_no_status_and_adds_no_history(tree):
    given = progress(status=AssetStatus.DEPLOYING_VM, step=STEP)
    after = applied(tree, transitions.apply(tree, given))
    again = transitions.apply(after, given)
    assert not again.history
    assert applied(after, again) == after


def test_a_waiting_retry_is_shown_with_its_reason_and_gone_afterwards(tree):
    tree = applied(tree, transitions.apply(tree, progress(status=AssetStatus.DEPLOYING_VM, step=STEP)))
    why = ErrorInfo(code="AllocationFailed", message="No room.", step=STEP.name)
    retry = RetryInfo(attempt=2, at=AT + timedelta(minutes=5), reason=why)
    change = transitions.apply(tree, progress(status=AssetStatus.IMPORT_RETRY_PENDING, retry=retry))
    waiting = applied(tree, change)
    assert waiting.operation.retry == retry
    assert waiting.image.status is StreamStatus.IN_PROGRESS
    [entry] = change.history
    assert (entry.after, entry.attempt, entry.error, entry.step) == ("IMPORT_RETRY_PENDING", 2, why, STEP.name)
    back = applied(waiting, transitions.apply(waiting, progress(status=AssetStatus.DEPLOYING_VM)))
    assert back.operation.retry is None
    assert back.asset.status is AssetStatus.DEPLOYING_VM


def test_the_percentage_never_goes_back(tree):
    tree = applied(tree, transitions.apply(tree, progress(status=AssetStatus.DEPLOYING_VM, step=STEP)))
    early = STEP.model_copy(update={"percent": 3})
    assert applied(tree, transitions.apply(tree, progress(step=early))).operation.percent_complete == 30


def test_a_failure_ends_everything_with_its_error(tree):
    tree = applied(tree, transitions.apply(tree, progress(status=AssetStatus.DEPLOYING_VM, step=STEP)))
    why = ErrorInfo(code="QuotaExceeded", message="Ask for more.", step="preflight")
    end = progress(status=AssetStatus.IMPORT_FAILED, error=why, end=OperationStatus.FAILED)
    after = applied(tree, transitions.apply(tree, end))
    assert (after.asset.error, after.operation.error) == (why, why)
    assert (after.version.status, after.image.status) == (VersionStatus.FAILED, StreamStatus.FAILED)
    assert after.operation.ended_at == AT


def test_success_forgets_the_errors_on_the_way(tree):
    tree = Tree(
        image=tree.image,
        version=tree.version,
        asset=tree.asset.model_copy(update={"status": AssetStatus.RESTARTING_VM}),
        operation=tree.operation.model_copy(update={"error": ErrorInfo(code="X", message="x")}),
    )
    end = progress(status=AssetStatus.IMPORT_COMPLETE, end=OperationStatus.SUCCEEDED)
    after = applied(tree, transitions.apply(tree, end))
    assert after.operation.error is None
    assert after.operation.percent_complete == 100
    assert after.image.status is StreamStatus.IMPORT_COMPLETE


def test_an_ended_operation_takes_its_end_again_and_nothing_else(tree):
    ended = Tree(
        image=tree.image,
        version=tree.version,
        asset=tree.asset,
        operation=tree.operation.model_copy(update={"status": OperationStatus.FAILED}),
    )
    assert not transitions.apply(ended, progress(end=OperationStatus.FAILED)).records
    with pytest.raises(IllegalTransition, match="has ended"):
        transitions.apply(ended, progress(status=AssetStatus.DEPLOYING_VM))


def test_a_transition_that_the_table_lacks_is_refused(tree):
    with pytest.raises(IllegalTransition, match="may not become IMPORT_COMPLETE"):
        transitions.apply(tree, progress(status=AssetStatus.IMPORT_COMPLETE))


def test_what_was_found_out_is_added_to_the_assets_data(tree):
    after = applied(tree, transitions.apply(tree, progress(data={"vmId": "1"})))
    assert after.asset.data == {**tree.asset.data, "vmId": "1"}


def test_other_versions_and_assets_count(tree):
    other = builders.asset(id="other", status=AssetStatus.AVAILABLE)
    tree = Tree(
        image=tree.image,
        version=tree.version,
        asset=tree.asset.model_copy(update={"status": AssetStatus.DEPLOYING_VM}),
        operation=tree.operation,
        other_assets=[other],
        other_versions=[VersionStatus.AVAILABLE],
    )
    end = progress(status=AssetStatus.IMPORT_FAILED, end=OperationStatus.FAILED)
    after = applied(tree, transitions.apply(tree, end))
    assert after.version.status is VersionStatus.PARTIALLY_AVAILABLE
    assert after.image.status is StreamStatus.PARTIALLY_AVAILABLE


UNTIL = AT + timedelta(hours=1)


@pytest.fixture(name="kept")
def _kept(tree):
    """What a step's failure leaves that may be retried for an hour."""
    tree = applied(tree, transitions.apply(tree, progress(status=AssetStatus.DEPLOYING_VM, step=STEP)))
    why = ErrorInfo(code="QuotaExceeded", message="Ask for more.", step="preflight")
    end = progress(status=AssetStatus.IMPORT_FAILED, error=why, end=OperationStatus.FAILED, retry_until=UNTIL)
    return applied(tree, transitions.apply(tree, end))


def test_what_is_kept_has_failed_and_takes_a_retry(kept):
    assert (kept.operation.status, kept.operation.kept, kept.operation.retry_until) == (
        OperationStatus.FAILED,
        True,
        UNTIL,
    )
    assert (kept.image.status, kept.operation.is_open) == (StreamStatus.FAILED, True)


def test_a_repetition_does_not_let_a_retry_be_taken_again(kept):
    closed = replace(kept, operation=kept.operation.takes_no_retry())
    end = progress(status=AssetStatus.IMPORT_FAILED, end=OperationStatus.FAILED, retry_until=UNTIL)
    assert not transitions.apply(closed, end).records


def test_the_removal_of_what_was_kept_leaves_the_end_as_it_was(kept):
    kept = replace(kept, operation=kept.operation.takes_no_retry())
    removing = applied(kept, transitions.apply(kept, progress(step=STEP, at=UNTIL)))
    assert removing.operation.status is OperationStatus.FAILED
    end = progress(status=AssetStatus.IMPORT_FAILED, end=OperationStatus.FAILED, at=UNTIL)
    removed = applied(removing, transitions.apply(removing, end)).operation
    assert (removed.status, removed.kept, removed.ended_at) == (OperationStatus.FAILED, False, AT)
    assert removed.error.code == "QuotaExceeded"


def test_what_is_kept_goes_nowhere_without_a_retry(kept):
    with pytest.raises(IllegalTransition):
        transitions.apply(kept, progress(status=AssetStatus.DEPLOYING_VM))
    with pytest.raises(IllegalTransition):
        transitions.apply(kept, progress(end=OperationStatus.SUCCEEDED))


def test_what_was_canceled_is_not_kept(tree):
    tree = replace(tree, operation=tree.operation.asked_to_end(AT))
    end = progress(status=AssetStatus.IMPORT_FAILED, end=OperationStatus.FAILED, retry_until=UNTIL)
    with pytest.raises(OperationCanceled):
        transitions.apply(tree, end)


def test_a_retry_lets_it_run_again_without_its_error(kept):
    after = applied(kept, transitions.resume(kept, AT + timedelta(minutes=1)))
    operation = after.operation
    assert (operation.status, operation.error, operation.ended_at) == (OperationStatus.RUNNING, None, None)
    assert (operation.kept, operation.retry_until, operation.retries) == (False, None, 1)
    assert (after.asset.status, after.asset.error) == (AssetStatus.IMPORT_RETRY_PENDING, None)
    assert after.image.status is StreamStatus.IN_PROGRESS


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1)])
def test_a_retry_that_comes_too_late_is_refused(kept, late):
    with pytest.raises(IllegalTransition, match="takes no retry"):
        transitions.resume(kept, UNTIL + late)


def test_what_is_being_deleted_is_not_retried(kept):
    deleted = replace(kept, asset=kept.asset.model_copy(update={"status": AssetStatus.DELETING}))
    with pytest.raises(IllegalTransition, match="nothing to retry"):
        transitions.resume(deleted, AT)
