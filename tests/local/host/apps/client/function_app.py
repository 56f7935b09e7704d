"""An app whose one HTTP function calls a method of the SDK's own client and returns what came of it."""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: BLE001
# The Durable SDK has no types, and its client raises bare Exceptions.

import json
from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus
from azure.durable_functions.models.EntityStateResponse import EntityStateResponse
from azure.durable_functions.models.PurgeHistoryResult import PurgeHistoryResult

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="call/{method}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def call(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Call a client method with the body's arguments; `{"error": …}` where it raises."""
    arguments = {name: _read(name, value) for name, value in req.get_json().items()}
    try:
        result = await getattr(client, req.route_params["method"])(**arguments)
    except Exception as exc:
        return func.HttpResponse(json.dumps({"error": str(exc)}))
    return func.HttpResponse(json.dumps({"result": _shown(result)}))


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="starter")
async def start(req: func.HttpRequest, starter: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance_id = await starter.start_new(req.route_params["name"], client_input=req.get_json())
    response: func.HttpResponse = starter.create_check_status_response(req, instance_id)
    return response


@app.route(route="wait/{name}", methods=["POST"])
@app.durable_client_input(client_name="starter")
async def wait(req: func.HttpRequest, starter: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance_id = await starter.start_new(req.route_params["name"], client_input=req.get_json())
    response: func.HttpResponse = await starter.wait_for_completion_or_create_check_status_response(
        req, instance_id, timeout_in_milliseconds=10000, retry_interval_in_milliseconds=10
    )
    return response


@app.orchestration_trigger(context_name="context")
def echo(context: df.DurableOrchestrationContext) -> Any:
    context.set_custom_status("echoed")
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def one_event(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    return (yield context.wait_for_external_event("Go"))


@app.activity_trigger(input_name="target")
@app.durable_client_input(client_name="client")
async def poke(target: str, client: df.DurableOrchestrationClient) -> None:
    await client.raise_event(target, "Go", "poked")


@app.orchestration_trigger(context_name="context")
def poker(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    yield context.call_activity("poke", context.get_input())


@app.entity_trigger(context_name="context")
def tally(context: df.DurableEntityContext) -> None:
    context.set_state(context.get_state(lambda: 0) + context.get_input())


def _read(name: str, value: Any) -> Any:
    if name == "entityId":
        return df.EntityId(*value)
    if name.startswith("created_time"):
        return datetime.fromisoformat(value)
    if name == "runtime_status":
        return [df.OrchestrationRuntimeStatus(each) for each in value]
    return value


def _shown(result: Any) -> Any:
    if isinstance(result, list):
        return [_shown(each) for each in result]
    if isinstance(result, DurableOrchestrationStatus):
        if not result:
            return {"found": False}
        return {**result.to_json(), "found": True, "history": getattr(result, "historyEvents", None)}
    if isinstance(result, EntityStateResponse):
        return {"exists": result.entity_exists, "state": result.entity_state}
    if isinstance(result, PurgeHistoryResult):
        return result.instances_deleted
    return result
