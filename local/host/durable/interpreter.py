"""The host's replay: perform an orchestrator's list of actions against its history. Pure; no I/O, no clock.

The SDK returns every action since the start, without ids. Performing them one by one assigns the ids, in the
order in which the SDK counts them; whatever the history does not hold yet is a new decision.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from local.host.durable.decisions import (
    ContinuedAsNew,
    CreateTimer,
    Decision,
    Ended,
    ScheduleTask,
    SendRequest,
    StartChild,
    Status,
    Verdict,
)
from local.host.durable.futures import Future, all_of, any_of, resolved, spawn
from local.host.durable.history import Event, EventType, dumps, moment_of, timestamp
from local.host.durable.script import Action, Script, Setting

HTTP_ACTIVITY = "BuiltIn::HttpActivity"
"""The name of the activity that call_http schedules; the host runs it itself."""

MAX_ACTIONS = 100_000
"""How many actions an orchestrator may ask for in one execution, as in the extension."""

_HEARD_WHILE_SUSPENDED = frozenset({
    EventType.EXECUTION_SUSPENDED,
    EventType.EXECUTION_RESUMED,
    EventType.EXECUTION_TERMINATED,
})  # fmt: skip


class Refused(Exception):
    """The script asks for what cannot be done; the text fails the orchestration."""


class NonDeterministic(Exception):
    """The script does not lead to the decisions that the history holds."""

    def __init__(self, recorded: Event, replayed: Event | None) -> None:
        super().__init__(f"Non-Deterministic workflow detected: {_parting(recorded, replayed)}")


def interpret(events: list[Event], script: Script, setting: Setting) -> Verdict:
    """Replay `script` over a whole history, new events included."""
    replay = _Replay(script, setting)
    try:
        for event in events:
            replay.see(event)
            if replay.terminated is not None:
                return Verdict([], replay.terminated, replay.next_id)
    except Refused as exc:
        return Verdict([], replay.failure(str(exc), None), replay.next_id)
    except NonDeterministic as exc:
        # What the code has come to so far is carried out all the same, as with Microsoft's engine.
        return Verdict(replay.decisions(), Ended(Status.FAILED, str(exc)), replay.next_id)
    return replay.verdict()


def failure_reason(orchestrator: str, error: str) -> str:
    """Word the failure of an orchestration as the extension does."""
    return f"Orchestrator function '{orchestrator}' failed: {error}"


class _Replay:
    def __init__(self, script: Script, setting: Setting) -> None:
        self._script = script
        self._setting = setting
        self._now = ""
        self._pending: dict[int, Decision] = {}
        self._open: dict[int, Future] = {}
        self._waiters: dict[str, list[Future]] = {}
        self._unheard: list[Event] = []
        self._late: list[Event] = []
        self._held: list[Event] = []
        self._suspension: Event | None = None
        self._begun = 0
        self._main: Future | None = None
        self._new_input: str | None = None
        self.next_id = 0
        self.suspended = False
        self.terminated: Ended | None = None
        self._perform: dict[int, Callable[[Action], Future]] = {
            0: self._activity,
            1: self._with_retry,
            2: self._child,
            3: self._with_retry,
            4: self._continue_as_new,
            5: self._timer,
            6: lambda action: self._wait_for(action["externalEventName"]),
            7: self._call_entity,
            8: self._call_http,
            9: self._signal_entity,
            11: lambda action: any_of([self._invoke(each) for each in action["compoundActions"]]),
            12: lambda action: all_of([self._invoke(each) for each in action["compoundActions"]]),
        }
        self._acts: dict[int, Callable[[Event], None]] = {
            EventType.ORCHESTRATOR_STARTED: self._tick,
            EventType.EXECUTION_STARTED: self._begin,
            EventType.TASK_SCHEDULED: self._match,
            EventType.TIMER_CREATED: self._match,
            EventType.SUB_ORCHESTRATION_CREATED: self._match,
            EventType.EVENT_SENT: self._match,
            EventType.TASK_COMPLETED: self._complete,
            EventType.SUB_ORCHESTRATION_COMPLETED: self._complete,
            EventType.TASK_FAILED: self._fail,
            EventType.SUB_ORCHESTRATION_FAILED: self._fail,
            EventType.TIMER_FIRED: self._ring,
            EventType.EVENT_RAISED: self._hear,
            EventType.EXECUTION_TERMINATED: self._terminate,
            EventType.EXECUTION_SUSPENDED: self._suspend,
            EventType.EXECUTION_RESUMED: self._resume,
        }

    def see(self, event: Event) -> None:
        """Take in the next event of the history; what comes while suspended is held until the instance is resumed."""
        if self.suspended and event["EventType"] not in _HEARD_WHILE_SUSPENDED:
            self._held.append(event)
            return
        act = self._acts.get(event["EventType"])
        if act is not None:
            act(event)

    def verdict(self) -> Verdict:
        """Sum up after the last event."""
        decisions = self.decisions()
        over = self._main is not None and self._main.done and not self._open
        if over:
            return Verdict(decisions, self._ending(), self.next_id)
        return Verdict(decisions, None, self.next_id, self.suspended, self._stuck())

    def decisions(self) -> list[Decision]:
        """Return what the history does not hold yet, in order of id."""
        return [self._pending[key] for key in sorted(self._pending)]

    def failure(self, error: str, details: str | None) -> Ended:
        """Word the failure of this orchestrator."""
        return Ended(Status.FAILED, failure_reason(self._setting.orchestrator, error), details)

    def _ending(self) -> Ended | ContinuedAsNew:
        script = self._script
        if script.error is not None:
            return self.failure(script.error, script.error_details)
        if self._new_input is not None:
            return ContinuedAsNew(self._new_input, self._carried())
        return Ended(Status.COMPLETED, script.output_json)

    def _carried(self) -> list[Event]:
        """Return what the next execution takes over: that it is suspended, and events that came after the code's end.

        Events that came before, and that nobody waited for, are dropped (seen on Durable extension 3.19).
        """
        held = [event for event in self._held if event["EventType"] == EventType.EVENT_RAISED]
        return [*([self._suspension] if self.suspended and self._suspension else []), *self._late, *held]

    def _stuck(self) -> str | None:
        """Say so if nothing but an external event can move the host, while the code waits for it no more."""
        if self._open or self.suspended or self._main is None or self._main.done:
            return None
        script = self._script
        ahead = script.is_done or script.error is not None or self._begun < len(script.actions)
        waiting = sorted(name for name, waiters in self._waiters.items() if waiters)
        if not ahead or not waiting:
            return None
        return f"the code has gone on, but the host still waits for the external event {', '.join(waiting)}"

    def _tick(self, event: Event) -> None:
        self._now = max(self._now, event["Timestamp"])

    def _begin(self, _: Event) -> None:
        self._main = spawn(self._run())

    def _complete(self, event: Event) -> None:
        self._end(event["TaskScheduledId"], failed=False)

    def _fail(self, event: Event) -> None:
        self._end(event["TaskScheduledId"], failed=True)

    def _ring(self, event: Event) -> None:
        self._end(event["TimerId"], failed=False)

    def _terminate(self, event: Event) -> None:
        self.terminated = Ended(Status.TERMINATED, event["Input"])

    def _suspend(self, event: Event) -> None:
        self.suspended = True
        self._suspension = event

    def _resume(self, _: Event) -> None:
        self.suspended = False
        held, self._held = self._held, []
        for event in held:
            self.see(event)

    async def _run(self) -> None:
        if len(self._script.actions) > MAX_ACTIONS:
            raise Refused(f"An orchestration may ask for {MAX_ACTIONS} actions, not more. Continue as new before.")
        for action in self._script.actions:
            self._begun += 1
            await self._invoke(action)
        if not self._script.is_done and self._script.error is None:
            await Future()

    def _invoke(self, action: Action) -> Future:
        perform = self._perform.get(action["actionType"])
        if perform is None:
            raise Refused(_not_offered(action["actionType"]))
        return perform(action)

    def _activity(self, action: Action, retry_of: int | None = None) -> Future:
        name = action["functionName"]
        if not self._setting.has_activity(name):
            raise Refused(_unknown(name, "activity"))
        return self._decide(ScheduleTask(self.next_id, name, action["input"], retry_of))

    def _call_http(self, action: Action) -> Future:
        return self._decide(ScheduleTask(self.next_id, HTTP_ACTIVITY, dumps(action["httpRequest"])))

    def _call_entity(self, action: Action) -> Future:
        return self._wait_for(self._request(action))

    def _signal_entity(self, action: Action) -> Future:
        self._request(action, signal=True)
        return resolved()

    def _request(self, action: Action, **signal: bool) -> str:
        """Send an entity a request; returns the request's id, which is also the name of the event that answers it."""
        entity_id = action["instanceId"]
        name = entity_id.split("@")[1]
        if not self._setting.has_entity(name):
            raise Refused(_unknown(name, "entity"))
        me = self._setting
        # Replay must come to the same id, so it is derived from what stays the same.
        request_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{me.execution_id}:{self.next_id}"))
        sender = {"id": request_id, "parent": me.instance_id, "parentExecution": me.execution_id}
        # The extension serialises the text once more, as it does for sub-orchestrations.
        request = {"op": action["operation"], **signal, "input": dumps(action["input"]), **sender}
        self._pending[self.next_id] = SendRequest(self.next_id, entity_id, dumps(request))
        self.next_id += 1
        return request_id

    def _timer(self, action: Action) -> Future:
        timer_id = self.next_id
        future = self._decide(CreateTimer(timer_id, action["fireAt"]))
        if action.get("isCanceled"):
            self._open.pop(timer_id).resolve(failed=True)
        return future

    def _child(self, action: Action, retry_of: int | None = None) -> Future:
        name = action["functionName"]
        if not self._setting.has_orchestrator(name):
            raise Refused(_unknown(name, "orchestrator"))
        instance_id = action.get("instanceId") or f"{self._setting.execution_id}:{self.next_id}"
        # The extension serialises the text once more, so that the child may get any JSON value as its input.
        input_json = dumps(action["input"])
        version = action.get("version") or ""
        return self._decide(StartChild(self.next_id, name, version, instance_id, input_json, retry_of))

    def _continue_as_new(self, action: Action) -> Future:
        self._new_input = dumps(action["input"])
        return resolved()

    def _wait_for(self, event_name: str) -> Future:
        name = event_name.lower()
        for position, event in enumerate(self._unheard):
            if event["Name"].lower() == name:
                del self._unheard[position]
                return resolved()
        future = Future()
        self._waiters.setdefault(name, []).append(future)
        return future

    def _with_retry(self, action: Action) -> Future:
        return spawn(self._tries(action))

    async def _tries(self, action: Action) -> bool:
        """Try, wait, try again. The wait after the last failure is real: the SDK counts its id too."""
        options = action["retryOptions"]
        once = self._activity if action["actionType"] == 1 else self._child
        attempts = options["maxNumberOfAttempts"]
        first = self.next_id
        for attempt in range(attempts):
            if not (await once(action, first if attempt else None)).failed:
                return True
            wait = timedelta() if attempt + 1 == attempts else _interval(options, attempt)
            await self._decide(CreateTimer(self.next_id, timestamp(moment_of(self._now) + wait), first))
        return False

    def _decide(self, decision: Decision) -> Future:
        future = Future()
        self._pending[decision.id] = decision
        self._open[decision.id] = future
        self.next_id = decision.id + 1
        return future

    def _match(self, event: Event) -> None:
        """Tick off a decision that the history holds already."""
        decision = self._pending.get(event["EventId"])
        if not (
            isinstance(decision, ScheduleTask)
            and event.get("Name") == decision.name
            and event["EventType"] == EventType.TASK_SCHEDULED
        ):
            replayed = decision.event(self._now) if decision else None
            if replayed is None or _told(event) != _told(replayed):
                raise NonDeterministic(event, replayed)
        del self._pending[event["EventId"]]

    def _end(self, task_id: int, *, failed: bool) -> None:
        future = self._open.pop(task_id, None)
        if future is not None:
            future.resolve(failed=failed)

    def _hear(self, event: Event) -> None:
        waiters = self._waiters.get(event["Name"].lower())
        if waiters:
            waiters.pop().resolve()
        elif self._new_input is None:
            self._unheard.append(event)
        else:
            self._late.append(event)


def _interval(options: dict[str, Any], attempt: int) -> timedelta:
    first: float = options["firstRetryIntervalInMilliseconds"]
    wait: float = first * options.get("backoffCoefficient", 1.0) ** attempt
    return timedelta(milliseconds=min(wait, options.get("maxRetryIntervalInMilliseconds", wait)))


_KINDS = {
    EventType.TASK_SCHEDULED: ("an activity task", "ScheduleTaskOrchestratorAction"),
    EventType.SUB_ORCHESTRATION_CREATED: ("a sub-orchestration task", "CreateSubOrchestrationAction"),
    EventType.TIMER_CREATED: ("a timer task", "CreateTimerOrchestratorAction"),
    EventType.EVENT_SENT: ("an event", "SendEventOrchestratorAction"),
}
"""What DurableTask.Core calls a decision that a history holds, and one that a replay has come to."""


_CHANGED = "Was a change made to the orchestrator code after this instance had already started running?"


def _told(event: Event) -> tuple[int, str]:
    """Return what a replay must come to again: the kind of a decision and whom it is for, whatever the case."""
    whom = event.get("InstanceId") if event["EventType"] == EventType.EVENT_SENT else event.get("Name")
    return event["EventType"], str(whom).lower()


def _parting(recorded: Event, replayed: Event | None) -> str:
    """Say where a replay parts from its history, in the words of DurableTask.Core 3.11."""
    number, (kind, _) = recorded["EventId"], _KINDS[EventType(recorded["EventType"])]
    was = f"A previous execution of this orchestration scheduled {kind} with sequence"
    if replayed is None:
        named = (
            f" and name '{recorded['Name']}' (version '{recorded.get('Version', '')}')" if "Name" in recorded else ""
        )
        return (
            f"{was} ID {number}{named}, but the current replay execution hasn't (yet?) scheduled this task. {_CHANGED}"
        )
    was += f" number {number} named" + (f" '{recorded['Name']}'," if "Name" in recorded else "")
    if replayed["EventType"] == recorded["EventType"]:
        now = f"but the current orchestration replay instead scheduled {kind} named '{replayed.get('Name')}' "
        now += "with this sequence number. "
    else:
        action = _KINDS[EventType(replayed["EventType"])][1]
        now = f"but the current orchestration replay instead produced a {action} action with this sequence number."
    return f"{was} {now} {_CHANGED}"


def _not_offered(action_type: int) -> str:
    return f"action type {action_type} is not offered by this host"


def _unknown(name: str, kind: str) -> str:
    return f"The function '{name}' doesn't exist, is disabled, or is not an {kind} function."
