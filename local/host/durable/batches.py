"""Run an entity function over a batch of requests, and report what came of it."""

import json

from azure.functions.meta import Datum

from local.host.app import ENTITY_TRIGGER
from local.host.converters import converter
from local.host.durable.engine import Engine
from local.host.durable.entities import Batch
from local.host.invoke import FunctionFailed, Invoker, failure_text


class BatchRunner:
    """Runs the app's entity functions. One that fails as a whole leaves the entity's state as it was."""

    def __init__(self, invoker: Invoker, engine: Engine) -> None:
        self._invoker = invoker
        self._engine = engine

    async def run(self, batch: Batch) -> None:
        """Run a batch to its end, whatever that is, and report it to the engine."""
        function = batch.function
        context = converter(ENTITY_TRIGGER).decode(Datum(batch.payload(), "string"), trigger_metadata=None)
        outcome, failure = None, ""
        try:
            outcome = json.loads(
                await self._invoker.invoke(function, {function.trigger.name: context}, str(batch.entity))
            )
        except FunctionFailed as exc:
            failure = str(exc)
        except (TypeError, ValueError) as exc:  # the function returned what is no JSON
            failure = failure_text(exc)
        self._engine.tell(lambda hub: hub.entities.report(batch, outcome, failure))
