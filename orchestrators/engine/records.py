"""What an operation writes of itself, and what the portal shows of its instance."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df

from orchestrators.engine.calls import Replay, now, persist, unexpected
from orchestrators.engine.failure import StepFailed
from shared.errors.azure import ErrorKind
from shared.errors.catalogue import RECORDS_CHANGED
from shared.models.error_info import ErrorInfo
from shared.names import Activity
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.kinds import kind_of, plan_of
from shared.workflow.messages import OperationEnd, Progress
from shared.workflow.outcome import Outcome
from shared.workflow.step_input import StepPosition


class Records:
    """The records of one operation under way."""

    def __init__(self, context: df.DurableOrchestrationContext, job: AnyJob) -> None:
        self._context = context
        self._job = job
        self._kind = kind_of(job)
        self._plan = plan_of(job)
        self._data: dict[str, Any] = {}
        self._retries = 0

    def _record(self, **change: Any) -> Generator[Any, Any, Outcome]:
        """Write progress; not being able to, for as long as storage may be away, is an outcome, too."""
        progress = Progress.of(
            self._job, now(self._context), **{"data": self._data, "retries": self._retries, **change}
        )
        try:
            recorded = yield from self._persist(Activity.RECORD_PROGRESS, progress)
        except Exception:  # noqa: BLE001 - Durable 1.x delivers every failed activity as a bare Exception
            return Outcome.failed(unexpected(Activity.RECORD_PROGRESS))
        return Outcome.model_validate(recorded)

    def _end(
        self,
        *,
        status: AssetStatus | None,
        error: ErrorInfo | None,
        end: OperationStatus,
        retry_until: datetime | None = None,
    ) -> Replay:
        recorded = yield from self._record(status=status, error=error, end=end, retry_until=retry_until)
        gone = recorded.error is not None and recorded.error.code == RECORDS_CHANGED
        canceled = recorded.error is not None and recorded.error.kind is ErrorKind.CANCELED
        if recorded.error is not None and (canceled or (gone and end is OperationStatus.SUCCEEDED)):
            raise StepFailed(self._plan[-1], recorded.error)
        if gone:
            # A deletion has taken the image over, or removed it: the operation's own record is still to be ended.
            ended = OperationEnd(job=self._job, at=now(self._context), status=end, error=error)
            recorded = Outcome.model_validate((yield from self._persist(Activity.END_OPERATION, ended)))
        if recorded.error is not None:
            # The work is over but can't be shown: the instance fails, so that somebody looks at it.
            raise RuntimeError(f"{recorded.error.code}: {recorded.error.message}")

    def _fail_replicas(self, status: AssetStatus | None, error: ErrorInfo) -> Replay:
        """What would have been a replica of this asset failed with it."""
        for asset_id in self._job.regions:
            progress = Progress.of(self._job, now(self._context), asset_id=asset_id, status=status, error=error)
            yield from self._persist(Activity.RECORD_PROGRESS, progress)

    def _persist(self, activity: Activity, payload: Progress | OperationEnd) -> Replay:
        return (yield from persist(self._context, activity, payload, self._job.pace))

    def _show(self, position: StepPosition, status: AssetStatus | None) -> None:
        """What the portal shows of the instance."""
        self._context.set_custom_status(
            {
                "step": position.name,
                "title": position.title,
                "number": position.number,
                "count": position.count,
                "percent": position.percent,
                "imageId": self._job.image_id,
                "imageName": self._job.image_name,
                "status": status,
            }
        )

    def _show_wait(self, title: str) -> None:
        """What the portal shows of an instance that has not begun its work."""
        names = {"imageId": self._job.image_id, "imageName": self._job.image_name}
        self._context.set_custom_status({**names, "title": title, "status": self._kind.begins})

    def _summary(self, status: AssetStatus | None, **progress: int) -> dict[str, str | None]:
        self._context.set_custom_status(
            {"imageId": self._job.image_id, "imageName": self._job.image_name, "status": status, **progress}
        )
        return {"imageId": self._job.image_id, "assetStatus": status}
