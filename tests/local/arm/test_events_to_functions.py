"""The simulator's events, delivered to a function on the local host: both handshakes, with keys, and once failed."""

import azure.functions as func
import pytest

from local.host import server as functions
from tests.local.arm.conftest import Azure, until


@pytest.mark.parametrize("schema", ["EventGridSchema", "CloudEventSchemaV1_0"])
def test_a_function_is_told_of_what_happens(azure: Azure, schema: str) -> None:
    """It fails at first, so that the event comes a second time."""
    seen: list[func.EventGridEvent | func.CloudEvent] = []
    app = func.FunctionApp()

    @app.event_grid_trigger(arg_name="event")
    def told(event: func.EventGridEvent | func.CloudEvent) -> None:
        seen.append(event)
        if len(seen) == 1:
            raise RuntimeError("not ready yet")

    hook = f"/_sim/events/{azure.subscription}"
    with functions.running(app, auth=True) as host:
        assert host.keys is not None
        query = f"functionName=told&code={host.keys.of_extension('eventgrid')}"
        endpoint = f"{host.url}/runtime/webhooks/EventGrid?{query}"
        body = {"scope": f"/subscriptions/{azure.subscription}", "endpoint": endpoint, "schema": schema}
        assert azure.admin.put(hook, json=body).json()["state"] == "Succeeded"
        azure.group("rg-told")
        until(lambda: len(seen) == 2)
        azure.admin.delete(hook)
    first, again = seen
    assert isinstance(first, func.EventGridEvent if schema == "EventGridSchema" else func.CloudEvent)
    assert first.id == again.id
    assert str(again.subject).endswith("/rg-told")
    assert again.get_json()["status"] == "Succeeded"
