"""HTTP requests and responses through the SDK's own converters, as the worker does it."""

from collections.abc import Iterable

import azure.functions as func
from azure.functions.meta import Datum
from starlette.requests import Request
from starlette.responses import Response

from local.host import returned
from local.host.app import HTTP_OUTPUT, HTTP_TRIGGER
from local.host.converters import converter


def to_request(request: Request, route_params: dict[str, str], body: bytes) -> func.HttpRequest:
    """Make the function's HttpRequest; repeated headers and query keys are joined by a comma.

    The URL is what was sent, still encoded. Keys of the query ignore case, and empty values are left out.
    """
    query = {name: text for name, text in _joined(request.query_params.multi_items()).items() if text}
    value = {
        "method": _text(request.method),
        "url": _text(_url(request)),
        "headers": _texts(_joined(request.headers.items())),
        "query": _texts(query),
        "params": _texts(route_params),
        "body": Datum(body, "bytes"),
    }
    decoded: func.HttpRequest = converter(HTTP_TRIGGER).decode(Datum(value, "http"), trigger_metadata=None)
    return decoded


def to_response(result: object) -> Response:
    """Make the response of what a function returned; raises NotImplementedError for what it may not return."""
    datum = converter(HTTP_OUTPUT).encode(result, expected_type=None)
    return returned.of_text(datum.value) if datum.type == "string" else returned.of_http(datum.value)


def _url(request: Request) -> str:
    path, query = request.scope["raw_path"].decode("latin-1"), request.url.query
    return f"{request.url.scheme}://{request.url.netloc}{path}" + (f"?{query}" if query else "")


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join values of the same name, which is as it came first; the empty ones add nothing."""
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, text in pairs:
        first = names.setdefault(name.lower(), name)
        values.setdefault(first, []).extend([text] if text else [])
    return {name: ",".join(texts) for name, texts in values.items()}


def _text(value: str) -> Datum:
    return Datum(value, "string")


def _texts(values: dict[str, str]) -> dict[str, Datum]:
    return {name: _text(value) for name, value in values.items()}
