"""POST /operations/{id}/retry."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors.catalogue import Changed
from shared.models.error_info import ErrorInfo
from shared.models.history import HistoryEntry
from shared.models.image import Asset, Image, Version
from shared.models.operation import Operation
from shared.states.enums import OperationAction
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus, VersionStatus
from shared.workflow.jobs.making_job import MakingJob
from tests.builders import ORG, accepted, copy_job, import_job, operation
from tests.unit.api.client import HOST, Answer, Api

FAILED = ErrorInfo(code="QuotaExceeded", message="No cores left.")


def retry(api: Api, operation_id: str, headers: Mapping[str, str] | None = None) -> Answer:
    return api.request("POST", f"/imagemgmt/v1/operations/{operation_id}/retry?org_id={ORG}", None, headers)


def failed(api: Api, job: MakingJob | None = None, **change: Any) -> str:
    """An operation that failed at the creation of the virtual machine, and is kept for an hour."""
    job = job or import_job()
    api.catalog.create(*accepted(job))
    known = api.catalog.get(Operation, ORG, job.operation_id)
    then = datetime.now(UTC)
    update = {
        "status": OperationStatus.FAILED,
        "step": "virtual-machine",
        "percent_complete": 3,
        "error": FAILED,
        "ended_at": then,
        "kept": True,
        "retry_until": then + timedelta(hours=1),
    }
    api.catalog.update(known.model_copy(update=update | change))
    for asset in api.catalog.all(Asset):
        api.catalog.update(asset.model_copy(update={"status": AssetStatus.IMPORT_FAILED, "error": FAILED}))
    version = api.catalog.get(Version, ORG, job.image_id, job.version_id)
    api.catalog.update(version.model_copy(update={"status": VersionStatus.FAILED}))
    image = api.catalog.get(Image, ORG, job.image_id)
    api.catalog.update(image.model_copy(update={"status": StreamStatus.FAILED}))
    return job.operation_id


def test_a_failed_operation_tells_until_when_it_can_be_retried(api: Api):
    operation_id = failed(api)
    shown = api.get(f"operations/{operation_id}").json

    assert (shown["status"], shown["retries"], shown["error"]["code"]) == ("Failed", 0, "QuotaExceeded")
    assert datetime.fromisoformat(shown["retryUntil"]) > datetime.now(UTC)
    assert shown["links"]["retry"] == f"{HOST}/imagemgmt/v1/operations/{operation_id}/retry?org_id={ORG}"


def test_it_runs_again_at_once_and_its_orchestration_is_told(api: Api):
    operation_id = failed(api)
    answer = retry(api, operation_id)

    assert answer.status == 202
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Operation-Location"].startswith(f"{HOST}/imagemgmt/v1/operations/{operation_id}")
    for shown in (answer.json, api.get(f"operations/{operation_id}").json):
        assert (shown["status"], shown["retries"], shown["percentComplete"]) == ("Running", 1, 3)
        assert (shown["error"], shown["endedAt"], shown["retryUntil"]) == (None, None, None)
        assert (shown["assetStatus"], shown["versionStatus"], shown["streamStatus"]) == (
            "IMPORT_RETRY_PENDING",
            "IMPORT_IN_PROGRESS",
            "IN_PROGRESS",
        )
        assert "retry" not in shown["links"]
    assert api.client.events == [(f"{operation_id}:kept", "decided")]
    assert not api.client.started


def test_the_history_tells_of_it(api: Api):
    operation_id = failed(api, retries=4)
    retry(api, operation_id)
    entries = api.catalog.all(HistoryEntry)
    assert {(entry.entity, entry.before, entry.after) for entry in entries} == {
        ("ASSET", "IMPORT_FAILED", "IMPORT_RETRY_PENDING"),
        ("VERSION", "FAILED", "IMPORT_IN_PROGRESS"),
        ("IMAGE", "FAILED", "IN_PROGRESS"),
    }
    assert {entry.operation_id for entry in entries} == {operation_id}
    assert api.client.events == [(f"{operation_id}:kept:4", "decided")]


def test_the_regions_of_a_copy_wait_for_their_turn_again(api: Api):
    job = copy_job("westus")
    assert retry(api, failed(api, job)).status == 202
    replica = api.catalog.get(Asset, ORG, job.image_id, job.version_id, job.replicas[0].asset_id)
    assert (replica.status, replica.error) == (AssetStatus.IMPORT_PENDING, None)


def test_a_hint_that_gets_lost_is_no_failure(api: Api):
    operation_id = failed(api)
    api.client.failure = Exception("no host")
    assert retry(api, operation_id).status == 202


def test_what_is_written_at_the_same_moment_is_not_lost(api: Api):
    operation_id = failed(api)
    api.catalog.fail("update", Changed("by somebody"))
    assert retry(api, operation_id).status == 202
    assert len(api.catalog.all(HistoryEntry)) == 3
    assert api.catalog.get(Operation, ORG, operation_id).retries == 1


def test_it_may_be_repeated_with_a_key(api: Api):
    operation_id = failed(api)
    key = {"Idempotency-Key": "once"}
    first, again = retry(api, operation_id, key), retry(api, operation_id, key)
    assert (again.status, again.json, again.headers["Idempotent-Replayed"]) == (202, first.json, "true")
    assert api.catalog.get(Operation, ORG, operation_id).retries == 1


def test_without_a_key_a_second_one_finds_it_running(api: Api):
    operation_id = failed(api)
    retry(api, operation_id)
    answer = retry(api, operation_id)
    assert (answer.status, answer.json["code"]) == (409, "NOTHING_TO_RETRY")
    assert "Running" in answer.json["detail"]


@pytest.mark.parametrize(
    "status",
    [OperationStatus.NOT_STARTED, OperationStatus.RUNNING, OperationStatus.SUCCEEDED, OperationStatus.CANCELED],
)
def test_what_has_not_failed_is_a_409(api: Api, status: OperationStatus):
    operation_id = failed(api, status=status, kept=False, retry_until=None, error=None)
    answer = retry(api, operation_id)
    assert (answer.status, answer.json["code"]) == (409, "NOTHING_TO_RETRY")
    assert status in answer.json["detail"]
    assert not api.client.events or status in (OperationStatus.NOT_STARTED, OperationStatus.RUNNING)


@pytest.mark.parametrize(
    "change",
    [
        {"kept": False, "retry_until": None},
        {"kept": True, "retry_until": None},
        {"retry_until": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=["removed", "being-removed", "not-yet-closed"],
)
def test_what_is_removed_already_has_to_be_created_again(api: Api, change: Mapping[str, Any]):
    operation_id = failed(api, **change)
    answer = retry(api, operation_id)
    assert (answer.status, answer.json["code"]) == (409, "TOO_LATE_TO_RETRY")
    assert "create the image again" in answer.json["detail"]
    assert api.catalog.get(Operation, ORG, operation_id).status is OperationStatus.FAILED


def test_an_image_that_is_being_deleted_is_a_409(api: Api):
    job = import_job()
    operation_id = failed(api, job)
    asset = api.catalog.get(Asset, ORG, job.image_id, job.version_id, job.asset_id)
    api.catalog.update(asset.model_copy(update={"status": AssetStatus.DELETING}))
    answer = retry(api, operation_id)
    assert (answer.status, answer.json["code"]) == (409, "TOO_LATE_TO_RETRY")


def test_a_deletion_is_asked_for_again_not_retried(api: Api):
    record = operation(action=OperationAction.DELETE, status=OperationStatus.FAILED)
    api.catalog.create(record)
    answer = retry(api, record.id)
    assert (answer.status, answer.json["code"]) == (409, "NOTHING_TO_RETRY")
    assert "delete the image again" in answer.json["detail"]


def test_an_unknown_operation_is_a_404(api: Api):
    assert retry(api, "nobody").status == 404


def test_a_copy_that_some_regions_lack_asks_for_those_again(api: Api):
    job = copy_job("westus", "northeurope")
    error = ErrorInfo(code="REPLICATION_INCOMPLETE", message="The image is not in westus.")
    operation_id = failed(api, job, status=OperationStatus.SUCCEEDED, percent_complete=100, error=error)
    lacking = job.replicas[0].asset_id
    for asset in api.catalog.all(Asset):
        status = AssetStatus.REPLICATION_FAILED if asset.id == lacking else AssetStatus.AVAILABLE
        api.catalog.update(asset.model_copy(update={"status": status}))
    answer = retry(api, operation_id)

    assert (answer.status, answer.json["status"], answer.json["percentComplete"]) == (202, "Running", 0)
    assert (answer.json["assetStatus"], answer.json["versionStatus"]) == ("AVAILABLE", "REPLICATION_IN_PROGRESS")
    statuses = {asset.id: asset.status for asset in api.catalog.all(Asset)}
    assert statuses.pop(lacking) is AssetStatus.IMPORT_PENDING
    assert set(statuses.values()) == {AssetStatus.AVAILABLE}


def test_the_regions_that_a_copy_lacks_can_not_be_asked_for_for_ever(api: Api):
    error = ErrorInfo(code="REPLICATION_INCOMPLETE", message="The image is not in westus.")
    change = {"status": OperationStatus.SUCCEEDED, "error": error, "kept": False, "retry_until": None}
    answer = retry(api, failed(api, copy_job("westus"), **change))
    assert (answer.status, answer.json["code"]) == (409, "TOO_LATE_TO_RETRY")
