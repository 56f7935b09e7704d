"""Any job, as orchestrations and operations keep it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from shared.states.enums import Action
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.import_job import ImportJob

AnyJob = Annotated[ImportJob | CopyJob | DeleteJob, Field(discriminator="action")]


def read_making_job(job: Mapping[str, Any]) -> ImportJob | CopyJob:
    """A job that makes something, as its operation keeps it.

    Raises:
        ValueError: it is none.
    """
    kind = CopyJob if job.get("action") == Action.COPY_EXISTING_IMAGE else ImportJob
    return kind.model_validate(job)
