"""HTTP requests and responses through the SDK's own converters, as the worker does it."""

import json
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum
from starlette.requests import Request
from starlette.responses import Response

from local.host.app import HTTP_OUTPUT, HTTP_TRIGGER
from local.host.converters import converter


def to_request(request: Request, route_params: dict[str, str], body: bytes) -> func.HttpRequest:
    """Make the function's HttpRequest; repeated headers and query keys are joined by a comma."""
    value = {
        "method": _text(request.method),
        "url": _text(str(request.url)),
        "headers": _texts(_joined(request.headers.items())),
        "query": _texts({name: text for name, text in _joined(request.query_params.multi_items()).items() if text}),
        "params": _texts(route_params),
        "body": Datum(body, "bytes"),
    }
    decoded: func.HttpRequest = converter(HTTP_TRIGGER).decode(Datum(value, "http"), trigger_metadata=None)
    return decoded


def to_response(result: object) -> Response:
    """Make the response of what a function returned; raises NotImplementedError for what it may not return."""
    if result is None:
        return Response(status_code=204)
    datum = converter(HTTP_OUTPUT).encode(result, expected_type=None)
    if datum.type == "string":
        return Response(datum.value, media_type="application/json" if _is_json(datum.value) else "text/plain")
    value = datum.value
    response = Response(value["body"].value, status_code=int(value["status_code"].value))
    for name, header in value["headers"].items():
        response.headers[name] = header.value
    for cookie in value["cookies"] or ():
        for morsel in cookie.values():
            response.headers.append("set-cookie", morsel.OutputString())
    return response


def _joined(pairs: Any) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, text in pairs:
        joined[name] = f"{joined[name]},{text}" if name in joined else text
    return joined


def _text(value: str) -> Datum:
    return Datum(value, "string")


def _texts(values: dict[str, str]) -> dict[str, Datum]:
    return {name: _text(value) for name, value in values.items()}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
