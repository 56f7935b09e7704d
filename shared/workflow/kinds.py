"""The workflow kinds: one row says all that the engine, the triggers and the janitor have to know of a kind.

A new kind is a row here, a job model, and an orchestrator that tells its story.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shared.names import Orchestrator
from shared.states.enums import OperationAction
from shared.states.statuses import AssetStatus
from shared.states.transition_table import FIRST_ASSET_STATUS
from shared.workflow import naming, plans, steps, undoing
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.jobs.job import Job
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.step import Step

J = TypeVar("J", bound=Job)


@dataclass(frozen=True, slots=True)
class Kind(Generic[J]):
    """What a workflow kind is.

    Attributes:
        action: what a caller asks for.
        orchestrator: the orchestration that does it.
        job: the model of its input.
        plan: the steps of a new job, in order. Free to change: a job carries the names of its steps.
        first_plan: the steps of a job of a release that wrote none into it. Never changes.
        clean_up: the step that takes back what a job made that fails.
        removal: the step by which a deletion takes away what a job made; None where it makes nothing.
        anchor: the ARM id of the resource by which one sees whether what a job made is there.
        roots: the ARM ids of the resources that hold all that a job made, as naming derives them.
        ends: the asset's status when it is done; None where the asset is gone then.
        timed_out: the asset's status after a step that did not end in time.
        canceled: the asset's status after a cancellation. The API page has none of its own: the error says why.
        retrying: the asset's status while an automatic retry waits.
        queues: whether a new job waits for its turn at the provider instance.
        cancelable: whether a person can ask for its end.
        replicates: whether it goes on to further regions, once the image can be used.
        begins: the asset's first status.
    """

    action: OperationAction
    orchestrator: Orchestrator
    job: type[J]
    plan: Callable[[J], Sequence[Step]]
    first_plan: Callable[[J], Sequence[Step]]
    clean_up: Step
    removal: Step | None
    anchor: Callable[[J], str]
    roots: Callable[[J], Sequence[str]]
    ends: AssetStatus | None
    timed_out: AssetStatus
    canceled: AssetStatus
    retrying: AssetStatus
    queues: bool = True
    cancelable: bool = True
    replicates: bool = False
    begins: AssetStatus = FIRST_ASSET_STATUS


IMPORT = Kind(
    action=OperationAction.IMPORT,
    orchestrator=Orchestrator.IMPORT_IMAGE,
    job=ImportJob,
    plan=lambda job: plans.import_steps(job.os_type, job.gpu_type),
    first_plan=plans.first_import_steps,
    clean_up=undoing.CLEAN_UP,
    removal=undoing.REMOVE_MACHINE,
    anchor=lambda job: naming.staging(job).vm_id,
    roots=lambda job: (naming.staging(job).group_id,),
    ends=AssetStatus.IMPORT_COMPLETE,
    timed_out=AssetStatus.IMPORT_FAILED_TIMEOUT,
    canceled=AssetStatus.IMPORT_FAILED,
    retrying=AssetStatus.IMPORT_RETRY_PENDING,
)
COPY = Kind(
    action=OperationAction.COPY_EXISTING_IMAGE,
    orchestrator=Orchestrator.COPY_IMAGE,
    job=CopyJob,
    plan=lambda job: plans.copy_steps(replicated=bool(job.replicas)),
    first_plan=plans.first_copy_steps,
    clean_up=undoing.COPY_CLEAN_UP,
    removal=undoing.REMOVE_IMAGE_VERSION,
    anchor=lambda job: naming.gallery_target(job).version_id,
    roots=lambda job: (naming.gallery_target(job).version_id, naming.gallery_target(job).definition_id),
    ends=AssetStatus.AVAILABLE,
    timed_out=AssetStatus.IMPORT_FAILED_TIMEOUT,
    canceled=AssetStatus.IMPORT_FAILED,
    retrying=AssetStatus.IMPORT_RETRY_PENDING,
    replicates=True,
)


def _deletion_steps(job: DeleteJob) -> Sequence[Step]:
    """Stop the work in progress, then take away what each job made."""
    return (undoing.STOP_WORK, *(removal_of(made) for made in job.made))


DELETE = Kind(
    action=OperationAction.DELETE,
    orchestrator=Orchestrator.REMOVE_IMAGE,
    job=DeleteJob,
    plan=_deletion_steps,
    first_plan=_deletion_steps,
    clean_up=undoing.STOP_WORK,
    removal=None,
    anchor=lambda _: "",
    roots=lambda _: (),
    ends=None,
    timed_out=AssetStatus.DELETION_FAILED,
    canceled=AssetStatus.DELETION_FAILED,
    retrying=AssetStatus.DELETION_RETRY_PENDING,
    queues=False,
    cancelable=False,
)

KINDS: Mapping[OperationAction, Kind[Any]] = {kind.action: kind for kind in (IMPORT, COPY, DELETE)}
"""Every workflow kind, by what a caller asks for."""


def kind_of(job: Job) -> Kind[Any]:
    """The kind of a job."""
    return next(kind for kind in KINDS.values() if type(job) is kind.job)


def plan_of(job: Job) -> Sequence[Step]:
    """The steps of a job, in order: those that it carries, or what its kind did when jobs carried none."""
    if job.plan:
        return [steps.by_name(name) for name in job.plan]
    return kind_of(job).first_plan(job)


def planned(job: J) -> J:
    """The job with the names of its steps, as it is accepted."""
    plan = kind_of(job).plan(job)
    return job.model_copy(update={"plan": tuple(step.name for step in plan), "queues": kind_of(job).queues})


def removal_of(job: Job) -> Step:
    """The step by which a deletion takes away what a job made.

    Raises:
        ValueError: it makes nothing.
    """
    removal = kind_of(job).removal
    if removal is None:
        raise ValueError(f"a {kind_of(job).action} makes nothing that could be removed")
    return removal


def _kind_named(job: Mapping[str, Any]) -> Kind[Any]:
    """The kind that a job names; one that names none is an import, as its model has it."""
    return KINDS[OperationAction(job.get("action", OperationAction.IMPORT))]


def read_job(job: Mapping[str, Any]) -> AnyJob:
    """A job, as its operation keeps it, or as its orchestration was handed it.

    Raises:
        ValueError: it is none.
    """
    read: AnyJob = _kind_named(job).job.model_validate(job)
    return read


def read_making_job(job: Mapping[str, Any]) -> MakingJob:
    """A job that makes something, as its operation keeps it.

    Raises:
        ValueError: it is none.
    """
    kind = _kind_named(job)
    if kind.removal is None:
        raise ValueError(f"a {kind.action} makes nothing")
    read: MakingJob = kind.job.model_validate(job)
    return read
