"""Import an image of the Azure Marketplace."""

import azure.durable_functions as df

from orchestrators.engine.calls import Replay, read_input
from orchestrators.engine.failure import StepFailed
from orchestrators.engine.workflow import Workflow
from shared.names import Orchestrator
from shared.workflow.jobs.import_job import ImportJob

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.IMPORT_IMAGE)
def import_image(context: df.DurableOrchestrationContext) -> Replay:
    """Make a virtual machine from a Marketplace image, ready to be customised.

    First it waits for its turn, since a provider instance builds only so many at once.

    The steps, in `shared.workflow.steps`: check all that can be known beforehand; accept the Marketplace terms; create
    the staging resource group, the network security group and the virtual machine; wait for its guest agent;
    allow remote desktop; put the GPU driver on, if it has a GPU; restart. If one fails for good, what was created
    is kept for a while, in which a retry goes on from that step, and then removed; so it is at once if the operation
    is canceled. The administrator's password is forgotten in every case.
    """
    job = read_input(context, ImportJob)
    work = Workflow(context, job)
    if not (yield from work.accepted()):
        return {"imageId": job.image_id, "abandoned": True}
    while True:
        try:
            yield from work.turn()
            for step in work.steps_left():
                yield from work.take(step)
            ended = yield from work.complete()
        except StepFailed as failure:
            ended = yield from work.fail(failure)
        if ended is not None:
            return ended
