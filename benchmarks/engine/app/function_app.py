"""The work that `benchmarks.engine` measures, for the local host; `benchmarks/engine/peer.py` has the same."""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: INP001
# The Durable SDK has no types, and an app's folder is no package.

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.activity_trigger(input_name="number")
async def increment(number: int) -> int:
    return number + 1


@app.orchestration_trigger(context_name="context")
def sequence(context: df.DurableOrchestrationContext) -> Generator[Any, Any, int]:
    """Count up to the input, one activity after the other."""
    number = 0
    for _ in range(context.get_input()):
        number = yield context.call_activity("increment", number)
    return number


@app.orchestration_trigger(context_name="context")
def endless(context: df.DurableOrchestrationContext) -> Generator[Any, Any, None]:
    """As many activities as the input says, one after the other, again and again."""
    for _ in range(context.get_input()):
        yield context.call_activity("increment", 0)
    context.continue_as_new(context.get_input())


@app.orchestration_trigger(context_name="context")
def fan_out(context: df.DurableOrchestrationContext) -> Generator[Any, Any, int]:
    """As many activities at once as the input says."""
    numbers = yield context.task_all([context.call_activity("increment", 0) for _ in range(context.get_input())])
    return sum(numbers)


@app.orchestration_trigger(context_name="context")
def sleeper(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    """Sleep until the moment in the input."""
    moment: str = context.get_input()
    yield context.create_timer(datetime.fromisoformat(moment))
    return moment


@app.route("ping")
async def ping(req: func.HttpRequest) -> str:
    """The least that an HTTP function can do."""
    return str(req.method)
