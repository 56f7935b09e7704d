"""What a deletion does, and how it ends."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators.engine.calls import Replay, now, persist
from orchestrators.engine.workflow import Workflow
from shared.models.error_info import ErrorInfo
from shared.names import Activity
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow import undoing
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.kinds import removal_of
from shared.workflow.messages import ImageRemoval, OperationEnd, Progress
from shared.workflow.outcome import Outcome
from shared.workflow.step import position_of

LEFT_IN_AZURE = "LEFT_IN_AZURE"
"""The code of a deletion that could not remove everything from Azure."""


class Deletion(Workflow):
    """A deletion under way: what is gone, and what could not be removed."""

    def __init__(self, context: df.DurableOrchestrationContext, job: DeleteJob) -> None:
        super().__init__(context, job)
        self._deletion = job
        self._gone: list[MakingJob] = []
        self._left: list[ErrorInfo] = []

    def stop(self) -> Replay:
        """Wait until the work in progress has ended; what does not end in time loses what it works on."""
        position = position_of(self._plan, undoing.STOP_WORK)
        yield from self._record(step=position)
        self._show(position, None)
        yield from self._run(
            undoing.STOP_WORK, position, now(self._context) + timedelta(seconds=undoing.STOP_WORK.limit)
        )

    def remove(self, made: MakingJob) -> Replay:
        """Remove from Azure what one job made."""
        step = removal_of(made)
        position = position_of(self._plan, step)
        yield from self._set(made, AssetStatus.DELETING, None)
        yield from self._record(step=position)
        self._show(position, AssetStatus.DELETING)
        deadline = now(self._context) + timedelta(seconds=step.limit)
        outcome: Outcome = yield from self._run(step, position, deadline, job=made)
        if outcome.error is None:
            self._gone.append(made)
            return
        error = outcome.error.info(step.name)
        self._left.append(error)
        if self._deletion.force:
            self._gone.append(made)
        else:
            yield from self._set(made, AssetStatus.DELETION_FAILED, error)

    def end(self) -> Replay:
        """Remove the records of what is gone, and write how the deletion ended."""
        if self._gone:
            whole = self._deletion.whole_image and len(self._gone) == len(self._deletion.made)
            gone = self._deletion.model_copy(update={"made": tuple(self._gone), "whole_image": whole})
            removal = ImageRemoval(job=gone, at=now(self._context))
            yield from persist(self._context, Activity.REMOVE_RECORDS, removal, self._job.pace)
        failed = bool(self._left) and not self._deletion.force
        status = OperationStatus.FAILED if failed else OperationStatus.SUCCEEDED
        end = OperationEnd(job=self._deletion, at=now(self._context), status=status, error=self._error())
        yield from persist(self._context, Activity.END_OPERATION, end, self._job.pace)
        return {"imageId": self._job.image_id, "deleted": not failed}

    def _error(self) -> ErrorInfo | None:
        if not self._left:
            return None
        advice = "look for it by its tags" if self._deletion.force else "delete the image again, or with force"
        message = f"Not everything could be removed from Azure; {advice}. {self._left[0].message}"
        return ErrorInfo(code=LEFT_IN_AZURE, message=message, details=tuple(self._left))

    def _set(self, made: MakingJob, status: AssetStatus, error: ErrorInfo | None) -> Generator[Any, Any, None]:
        """Write the status of every asset that the job made."""
        for asset_id in (made.asset_id, *made.regions):
            progress = Progress.of(made, now(self._context), asset_id=asset_id, status=status, error=error)
            yield from persist(self._context, Activity.RECORD_PROGRESS, progress, self._job.pace)
