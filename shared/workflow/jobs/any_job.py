"""Any job, as orchestrations are handed it."""

from typing import Annotated

from pydantic import Field

from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.import_job import ImportJob

AnyJob = Annotated[ImportJob | CopyJob | DeleteJob, Field(discriminator="action")]
