"""The answers around long-running operations: accepted, still going, done.

Azure has two dialects, and both are spoken: `Azure-AsyncOperation` for most, only `Location` for the deletion of a
resource group. `Retry-After` is what Azure sends, divided by the simulator's pace. It is in whole seconds, and
azure-core reads it before `retry-after-ms`; so for less than a second the latter goes alone.
"""

import math

from . import errors
from .calls import Answer, Call, Json
from .operations import FAILED, IN_PROGRESS, SUCCEEDED, Operation, signature
from .world import World

_NETWORK = "Microsoft.Network"
_SHORTEST_MS = 10


def retry_headers(world: World, seconds: float) -> dict[str, str]:
    """How long a caller should wait, for a time in simulated seconds."""
    real = world.clock.real(seconds)
    milliseconds = {"retry-after-ms": str(max(_SHORTEST_MS, round(real * 1000)))}
    return milliseconds if real < 1 else milliseconds | {"Retry-After": str(math.ceil(real))}


def accepted(world: World, call: Call, operation: Operation, status: int, body: Json | None = None) -> Answer:
    """The first answer; POST and DELETE also get the `Location` of the result."""
    headers = retry_headers(world, operation.retry_after)
    headers["Azure-AsyncOperation"] = _url(world, call, operation, world.poll_path(operation))
    if status == 202:
        headers["Location"] = _result_url(world, call, operation)
    return Answer(status, body, headers)


def accepted_by_location(world: World, call: Call, operation: Operation) -> Answer:
    """The first answer in the dialect of resource groups."""
    path = f"/subscriptions/{operation.subscription}/operationresults/{operation.id}"
    headers = {"Location": _url(world, call, operation, path)}
    return Answer(202, None, headers | retry_headers(world, operation.retry_after))


def poll(world: World, call: Call) -> Answer:
    """GET .../locations/{location}/operations/{operation}: the state, or with `monitor=true` the result."""
    operation = _polled(world, call)
    if call.query.get("monitor") == "true":
        return _result(world, call, operation)
    document: Json = {"status": operation.status}
    if operation.namespace != _NETWORK:
        document |= {"startTime": operation.start_time, "name": operation.id}
        if operation.end_time:
            document["endTime"] = operation.end_time
    if operation.error:
        document["error"] = operation.error
    running = operation.status == IN_PROGRESS
    return Answer(200, document, retry_headers(world, operation.retry_after) if running else {})


def result(world: World, call: Call) -> Answer:
    """GET .../operationResults/{operation}: 202 until the result is there."""
    return _result(world, call, _polled(world, call))


def _result(world: World, call: Call, operation: Operation) -> Answer:
    if operation.status == IN_PROGRESS:
        headers = {"Location": call.url(call.path) + "?" + _query(call)}
        return Answer(202, None, headers | retry_headers(world, operation.retry_after))
    if operation.status != SUCCEEDED:
        return Answer(409 if operation.status == FAILED else 400, {"error": operation.error})
    if operation.result is not None:
        return Answer(200, operation.result)
    return Answer(200 if operation.namespace == "Microsoft.Resources" else 204)


def _polled(world: World, call: Call) -> Operation:
    operation = world.store.operation(call.params["operation"])
    if operation is None or not operation.subscription.lower() == call.params["subscription"].lower():
        raise errors.operation_not_found(call.params["operation"])
    signed = signature(operation.id, world.signing_key)
    if any(call.query.get(name) != value for name, value in signed.items()):
        raise errors.operation_url_damaged()
    return operation


def _url(world: World, call: Call, operation: Operation, path: str, **query: str) -> str:
    signed = signature(operation.id, world.signing_key)
    url = call.url(path, **query, **{"api-version": operation.api_version}, **signed)
    if operation.foreign_host:
        return url.replace(call.base_url, f"https://{operation.foreign_host}", 1)
    return url


def _result_url(world: World, call: Call, operation: Operation) -> str:
    path = world.poll_path(operation)
    if operation.namespace == _NETWORK:
        return _url(world, call, operation, path.replace("/operations/", "/operationResults/"))
    return _url(world, call, operation, path, monitor="true")


def _query(call: Call) -> str:
    return "&".join(f"{name}={value}" for name, value in call.query.items())
