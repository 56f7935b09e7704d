"""What every workflow does around its steps: wait for its turn, take them, undo, end."""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators.engine.acceptance import is_accepted
from orchestrators.engine.await_turn import ask_for_turn, waiting_on
from orchestrators.engine.calls import Replay, now, unexpected
from orchestrators.engine.failure import StepFailed, may_be_mended, status_of
from orchestrators.engine.records import Records
from orchestrators.engine.secrets import delete_secrets, keep_deleting_secrets
from shared.errors.azure import ErrorKind
from shared.errors.catalogue import OPERATION_CANCELED
from shared.models.error_info import ErrorInfo
from shared.names import QUEUE, Orchestrator, kept_instance_id, step_instance_id
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow import steps
from shared.workflow.facts import Facts, SourceFacts
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.jobs.copy_job import CopyJob, Replica
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.messages import RetryDecided, RetryDecision, RetryWindow, Turn, TurnTask
from shared.workflow.outcome import Outcome, StepError
from shared.workflow.replication import RegionWatch, ReplicationResult, ReplicationTask
from shared.workflow.step import Step, position_of
from shared.workflow.step_input import StepPosition, StepTask


class Workflow(Records):
    """One operation under way: its steps, and what it found out and made so far."""

    def __init__(self, context: df.DurableOrchestrationContext, job: AnyJob) -> None:
        super().__init__(context, job)
        self._deadline = now(context) + timedelta(seconds=job.pace.deadline_seconds)
        self._facts: Facts | SourceFacts | None = None
        self._usable: tuple[str, ...] = ()
        self._taken = 0

    def accepted(self) -> Generator[Any, Any, bool]:
        """Whether the request was accepted: its records are there, or come in a moment."""
        return (yield from is_accepted(self._context, self._job))

    def turn(self) -> Replay:
        """Wait until the provider instance has room for one more build; the operation's time begins with that.

        What is left to Azure, as replication is, needs no turn.

        Raises:
            StepFailed: the operation was canceled meanwhile.
        """
        left = [step for step in self.steps_left() if step.needs_turn]
        if not left or not self._job.queues:
            return
        task = TurnTask(job=self._job)
        turn = yield from ask_for_turn(self._context, task)
        if turn is None or turn.position is not None:
            turn = yield from self._wait_for_turn(waiting_on(task, turn))
        if turn.error is not None:
            raise StepFailed(left[0], turn.error)
        self._deadline = now(self._context) + timedelta(seconds=self._job.pace.deadline_seconds)

    def _wait_for_turn(self, task: TurnTask) -> Generator[Any, Any, Turn]:
        self._show_wait("Wait for its turn")
        instance = step_instance_id(self._job.operation_id, QUEUE, self._retries)
        try:
            returned = yield self._context.call_sub_orchestrator(Orchestrator.AWAIT_TURN, task.to_json(), instance)
        except Exception:  # noqa: BLE001 - Durable 1.x delivers a failed sub-orchestration as a bare Exception
            return Turn(error=unexpected(QUEUE))
        return Turn.model_validate(returned)

    def steps_left(self) -> Sequence[Step]:
        """The steps that are still to be taken: all of them, or after a retry from the one that failed on."""
        return self._plan[self._taken :]

    def take(self, step: Step) -> Replay:
        """Take one step, to its end.

        Raises:
            StepFailed: it failed for good.
        """
        position = position_of(self._plan, step)
        recorded = yield from self._record(status=step.status, step=position)
        if recorded.error is not None:
            raise StepFailed(step, recorded.error)
        self._show(position, step.status)
        outcome = yield from self._run(step, position, self._deadline)
        if outcome.error is not None:
            raise StepFailed(step, outcome.error)
        self._facts = outcome.facts or self._facts
        self._data |= outcome.data
        self._taken += 1

    def replicate(self, job: CopyJob) -> Generator[Any, Any, ErrorInfo | None]:
        """Show that the image can be used, and take it to the further regions; returns what went wrong, if anything.

        Nothing of this fails the copy: where the version is, it stays.
        """
        position = position_of(self._plan, steps.REPLICATION)
        yield from self._record(status=self._kind.ends, step=position)
        self._show(position, AssetStatus.REPLICATING)
        watches = tuple(self._watch(replica) for replica in job.replicas)
        task = ReplicationTask(job=job, watches=watches, heeds_refusals=True)
        instance = step_instance_id(job.operation_id, steps.REPLICATION.name, self._retries)
        try:
            returned = yield self._context.call_sub_orchestrator(
                Orchestrator.REPLICATE_VERSION, task.to_json(), instance
            )
        except Exception:  # noqa: BLE001 - Durable 1.x delivers a failed sub-orchestration as a bare Exception
            error = unexpected(steps.REPLICATION.name).info(steps.REPLICATION.name)
            yield from self._fail_replicas(steps.REPLICATION.failure, error)
            return error
        return ReplicationResult.model_validate(returned).error

    def _watch(self, replica: Replica) -> RegionWatch:
        """What to look for in a region; where the version is since an earlier replication, nothing any more."""
        status = AssetStatus.AVAILABLE if replica.asset_id in self._usable else self._kind.begins
        region = replica.region.name
        return RegionWatch(asset_id=replica.asset_id, region=region, status=status, changed_at=now(self._context))

    def complete(
        self, error: ErrorInfo | None = None, *, keep: bool = False
    ) -> Generator[Any, Any, dict[str, str | None] | None]:
        """The work is done: forget the secret, then show the last status, and what is missing if anything is.

        With `keep` a retry is accepted for a while where something is missing; returns None if somebody asked for one.
        What there is stays in any case. Otherwise returns how the instance ends.

        Raises:
            StepFailed: the operation was canceled, or its image taken over by a deletion, before that could be shown.
        """
        canceled = error is not None and error.code == OPERATION_CANCELED
        end = OperationStatus.CANCELED if canceled else OperationStatus.SUCCEEDED
        forgotten = yield from delete_secrets(self._context, self._job)
        until = self._kept_until() if keep and error is not None and not canceled else None
        yield from self._end(status=self._kind.ends, error=error, end=end, retry_until=until)
        if not forgotten:
            yield from keep_deleting_secrets(self._context, self._job)
        summary = self._summary(self._kind.ends, percent=100)
        if until is not None and (yield from self._is_retried(until)):
            return None
        return summary

    def fail(self, failure: StepFailed) -> Generator[Any, Any, dict[str, str | None] | None]:
        """Show why it failed, keep what is good for a while, then undo it.

        Returns how the instance ends; None if somebody asked for a retry meanwhile: then it goes on from the step that
        failed, in the operation's whole time, with what it found out and made before.
        """
        until = self._kept_until()
        if until is not None and may_be_mended(failure):
            refused = yield from self._keep(failure, until)
            if refused is None and (yield from self._is_retried(until)):
                return None
            failure = refused or failure
        return (yield from self.undo(failure))

    def undo(self, failure: StepFailed) -> Generator[Any, Any, dict[str, str | None]]:
        """Take away what was created, forget the secret, then show why it failed."""
        canceled = failure.error.kind is ErrorKind.CANCELED
        end = OperationStatus.CANCELED if canceled else OperationStatus.FAILED
        return (yield from self.take_back(status_of(failure, self._kind), failure.error.info(failure.step.name), end))

    def take_back(
        self, status: AssetStatus | None, error: ErrorInfo, end: OperationStatus
    ) -> Generator[Any, Any, dict[str, str | None]]:
        """Take away what was created, forget the secret, then show that end; a status of None leaves the asset's.

        Records that can't be written don't stop it: what is in Azure costs money.
        """
        position = position_of((*self._plan, self._kind.clean_up), self._kind.clean_up)
        # How far the work had come stays as it was: taking it back is no progress.
        position = position.model_copy(update={"percent": 0})
        yield from self._record(step=position, error=error)
        self._show(position, None)
        deadline = now(self._context) + timedelta(seconds=2 * self._kind.clean_up.limit)
        outcome = yield from self._run(self._kind.clean_up, position, deadline)
        if outcome.error is not None:
            left = outcome.error.info(self._kind.clean_up.name)
            error = error.model_copy(update={"details": (*error.details, left)})
        else:
            self._data = dict.fromkeys(self._data)  # what it names is gone
        forgotten = yield from delete_secrets(self._context, self._job)
        yield from self._fail_replicas(status, error)
        yield from self._end(status=status, error=error, end=end)
        if not forgotten:
            yield from keep_deleting_secrets(self._context, self._job)
        return self._summary(status)

    def give_replicas_up(self, error: StepError) -> Replay:
        """Show that the regions which are not there yet will not be."""
        yield from self._fail_replicas(steps.REPLICATION.failure, error.info(steps.REPLICATION.name))

    def _kept_until(self) -> datetime | None:
        """Until when a retry is accepted of what fails now; None where the operation keeps nothing."""
        seconds = self._job.pace.keep_seconds
        return now(self._context) + timedelta(seconds=seconds) if seconds > 0 else None

    def _keep(self, failure: StepFailed, until: datetime) -> Generator[Any, Any, StepFailed | None]:
        """Show the failure at once, and that a retry is accepted; returns what to undo instead where that can't be."""
        status, error = status_of(failure, self._kind), failure.error.info(failure.step.name)
        yield from self._fail_replicas(status, error)
        recorded = yield from self._record(status=status, error=error, end=OperationStatus.FAILED, retry_until=until)
        if recorded.error is None:
            self._summary(status)
            return None
        canceled = recorded.error.kind is ErrorKind.CANCELED
        return StepFailed(failure.step, recorded.error) if canceled else failure

    def _is_retried(self, until: datetime) -> Generator[Any, Any, bool]:
        """Wait until somebody asks for a retry, or nobody can any more.

        Raises:
            Exception: storage was away for too long to tell; the operation is closed, and repaired, by the schedule.
        """
        job = self._job
        task = RetryWindow(job=job, until=until, at=now(self._context))
        instance = kept_instance_id(job.operation_id, self._retries)
        returned = yield self._context.call_sub_orchestrator(Orchestrator.AWAIT_RETRY, task.to_json(), instance)
        decided = RetryDecided.model_validate(returned)
        if decided.decision is not RetryDecision.RETRY:
            return False
        self._usable = decided.usable
        self._retries += 1
        self._deadline = now(self._context) + timedelta(seconds=job.pace.deadline_seconds)
        return True

    def _run(
        self, step: Step, position: StepPosition, deadline: datetime, job: MakingJob | None = None
    ) -> Generator[Any, Any, Outcome]:
        """See a step of the operation's job through, or of another one that it takes back."""
        task = StepTask(
            position=position, job=job or self._job, facts=self._facts, deadline=deadline, retries=self._retries
        )
        instance = step_instance_id(self._job.operation_id, step.name, self._retries)
        try:
            returned = yield self._context.call_sub_orchestrator(Orchestrator.RUN_STEP, task.to_json(), instance)
        except Exception:  # noqa: BLE001 - Durable 1.x delivers a failed sub-orchestration as a bare Exception
            return Outcome.failed(unexpected(step.name))
        return Outcome.model_validate(returned)
