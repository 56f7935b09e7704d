"""The task hub: what can be asked of it, and the turns of its instances. Used by the engine's thread alone.

Nothing here waits or runs activities. Each method works on memory and on the store's open transaction; the
activities to run after the commit are collected in `outbox`.
"""

import json
import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from local.host import log
from local.host.app import ACTIVITY_TRIGGER, ENTITY_TRIGGER, ORCHESTRATION_TRIGGER, App
from local.host.durable import episode
from local.host.durable.decisions import (
    ACTIVE,
    ContinuedAsNew,
    CreateTimer,
    Decision,
    Ended,
    ScheduleTask,
    SendRequest,
    StartChild,
    Status,
)
from local.host.durable.entities import Batch, Entities
from local.host.durable.history import Event, EventType, dumps, event, execution_started, moment_of
from local.host.durable.instance import Activity, Instance, Message
from local.host.durable.interpreter import failure_reason
from local.host.durable.post import Post
from local.host.durable.refusals import (
    InstanceExists,
    InstanceHasEnded,
    NoSuchInstance,
    NothingToRewind,
    NotPossibleNow,
    WrongStatus,
    unknown_function,
)
from local.host.durable.rewind import Fate, rewound
from local.host.durable.script import Setting
from local.host.durable.shelf import Shelf
from local.host.durable.steady import SteadyClock
from local.host.durable.store import Store
from local.host.durable.timers import ExactTimers, Timers
from local.host.traces import headline, is_passed_on

Work = Activity | Batch
"""What runs outside the engine, and is reported to it."""

logger = logging.getLogger(__name__)


class TaskHub:
    """The state of a task hub in memory, a step ahead of the store until the transaction commits.

    `entities` is the part of it that knows of entities; `timers` says when timers ring, exactly if nothing does.
    """

    def __init__(
        self, store: Store, app: App, clock: Callable[[], datetime] | None = None, timers: Timers | None = None
    ) -> None:
        self._store = store
        self._orchestrators = app.named(ORCHESTRATION_TRIGGER)
        self._activities = app.named(ACTIVITY_TRIGGER)
        self._activity_ids = count(1)
        self._activities_to_run: list[Activity] = []
        self.post = Post(store, clock or SteadyClock(), timers or ExactTimers())
        self._shelf = Shelf()
        self.entities = Entities(store, app.named(ENTITY_TRIGGER), self.post)

    def recover(self) -> None:
        """Take up everything the store holds: deliver mail, set timers, hand out activities again."""
        last_message, last_activity = self._store.last_ids()
        self._activity_ids = count(last_activity + 1)
        active, mail = list(self._store.active()), list(self._store.messages())
        ids = {instance.id for instance in active}
        self.post.recover(active, (each for each in mail if each.instance_id in ids), last_message)
        self.entities.recover(each for each in mail if each.instance_id not in ids)
        self._activities_to_run = list(self._store.activities())
        if len(self.post):
            activities = len(self._activities_to_run)
            logger.info("Resumed", extra={"instances": len(self.post), "activities": activities})

    @property
    def has_work(self) -> bool:
        """Whether there is something for take_work."""
        return bool(self._activities_to_run or self.entities.outbox)

    def take_work(self) -> list[Work]:
        """Return what is to be run now that the transaction has committed."""
        work: list[Work] = [*self._activities_to_run, *self.entities.outbox]
        self._activities_to_run = []
        self.entities.outbox = []
        return work

    def start(self, name: str, instance_id: str | None, input_json: str | None, version: str) -> str:
        """Create an instance and return its id; it replaces one of the same id that has ended.

        Any id will do. If the app has no such function, the first episode finds it out, and the instance fails.
        """
        instance_id = instance_id or uuid.uuid4().hex
        self._require_vacant(instance_id)
        self._create(name, instance_id, input_json, version, None, str(uuid.uuid4()))
        return instance_id

    def raise_event(self, instance_id: str, name: str, input_json: str) -> None:
        """Send an external event to a live instance."""
        self.require_live(instance_id)
        self.post.send(instance_id, None, event(EventType.EVENT_RAISED, self.post.now(), Name=name, Input=input_json))

    def terminate(self, instance_id: str, reason: str | None) -> None:
        """Tell a live instance to end; its children and running activities go on."""
        self.require_live(instance_id)
        self.post.send(instance_id, None, event(EventType.EXECUTION_TERMINATED, self.post.now(), Input=reason))

    def suspend(self, instance_id: str, reason: str | None) -> None:
        """Let a live instance take in nothing until it is resumed; raises NotPossibleNow if it is suspended."""
        status = self.require_live(instance_id).status
        if status is Status.SUSPENDED:
            raise NotPossibleNow(_cannot("suspend", instance_id, status))
        self._tell(instance_id, EventType.EXECUTION_SUSPENDED, reason)

    def resume(self, instance_id: str, reason: str | None) -> None:
        """Let a suspended instance go on; raises NotPossibleNow if it is not suspended."""
        status = self.require_live(instance_id).status
        if status is not Status.SUSPENDED:
            raise NotPossibleNow(_cannot("resume", instance_id, status))
        self._tell(instance_id, EventType.EXECUTION_RESUMED, reason)

    def restart(self, instance_id: str, *, new_id: bool) -> str:
        """Start an orchestration again with the input it had, under a new id or its own; returns the id."""
        past = self.post.find(instance_id) or self._store.ended(instance_id)
        if past is None:
            raise NoSuchInstance(f"No instance with ID '{instance_id}' found.")
        started = self._started(instance_id)
        version = started["Version"] if started else ""
        # The extension reads the input and writes it anew, by which none becomes null.
        input_json = self._store.input(instance_id) or "null"
        instance_id = uuid.uuid4().hex if new_id else instance_id
        self._require_vacant(instance_id)
        self._create(past.name, instance_id, input_json, version, None, uuid.uuid4().hex)
        return instance_id

    def rewind(self, instance_id: str, reason: str | None) -> None:
        """Let a failed instance try again what failed, its failed sub-orchestrations included."""
        status = self._store.status(instance_id)
        if status is None:
            raise NothingToRewind(f'No orchestration with instance ID "${instance_id}" found.')
        failed = self._store.ended(instance_id)
        if failed is None or failed.status is not Status.FAILED:
            raise WrongStatus(
                f'This orchestration has status {status}, but only orchestrations in the "Failed" state can be rewound.'
            )
        history = json.loads(f"[{','.join(self._store.history(instance_id))}]")
        failed.history, children = rewound(history, lambda child, call: self._fate(failed, child, call))
        failed.episodes = 1
        failed.status = Status.RUNNING
        self.post.admit(failed)
        now = self.post.now()
        self._store.revive_instance(failed, dumps(failed.history)[1:-1], now)
        self.post.send(instance_id, failed.execution_id, event(EventType.GENERIC_EVENT, now, Data=reason))
        for child in children:
            self.rewind(child, reason)

    def _fate(self, parent: Instance, child_id: str, call: int) -> Fate:
        """Return what has become of the sub-orchestration that a call of the parent started."""
        started = self._started(child_id)
        origin = started["ParentInstance"] if started else None
        mine = {"InstanceId": parent.id, "ExecutionId": parent.execution_id}
        if not origin or origin["OrchestrationInstance"] != mine or origin["TaskScheduleId"] != call:
            return Fate.GONE
        if self.post.find(child_id):
            return Fate.ALIVE
        return Fate.FAILED if self._store.status(child_id) is Status.FAILED else Fate.GONE

    def _started(self, instance_id: str) -> Event | None:
        """Return the ExecutionStarted of an instance that has had a turn since it began, or began anew."""
        texts = self._store.history(instance_id)
        first = json.loads(f"[{texts[0]}]") if texts else []
        return next((each for each in first if each["EventType"] == EventType.EXECUTION_STARTED), None)

    def purge(self, instance_id: str) -> int:
        """Delete an instance that has ended, or an entity, with everything about it; returns how many these were."""
        if instance_id.startswith("@") and self._store.status(instance_id) is None:
            return int(self.entities.forget(instance_id))
        status = self._store.status(instance_id)
        if status is None:
            raise NoSuchInstance(f"No instance with ID '{instance_id}' found.")
        if status in ACTIVE:
            raise WrongStatus(
                "Only orchestrations in a terminal state can be purged, "
                f"but the orchestration with instance ID {instance_id} has status {status}"
            )
        self._forget(instance_id)
        return 1

    def purge_many(self, first: str, last: str, statuses: Iterable[str]) -> int:
        """Delete what was created in a time and has ended in one of the statuses; returns how many these were.

        Where no status is named that is an end, all goes, as the extension does it: what runs, and entities, too.
        """
        ends = sorted({*statuses} - ACTIVE)
        found = self._store.created_between(first, last, ends)
        for instance_id in found:
            self._forget(instance_id)
        entities = [] if ends else self._store.entities_between(first, last)
        for entity_id in entities:
            self.entities.forget(entity_id)
        return len(found) + len(entities)

    def _forget(self, instance_id: str) -> None:
        self.post.dismiss(instance_id)
        self._shelf.forget(instance_id)
        self._store.forget(instance_id)

    def report(self, activity: Activity, result_json: str | None, reason: str | None, details: str | None) -> None:
        """Take in how an activity ended: its result, or the reason and details of its failure."""
        kind = EventType.TASK_COMPLETED if reason is None else EventType.TASK_FAILED
        fields: dict[str, Any] = {"Result": result_json} if reason is None else {"Reason": reason, "Details": details}
        outcome = event(kind, self.post.now(), TaskScheduledId=activity.task_id, **fields)
        message = Message(0, activity.instance_id, activity.execution_id, outcome, activity_id=activity.id)
        if self.post.find(activity.instance_id):
            self.post.put(message)
        else:
            self._store.consume([message])

    def work(self) -> None:
        """Run one episode of the instance that has had mail for the longest."""
        instance = self.post.next_ready()
        if instance is None:
            return
        mail, late = instance.take_mail()
        self._store.consume([*mail, *late])
        if mail:
            self._turn(instance, [message.event for message in mail])

    def _turn(self, instance: Instance, arrived: list[Event]) -> None:
        if instance.history is None:
            texts = self._store.history(instance.id)
            instance.history, instance.episodes = json.loads(f"[{','.join(texts)}]"), len(texts)
        setting = Setting(
            orchestrator=instance.name,
            instance_id=instance.id,
            execution_id=instance.execution_id,
            has_activity=lambda name: name.lower() in self._activities,
            has_orchestrator=lambda name: name.lower() in self._orchestrators,
            has_entity=self.entities.has,
        )
        now = self.post.now()
        function = self._orchestrators.get(instance.name.lower()) or unknown_function(
            instance.name, "orchestrator", self._orchestrators.values()
        )
        turn = episode.run(function, instance, arrived, now, setting)
        self._store.append_history(instance.id, instance.episodes, turn.text)
        instance.history += turn.events
        instance.episodes += 1
        # Also of an execution that is over: a signal to an entity goes out, and a timer goes with the instance.
        for decision in turn.verdict.decisions:
            self._carry_out(instance, decision)
        match turn.verdict.end:
            case ContinuedAsNew() as end:
                self._continue(instance, end, turn.custom_status, now)
            case Ended() as end:
                self._end(instance, end, turn.custom_status, now, turn.error)
            case None:
                instance.status = Status.SUSPENDED if turn.verdict.suspended else Status.RUNNING
                self._store.update_instance(instance, _reason(arrived), turn.custom_status, now)
        self._shelf.keep(instance)
        if turn.verdict.stuck:
            logger.warning("Stuck: %s", turn.verdict.stuck, extra=_about(instance))

    def _carry_out(self, instance: Instance, decision: Decision) -> None:
        match decision:
            case ScheduleTask():
                activity_id, execution_id = next(self._activity_ids), instance.execution_id
                task = (decision.id, decision.name, decision.input_json)
                activity = Activity(activity_id, instance.id, execution_id, *task)
                self._store.add_activities([activity])
                self._activities_to_run.append(activity)
            case CreateTimer(timer_id, fire_at):
                if decision.retry_of is not None:
                    _log_retry(instance, decision.retry_of, moment_of(fire_at))
                fired = event(EventType.TIMER_FIRED, fire_at, TimerId=timer_id, FireAt=fire_at)
                self.post.send(instance.id, instance.execution_id, fired, due=moment_of(fire_at).timestamp())
            case SendRequest():
                self.entities.send(decision.entity_id, decision.request_json)
            case StartChild():
                self._start_child(instance, decision)

    def _start_child(self, parent: Instance, decision: StartChild) -> None:
        """Start a sub-orchestration, or tell the parent at once why that cannot be."""
        origin = {
            "OrchestrationInstance": {"InstanceId": parent.id, "ExecutionId": parent.execution_id},
            "Name": parent.name,
            "Version": "",
            "TaskScheduleId": decision.id,
        }
        try:
            self._require_vacant(decision.instance_id)
        except InstanceExists as exc:
            self._answer(origin, Ended(Status.FAILED, str(exc)))
            return
        name = self._orchestrators[decision.name.lower()].durable_name
        self._create(name, decision.instance_id, decision.input_json, decision.version, origin, uuid.uuid4().hex)

    def _create(
        self,
        name: str,
        instance_id: str,
        input_json: str | None,
        version: str,
        parent: Event | None,
        execution_id: str,
    ) -> None:
        """Create an instance; the extension's ids of executions have dashes only where a client starts them."""
        instance = Instance(instance_id, name, execution_id, history=[])
        self.post.admit(instance)
        self._store.add_instance(instance, input_json, self.post.now())
        by = f" by {parent['Name']} {parent['OrchestrationInstance']['InstanceId']}" if parent else ""
        logger.info("Started%s", by, extra={**_about(instance), "whole_id": True})
        self._begin(instance, input_json, version, parent)

    def _begin(self, instance: Instance, input_json: str | None, version: str, parent: Event | None) -> None:
        ids = {"InstanceId": instance.id, "ExecutionId": instance.execution_id}
        now = self.post.now()
        started = execution_started(
            now, name=instance.name, version=version, input_json=input_json, instance=ids, parent=parent
        )
        self.post.send(instance.id, instance.execution_id, started)

    def _continue(self, instance: Instance, end: ContinuedAsNew, custom_status: str | None, now: str) -> None:
        started, old = instance.started, instance.execution_id
        taken = moment_of(now) - moment_of(started["Timestamp"])
        logger.info("Continues as new after %s", log.duration(taken.total_seconds()), extra=_about(instance))
        instance.restart(uuid.uuid4().hex)
        instance.status = Status.RUNNING
        self._store.restart_instance(instance, end.input_json, old)
        self._store.update_instance(instance, None, custom_status, now)
        self._begin(instance, end.input_json, started["Version"], started["ParentInstance"])
        for each in end.carried:
            self.post.send(instance.id, None, {**each, "IsPlayed": False})

    def _end(
        self, instance: Instance, end: Ended, custom_status: str | None, now: str, error: BaseException | None
    ) -> None:
        instance.status = end.status
        output = end.result if end.status is Status.COMPLETED or end.result is None else dumps(end.result)
        self._store.update_instance(instance, output, custom_status, now)
        self._store.consume([*instance.inbox, *instance.sleeping.values()])
        self.post.dismiss(instance.id)
        started = instance.started
        if started["ParentInstance"]:
            self._answer(started["ParentInstance"], end)
        _log_end(instance, end, moment_of(now) - moment_of(started["Timestamp"]), error)

    def _answer(self, parent: Event, end: Ended) -> None:
        """Tell a parent, if it lives, how its sub-orchestration ended."""
        origin = parent["OrchestrationInstance"]
        if not self.post.find(origin["InstanceId"]):
            return
        fields: dict[str, Any]
        if end.status is Status.COMPLETED:
            kind, fields = EventType.SUB_ORCHESTRATION_COMPLETED, {"Result": end.result}
        else:
            kind, fields = EventType.SUB_ORCHESTRATION_FAILED, {"Reason": end.result, "Details": end.details}
        answer = event(kind, self.post.now(), TaskScheduledId=parent["TaskScheduleId"], **fields)
        self.post.send(origin["InstanceId"], origin["ExecutionId"], answer)

    def _require_vacant(self, instance_id: str) -> None:
        """Raise InstanceExists if there is an instance of the id that has not ended."""
        if present := self.post.find(instance_id):
            raise InstanceExists(f"An Orchestration instance with the status {present.status} already exists.")

    def _tell(self, instance_id: str, kind: EventType, reason: str | None) -> None:
        self.post.send(instance_id, None, event(kind, self.post.now(), Reason=reason))

    def require_live(self, instance_id: str) -> Instance:
        """Return an instance that has not ended; raises NoSuchInstance or InstanceHasEnded."""
        instance = self.post.find(instance_id)
        if instance:
            return instance
        status = self._store.status(instance_id)
        if status is None:
            raise NoSuchInstance(f"No instance with ID '{instance_id}' found.")
        raise InstanceHasEnded(f"Instance with ID '{instance_id}' has ended: {status}.")


def _cannot(what: str, instance_id: str, status: Status) -> str:
    return f"Cannot {what} the orchestration instance {instance_id} because instance is in the {status} state."


def _reason(arrived: list[Event]) -> str | None:
    """Return the reason of the last suspension or resumption as JSON: the API shows it as the output."""
    kinds = (EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED)
    reasons = [each["Reason"] for each in arrived if each["EventType"] in kinds]
    return dumps(reasons[-1]) if reasons and reasons[-1] is not None else None


def _about(instance: Instance) -> dict[str, object]:
    return {"function": instance.name, "instance_id": instance.id}


def _log_end(instance: Instance, end: Ended, taken: timedelta, error: BaseException | None) -> None:
    """Say how an orchestration ended; the traceback of what it passes on has been logged where it was raised."""
    about, seconds = _about(instance), log.duration(taken.total_seconds())
    if end.status is not Status.FAILED:
        logger.info("%s in %s", end.status, seconds, extra=about)
        return
    reason = headline(end.result or "").removeprefix(failure_reason(instance.name, "")).replace(":  ", ": ")
    trace = None if error is None or is_passed_on(error) else error
    logger.error("Failed in %s: %s", seconds, reason, exc_info=trace, extra=about)


def _log_retry(instance: Instance, first_try: int, fire_at: datetime) -> None:
    history = instance.history or []
    wait = fire_at - moment_of(history[-1]["Timestamp"])
    if wait <= timedelta():  # the timer after the last try
        return
    kinds = (EventType.TASK_SCHEDULED, EventType.SUB_ORCHESTRATION_CREATED)
    for each in history:
        if each["EventId"] == first_try and each["EventType"] in kinds:
            seconds = log.duration(wait.total_seconds())
            logger.info("Tries %s again in %s", each["Name"], seconds, extra=_about(instance))
