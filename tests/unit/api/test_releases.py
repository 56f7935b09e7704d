"""Records of another release: an older one lacks fields, and a newer one, before a rollback, had more."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.models.image import Image
from shared.models.operation import Operation
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.kinds import read_making_job
from shared.workflow.messages import RepairTask
from tests import golden
from tests.builders import ORG
from tests.unit.api.client import Api

RELEASES = {"older": {}, "newer": golden.TOMORROW}


@pytest.fixture(name="old", params=RELEASES)
def _old(request: pytest.FixtureRequest, api: Api) -> Api:
    for record in golden.first_release(RELEASES[request.param]):
        api.catalog.put(record)
    return api


def ids(image_id: str) -> Mapping[str, str]:
    number = int(image_id[-12:])
    parts = ("image", "version", "asset", "operation")
    return {part: f"{image_id[:-12]}{number + offset:012d}" for offset, part in enumerate(parts)}


@pytest.mark.parametrize("image_id", [golden.COMPLETE, golden.IN_PROGRESS])
def test_every_get_answers(old: Api, image_id: str):
    known = ids(image_id)
    version = f"images/{image_id}/versions/{known['version']}"
    paths = [
        "images",
        f"images/{image_id}",
        f"images/{image_id}/versions",
        f"images/{image_id}/history",
        version,
        f"{version}/copies",
        f"{version}/copies/{known['asset']}",
        "operations",
        f"operations/{known['operation']}",
        "provider-instances",
        "provider-instances/provider-1",
    ]
    answers = {path: old.get(path) for path in paths}
    assert {path: answer.status for path, answer in answers.items() if answer.status != 200} == {}
    assert answers[f"operations/{known['operation']}"].json["action"] == "import"
    assert "OfTomorrow" not in "".join(answer.content.decode() for answer in answers.values())
    ended = image_id == golden.COMPLETE
    assert answers[f"images/{image_id}"].json["status"] == ("IMPORT_COMPLETE" if ended else "IN_PROGRESS")


def test_what_is_at_work_can_be_canceled(old: Api):
    operation_id = ids(golden.IN_PROGRESS)["operation"]
    answer = old.request("POST", f"/imagemgmt/v1/operations/{operation_id}/cancel", None, None, org_id=ORG)
    assert answer.status == 202, answer.content
    assert old.catalog.get(Operation, ORG, operation_id).cancel_requested_at is not None


@pytest.mark.parametrize("image_id", [golden.COMPLETE, golden.IN_PROGRESS])
def test_a_deletion_says_what_it_does_not_know(old: Api, image_id: str):
    """The first release kept nowhere what a version consists of in Azure."""
    answer = old.request("DELETE", f"/imagemgmt/v1/images/{image_id}", None, None, org_id=ORG)
    assert (answer.status, answer.json["code"]) == (409, "CONFLICT")
    assert "older release" in answer.json["detail"]
    assert old.catalog.get(Image, ORG, image_id).deletion_id is None
    assert old.client.started == []


@pytest.mark.parametrize("extra", RELEASES.values(), ids=RELEASES)
@pytest.mark.parametrize("name", ["Complete", "In-Progress"])
def test_the_input_of_an_orchestration_is_read(name: str, extra: dict[str, Any]):
    given = golden.first_job(name) | extra
    job = read_making_job(given)
    assert isinstance(job, ImportJob)
    assert job.image_name == name
    assert RepairTask.model_validate({"job": given, "reason": "Failed"}).job == job
    with pytest.raises(ValueError, match="versionName"):
        CopyJob.model_validate(given)
