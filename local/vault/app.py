"""The vault's HTTP surface: routes, and the JSON that Key Vault sends (api-version 7.x and later)."""

import re
import uuid
from collections.abc import Callable, Sequence
from json import JSONDecodeError
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.vault.auth import require_token
from local.vault.errors import BadParameter, NotSimulated, VaultError
from local.vault.store import RETENTION_SECONDS, Properties, Secret, SecretStore

NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
API_VERSION = re.compile(r"\d+\.\d+(-preview\.\d+)?|\d{4}-\d{2}-\d{2}(-preview)?")
MAX_VALUE_BYTES = 25 * 1024
PAGE_SIZE = 25
"""Key Vault's default and its maximum."""
_SKIP = "$skiptoken"
Action = Callable[[SecretStore, Request, dict[str, Any]], dict[str, Any] | None]


def create_app(store: SecretStore) -> Starlette:
    """Return the ASGI application over `store`."""

    def route(path: str, method: str, action: Action) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _answer(store, request, action)

        return Route(path, endpoint, methods=[method])

    app = Starlette(
        routes=[
            route("/secrets", "GET", _list_secrets),
            route("/secrets/{name}", "PUT", _set_secret),
            route("/secrets/{name}", "DELETE", _delete_secret),
            route("/secrets/{name}/versions", "GET", _list_versions),
            *(route(f"/secrets/{{name}}{rest}", "GET", _get_secret) for rest in ("", "/", "/{version}")),
            route("/deletedsecrets", "GET", _list_deleted),
            route("/deletedsecrets/{name}", "GET", _get_deleted),
            route("/deletedsecrets/{name}", "DELETE", _purge_deleted),
            Route("/{path:path}", _not_simulated, methods=["GET", "PUT", "POST", "PATCH", "DELETE"]),
        ]
    )
    app.router.redirect_slashes = False
    return app


async def _answer(store: SecretStore, request: Request, action: Action) -> Response:
    try:
        _check(request)
        body = await _json_object(request) if request.method == "PUT" else {}
        result = await run_in_threadpool(action, store, request, body)
    except VaultError as error:
        return _respond(error.status, error.body(), error.headers())
    return _respond(204) if result is None else _respond(200, result)


async def _not_simulated(request: Request) -> Response:
    error = NotSimulated(f"{request.method} {request.url.path}")
    return _respond(error.status, error.body())


def _check(request: Request) -> None:
    require_token(request)
    api_version = request.query_params.get("api-version")
    if api_version is None:
        raise BadParameter("api-version must be specified")
    if not API_VERSION.fullmatch(api_version):
        raise BadParameter(f"The specified version ({api_version}) is not recognized.")
    name = request.path_params.get("name")
    if name is not None and not NAME.fullmatch(name):
        raise BadParameter(f"The request URI contains an invalid name: {name}")


async def _json_object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise BadParameter("The request body is not JSON") from error
    if not isinstance(body, dict):
        raise BadParameter("The request body is not a JSON object")
    return body


def _respond(status: int, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> Response:
    common = {"Cache-Control": "no-cache", "x-ms-request-id": str(uuid.uuid4()), **(headers or {})}
    return Response(status_code=status, headers=common) if body is None else JSONResponse(body, status, common)


def _set_secret(store: SecretStore, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    value = body.get("value")
    if not isinstance(value, str):
        raise BadParameter("The property 'value' is required and is a string")
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise BadParameter(f"The property 'value' is longer than {MAX_VALUE_BYTES} bytes")
    return _bundle(request, store.set(request.path_params["name"], value, _properties(body)))


def _properties(body: dict[str, Any]) -> Properties:
    attributes = body.get("attributes") or {}
    tags = body.get("tags") or {}
    if not isinstance(attributes, dict) or not isinstance(tags, dict):
        raise BadParameter("The properties 'attributes' and 'tags' are objects")
    return Properties(
        enabled=attributes.get("enabled") is not False,
        content_type=body.get("contentType"),
        tags=tags,
        not_before=attributes.get("nbf"),
        expires=attributes.get("exp"),
    )


def _get_secret(store: SecretStore, request: Request, _body: dict[str, Any]) -> dict[str, Any]:
    return _bundle(request, store.get(request.path_params["name"], request.path_params.get("version", "")))


def _list_secrets(store: SecretStore, request: Request, _body: dict[str, Any]) -> dict[str, Any]:
    return _page(request, [_item(request, secret, with_version=False) for secret in store.newest()])


def _list_versions(store: SecretStore, request: Request, _body: dict[str, Any]) -> dict[str, Any]:
    return _page(request, [_item(request, secret) for secret in store.versions(request.path_params["name"])])


def _delete_secret(store: SecretStore, request: Request, _body: dict[str, Any]) -> dict[str, Any]:
    return _item(request, store.delete(request.path_params["name"]))


def _list_deleted(store: SecretStore, request: Request, _body: dict[str, Any]) -> dict[str, Any]:
    return _page(request, [_item(request, secret, with_version=False) for secret in store.deleted()])


def _get_deleted(store: SecretStore, request: Request, _body: dict[str, Any]) -> dict[str, Any]:
    return _item(request, store.get_deleted(request.path_params["name"]))


def _purge_deleted(store: SecretStore, request: Request, _body: dict[str, Any]) -> None:
    store.purge(request.path_params["name"])


def _bundle(request: Request, secret: Secret) -> dict[str, Any]:
    return {"value": secret.value, **_item(request, secret)}


def _item(request: Request, secret: Secret, *, with_version: bool = True) -> dict[str, Any]:
    """Return a secret without its value; lists of secrets leave out the version too, and deletion adds its dates."""
    properties = secret.properties
    attributes = {
        "enabled": properties.enabled,
        "nbf": properties.not_before,
        "exp": properties.expires,
        "created": secret.created,
        "updated": secret.created,
        "recoveryLevel": "Recoverable+Purgeable",
        "recoverableDays": RETENTION_SECONDS // 86400,
    }
    identifier = f"{_origin(request)}/secrets/{secret.name}"
    item: dict[str, Any] = {
        "id": f"{identifier}/{secret.version}" if with_version else identifier,
        "contentType": properties.content_type,
        "attributes": {key: value for key, value in attributes.items() if value is not None},
        "tags": properties.tags or None,
    }
    if secret.deleted_at is not None:
        item["recoveryId"] = f"{_origin(request)}/deletedsecrets/{secret.name}"
        item["deletedDate"] = secret.deleted_at
        item["scheduledPurgeDate"] = secret.deleted_at + RETENTION_SECONDS
    return {key: value for key, value in item.items() if value is not None}


def _page(request: Request, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    try:
        size = int(request.query_params.get("maxresults", PAGE_SIZE))
        start = int(request.query_params.get(_SKIP, "0"))
    except ValueError as error:
        raise BadParameter("'maxresults' and the skip token are numbers") from error
    if not 1 <= size <= PAGE_SIZE or start < 0:
        raise BadParameter(f"'maxresults' is between 1 and {PAGE_SIZE}")
    end = start + size
    following = request.url.include_query_params(**{_SKIP: end, "maxresults": size})
    return {"value": list(items[start:end]), "nextLink": str(following) if end < len(items) else None}


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
