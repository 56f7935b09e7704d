"""Run an activity and report how it ended. Activities run at least once."""

import json
import logging
from typing import Any

from azure.functions.meta import Datum

from local.host.app import ACTIVITY_TRIGGER, App
from local.host.converters import converter
from local.host.durable.engine import Engine
from local.host.durable.history import dumps
from local.host.durable.http_call import CallFailed, call
from local.host.durable.instance import Activity
from local.host.durable.interpreter import HTTP_ACTIVITY
from local.host.invoke import FunctionFailed, Invoker, failure_text

logger = logging.getLogger(__name__)


class ActivityRunner:
    """Runs the app's activities, and the host's own one behind call_http."""

    def __init__(self, app: App, invoker: Invoker, engine: Engine) -> None:
        self._functions = app.named(ACTIVITY_TRIGGER)
        self._invoker = invoker
        self._engine = engine

    async def run(self, activity: Activity) -> None:
        """Run an activity to its end, whatever that is, and report it to the engine."""
        if activity.name == HTTP_ACTIVITY:
            await self._call_http(activity)
            return
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
            self._engine.tell(lambda hub: hub.report(activity, result_json, None, None))

    async def _call_http(self, activity: Activity) -> None:
        try:
            answer = await call(json.loads(activity.input_json))
        except CallFailed as exc:
            logger.error("call_http: %s", exc, extra={"instance_id": activity.instance_id})  # noqa: TRY400
            self._fail(activity, failure_text(exc))
        else:
            self._engine.tell(lambda hub: hub.report(activity, dumps(answer), None, None))

    def _fail(self, activity: Activity, text: str) -> None:
        """Report a failure, worded as the extension does of what the worker reported."""
        error = text.partition("\nException:")[2].partition("\nStack:")[0]
        reason = f"Activity function '{activity.name}' failed: {error}"
        details = dumps({"Message": reason, "RemoteStackTrace": text})
        self._engine.tell(lambda hub: hub.report(activity, None, reason, details))


def _decode(input_json: str) -> Any:
    return converter(ACTIVITY_TRIGGER).decode(Datum(input_json, "string"), trigger_metadata=None)


def _encode(result: Any) -> str | None:
    """Return a result as compact JSON, None for null."""
    value = json.loads(converter(ACTIVITY_TRIGGER).encode(result, expected_type=None).value)
    return None if value is None else dumps(value)
