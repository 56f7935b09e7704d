"""From what happened to the events that tell of it.

An event is emitted when a write, a deletion or an action has ended: with its operation if it had one, else at once.
What a request takes along (the disk of a machine, the content of a group) has no event of its own, and a request that
was refused has none. `httpRequest` is there for all but PUT; `claims` name the caller, and no person.
"""

import uuid
from typing import TYPE_CHECKING

from .. import durations
from ..calls import Call, Json
from ..operations import CANCELED, FAILED, SUCCEEDED, Operation

if TYPE_CHECKING:
    from ..world import World

_KINDS = {"PUT": "Write", "PATCH": "Write", "DELETE": "Delete", "POST": "Action"}
_ENDS = {SUCCEEDED: "Success", FAILED: "Failure", CANCELED: "Cancel"}
_CLAIMS = "http://schemas.microsoft.com/identity/claims/"


def origin(call: Call) -> Json:
    """What an event will want to know of the request that began it."""
    return {
        "operation": call.operation,
        "correlation": call.headers.get("x-ms-correlation-request-id", ""),
        "request": call.headers.get("x-ms-client-request-id", ""),
        "url": call.url(call.path, **{"api-version": call.api_version}),
        "caller": {name: str(call.client.get(name, "")) for name in ("appid", "oid", "tid")},
    }


def ended(world: "World", operation: Operation) -> None:
    """Tell of an operation that has come to its end."""
    _emit(world, operation.method, operation.path, operation.status, operation.origin)


def done(world: "World", call: Call) -> None:
    """Tell of a request that was done at once."""
    _emit(world, call.method, call.path, SUCCEEDED, origin(call))


def event(time: str, method: str, path: str, status: str, came_from: Json) -> Json:
    """An event in the form that the simulator keeps; `came_from` is the `origin` of the request."""
    resource = path.rpartition("/")[0] if method == "POST" else path
    operation, caller = came_from["operation"], came_from["caller"]
    data: Json = {
        "authorization": {"scope": resource, "action": operation, "evidence": {"role": "Contributor"}},
        "claims": {
            "appid": caller["appid"],
            _CLAIMS + "objectidentifier": caller["oid"],
            _CLAIMS + "tenantid": caller["tid"],
        },
        "correlationId": came_from["correlation"],
        "resourceProvider": operation.split("/")[0],
        "resourceUri": resource,
        "operationName": operation,
        "status": status,
        "subscriptionId": path.split("/")[2],
        "tenantId": caller["tid"],
    }
    if method != "PUT":
        data["httpRequest"] = {
            "clientRequestId": came_from["request"],
            "clientIpAddress": "127.0.0.1",
            "method": method,
            "url": came_from["url"],
        }
    kind = f"Microsoft.Resources.Resource{_KINDS[method]}{_ENDS[status]}"
    return {"id": str(uuid.uuid4()), "type": kind, "time": time, "subject": resource, "data": data}


def _emit(world: "World", method: str, path: str, status: str, came_from: Json) -> None:
    if method not in _KINDS or not world.outbox.hooks:
        return
    told = event(world.stamp(), method, path, status, came_from)
    for hook in world.outbox.hooks.values():
        if hook.wants(told):
            delay = durations.TYPICAL[durations.EVENT].seconds
            for extra in world.faults.event_delays(method, path):
                world.outbox.add(hook, world.now + delay + extra, told)
