"""Operations: how the work is going, in a form that programs and people can follow."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors.catalogue import Changed
from shared.models.error_info import ErrorInfo, RetryInfo
from shared.models.operation import Operation
from shared.states.enums import OperationAction
from shared.states.statuses import AssetStatus, OperationStatus
from tests.builders import NOW, ORG, accepted, import_job, operation
from tests.unit.api.client import HOST, Answer, Api
from triggers.http.operation_view import eta_seconds

FIELDS = {
    "id",
    "action",
    "status",
    "step",
    "queue",
    "percentComplete",
    "etaSeconds",
    "createdAt",
    "startedAt",
    "lastChangedAt",
    "endedAt",
    "cancelRequestedAt",
    "retryUntil",
    "retries",
    "error",
    "orgId",
    "imageId",
    "versionId",
    "assetId",
    "streamStatus",
    "versionStatus",
    "assetStatus",
    "retry",
    "links",
}


def test_an_operation_tells_the_statuses_of_what_it_works_on(api: Api):
    job = import_job()
    api.catalog.create(*accepted(job))
    answer = api.get(f"operations/{job.operation_id}")

    assert set(answer.json) == FIELDS
    assert (answer.json["status"], answer.json["streamStatus"]) == ("NotStarted", "PENDING")
    assert (answer.json["versionStatus"], answer.json["assetStatus"]) == ("PENDING", AssetStatus.IMPORT_PENDING)
    assert (answer.json["step"], answer.json["retry"], answer.json["error"]) == (None, None, None)
    assert answer.json["links"]["history"] == f"{HOST}/imagemgmt/v1/images/{job.image_id}/history?org_id={ORG}"
    assert int(answer.headers["Retry-After"]) > 0


def test_an_operation_under_way_tells_step_and_retry(api: Api):
    reason = ErrorInfo(code="SkuNotAvailable", message="No room.")
    record = operation(
        status=OperationStatus.RUNNING,
        step="virtual-machine",
        step_title="Create the virtual machine",
        step_number=5,
        step_count=8,
        percent_complete=10,
        started_at=NOW,
        retry=RetryInfo(attempt=2, at=NOW + timedelta(minutes=1), reason=reason),
    )
    api.catalog.create(record)
    content = api.get(f"operations/{record.id}").json

    assert content["step"] == {
        "name": "virtual-machine",
        "title": "Create the virtual machine",
        "number": 5,
        "count": 8,
    }
    assert (content["retry"]["attempt"], content["retry"]["at"]) == (2, "2026-11-23T12:01:00Z")
    assert content["retry"]["reason"]["code"] == "SkuNotAvailable"


def test_an_abandoned_operation_has_no_statuses(api: Api):
    """Its image was never written: only the tombstone is there."""
    record = operation(
        status=OperationStatus.FAILED, ended_at=NOW, error=ErrorInfo(code="Abandoned", message="Repeat the request.")
    )
    api.catalog.create(record)
    answer = api.get(f"operations/{record.id}")

    assert {answer.json[f"{of}Status"] for of in ("stream", "version", "asset")} == {None}
    assert (answer.json["etaSeconds"], answer.json["endedAt"]) == (0, "2026-11-23T12:00:00Z")
    assert answer.json["error"] == {
        "code": "Abandoned",
        "message": "Repeat the request.",
        "step": None,
        "attempt": None,
        "correlationId": None,
        "details": [],
    }
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("status", "percent", "seconds", "expected"),
    [
        (OperationStatus.NOT_STARTED, 0, 10, None),
        (OperationStatus.RUNNING, 4, 10, None),
        (OperationStatus.RUNNING, 5, 10, 190),
        (OperationStatus.RUNNING, 50, 60, 60),
        (OperationStatus.RUNNING, 100, 60, 0),
        (OperationStatus.RUNNING, 50, -60, 0),
        (OperationStatus.SUCCEEDED, 100, 60, 0),
        (OperationStatus.CANCELED, 0, 60, 0),
    ],
)
def test_the_forecast_goes_on_at_the_pace_so_far(
    status: OperationStatus, percent: int, seconds: int, expected: int | None
):
    record = operation(status=status, percent_complete=percent, started_at=NOW)

    assert eta_seconds(record, NOW + timedelta(seconds=seconds)) == expected


def test_the_time_that_passed_before_a_retry_says_nothing_about_the_pace():
    record = operation(status=OperationStatus.RUNNING, percent_complete=50, started_at=NOW, retries=1)

    assert eta_seconds(record, NOW + timedelta(hours=1)) is None


def test_operations_can_be_listed_by_status(api: Api):
    for status in OperationStatus:
        api.catalog.create(operation(status=status))

    def statuses(**params: str) -> set[str]:
        return {item["status"] for item in api.get("operations", **params).json["value"]}

    assert statuses() == set(OperationStatus)
    assert statuses(status="Running") == {"Running"}
    assert statuses(status="Running,NotStarted") == {"Running", "NotStarted"}
    assert api.get("operations", status="running").findings == {("INVALID_VALUE", "status")}


def test_operations_come_in_pages(api: Api):
    for _ in range(3):
        api.catalog.create(operation())
    first = api.get("operations", size="2").json
    second = api.request("GET", first["nextLink"]).json

    assert {item["id"] for item in first["value"] + second["value"]} == {
        record.id for record in api.catalog.all(Operation)
    }
    assert second["nextLink"] is None


def test_an_unknown_operation_is_not_found(api: Api):
    assert api.get("operations/unknown").status == 404


class TestCancel:
    """POST /operations/{id}/cancel."""

    def cancel(self, api: Api, operation_id: str, headers: Mapping[str, str] | None = None) -> Answer:
        path = f"/imagemgmt/v1/operations/{operation_id}/cancel?org_id={ORG}"
        return api.request("POST", path, None, headers)

    def set_up(self, api: Api, **change: Any) -> str:
        job = import_job()
        api.catalog.create(*accepted(job))
        known = api.catalog.get(Operation, ORG, job.operation_id)
        api.catalog.update(known.model_copy(update={"step": "virtual-machine", **change}))
        return job.operation_id

    def test_it_is_noted_and_the_step_at_work_is_told(self, api: Api):
        operation_id = self.set_up(api, status=OperationStatus.RUNNING)
        answer = self.cancel(api, operation_id)

        assert (answer.status, answer.json["status"]) == (202, "Running")
        assert answer.json["cancelRequestedAt"]
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["Operation-Location"].startswith(f"{HOST}/imagemgmt/v1/operations/{operation_id}")
        assert api.client.events == [(f"{operation_id}:virtual-machine", "cancel")]
        assert api.catalog.get(Operation, ORG, operation_id).cancel_requested_at is not None

    def test_a_hint_that_gets_lost_is_no_failure(self, api: Api):
        operation_id = self.set_up(api)
        api.client.failure = Exception("no host")
        assert self.cancel(api, operation_id).status == 202

    def test_asking_again_changes_nothing(self, api: Api):
        operation_id = self.set_up(api)
        first, again = self.cancel(api, operation_id), self.cancel(api, operation_id)
        assert (again.status, again.json["cancelRequestedAt"]) == (202, first.json["cancelRequestedAt"])

    def test_what_is_canceled_is_a_200(self, api: Api):
        operation_id = self.set_up(api, status=OperationStatus.CANCELED)
        answer = self.cancel(api, operation_id)
        assert (answer.status, answer.json["status"]) == (200, "Canceled")
        assert not api.client.events

    @pytest.mark.parametrize("status", [OperationStatus.SUCCEEDED, OperationStatus.FAILED])
    def test_what_ended_otherwise_is_a_409(self, api: Api, status: OperationStatus):
        answer = self.cancel(api, self.set_up(api, status=status))
        assert (answer.status, answer.json["code"]) == (409, "OPERATION_ENDED")
        assert status in answer.json["detail"]

    def test_what_succeeded_in_part_is_a_409_though_it_takes_a_retry(self, api: Api):
        until = datetime.now(UTC) + timedelta(hours=1)
        operation_id = self.set_up(api, status=OperationStatus.SUCCEEDED, kept=True, retry_until=until)
        answer = self.cancel(api, operation_id)
        assert (answer.status, answer.json["code"]) == (409, "OPERATION_ENDED")
        assert api.get(f"operations/{operation_id}").json["retryUntil"]

    def test_what_is_written_at_the_same_moment_is_not_lost(self, api: Api):
        operation_id = self.set_up(api)
        api.catalog.fail("update", Changed("by the work"))
        assert self.cancel(api, operation_id).status == 202
        assert api.catalog.get(Operation, ORG, operation_id).cancel_requested_at is not None

    def test_what_failed_and_is_kept_is_a_202_and_takes_no_retry_any_more(self, api: Api):
        kept = {"status": OperationStatus.FAILED, "kept": True, "retries": 1}
        operation_id = self.set_up(api, retry_until=datetime.now(UTC) + timedelta(hours=1), **kept)
        answer, again = self.cancel(api, operation_id), self.cancel(api, operation_id)

        assert (answer.status, answer.json["status"], answer.json["retryUntil"]) == (202, "Failed", None)
        assert "retry" not in answer.json["links"]
        assert again.json["cancelRequestedAt"] == answer.json["cancelRequestedAt"] is not None
        assert api.client.events == [(f"{operation_id}:kept:1", "decided")] * 2

    def test_the_step_of_a_retry_is_told_by_its_own_name(self, api: Api):
        operation_id = self.set_up(api, status=OperationStatus.RUNNING, retries=2)
        self.cancel(api, operation_id)
        # It may be at its step, or still in the queue for the retry's turn.
        assert api.client.events == [
            (f"{operation_id}:virtual-machine:2", "cancel"),
            (f"{operation_id}:queue:2", "cancel"),
        ]

    def test_a_deletion_can_not_be_canceled(self, api: Api):
        record = operation(action=OperationAction.DELETE, status=OperationStatus.RUNNING, step="stop-work")
        api.catalog.create(record)
        answer = self.cancel(api, record.id)
        assert (answer.status, answer.json["code"]) == (409, "NOT_CANCELABLE")
        assert api.catalog.get(Operation, ORG, record.id).cancel_requested_at is None

    def test_an_unknown_operation_is_a_404(self, api: Api):
        assert self.cancel(api, "nobody").status == 404

    def test_it_may_be_repeated_with_a_key(self, api: Api):
        operation_id = self.set_up(api)
        key = {"Idempotency-Key": "once"}
        self.cancel(api, operation_id, key)
        assert self.cancel(api, operation_id, key).headers["Idempotent-Replayed"] == "true"
