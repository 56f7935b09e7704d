"""An app with entities, HTTP calls, and orchestrations to suspend, rewind and restart."""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: BLE001
# The Durable SDK has no types, and raises what failed as a bare Exception.

import asyncio
import json
from collections import Counter
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions import DurableOrchestrationContext as Context

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

Steps = Generator[Any, Any, Any]
RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=10, max_number_of_attempts=2)

broken: set[str] = set()
"""The activities' arguments that make them fail."""

ran: Counter[str] = Counter()
polls: Counter[str] = Counter()


# ---- entities


@app.entity_trigger(context_name="context", entity_name="Counter")
def counter(context: df.DurableEntityContext) -> None:
    value = context.get_state(lambda: 0)
    match context.operation_name:
        case "add":
            context.set_state(value + context.get_input())
            context.set_result(value + context.get_input())
        case "get":
            context.set_result(value)
        case "break":
            context.set_state(value + 1000)
            raise ValueError("broken on purpose")
        case "spoil":
            context.set_state(object())
        case "delete":
            context.destruct_on_exit()


@app.orchestration_trigger(context_name="context")
def counts(context: Context) -> Steps:
    """Adds to an entity by call and by signal, and returns what it heard of it."""
    entity = df.EntityId("Counter", context.instance_id)
    first = yield context.call_entity(entity, "add", 5)
    context.signal_entity(entity, "add", 10)
    yield context.call_activity("step", "between")
    return [first, (yield context.call_entity(entity, "get"))]


@app.orchestration_trigger(context_name="context")
def counts_together(context: Context) -> Steps:
    """Adds from many calls at once: every answer is another sum."""
    entity = df.EntityId("counter", "shared")
    answers = yield context.task_all([context.call_entity(entity, "add", 1) for _ in range(context.get_input())])
    return sorted(answers)


@app.orchestration_trigger(context_name="context")
def calls_operation(context: Context) -> Steps:
    try:
        return (yield context.call_entity(df.EntityId("counter", context.instance_id), context.get_input()))
    except Exception as exc:
        return f"caught {exc}"


@app.orchestration_trigger(context_name="context")
def signals_and_ends(context: Context) -> None:
    context.signal_entity(df.EntityId("counter", context.instance_id), "add", 3)


@app.orchestration_trigger(context_name="context")
def signals_in_each_life(context: Context) -> None:
    left = context.get_input()
    context.signal_entity(df.EntityId("counter", context.instance_id), "add", left)
    if left:
        context.continue_as_new(left - 1)


@app.orchestration_trigger(context_name="context")
def exits(context: Context) -> None:
    raise SystemExit(3)


@app.orchestration_trigger(context_name="context")
def calls_no_entity(context: Context) -> Steps:
    yield context.call_entity(df.EntityId("nobody", "a"), "add", 1)


# ---- HTTP


@app.route(route="mirror", methods=["GET", "POST"])
def mirror(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"x-kind": req.headers.get("x-kind", ""), "type": req.headers.get("content-type", "")}
    return func.HttpResponse(json.dumps({"method": req.method, "body": req.get_body().decode(), **headers}))


@app.route(route="later/{key}", methods=["POST", "GET"])
def later(req: func.HttpRequest) -> func.HttpResponse:
    """Accepts, says twice that it is not ready, then is."""
    key = req.route_params["key"]
    polls[key] += 1
    if polls[key] <= 2:
        return func.HttpResponse(status_code=202, headers={"Location": f"/later/{key}", "Retry-After": "0"})
    return func.HttpResponse(f"ready after {polls[key]}")


@app.orchestration_trigger(context_name="context")
def calls_http(context: Context) -> Steps:
    """Performs the HTTP call of its input, then an activity: the ids must still agree."""
    wanted = context.get_input()
    try:
        answer = yield context.call_http(wanted["method"], wanted["uri"], wanted.get("content"), wanted.get("headers"))
    except Exception as exc:
        answer = {"failed": str(exc)}
    return [answer, (yield context.call_activity("step", "after"))]


# ---- rewind and restart


@app.activity_trigger(input_name="key")
def step(key: str) -> str:
    ran[key] += 1
    if key in broken:
        raise RuntimeError(f"{key} is broken")
    return f"{key} done"


@app.orchestration_trigger(context_name="context")
def walks(context: Context) -> Steps:
    """Takes the steps of its input one after the other."""
    results: list[Any] = []
    for key in context.get_input():
        done = yield context.call_activity("step", key)
        results.append(done)
    return results


@app.orchestration_trigger(context_name="context")
def walks_with_retry(context: Context) -> Steps:
    return (yield context.call_activity_with_retry("step", RETRY, context.get_input()))


@app.orchestration_trigger(context_name="context")
def walks_together(context: Context) -> Steps:
    return (yield context.task_all([context.call_activity("step", key) for key in context.get_input()]))


@app.orchestration_trigger(context_name="context")
def compensates(context: Context) -> Steps:
    """Catches the failure of its first step, and dies of the second one."""
    first, second = context.get_input()
    try:
        yield context.call_activity("step", first)
        caught = False
    except Exception:
        caught = True
        yield context.call_activity("step", "compensation")
    return [caught, (yield context.call_activity("step", second))]


@app.orchestration_trigger(context_name="context")
def parent(context: Context) -> Steps:
    before = yield context.call_activity("step", "before")
    child = yield context.call_sub_orchestrator("walks", context.get_input(), f"{context.instance_id}-child")
    return [before, child]


@app.orchestration_trigger(context_name="context")
def fails_with_open_tasks(context: Context) -> Steps:
    """Calls what it may not while it is broken, with a timer, an activity and a child still open."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(milliseconds=300))
    child = context.call_sub_orchestrator("waits", "timer", f"{context.instance_id}-open")
    yield context.task_any([context.call_activity("step", "first"), timer, child])
    if "refused" in broken:
        yield context.call_activity("no_such_activity", 1)
    yield timer
    return (yield child)


@app.orchestration_trigger(context_name="context")
def twins(context: Context) -> Steps:
    """Calls one child twice at once: the second call is refused."""
    calls = [context.call_sub_orchestrator("walks", ["one"], f"{context.instance_id}-same") for _ in range(2)]
    return (yield context.task_all(calls))


@app.orchestration_trigger(context_name="context")
def retries_for_ever(context: Context) -> Steps:
    yield context.call_activity_with_retry("step", df.RetryOptions(10**15, 3), context.get_input())


@app.orchestration_trigger(context_name="context")
def is_cancelled(context: Context) -> Steps:
    yield context.call_activity("step", "first")
    raise asyncio.CancelledError("from within")


@app.orchestration_trigger(context_name="context")
def lives_on(context: Context) -> Steps:
    """Begins anew as fast as it can, until it is terminated."""
    yield context.call_activity("step", "life")
    context.continue_as_new(None)


@app.orchestration_trigger(context_name="context")
def returns_odd(context: Context) -> Any:
    return {"nan": float("nan"), "half": "\ud800"}[context.get_input()]


@app.orchestration_trigger(context_name="context")
def long_status(context: Context) -> Steps:
    context.set_custom_status(context.get_input())
    yield context.wait_for_external_event("Go")


@app.orchestration_trigger(context_name="context")
def waits(context: Context) -> Steps:
    """Waits for an event, or for a short timer when its input says so."""
    if context.get_input() == "timer":
        yield context.create_timer(context.current_utc_datetime + timedelta(milliseconds=100))
        return "rung"
    return (yield context.wait_for_external_event("Go"))


@app.orchestration_trigger(context_name="context")
def echo(context: Context) -> Any:
    return context.get_input()
