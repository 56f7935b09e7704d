"""An app to be killed: every step leaves a line in the file that the setting CRASH_TRACE names."""

# mypy: disallow-untyped-decorators=False
# The Durable SDK has no types.

import asyncio
import os
import time
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions import DurableOrchestrationContext as Context

app = df.DFApp()

Steps = Generator[Any, Any, Any]
RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=10, max_number_of_attempts=4)
PAUSE = timedelta(milliseconds=30)


def _trace(step: str) -> int:
    """Append a line for a step; returns how often it has run, this time included."""
    path = Path(os.environ["CRASH_TRACE"])
    with path.open("a") as file:
        file.write(f"{step}\n")
    return path.read_text().splitlines().count(step)


@app.activity_trigger(input_name="step")
async def work(step: str) -> str:
    await asyncio.sleep(0.005)
    _trace(step)
    return f"did {step}"


@app.activity_trigger(input_name="step")
def block(step: str) -> str:
    time.sleep(0.005)
    _trace(step)
    return f"did {step}"


@app.activity_trigger(input_name="step")
def unsteady(step: str) -> str:
    """Fails the first time it runs."""
    if _trace(step) == 1:
        raise RuntimeError("not yet")
    return f"did {step}"


@app.orchestration_trigger(context_name="context")
def journey(context: Context) -> Steps:
    """Goes through everything that the engine keeps for an instance, and returns what came of it."""
    me = context.instance_id
    first = yield context.call_activity("work", f"{me}/first")
    both = yield context.task_all([context.call_activity("block", f"{me}/side-{number}") for number in range(3)])
    yield context.create_timer(context.current_utc_datetime + PAUSE)
    retried = yield context.call_activity_with_retry("unsteady", RETRY, f"{me}/retried")
    child = yield context.call_sub_orchestrator("leg", f"{me}/leg", f"{me}-leg")
    timeout = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    event = context.wait_for_external_event("Arrived")
    yield context.task_any([event, timeout])
    timeout.cancel()
    rounds = yield context.call_sub_orchestrator("rounds", 4, f"{me}-rounds")
    last = yield context.call_activity("work", f"{me}/last")
    return [first, *both, retried, child, event.result, rounds, last]


@app.orchestration_trigger(context_name="context")
def leg(context: Context) -> Steps:
    return (yield context.call_activity("block", context.get_input()))


@app.orchestration_trigger(context_name="context")
def rounds(context: Context) -> Steps:
    left = context.get_input()
    yield context.call_activity("work", f"{context.instance_id}/{left}")
    if left > 1:
        context.continue_as_new(left - 1)
        return None
    return "rounds done"


@app.route("ping", methods=["GET"])
def ping(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("pong")


@app.entity_trigger(context_name="context")
def till(context: df.DurableEntityContext) -> None:
    total = context.get_state(lambda: 0) + context.get_input()
    context.set_state(total)
    context.set_result(total)


@app.orchestration_trigger(context_name="context")
def everything(context: Context) -> Steps:
    """Uses each feature of the engine once; the input is the URL of an endpoint to call."""
    me = context.instance_id
    context.set_custom_status("under way")
    first = yield context.call_activity("work", f"{me}/first")
    both = yield context.task_all([context.call_activity("block", f"{me}/side-{number}") for number in range(2)])
    yield context.create_timer(context.current_utc_datetime + PAUSE)
    retried = yield context.call_activity_with_retry("unsteady", RETRY, f"{me}/retried")
    child = yield context.call_sub_orchestrator("leg", f"{me}/leg", f"{me}-leg")
    rounds = yield context.call_sub_orchestrator("rounds", 2, f"{me}-rounds")
    entity = df.EntityId("till", me)
    context.signal_entity(entity, "add", 1)
    total = yield context.call_entity(entity, "add", 2)
    answer = yield context.call_http("GET", context.get_input())
    context.set_custom_status("waiting")
    timeout = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    event = context.wait_for_external_event("Arrived")
    yield context.task_any([event, timeout])
    timeout.cancel()
    context.set_custom_status("there")
    return [first, *both, retried, child, rounds, total, answer["content"], event.result]


@app.orchestration_trigger(context_name="context")
def endless(context: Context) -> Steps:
    """Is never at rest: for stopping a host that always has work."""
    yield context.create_timer(context.current_utc_datetime)
    context.continue_as_new(None)


@app.activity_trigger(input_name="seconds")
def sleep(seconds: float) -> str:
    _trace("sleep")
    time.sleep(seconds)
    return "slept"


@app.orchestration_trigger(context_name="context")
def sleeper(context: Context) -> Steps:
    return (yield context.call_activity("sleep", context.get_input()))
