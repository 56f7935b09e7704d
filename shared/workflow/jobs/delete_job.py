"""The job of a deletion."""

from typing import Literal

from shared.states.enums import OperationAction
from shared.workflow.jobs.job import Job
from shared.workflow.jobs.making_job import MakingJob


class DeleteJob(Job):
    """All that a deletion needs to know; the version and asset of its own are those of the first job it takes back."""

    action: Literal[OperationAction.DELETE] = OperationAction.DELETE
    made: tuple[MakingJob, ...]
    """The jobs that made what is deleted: one for each version."""
    whole_image: bool = True
    """Whether no version is left afterwards, and the image goes, too."""
    force: bool = False
    """Whether the records go even if Azure keeps something."""
