"""The SDK's replay, made quick without touching what it computes (azure-functions-durable 1.7, azure-functions 1.26).

An episode gives the SDK the whole history, so that what it spends on each event is spent again and again. Here:

* Events are parsed once, not once an episode; what an orchestrator gets are copies, which it may do anything to.
* `HistoryEvent` parses timestamps with dateutil. The host writes ISO 8601, so `datetime.fromisoformat` reads the same
  values at a fraction of the cost.
* The executor looks at every event. Half of them (what was scheduled, how episodes ended) are nothing to it, and
  are left out of what it looks at; `context.histories` has all.
* The executor makes a `namedtuple`, which is a class, for each episode. It is made once.
* The codec makes a JSON encoder and a decoder for each value, and asks the environment for its mode. Both are made
  once; the mode is an app setting, read when the host starts.
* `isinstance` with `typing.Callable` is slow; `collections.abc.Callable` is what it asks in the end.
"""

import functools
import json
import sys
from collections import abc, namedtuple
from collections.abc import Callable
from datetime import datetime
from typing import Any

import azure.durable_functions.orchestrator
from azure.durable_functions.models.DurableOrchestrationContext import DurableOrchestrationContext
from azure.durable_functions.models.history import HistoryEvent, HistoryEventType
from azure.durable_functions.models.TaskOrchestrationExecutor import TaskOrchestrationExecutor
from azure.functions import _durable_functions as codec
from azure.functions._durable_functions import _deserialize_custom_object, _is_strict_mode, _serialize_custom_object

_ACTED_UPON = frozenset({
    HistoryEventType.EXECUTION_STARTED,
    HistoryEventType.TASK_COMPLETED,
    HistoryEventType.TASK_FAILED,
    HistoryEventType.SUB_ORCHESTRATION_INSTANCE_COMPLETED,
    HistoryEventType.SUB_ORCHESTRATION_INSTANCE_FAILED,
    HistoryEventType.TIMER_FIRED,
    HistoryEventType.ORCHESTRATOR_STARTED,
    HistoryEventType.EVENT_SENT,
    HistoryEventType.EVENT_RAISED,
    HistoryEventType.CONTINUE_AS_NEW,
})  # fmt: skip

_READ_BY_PLACE = 2
"""The executor reads so many events by their places: the first OrchestratorStarted and ExecutionStarted."""


class Past:
    """The events of a history that have been played, parsed. They go with the list they were made of."""

    def __init__(self) -> None:
        self._history: list[dict[str, Any]] = []
        self._known: list[dict[str, Any]] = []

    def of(self, history: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return what `Body` takes for these events; a history may have grown since the last time."""
        if history is not self._history:
            self._history, self._known = history, []
        self._known += [_known(event) for event in history[len(self._known) :]]
        return self._known


class Body:
    """Stands in for the `OrchestrationContext` of an invocation: its body is not JSON, but what JSON would hold."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.body = fields


def takes_body(call: Callable[..., Any]) -> bool:
    """Whether a function is an orchestrator that the SDK has wrapped; any other one gets JSON."""
    return hasattr(call, "orchestrator_function")


def quicken() -> None:
    """Make the changes; doing it again changes nothing but the codec's mode, which may have been set anew."""
    executor = _names_of(TaskOrchestrationExecutor)
    executor["namedtuple"] = functools.cache(namedtuple)
    context = _names_of(DurableOrchestrationContext)
    context["Callable"] = abc.Callable
    context["HistoryEvent"] = _event
    DurableOrchestrationContext.from_json = classmethod(_read_body)
    _names_of(HistoryEvent)["dt_parse"] = datetime.fromisoformat
    azure.durable_functions.orchestrator.TaskOrchestrationExecutor = _Executor
    strict = _is_strict_mode()
    codec.__dict__.update(json=_Json(), _is_strict_mode=lambda: strict)


def _names_of(cls: type) -> dict[str, Any]:
    return sys.modules[cls.__module__].__dict__


def _read_body(cls: type, body: Any) -> Any:
    if isinstance(body, dict):
        return cls(**body)
    fields = json.loads(body)
    return cls(**fields | {"history": Past().of(fields["history"])})


def _known(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event's attributes, or the text of the one kind that is not flat: its copies must share nothing."""
    if event["EventType"] == HistoryEventType.EXECUTION_STARTED:
        return {"text": json.dumps(event)}
    return dict(vars(HistoryEvent(**event)))


def _event(text: str | None = None, **attributes: Any) -> Any:
    """Stands in for `HistoryEvent` where the context makes its events, of what `Past` knows."""
    if text is not None:
        return HistoryEvent(**json.loads(text))
    event = HistoryEvent.__new__(HistoryEvent)
    event.__dict__ = attributes
    return event


class _Executor(TaskOrchestrationExecutor):  # type: ignore[misc] # the SDK left it without types
    def execute(self, context: Any, history: list[Any], fn: Any) -> Any:
        rest = [event for event in history[_READ_BY_PLACE:] if event.event_type in _ACTED_UPON]
        return super().execute(context, history[:_READ_BY_PLACE] + rest, fn)


class _Json:
    """Stands in for the module `json` in the codec."""

    _encoder = json.JSONEncoder(default=_serialize_custom_object)
    _decoder = json.JSONDecoder(object_hook=_deserialize_custom_object)

    def dumps(self, value: Any, default: Any = None) -> str:
        if type(value) is int:
            return repr(value)
        return self._encoder.encode(value) if default is self._encoder.default else json.dumps(value, default=default)

    def loads(self, text: Any, object_hook: Any = None) -> Any:
        if object_hook is not self._decoder.object_hook or not isinstance(text, str) or text.startswith("\ufeff"):
            return json.loads(text, object_hook=object_hook)
        return self._decoder.decode(text)
