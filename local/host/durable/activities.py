"""Run activities: on the host's loop, as many at a time as host.json allows, each at least once."""

import asyncio
import json
import logging
from collections import deque
from typing import Any

from azure.functions.meta import Datum

from local.host.app import ACTIVITY_TRIGGER, App
from local.host.converters import converter
from local.host.durable.engine import Engine
from local.host.durable.history import dumps
from local.host.durable.instance import Activity
from local.host.invoke import FunctionFailed, Invoker, failure_text

logger = logging.getLogger(__name__)


class ActivityRunner:
    """Takes scheduled activities and reports how each ended. Used on the loop only."""

    def __init__(self, app: App, invoker: Invoker, engine: Engine, limit: int) -> None:
        self._functions = app.named(ACTIVITY_TRIGGER)
        self._invoker = invoker
        self._engine = engine
        self._limit = limit
        self._waiting: deque[Activity] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False

    def add(self, activities: list[Activity]) -> None:
        """Take activities to run."""
        self._waiting.extend(activities)
        self._fill()

    def stop(self) -> None:
        """Begin no further activity; those that wait are handed out again at the next start."""
        self._stopping = True

    async def abandon(self) -> None:
        """Cancel what runs; it runs again after the next start."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._limit and not self._stopping:
            task = asyncio.create_task(self._run(self._waiting.popleft()))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._fill()

    async def _run(self, activity: Activity) -> None:
        function = self._functions.get(activity.name.lower())
        if function is None:
            self._fail(activity, failure_text(LookupError("The app no longer holds this function.")))
            return
        try:
            argument = _decode(activity.input_json)
            result = await self._invoker.invoke(function, {function.trigger.name: argument}, activity.instance_id)
            result_json = _encode(result)
        except FunctionFailed as exc:
            self._fail(activity, str(exc))
        except Exception as exc:  # noqa: BLE001 - to_json and from_json of the app's objects run here
            # The SDK's own message quotes the value, which must reach no log; its cause says what is wrong.
            cause = exc.__cause__ or exc
            about = {"function": function.name, "instance_id": activity.instance_id}
            logger.error("The input or the result cannot be converted: %s", cause, extra=about)  # noqa: TRY400
            self._fail(activity, failure_text(cause))
        else:
            self._engine.report(activity, result_json)

    def _fail(self, activity: Activity, text: str) -> None:
        """Report a failure, worded as the extension does of what the worker reported."""
        error = text.partition("\nException:")[2].partition("\nStack:")[0]
        reason = f"Activity function '{activity.name}' failed: {error}"
        self._engine.report(activity, None, reason, dumps({"Message": reason, "RemoteStackTrace": text}))


def _decode(input_json: str) -> Any:
    return converter(ACTIVITY_TRIGGER).decode(Datum(input_json, "string"), trigger_metadata=None)


def _encode(result: Any) -> str | None:
    """Return a result as compact JSON, None for null."""
    value = json.loads(converter(ACTIVITY_TRIGGER).encode(result, expected_type=None).value)
    return None if value is None else dumps(value)
