"""Bring an operation to an end whose own orchestration ended before its time."""

import azure.durable_functions as df

from orchestrators.engine.calls import Replay, read_input
from orchestrators.engine.failure import StepFailed
from orchestrators.engine.regions import ask_for_regions
from orchestrators.engine.workflow import Workflow
from shared.errors.azure import ErrorKind
from shared.errors.catalogue import OPERATION_CANCELED
from shared.names import Orchestrator
from shared.states.statuses import OperationStatus
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.kinds import plan_of
from shared.workflow.messages import RepairTask
from shared.workflow.outcome import StepError
from shared.workflow.steps import REPLICATION

bp = df.Blueprint()

ORCHESTRATION_LOST = "ORCHESTRATION_LOST"
"""The code of an operation whose orchestration failed or was terminated."""


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.REPAIR_OPERATION)
def repair_operation(context: df.DurableOrchestrationContext) -> Replay:
    """Undo what the lost orchestration did, and show why; what can be used already stays, without what it lacks.

    Of an operation that had failed before, only what it kept is removed: why it failed is known.
    """
    task = read_input(context, RepairTask)
    job = task.job
    work = Workflow(context, job)
    if not (yield from work.accepted()):
        return {"imageId": job.image_id, "abandoned": True}
    if task.failed is not None:
        return (yield from work.take_back(None, task.failed, OperationStatus.FAILED))
    if task.canceled:
        error = StepError(kind=ErrorKind.CANCELED, code=OPERATION_CANCELED, message=f"It was canceled. {_lost(task)}")
    else:
        error = StepError(kind=ErrorKind.PERMANENT, code=ORCHESTRATION_LOST, message=_lost(task))
    if task.usable and isinstance(job, CopyJob):
        left = yield from ask_for_regions(context, job, task.regions, undoing=True)
        yield from work.give_replicas_up(error)
        details = (left.info(REPLICATION.name),) if left else ()
        return (yield from work.complete(error.info().model_copy(update={"details": details})))
    return (yield from work.undo(StepFailed(plan_of(job)[0], error)))


def _lost(task: RepairTask) -> str:
    return f"The work on it ended before its time ({task.reason}); the application's log says more."
