"""A function of each authorisation level, and what else can be disabled."""

# mypy: disallow-untyped-decorators=False
# The Durable SDK has no types.

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(route="open", auth_level=func.AuthLevel.ANONYMOUS)
def open_to_all(req: func.HttpRequest) -> str:
    return "open"


@app.route(route="guarded")
def guarded(req: func.HttpRequest) -> str:
    return "guarded"


@app.route(route="other")
def other(req: func.HttpRequest) -> str:
    return "other"


@app.route(route="only-admin", auth_level=func.AuthLevel.ADMIN)
def only_admin(req: func.HttpRequest) -> str:
    return "admin"


@app.route(route="start/{name}", auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance_id = await client.start_new(req.route_params["name"])
    response: func.HttpResponse = client.create_check_status_response(req, instance_id)
    return response


@app.route(route="binding", auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
async def binding(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> str:
    return " ".join(client.create_http_management_payload("some").values())


@app.orchestration_trigger(context_name="context")
def flow(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    return (yield context.wait_for_external_event("Go"))
