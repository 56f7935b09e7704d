"""The jobs that make something in Azure, which a deletion takes away again."""

from typing import Annotated

from pydantic import Field

from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob

MakingJob = Annotated[ImportJob | CopyJob, Field(discriminator="action")]
