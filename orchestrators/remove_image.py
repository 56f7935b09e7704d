"""Delete an image, or a version of it."""

import azure.durable_functions as df

from orchestrators.engine.calls import Replay, read_input
from orchestrators.engine.deletion import Deletion
from shared.names import Orchestrator
from shared.workflow.jobs.delete_job import DeleteJob

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.REMOVE_IMAGE)
def remove_image(context: df.DurableOrchestrationContext) -> Replay:
    """Take away what an image consists of, in Azure and in the catalogue.

    Work in progress is canceled first, and waited for. Then each version is removed from Azure: the staging
    resource group of an import, the gallery version of a copy. Last the records go, and with them the image.
    If Azure keeps something, its copy is DELETION_FAILED and the deletion may be asked for again; with `force` the
    records go all the same, and the operation says what is left.
    """
    job = read_input(context, DeleteJob)
    work = Deletion(context, job)
    if not (yield from work.accepted()):
        return {"imageId": job.image_id, "abandoned": True}
    yield from work.stop()
    for made in job.made:
        yield from work.remove(made)
    return (yield from work.end())
