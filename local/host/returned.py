"""The response that the host makes of what the worker hands back for an HTTP function."""

import json
import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

_PLAIN = "text/plain; charset=utf-8"

_COOKIE_ATTRIBUTES = ("expires", "max-age", "domain", "path")
_COOKIE_FLAGS = ("secure", "samesite", "httponly")
"""Both in the order in which ASP.NET writes them."""


def of_http(value: Mapping[str, Any]) -> Response:
    """Return the response of an HttpResponse, whose cookies ASP.NET writes anew."""
    response = Response(value["body"].value, status_code=int(value["status_code"].value))
    for name, header in value["headers"].items():
        response.headers[name] = header.value
    _set_cookies(response, value["cookies"] or ())
    return response


def of_text(text: str) -> Response:
    """Return the response of a text, always as plain text: JSON is read, and written anew with indents.

    A JSON object with a `body` counts as a whole response, with its `status` or `statusCode` and its `headers`.
    """
    try:
        content = json.loads(text, parse_constant=_refuse)
    except ValueError:
        content = text if text.strip() else None
    if not isinstance(content, dict):
        return _plain(written(content))
    named = {name.lower(): value for name, value in content.items()}
    if "body" not in named:
        return _plain(written(content))
    body = named["body"]
    compact = isinstance(body, dict | list)
    response = _plain(json.dumps(body, separators=(",", ":"), ensure_ascii=False) if compact else written(body))
    response.status_code = _status(named.get("statuscode", named.get("status")))
    headers = named.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        response.headers[name] = written(value)
    return response


def _plain(text: str) -> Response:
    return Response(text, headers={"content-type": _PLAIN})


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def written(value: Any) -> str:
    """Write a JSON value as .NET does where a text is wanted."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value)
        case float() if value.is_integer() and math.fabs(value) < 1e15:
            return str(int(value))
        case dict() | list():
            return json.dumps(value, indent=2, ensure_ascii=False)
    return repr(value)


def _status(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else HTTPStatus.OK


def _set_cookies(response: Response, cookies: Iterable[SimpleCookie]) -> None:
    for cookie in cookies:
        for morsel in cookie.values():
            response.headers.append("set-cookie", _cookie(morsel))


def _cookie(morsel: Morsel[str]) -> str:
    parts = [f"{quote(morsel.key, safe='')}={quote(morsel.value, safe='')}"]
    parts += [f"{name}={morsel[name]}" for name in _COOKIE_ATTRIBUTES if morsel[name]]
    for name in _COOKIE_FLAGS:
        if morsel[name]:
            parts.append(f"samesite={str(morsel[name]).lower()}" if name == "samesite" else name)
    return "; ".join(parts)
