"""Instances that are handled from outside, entities, HTTP calls, and the SDK's own client in an HTTP function."""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: BLE001
# The Durable SDK has no types, and raises what failed as a bare Exception.

import json
from collections import Counter
from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions import DurableOrchestrationContext as Context
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus
from azure.durable_functions.models.EntityStateResponse import EntityStateResponse
from azure.durable_functions.models.PurgeHistoryResult import PurgeHistoryResult

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

Steps = Generator[Any, Any, Any]

broken: set[str] = set()
"""The steps that fail; one worker process serves the app."""

ran: Counter[str] = Counter()


@app.route(route="conformance", methods=["GET"])
def conformance(req: func.HttpRequest) -> str:
    """Say which app this is."""
    return "control"


# ---- the SDK's client


@app.route(route="client/{method}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def call_client(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Call a method of the client with the body's arguments; `{"result": …}`, or `{"error": …}` where it raises."""
    arguments = {name: _argument(name, value) for name, value in req.get_json().items()}
    try:
        answer = {"result": _shown(await getattr(client, req.route_params["method"])(**arguments))}
    except Exception as exc:
        answer = {"error": str(exc)}
    return func.HttpResponse(json.dumps(answer), mimetype="application/json")


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance_id = await client.start_new(req.route_params["name"], client_input=req.get_json())
    response: func.HttpResponse = client.create_check_status_response(req, instance_id)
    return response


@app.route(route="links/{id}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def links(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    payload = client.create_http_management_payload(req.route_params["id"])
    return func.HttpResponse(json.dumps(payload), mimetype="application/json")


@app.route(route="wait/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def wait(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start an orchestration and wait for its end, for as many milliseconds as the query says."""
    instance_id = await client.start_new(req.route_params["name"], client_input=req.get_json())
    response: func.HttpResponse = await client.wait_for_completion_or_create_check_status_response(
        req, instance_id, timeout_in_milliseconds=int(req.params["timeout"]), retry_interval_in_milliseconds=20
    )
    return response


def _argument(name: str, value: Any) -> Any:
    if name.startswith("created_time"):
        return datetime.fromisoformat(value)
    if name == "runtime_status":
        return [df.OrchestrationRuntimeStatus(each) for each in value]
    if name == "entityId":
        return df.EntityId(*value)
    return value


def _shown(result: Any) -> Any:
    if isinstance(result, list):
        return [_shown(each) for each in result]
    if isinstance(result, DurableOrchestrationStatus):
        return {**result.to_json(), "history": getattr(result, "historyEvents", None)} if result else None
    if isinstance(result, PurgeHistoryResult):
        return result.instances_deleted
    if isinstance(result, EntityStateResponse):
        return {"exists": result.entity_exists, "state": result.entity_state}
    return result


# ---- instances in every state


@app.orchestration_trigger(context_name="context")
def echo(context: Context) -> Any:
    context.set_custom_status("echoed")
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def one_event(context: Context) -> Steps:
    return (yield context.wait_for_external_event("Go"))


@app.orchestration_trigger(context_name="context")
def failing(context: Context) -> None:
    raise ValueError("on purpose")


@app.activity_trigger(input_name="target")
@app.durable_client_input(client_name="client")
async def poke(target: str, client: df.DurableOrchestrationClient) -> None:
    await client.raise_event(target, "Go", "poked")


@app.orchestration_trigger(context_name="context")
def poker(context: Context) -> Steps:
    yield context.call_activity("poke", context.get_input())


# ---- rewind


@app.route(route="steps/{key}/{state:alpha}", methods=["PUT"])
def switch(req: func.HttpRequest) -> str:
    """Break the step of this key, or mend it; returns what it is now."""
    key, state = str(req.route_params["key"]), str(req.route_params["state"])
    if state == "broken":
        broken.add(key)
    else:
        broken.discard(key)
    return state


@app.route(route="steps/{key}", methods=["GET"])
def runs(req: func.HttpRequest) -> str:
    """Return how often the step of this key ran."""
    return str(ran[req.route_params["key"]])


@app.activity_trigger(input_name="key")
def step(key: str) -> str:
    ran[key] += 1
    if key in broken:
        raise RuntimeError("broken")
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
def walks_together(context: Context) -> Steps:
    return (yield context.task_all([context.call_activity("step", key) for key in context.get_input()]))


@app.orchestration_trigger(context_name="context")
def parent_of_walk(context: Context) -> Steps:
    return (yield context.call_sub_orchestrator("walks", context.get_input(), f"{context.instance_id}-child"))


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
            raise ValueError("broken on purpose")
        case "delete":
            context.destruct_on_exit()


@app.orchestration_trigger(context_name="context")
def counts(context: Context) -> Steps:
    """Adds to an entity by call and by signal, and returns what it heard of it."""
    entity = df.EntityId("Counter", context.instance_id)
    first = yield context.call_entity(entity, "add", 5)
    context.signal_entity(entity, "add", 10)
    return [first, (yield context.call_entity(entity, "get"))]


@app.orchestration_trigger(context_name="context")
def counts_together(context: Context) -> Steps:
    """Adds from many calls at once: every answer is another sum."""
    entity = df.EntityId("Counter", context.instance_id)
    answers = yield context.task_all([context.call_entity(entity, "add", 1) for _ in range(context.get_input())])
    return sorted(answers)


@app.orchestration_trigger(context_name="context")
def signals_and_ends(context: Context) -> None:
    context.signal_entity(df.EntityId("Counter", context.instance_id), "add", context.get_input())


@app.orchestration_trigger(context_name="context")
def counts_after_failure(context: Context) -> Steps:
    """Calls what raises, and then calls again."""
    entity = df.EntityId("Counter", context.instance_id)
    try:
        yield context.call_entity(entity, "break")
    except Exception as exc:
        failure = str(exc)
    return ["broken on purpose" in failure, (yield context.call_entity(entity, "add", 1))]


# ---- HTTP calls


@app.route(route="mirror", methods=["GET", "POST"])
def mirror(req: func.HttpRequest) -> func.HttpResponse:
    """Return what was sent."""
    seen = {"method": req.method, "body": req.get_body().decode(), "kind": req.headers.get("x-kind", "")}
    return func.HttpResponse(json.dumps(seen), mimetype="application/json", headers={"x-answer": "yes"})


@app.orchestration_trigger(context_name="context")
def calls_http(context: Context) -> Steps:
    """Performs the HTTP call of its input, then an activity: the ids must still agree."""
    wanted = context.get_input()
    answer = yield context.call_http(wanted["method"], wanted["uri"], wanted.get("content"), wanted.get("headers"))
    return [answer, (yield context.call_activity("step", "after"))]
