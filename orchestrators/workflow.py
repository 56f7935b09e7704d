"""What every workflow does around its steps: find its acceptance, show where it is, undo, end."""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators import policies
from orchestrators.calls import Replay, now, persist, sleep, unexpected
from shared import steps
from shared.errors import OPERATION_CANCELED, ErrorKind
from shared.models.records import ErrorInfo
from shared.models.steps import (
    Acceptance,
    AcceptanceFound,
    CopyJob,
    DeleteJob,
    Facts,
    ImportJob,
    Outcome,
    Progress,
    RegionWatch,
    ReplicationResult,
    ReplicationTask,
    SecretTask,
    SourceFacts,
    StepError,
    StepPosition,
    StepTask,
)
from shared.names import Activity, Orchestrator, step_instance_id
from shared.states import AssetStatus, OperationStatus


class StepFailed(Exception):
    """A step failed for good; the workflow undoes what was done."""

    def __init__(self, step: steps.Step, error: StepError) -> None:
        super().__init__(f"{step.name}: {error.code}")
        self.step = step
        self.error = error


class Workflow:
    """One operation under way: its steps, and what it found out and made so far."""

    def __init__(
        self,
        context: df.DurableOrchestrationContext,
        job: ImportJob | CopyJob | DeleteJob,
        plan: Sequence[steps.Step],
        clean_up: steps.Step,
    ) -> None:
        self._context = context
        self._job = job
        self._plan = plan
        self._clean_up = clean_up
        self._deadline = now(context) + timedelta(seconds=job.pace.deadline_seconds)
        self._facts: Facts | SourceFacts | None = None
        self._data: dict[str, Any] = {}

    def accepted(self) -> Generator[Any, Any, bool]:
        """Whether the request was accepted: its records are there, or come in a moment.

        The orchestration is started just before the records are written, so that no accepted request can be
        lost between the two. If they never come, giving up writes the operation's record itself: from then on
        they can't come any more.
        """
        for wait in (*policies.ACCEPTANCE_WAITS, None):
            found = yield from self._persist(Activity.CONFIRM_ACCEPTANCE, self._acceptance())
            if AcceptanceFound.model_validate(found).accepted:
                return True
            if wait is not None:
                yield from sleep(self._context, wait)
        found = yield from self._persist(Activity.ABANDON_OPERATION, self._acceptance())
        if AcceptanceFound.model_validate(found).accepted:
            return True
        if not (yield from self._delete_secret()):
            yield from self._keep_deleting_secret()
        return False

    def take(self, step: steps.Step) -> Replay:
        """Take one step, to its end.

        Raises:
            StepFailed: it failed for good.
        """
        position = steps.position(self._plan, step)
        recorded = yield from self._record(status=step.status, step=position)
        if recorded.error is not None:
            raise StepFailed(step, recorded.error)
        self._show(position, step.status)
        outcome = yield from self._run(step, position, self._deadline)
        if outcome.error is not None:
            raise StepFailed(step, outcome.error)
        self._facts = outcome.facts or self._facts
        self._data |= outcome.data

    def replicate(self, job: CopyJob) -> Generator[Any, Any, ErrorInfo | None]:
        """Show that the image can be used, and take it to the further regions; returns what went wrong, if anything.

        Nothing of this fails the copy: where the version is, it stays.
        """
        position = steps.position(self._plan, steps.REPLICATION)
        yield from self._record(status=AssetStatus.AVAILABLE, step=position)
        self._show(position, AssetStatus.REPLICATING)
        began = now(self._context)
        watches = tuple(
            RegionWatch(asset_id=replica.asset_id, region=replica.region.name, changed_at=began)
            for replica in job.replicas
        )
        task = ReplicationTask(job=job, watches=watches)
        instance = step_instance_id(job.operation_id, steps.REPLICATION.name)
        try:
            returned = yield self._context.call_sub_orchestrator(
                Orchestrator.REPLICATE_VERSION, task.to_json(), instance
            )
        except Exception:  # noqa: BLE001 - Durable 1.x delivers a failed sub-orchestration as a bare Exception
            error = unexpected(steps.REPLICATION.name).info(steps.REPLICATION.name)
            yield from self._fail_replicas(AssetStatus.REPLICATION_FAILED, error)
            return error
        return ReplicationResult.model_validate(returned).error

    def complete(self, status: AssetStatus, error: ErrorInfo | None = None) -> Replay:
        """The work is done: forget the secret, then show the last status, and what is missing if anything is.

        Raises:
            StepFailed: the operation was canceled before that could be shown.
        """
        canceled = error is not None and error.code == OPERATION_CANCELED
        end = OperationStatus.CANCELED if canceled else OperationStatus.SUCCEEDED
        forgotten = yield from self._delete_secret()
        yield from self._end(status=status, error=error, end=end)
        if not forgotten:
            yield from self._keep_deleting_secret()
        return self._summary(status, percent=100)

    def undo(self, failure: StepFailed) -> Replay:
        """Take away what was created, forget the secret, then show why it failed.

        Records that can't be written don't stop it: what is in Azure costs money.
        """
        error = failure.error.info(failure.step.name)
        position = steps.position((*self._plan, self._clean_up), self._clean_up)
        # How far the work had come stays as it was: taking it back is no progress.
        position = position.model_copy(update={"percent": 0})
        yield from self._record(step=position, error=error)
        self._show(position, None)
        deadline = now(self._context) + timedelta(seconds=2 * self._clean_up.limit)
        outcome = yield from self._run(self._clean_up, position, deadline)
        if outcome.error is not None:
            left = outcome.error.info(self._clean_up.name)
            error = error.model_copy(update={"details": (*error.details, left)})
        else:
            self._data = dict.fromkeys(self._data)  # what it names is gone
        forgotten = yield from self._delete_secret()
        timed_out = failure.error.kind is ErrorKind.TIMEOUT
        canceled = failure.error.kind is ErrorKind.CANCELED
        status = AssetStatus.IMPORT_FAILED_TIMEOUT if timed_out else failure.step.failure
        # The API page has no status for a canceled asset: it is a failed one, and its error says why.
        status = AssetStatus.IMPORT_FAILED if canceled else status
        yield from self._fail_replicas(status, error)
        yield from self._end(
            status=status, error=error, end=OperationStatus.CANCELED if canceled else OperationStatus.FAILED
        )
        if not forgotten:
            yield from self._keep_deleting_secret()
        return self._summary(status)

    def give_replicas_up(self, error: StepError) -> Replay:
        """Show that the regions which are not there yet will not be."""
        yield from self._fail_replicas(AssetStatus.REPLICATION_FAILED, error.info(steps.REPLICATION.name))

    def _run(
        self,
        step: steps.Step,
        position: StepPosition,
        deadline: datetime,
        job: ImportJob | CopyJob | None = None,
    ) -> Generator[Any, Any, Outcome]:
        """See a step of the operation's job through, or of another one that it takes back."""
        task = StepTask(position=position, job=job or self._job, facts=self._facts, deadline=deadline)
        instance = step_instance_id(self._job.operation_id, step.name)
        try:
            returned = yield self._context.call_sub_orchestrator(Orchestrator.RUN_STEP, task.to_json(), instance)
        except Exception:  # noqa: BLE001 - Durable 1.x delivers a failed sub-orchestration as a bare Exception
            return Outcome.failed(unexpected(step.name))
        return Outcome.model_validate(returned)

    def _fail_replicas(self, status: AssetStatus, error: ErrorInfo) -> Replay:
        """What would have been a replica of this asset failed with it."""
        for replica in self._job.replicas if isinstance(self._job, CopyJob) else ():
            progress = Progress.of(self._job, now(self._context), asset_id=replica.asset_id, status=status, error=error)
            yield from self._persist(Activity.RECORD_PROGRESS, progress)

    def _record(self, **change: Any) -> Generator[Any, Any, Outcome]:
        """Write progress; not being able to, for as long as storage may be away, is an outcome, too."""
        progress = Progress.of(self._job, now(self._context), **{"data": self._data, **change})
        try:
            recorded = yield from self._persist(Activity.RECORD_PROGRESS, progress)
        except Exception:  # noqa: BLE001 - Durable 1.x delivers every failed activity as a bare Exception
            return Outcome.failed(unexpected(Activity.RECORD_PROGRESS))
        return Outcome.model_validate(recorded)

    def _end(self, **change: Any) -> Replay:
        recorded = yield from self._record(**change)
        if recorded.error is not None and recorded.error.kind is ErrorKind.CANCELED:
            raise StepFailed(self._plan[-1], recorded.error)
        if recorded.error is not None:
            # The work is over but can't be shown: the instance fails, so that somebody looks at it.
            raise RuntimeError(f"{recorded.error.code}: {recorded.error.message}")

    def _delete_secret(self) -> Generator[Any, Any, bool]:
        """Forget the secret, if there is one; returns whether there is none any more."""
        if self._job.secret_name is None:
            return True
        task = SecretTask(
            secret_name=self._job.secret_name,
            operation_id=self._job.operation_id,
            org_id=self._job.org_id,
            image_id=self._job.image_id,
        )
        retry = df.RetryOptions(max(1, int(1000 * self._job.pace.retry_seconds)), policies.SECRET_ATTEMPTS)
        try:
            yield self._context.call_activity_with_retry(Activity.DELETE_SECRET, retry, task.to_json())
        except Exception:  # noqa: BLE001 - see above; the host logged each failure
            return False
        return True

    def _keep_deleting_secret(self) -> Replay:
        """The vault is away for long, and the end is shown already: come back to it for a day."""
        for _ in range(policies.SECRET_RETURNS):
            yield from sleep(self._context, policies.SECRET_RETURN_AFTER * self._job.pace.retry_seconds)
            if (yield from self._delete_secret()):
                return
        raise RuntimeError(f"The secret {self._job.secret_name} could not be deleted: delete it by hand.")

    def _persist(self, activity: Activity, payload: Acceptance | Progress) -> Replay:
        return (yield from persist(self._context, activity, payload, self._job.pace))

    def _acceptance(self) -> Acceptance:
        return Acceptance(job=self._job, at=now(self._context))

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

    def _summary(self, status: AssetStatus, **progress: int) -> dict[str, str]:
        self._context.set_custom_status(
            {"imageId": self._job.image_id, "imageName": self._job.image_name, "status": status, **progress}
        )
        return {"imageId": self._job.image_id, "assetStatus": status}
