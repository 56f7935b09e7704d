"""One episode: give the SDK an instance's history and its new events, and find out what that decides."""

import json
import traceback
from dataclasses import dataclass
from typing import Any

from azure.functions.meta import Datum

from local.host.app import ORCHESTRATION_TRIGGER, Function
from local.host.converters import converter
from local.host.durable.decisions import Ended, Status, Verdict
from local.host.durable.history import NO_ID, Event, EventType, dumps, event, played
from local.host.durable.instance import Instance
from local.host.durable.interpreter import failure_reason, interpret
from local.host.durable.script import Script, Setting
from local.host.invoke import failure_text
from local.host.log import Scope, replaying, scope
from local.host.sdk_replay import Body, Past, takes_body
from local.host.traces import shorten

MAX_CUSTOM_STATUS = 16 * 1024
"""Bytes of UTF-16 that a custom status may take, as on Azure."""

_STATE_LABEL = "\n\n$OutOfProcData$:"
"""Where the SDK hides its state in the text of an exception."""

_PROTOCOL = {
    "upperSchemaVersion": 1,
    "upperSchemaVersionNew": 2,
    "longRunningTimerIntervalDuration": None,
    "maximumShortTimerDuration": None,
    "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
}
"""What the extension sends whatever the instance. No long-timer durations: any timer is one timer."""


@dataclass(frozen=True, slots=True)
class Episode:
    """What an episode adds: its events as they will be stored, the verdict, and the custom status (JSON)."""

    events: list[Event]
    text: str
    verdict: Verdict
    custom_status: str | None
    error: BaseException | None


def run(function: Function | str, instance: Instance, arrived: list[Event], now: str, setting: Setting) -> Episode:
    """Run one episode of an instance whose history is loaded, and change nothing.

    A text for the function says why there is none; with it the orchestration fails.
    """
    past = instance.history or []
    fresh = [event(EventType.ORCHESTRATOR_STARTED, now), *arrived]
    script, custom_status, error = _ask(function, instance, fresh)
    if isinstance(script, str):
        verdict = _failed(script, past, setting)
    else:
        try:
            verdict = interpret([*past, *fresh], script, setting)
        except Exception as exc:  # noqa: BLE001 - what is asked for can't be done, such as a timer in the year 10000
            verdict, error = _failed(f"{type(exc).__name__}: {exc}", past, setting), shorten(exc)
    if custom_status is not None and _size(custom_status) > MAX_CUSTOM_STATUS:
        reason = failure_reason(setting.orchestrator, _too_large(_size(custom_status)))
        verdict, custom_status = Verdict([], Ended(Status.FAILED, reason), verdict.next_id), None
    fresh += [decision.event(now) for decision in verdict.decisions]
    if isinstance(verdict.end, Ended):
        fields = {"OrchestrationStatus": verdict.end.status, "Result": verdict.end.result}
        fresh.append(event(EventType.EXECUTION_COMPLETED, now, verdict.next_id, **fields))
    fresh.append(event(EventType.ORCHESTRATOR_COMPLETED, now))
    stored = played(fresh)
    return Episode(stored, dumps(stored)[1:-1], verdict, custom_status, error)


def _failed(error: str, past: list[Event], setting: Setting) -> Verdict:
    """End the orchestration without a look at what it has decided: nothing tells, or it can't be performed."""
    reason = failure_reason(setting.orchestrator, error)
    return Verdict([], Ended(Status.FAILED, reason), 1 + max((each["EventId"] for each in past), default=NO_ID))


def _too_large(size: int) -> str:
    return (
        "The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. "
        f"The current payload size is {size // 1024} KB."
    )


def _size(custom_status: str) -> int:
    """Return how many bytes of UTF-16 a custom status has as the JSON that it was given as."""
    return len(json.dumps(json.loads(custom_status), ensure_ascii=False).encode("utf-16-le", "surrogatepass"))


def _context(function: Function, instance: Instance, fresh: list[Event]) -> Any:
    """Build what the trigger receives: what the SDK's orchestrators are given is not written as JSON first."""
    past = instance.history or []
    started = instance.started if past else next(each for each in fresh if _is_start(each))
    parent = started["ParentInstance"]
    fields = {
        "isReplaying": bool(past),
        "instanceId": instance.id,
        "parentInstanceId": parent["OrchestrationInstance"]["InstanceId"] if parent else None,
        "input": json.loads(started["Input"] or "null"),
        **_PROTOCOL,
    }
    if takes_body(function.call):
        return Body({"history": [*instance.past.of(past), *Past().of(fresh)], **fields})
    text = dumps({"history": [*past, *fresh], **fields})
    return converter(ORCHESTRATION_TRIGGER).decode(Datum(text, "string"), trigger_metadata=None)


def _is_start(each: Event) -> bool:
    return bool(each["EventType"] == EventType.EXECUTION_STARTED)


def _ask(
    function: Function | str, instance: Instance, fresh: list[Event]
) -> tuple[Script | str, str | None, BaseException | None]:
    """Return the script, the custom status, and what the orchestrator raised; or a text if there is no script."""
    if isinstance(function, str):
        return function, None, None
    context = _context(function, instance, fresh)
    token = scope.set(Scope(function.name, instance.id))
    try:
        return *_read(function.call(**{function.trigger.name: context}), None), None
    except BaseException as exc:  # noqa: BLE001 - whatever the orchestrator raises is its failure
        text, label, state = str(exc).partition(_STATE_LABEL)
        cause = shorten(exc.__cause__ or exc)
        if not label or json.loads(state)["isDone"]:  # an output that is no JSON: the extension reads no state then
            return f"One or more errors occurred. ({failure_text(exc)})", None, cause
        stack = "".join(traceback.format_tb(cause.__traceback__))
        return *_read(state, f"Message: {text}, StackTrace: {stack}"), cause
    finally:
        replaying.set(False)
        scope.reset(token)


def _read(state: str, details: str | None) -> tuple[Script, str | None]:
    """Read the state that the SDK returned."""
    body = json.loads(state)
    actions = body["actions"]
    output = body.get("output")
    custom = body.get("customStatus")
    script = Script(
        actions=actions[0] if actions else [],
        is_done=body["isDone"],
        output_json=None if output is None else dumps(output),
        error=body.get("error"),
        error_details=details,
    )
    return script, None if custom is None else dumps(custom)
