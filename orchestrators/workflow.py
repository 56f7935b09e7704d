"""What every workflow does around its steps: find its acceptance, show where it is, undo, end."""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators import policies
from orchestrators.calls import Replay, now, persist, sleep, unexpected
from shared import steps
from shared.errors import ErrorKind
from shared.models.steps import (
    Acceptance,
    AcceptanceFound,
    Facts,
    ImportJob,
    Outcome,
    Progress,
    SecretTask,
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

    def __init__(self, context: df.DurableOrchestrationContext, job: ImportJob, plan: Sequence[steps.Step]) -> None:
        self._context = context
        self._job = job
        self._plan = plan
        self._deadline = now(context) + timedelta(seconds=job.pace.deadline_seconds)
        self._facts: Facts | None = None
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
        yield from self._delete_secret()
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

    def complete(self, status: AssetStatus) -> Replay:
        """The work is done: forget the secret, then show the last status."""
        yield from self._delete_secret()
        yield from self._end(status=status, end=OperationStatus.SUCCEEDED)
        return self._summary(status)

    def undo(self, failure: StepFailed) -> Replay:
        """Take away what was created, forget the secret, then show why it failed.

        Records that can't be written don't stop it: what is in Azure costs money.
        """
        error = failure.error.info(failure.step.name)
        position = steps.position((*self._plan, steps.CLEAN_UP), steps.CLEAN_UP)
        yield from self._record(step=position, error=error)
        self._show(position, None)
        deadline = now(self._context) + timedelta(seconds=2 * steps.CLEAN_UP.limit)
        outcome = yield from self._run(steps.CLEAN_UP, position, deadline)
        if outcome.error is not None:
            left = outcome.error.info(steps.CLEAN_UP.name)
            error = error.model_copy(update={"details": (*error.details, left)})
        yield from self._delete_secret()
        timed_out = failure.error.kind is ErrorKind.TIMEOUT
        status = AssetStatus.IMPORT_FAILED_TIMEOUT if timed_out else failure.step.failure
        yield from self._end(status=status, error=error, end=OperationStatus.FAILED)
        return self._summary(status)

    def _run(self, step: steps.Step, position: StepPosition, deadline: datetime) -> Generator[Any, Any, Outcome]:
        task = StepTask(position=position, job=self._job, facts=self._facts, deadline=deadline)
        instance = step_instance_id(self._job.operation_id, step.name)
        try:
            returned = yield self._context.call_sub_orchestrator(Orchestrator.RUN_STEP, task.to_json(), instance)
        except Exception:  # noqa: BLE001 - Durable 1.x delivers a failed sub-orchestration as a bare Exception
            return Outcome.failed(unexpected(step.name))
        return Outcome.model_validate(returned)

    def _record(self, **change: Any) -> Generator[Any, Any, Outcome]:
        progress = Progress.of(self._job, now(self._context), data=self._data, **change)
        return Outcome.model_validate((yield from self._persist(Activity.RECORD_PROGRESS, progress)))

    def _end(self, **change: Any) -> Replay:
        recorded = yield from self._record(**change)
        if recorded.error is not None:
            # The work is over but can't be shown: the instance fails, so that somebody looks at it.
            raise RuntimeError(f"{recorded.error.code}: {recorded.error.message}")

    def _delete_secret(self) -> Replay:
        task = SecretTask(
            secret_name=self._job.secret_name,
            operation_id=self._job.operation_id,
            org_id=self._job.org_id,
            image_id=self._job.image_id,
        )
        retry = df.RetryOptions(int(1000 * self._job.pace.retry_seconds), policies.SECRET_ATTEMPTS)
        try:
            yield self._context.call_activity_with_retry(Activity.DELETE_SECRET, retry, task.to_json())
        except Exception:  # noqa: BLE001 - see above; the activity logged each failure, and the secret expires
            self._data["secretLeftToExpire"] = self._job.secret_name

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

    def _summary(self, status: AssetStatus) -> dict[str, str]:
        self._context.set_custom_status(
            {"imageId": self._job.image_id, "imageName": self._job.image_name, "percent": 100, "status": status}
        )
        return {"imageId": self._job.image_id, "assetStatus": status}
