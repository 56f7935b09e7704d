"""The table of workflow kinds, and the plans that jobs carry."""

from typing import get_args

import pytest

from shared.states.enums import GpuType, OperationAction, OsType
from shared.states.sets import AT_REST, FAILED, LIVE
from shared.workflow import kinds, plans, steps, undoing
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.kinds import KINDS, kind_of, plan_of, planned, read_job, read_making_job, removal_of
from tests import builders

IMPORT, COPY = builders.import_job(), builders.copy_job("westus2")


def deletion() -> DeleteJob:
    shared = {name: getattr(IMPORT, name) for name in ImportJob.model_fields if name in DeleteJob.model_fields}
    return DeleteJob(**{**shared, "action": OperationAction.DELETE, "secret_name": None}, made=(IMPORT, COPY))


def names(plan: object) -> list[str]:
    return [step.name for step in plan]  # type: ignore[attr-defined]


def test_every_action_has_a_kind_and_every_job_is_of_one():
    assert set(KINDS) == set(OperationAction)
    assert set(get_args(get_args(AnyJob)[0])) == {kind.job for kind in KINDS.values()}
    assert set(get_args(get_args(MakingJob)[0])) == {kind.job for kind in KINDS.values() if kind.removal}


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_kind_begins_at_work_and_ends_at_rest(kind):
    assert kind.begins in LIVE
    assert kind.retrying in LIVE
    assert kind.ends is None or kind.ends in AT_REST - FAILED
    assert {kind.timed_out, kind.canceled} <= FAILED
    assert kind.clean_up in undoing.UNDOING
    assert kind.removal is None or kind.removal in undoing.UNDOING


@pytest.mark.parametrize("job", [IMPORT, COPY, deletion()], ids=lambda job: job.action)
def test_a_job_is_read_as_it_was_written(job):
    assert read_job(planned(job).to_json()) == planned(job)


def test_a_new_job_carries_the_names_of_its_steps():
    job = planned(IMPORT)
    assert list(job.plan) == names(plans.import_steps(job.os_type, job.gpu_type))
    assert plan_of(job) == list(plans.import_steps(job.os_type, job.gpu_type))
    assert list(planned(deletion()).plan) == ["stop-work", "remove-machine", "remove-image-version"]


def test_a_job_keeps_its_plan_whatever_the_next_release_does(monkeypatch):
    before = planned(IMPORT)
    longer = (*plans.import_steps(OsType.WVD, GpuType.NONE), steps.GUEST_AGENT)
    monkeypatch.setattr(plans, "import_steps", lambda *_: longer)
    assert plan_of(before) == [steps.by_name(name) for name in before.plan]
    assert list(planned(IMPORT).plan) == names(longer)


@pytest.mark.parametrize("job", [IMPORT, COPY, builders.copy_job()], ids=["import", "copy", "copy to one region"])
def test_a_job_of_a_release_without_plans_keeps_the_steps_of_then(job, monkeypatch):
    """Its orchestration replays with them: `tests/histories` has such jobs, too."""
    then = names(plan_of(job))
    monkeypatch.setattr(plans, "import_steps", lambda *_: ())
    monkeypatch.setattr(plans, "copy_steps", lambda **_: ())
    assert not job.plan
    assert names(plan_of(job)) == then
    assert then
    assert "plan" not in job.to_json(), "a replay hands on what it was handed"


def test_a_deletion_makes_nothing_that_could_be_removed():
    with pytest.raises(ValueError, match="makes nothing"):
        removal_of(deletion())
    with pytest.raises(ValueError, match="makes nothing"):
        read_making_job(deletion().to_json())
    assert kind_of(deletion()) is kinds.DELETE


def test_all_secrets_of_a_job_are_known():
    job = IMPORT.model_copy(update={"further_secrets": ("domain-join", "token")})
    assert job.secrets == (IMPORT.secret_name, "domain-join", "token")
    assert COPY.secrets == ()
