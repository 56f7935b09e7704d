"""DELETE of an image and of a version: what is accepted, what forbids it, and what a caller gets."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from shared.errors.catalogue import Changed
from shared.models.image import Asset, Image, Version
from shared.models.operation import Operation
from shared.states.enums import OperationAction
from shared.states.statuses import OperationStatus
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.making_job import MakingJob
from tests.builders import GOLDEN, ORG, accepted, copy_job, import_job, new_id, operation, version
from tests.unit.api.client import HOST, Answer, Api


def delete(api: Api, path: str, headers: Mapping[str, str] | None = None, **params: str) -> Answer:
    return api.request("DELETE", f"/imagemgmt/v1/images/{path}", None, headers, **{"org_id": ORG, **params})


def there(api: Api, job: MakingJob, **change: Any) -> MakingJob:
    """Let what the job made be there, its operation ended unless told otherwise."""
    api.catalog.create(*accepted(job))
    operation = api.catalog.get(Operation, ORG, job.operation_id)
    api.catalog.update(operation.model_copy(update={"status": OperationStatus.SUCCEEDED, **change}))
    return job


def started(api: Api) -> DeleteJob:
    """The one deletion that was started."""
    ((name, instance_id, given),) = api.client.started
    job = DeleteJob.model_validate(given)
    assert (name, instance_id) == ("remove_image", job.operation_id)
    return job


def test_a_deletion_is_accepted_and_tells_where_to_look(api: Api):
    job = there(api, import_job())
    answer = delete(api, job.image_id)

    assert (answer.status, answer.json["action"], answer.json["status"]) == (202, "delete", "NotStarted")
    assert int(answer.headers["Retry-After"]) > 0
    deletion = started(api)
    where = f"{HOST}/imagemgmt/v1/operations/{deletion.operation_id}?org_id={ORG}"
    assert answer.headers["Operation-Location"] == where
    assert api.get(f"operations/{deletion.operation_id}").json["action"] == "delete"
    assert api.catalog.get(Image, ORG, job.image_id).deletion_id == deletion.operation_id


def test_it_names_what_there_is_in_azure(api: Api):
    job = there(api, import_job())
    delete(api, job.image_id)
    (made,) = started(api).made

    assert made == job.model_copy(update={"shown_by": started(api).operation_id})
    assert started(api).whole_image
    assert not started(api).force


def test_the_last_version_takes_the_image_with_it(api: Api):
    job = there(api, import_job())
    assert delete(api, f"{job.image_id}/versions/{job.version_id}").status == 202
    assert started(api).whole_image


def test_a_version_among_others_leaves_the_image(api: Api):
    job = there(api, import_job())
    api.catalog.create(version(org_id=ORG, image_id=job.image_id, operation_id=job.operation_id))
    assert delete(api, f"{job.image_id}/versions/{job.version_id}").status == 202
    assert not started(api).whole_image


def test_a_deletion_that_is_under_way_is_not_begun_again(api: Api):
    job = there(api, import_job())
    first, again = delete(api, job.image_id), delete(api, job.image_id)
    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert len(api.client.started) == 1


def test_what_the_deletion_under_way_leaves_is_not_said_to_be_deleted(api: Api):
    job = there(api, import_job())
    made = import_job(image_id=job.image_id)
    other = version(org_id=ORG, image_id=job.image_id, id=made.version_id, operation_id=made.operation_id)
    api.catalog.create(other, operation(org_id=ORG, id=made.operation_id, job=made.to_json()))
    first = delete(api, f"{job.image_id}/versions/{job.version_id}")
    for path, force in (
        (f"{job.image_id}/versions/{other.id}", "false"),
        (job.image_id, "false"),
        (f"{job.image_id}/versions/{job.version_id}", "true"),
    ):
        answer = delete(api, path, force=force)
        assert (answer.status, answer.json["code"]) == (409, "IN_USE"), path
        assert first.json["id"] in answer.json["detail"]
    assert delete(api, f"{job.image_id}/versions/{new_id()}").status == 404
    assert len(api.client.started) == 1


def test_of_two_deletions_at_the_same_moment_one_is_accepted(api: Api, monkeypatch: pytest.MonkeyPatch):
    job = there(api, import_job())
    began = api.client.start_new

    async def start_new(*args: Any, **kwargs: Any) -> str:
        monkeypatch.setattr(api.client, "start_new", began)
        if len(api.client.started) == 0:
            rival.append(await asyncio.to_thread(delete, api, job.image_id))
        return await began(*args, **kwargs)

    rival: list[Answer] = []
    monkeypatch.setattr(api.client, "start_new", start_new)
    answer = delete(api, job.image_id)

    assert (rival[0].status, answer.status, answer.json["code"]) == (202, 409, "IN_USE")
    assert int(answer.headers["Retry-After"]) > 0
    assert api.catalog.get(Image, ORG, job.image_id).deletion_id == rival[0].json["id"]


def test_a_deletion_that_failed_may_be_asked_for_again(api: Api):
    job = there(api, import_job())
    first = delete(api, job.image_id).json["id"]
    known = api.catalog.get(Operation, ORG, first)
    api.catalog.update(known.model_copy(update={"status": OperationStatus.FAILED}))
    again = delete(api, job.image_id, force="true")

    assert again.json["id"] != first
    assert api.catalog.get(Image, ORG, job.image_id).deletion_id == again.json["id"]
    assert api.client.started[-1][2]["force"] is True


def test_work_in_progress_is_canceled(api: Api):
    job = there(api, import_job(), status=OperationStatus.RUNNING, step="virtual-machine")
    delete(api, job.image_id)
    assert api.catalog.get(Operation, ORG, job.operation_id).cancel_requested_at is not None
    assert api.client.events == [(f"{job.operation_id}:virtual-machine", "cancel")]


def test_what_a_running_copy_reads_from_is_in_use(api: Api):
    job = there(api, copy_job())
    stored = api.catalog.get(Asset, ORG, job.image_id, job.version_id, job.asset_id)
    api.catalog.update(stored.model_copy(update={"data": {"galleryImageVersionId": GOLDEN.id.upper()}}))
    reader = copy_job(image_name="Reader", source=GOLDEN)
    there(api, reader, status=OperationStatus.RUNNING)
    answer = delete(api, job.image_id)

    assert (answer.status, answer.json["code"]) == (409, "IN_USE")
    assert reader.operation_id in answer.json["detail"]
    assert not api.client.started
    assert delete(api, job.image_id, force="true").status == 202


def test_what_a_copy_that_has_ended_read_from_is_free(api: Api):
    job = there(api, copy_job())
    there(api, copy_job(image_name="Reader", source=GOLDEN))
    assert delete(api, job.image_id).status == 202


def test_an_image_of_which_nothing_is_known_in_azure_is_not_deleted(api: Api):
    job = there(api, import_job())
    operation = api.catalog.get(Operation, ORG, job.operation_id)
    api.catalog.update(operation.model_copy(update={"job": {}}))
    answer = delete(api, job.image_id)
    assert (answer.status, answer.json["code"]) == (409, "CONFLICT")
    assert "older release" in answer.json["detail"]


@pytest.mark.parametrize("path", ["nobody", "nobody/versions/nobody"])
def test_what_is_not_there_is_a_404(api: Api, path: str):
    assert delete(api, path).status == 404


def test_a_version_that_is_not_there_is_a_404(api: Api):
    job = there(api, import_job())
    assert delete(api, f"{job.image_id}/versions/{new_id()}").status == 404
    assert not api.client.started


def test_a_deletion_is_noted_although_the_work_writes_at_the_same_moment(api: Api):
    job = there(api, import_job())
    api.catalog.fail("create", Changed("by the work"))
    assert delete(api, job.image_id).status == 202


def test_without_a_start_nothing_is_written(api: Api):
    job = there(api, import_job())
    api.client.failure = Exception("no host")
    assert delete(api, job.image_id).status == 503
    assert not [each for each in api.catalog.all(Operation) if each.action is OperationAction.DELETE]
    assert api.catalog.get(Image, ORG, job.image_id).deletion_id is None


def test_it_may_be_repeated_with_a_key(api: Api):
    job = there(api, import_job())
    key = {"Idempotency-Key": "once"}
    first, again = delete(api, job.image_id, key), delete(api, job.image_id, key)
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"


def test_one_that_joins_a_deletion_keeps_its_own_key(api: Api):
    job = there(api, import_job())
    delete(api, job.image_id, {"Idempotency-Key": "first"})
    key = {"Idempotency-Key": "second"}
    joined = delete(api, job.image_id, key)
    for record in (*api.catalog.all(Asset), *api.catalog.all(Version), *api.catalog.all(Image)):
        api.catalog.delete(record)
    again = delete(api, job.image_id, key)
    assert (again.status, again.json) == (joined.status, joined.json) == (202, joined.json)
