"""Copy an image version from an Azure Compute Gallery."""

import azure.durable_functions as df

from orchestrators.engine.calls import Replay, read_input
from orchestrators.engine.failure import StepFailed
from orchestrators.engine.workflow import Workflow
from shared.names import Orchestrator
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.steps import REPLICATION

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.COPY_IMAGE)
def copy_image(context: df.DurableOrchestrationContext) -> Replay:
    """Make a version in the provider instance's gallery from a version in another one.

    First it waits for its turn, since a provider instance builds only so many at once.

    The steps, in `shared.workflow.steps`: prove that the source may be read; check all that can be known beforehand;
    make sure of the gallery and the image definition; copy the version into the home region. From then on the image can
    be used, and nothing takes it away again: further regions follow, each with its own success or failure. Canceling
    takes away what was copied until then, and afterwards only the regions that are still to come. A retry goes on from
    the step that failed; where regions are missing, it asks for those again.
    """
    job = read_input(context, CopyJob)
    work = Workflow(context, job)
    if not (yield from work.accepted()):
        return {"imageId": job.image_id, "abandoned": True}
    while True:
        try:
            yield from work.turn()
            for step in work.steps_left():
                if step is not REPLICATION:
                    yield from work.take(step)
            missing = (yield from work.replicate(job)) if job.replicas else None
            ended = yield from work.complete(missing, keep=True)
        except StepFailed as failure:
            ended = yield from work.fail(failure)
        if ended is not None:
            return ended
