"""The copy, from acceptance to its end, in every way it can end."""

from datetime import timedelta

import pytest

from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.errors.catalogue import StoreUnavailable
from shared.models.history import HistoryEntry
from shared.models.image import Version
from shared.models.ledger_entry import LedgerState
from shared.ports.azure import CopyPreflight, Waiting
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus, VersionStatus
from shared.states.transition_table import ASSET_TRANSITIONS
from shared.workflow.naming import gallery_target
from shared.workflow.outcome import Objection
from shared.workflow.pace import Pace
from shared.workflow.replication import ReplicationState
from tests import builders

UNKNOWN, REPLICATING = ReplicationState.UNKNOWN, ReplicationState.REPLICATING
COMPLETED, FAILED = ReplicationState.COMPLETED, ReplicationState.FAILED


@pytest.fixture(name="job")
def _job():
    return builders.copy_job("westus2", "northeurope")


def replica(job, region):
    return next(each.asset_id for each in job.replicas if each.region.name == region)


def version_of(world, job):
    return world.catalog.get(Version, job.org_id, job.image_id, job.version_id)


def test_a_copy_takes_every_step_in_order_and_ends_available(world):
    job = builders.copy_job()
    world.accept(job)
    assert world.run(job) == {"imageId": job.image_id, "assetStatus": "AVAILABLE"}
    assert [name for name in world.activities if name != "record_progress"] == [
        "confirm_acceptance",
        "take_turn",
        "prove_source_access",
        "preflight_copy",
        "begin_gallery",
        "begin_image_definition",
        "begin_image_version",
    ]
    assert world.statuses() == ["COPYING_IMAGE", "AVAILABLE"], "a single region skips REPLICATING"
    assert world.image(job).status is StreamStatus.AVAILABLE
    assert world.operation(job).percent_complete == 100
    assert set(world.ledger().values()) == {LedgerState.EXISTS}
    assert world.asset(job).data["galleryImageVersionId"] == gallery_target(job).version_id


def test_each_further_region_is_an_asset_with_its_own_state_and_percentage(world, job):
    world.galleries.replicates("westus2", (REPLICATING, 10), (REPLICATING, 60), (COMPLETED, 100))
    world.accept(job)
    world.run(job)
    for region in ("westus2", "northeurope"):
        assert world.statuses(replica(job, region)) == ["REPLICATING", "REPLICATION_COMPLETE", "AVAILABLE"]
        assert world.asset(job, replica(job, region)).data["replicationProgress"] == 100
    assert world.galleries.regions(job) == {"eastus", "westus2", "northeurope"}
    assert version_of(world, job).status is VersionStatus.AVAILABLE


def test_a_region_that_is_there_is_at_rest_whatever_may_follow(world, job, monkeypatch):
    """That an image can be disabled later does not keep its replication at work."""
    monkeypatch.setitem(ASSET_TRANSITIONS, AssetStatus.AVAILABLE, frozenset({AssetStatus.DISABLED}))
    world.accept(job)
    assert world.run(job) == {"imageId": job.image_id, "assetStatus": "AVAILABLE"}
    assert version_of(world, job).status is VersionStatus.AVAILABLE


def test_the_image_can_be_used_as_soon_as_the_home_region_has_it(world, job):
    seen = []
    original = world.galleries.replication

    def look(given):
        seen.append((world.asset(job).status, version_of(world, job).status))
        return original(given)

    world.galleries.replication = look
    world.accept(job)
    world.run(job)
    assert seen[0] == (AssetStatus.AVAILABLE, VersionStatus.REPLICATION_IN_PROGRESS)


def test_access_is_proved_before_anything_is_created(world, job):
    world.galleries.fail("prove_access", PermanentError("SourceAccessDenied", "Grant Reader."))
    world.accept(job)
    world.run(job)
    assert not {"preflight_copy", "begin_gallery"} & set(world.galleries.calls)
    assert world.operation(job).error.code == "SourceAccessDenied"
    for asset_id in (None, *(each.asset_id for each in job.replicas)):
        assert world.asset(job, asset_id).status is AssetStatus.IMPORT_FAILED
    assert world.image(job).status is StreamStatus.FAILED


def test_preflight_tells_everything_at_once(world, job):
    findings = (Objection(code="OsMismatch", message="Linux."), Objection(code="TargetVersionExists", message="There."))
    world.galleries.preflight_result = CopyPreflight(findings, None)
    world.accept(job)
    world.run(job)
    assert [each.code for each in world.operation(job).error.details] == ["OsMismatch", "TargetVersionExists"]
    assert not world.galleries.definitions


METHODS = ["begin_gallery", "begin_definition", "begin_image_version", "image_version_details"]


@pytest.mark.parametrize("method", METHODS)
def test_whatever_fails_for_good_is_undone(world, job, method):
    world.galleries.fail(method, PermanentError("SomethingIsWrong", "Mend it."))
    world.accept(job)
    world.run(job)
    assert world.asset(job).status is AssetStatus.IMPORT_FAILED
    assert not world.galleries.versions
    assert not world.galleries.definitions
    assert set(world.ledger().values()) <= {LedgerState.GONE}


@pytest.mark.parametrize("method", [*METHODS, "prove_access", "preflight_copy"])
@pytest.mark.parametrize("kind", [ErrorKind.OUTAGE, ErrorKind.THROTTLED, ErrorKind.BUSY])
@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer-lost"])
def test_whatever_may_pass_is_tried_again(world, job, method, kind, after):
    world.galleries.fail(method, TransientError("Passing", "Wait.", kind=kind, retry_after=40), times=2, after=after)
    world.accept(job)
    before = world.now
    world.run(job)
    assert world.image(job).status is StreamStatus.AVAILABLE
    assert world.statuses(job.asset_id).count("IMPORT_RETRY_PENDING") == 2
    assert world.now - before >= timedelta(seconds=80)


@pytest.mark.parametrize("method", ["begin_target_regions", "replication", "check_target_regions"])
@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer-lost"])
def test_replication_goes_on_through_what_may_pass(world, job, method, after):
    world.galleries.replicates("westus2", (FAILED, 10), (COMPLETED, 100))
    world.galleries.fail(method, TransientError("Passing", "Wait.", retry_after=40), times=3, after=after)
    world.accept(job)
    world.run(job)
    assert version_of(world, job).status is VersionStatus.AVAILABLE


def test_a_region_that_failed_is_removed_and_added_again(world, job):
    world.galleries.replicates("westus2", (REPLICATING, 20), (FAILED, 20), (REPLICATING, 50), (COMPLETED, 100))
    world.accept(job)
    world.run(job)
    assert world.asset(job, replica(job, "westus2")).status is AssetStatus.AVAILABLE
    assert world.galleries.calls.count("begin_target_regions") >= 3, "asked, removed, asked again"
    assert version_of(world, job).status is VersionStatus.AVAILABLE


def test_a_region_that_keeps_failing_leaves_the_others_usable(world, job):
    world.galleries.replicates("westus2", *[(FAILED, 5)] * 20)
    world.accept(job)
    world.run(job)
    assert world.asset(job, replica(job, "westus2")).status is AssetStatus.REPLICATION_FAILED
    assert world.asset(job, replica(job, "northeurope")).status is AssetStatus.AVAILABLE
    assert version_of(world, job).status is VersionStatus.PARTIALLY_AVAILABLE
    assert world.image(job).status is StreamStatus.PARTIALLY_AVAILABLE
    operation = world.operation(job)
    assert operation.status is OperationStatus.SUCCEEDED
    assert operation.error.code == "REPLICATION_INCOMPLETE"
    assert "westus2" in operation.error.message
    assert world.galleries.regions(job) == {"eastus", "northeurope"}, "Azure has what the catalogue says"


def test_what_azure_still_copies_is_never_called_failed(world):
    """Progress for three days, far beyond the operation's deadline."""
    job = builders.copy_job("westus2", pace=Pace(deadline_seconds=3600))
    slow = [(REPLICATING, percent) for percent in range(1, 100) for _ in range(9)]
    world.galleries.replicates("westus2", *slow, (COMPLETED, 100))
    world.accept(job)
    world.run(job)
    assert world.now - builders.NOW > timedelta(days=2)
    assert world.asset(job, replica(job, "westus2")).status is AssetStatus.AVAILABLE
    longest = max(len(history) for history in world.histories().values())
    assert longest < 700, "a long wait begins anew with a short history"


def test_a_region_that_stands_still_for_hours_is_given_up(world, job):
    world.galleries.replicates("westus2", (REPLICATING, 63))
    world.accept(job)
    world.run(job)
    asset = world.asset(job, replica(job, "westus2"))
    assert asset.status is AssetStatus.REPLICATION_FAILED_TIMEOUT
    assert asset.error.code == "REPLICATION_STALLED"
    assert "63 %" in asset.error.message
    assert world.now - builders.NOW >= timedelta(hours=6)
    assert version_of(world, job).status is VersionStatus.PARTIALLY_AVAILABLE


def test_a_removal_of_regions_that_does_not_end_is_given_up(world, job, monkeypatch):
    world.galleries.replicates("westus2", (FAILED, 5))
    monkeypatch.setattr(world.galleries, "check_target_regions", lambda *_: Waiting(10.0, "under-way"))
    world.accept(job)
    world.run(job)
    asset = world.asset(job, replica(job, "westus2"))
    assert (asset.status, asset.error.code) == (AssetStatus.REPLICATION_FAILED, "REPLICATION_STALLED")
    assert timedelta(hours=6) <= world.now - builders.NOW < timedelta(hours=8)
    assert world.asset(job, replica(job, "northeurope")).status is AssetStatus.AVAILABLE
    assert version_of(world, job).status is VersionStatus.PARTIALLY_AVAILABLE
    longest = max(len(history) for history in world.histories().values())
    assert longest < 700, "a long wait begins anew with a short history"


def test_a_copy_is_canceled_while_failed_regions_are_taken_off(world, job, monkeypatch):
    world.galleries.replicates("westus2", (FAILED, 5))
    asked = []

    def check(*_):
        asked.append(world.now)
        if len(asked) == 20:
            world.cancel(job, heard=False)
        return Waiting(10.0, "under-way")

    monkeypatch.setattr(world.galleries, "check_target_regions", check)
    world.accept(job)
    world.run(job)
    assert world.operation(job).status is OperationStatus.CANCELED
    assert len(asked) == 20


def test_a_look_that_azure_refuses_is_told_of_once_and_in_the_end(world):
    """Meanwhile somebody can give the role back; and what is copied is copied without us."""
    job = builders.copy_job("westus2")
    world.galleries.replicates("westus2", (REPLICATING, 63))
    refused = PermanentError("AuthorizationFailed", "The identity may not read.", correlation_id="c-1")
    world.galleries.fail("replication", refused, times=2000)
    world.accept(job)
    world.run(job)
    assert world.operation(job).error.details[0].code == "AuthorizationFailed"
    asset = world.asset(job, replica(job, "westus2"))
    assert asset.status is AssetStatus.REPLICATION_FAILED_TIMEOUT
    assert "may not read" in asset.error.message
    told = [entry.error for entry in world.catalog.all(HistoryEntry) if entry.error and entry.entity == "OPERATION"]
    assert [error.correlation_id for error in told if error.code == "AuthorizationFailed"] == ["c-1"]


def test_a_look_that_is_allowed_again_shows_no_retry_any_more(world):
    job = builders.copy_job("westus2")
    world.galleries.replicates("westus2", (REPLICATING, 63), (COMPLETED, 100))
    world.galleries.fail("replication", PermanentError("AuthorizationFailed", "Not now."), times=5)
    retries = []
    world.before_wait = lambda: retries.append(world.operation(job).retry)
    world.accept(job)
    world.run(job)
    assert any(retries)
    assert not retries[-1]
    assert version_of(world, job).status is VersionStatus.AVAILABLE


def test_regions_that_azure_refuses_fail_and_the_home_region_stays(world, job):
    world.galleries.fail("begin_target_regions", PermanentError("RegionNotAvailable", "Choose another."), times=100)
    world.accept(job)
    world.run(job)
    for each in job.replicas:
        assert world.asset(job, each.asset_id).status is AssetStatus.REPLICATION_FAILED
    assert world.asset(job).status is AssetStatus.AVAILABLE
    assert version_of(world, job).status is VersionStatus.PARTIALLY_AVAILABLE


def test_a_bug_in_the_replication_leaves_the_home_region_usable(world, job):
    world.galleries.fail("begin_target_regions", KeyError("a bug"), times=1000)
    world.accept(job)
    world.run(job)
    assert world.asset(job).status is AssetStatus.AVAILABLE
    assert world.operation(job).error.code == "REPLICATION_INCOMPLETE"


def test_storage_may_be_away_for_a_while(world, job):
    world.accept(job)
    for method in ("get", "update", "put", "list"):
        world.catalog.fail(method, StoreUnavailable("away"), times=12)
    world.run(job)
    assert version_of(world, job).status is VersionStatus.AVAILABLE


@pytest.mark.parametrize("at", range(26))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_host_that_dies_at_any_activity_goes_on(world, job, at, moment):
    world.galleries.replicates("westus2", (REPLICATING, 20), (FAILED, 20), (COMPLETED, 100))
    world.accept(job)
    world.crash_at, world.crash_moment = at, moment
    world.run(job)
    assert version_of(world, job).status is VersionStatus.AVAILABLE
    assert world.statuses(job.asset_id) == ["COPYING_IMAGE", "AVAILABLE"]


def test_a_copy_needs_no_secret(world, job):
    world.accept(job)
    world.run(job)
    assert not world.secrets.calls
