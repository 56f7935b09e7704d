"""Functions that the outside triggers by other means than a route, and one that tells what reached them."""

import json
from collections import defaultdict
from typing import Any

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

seen: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
"""What arrived, by subject; one worker process serves the app."""


@app.route(route="conformance", methods=["GET"])
def conformance(req: func.HttpRequest) -> str:
    """Say which app this is."""
    return "triggers"


@app.route(route="seen/{subject}", methods=["GET"])
def tell(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(seen[req.route_params["subject"]]), mimetype="application/json")


@app.event_grid_trigger(arg_name="event")
def keep_event(event: func.EventGridEvent) -> None:
    _keep(event)


@app.event_grid_trigger(arg_name="event")
async def refuse_some(event: func.EventGridEvent) -> None:
    """Keeps every event, and fails on those whose data says so."""
    _keep(event)
    if event.get_json().get("fail"):
        raise ValueError("not this one")


def _keep(event: Any) -> None:
    about = {"id": event.id, "data": event.get_json(), "class": type(event).__name__}
    if isinstance(event, func.EventGridEvent):
        about |= {"topic": event.topic, "type": event.event_type, "version": event.data_version}
    else:
        about |= {"source": event.source, "type": event.type, "version": event.specversion}
    seen[event.subject].append(about)
