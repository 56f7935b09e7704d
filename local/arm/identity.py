"""Who is calling: the managed-identity endpoint's tokens, and what they allow.

Tokens are JWTs signed with a key of this simulator, so a token of someone else, or a changed one, is refused.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterable
from fnmatch import fnmatchcase

from . import errors
from .calls import Answer, Call, Json
from .subscriptions import DEFAULT_TENANT

TOKEN_LIFETIME_SECONDS = 86_400
_AUDIENCES = {
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://management.chinacloudapi.cn",
    "https://management.usgovcloudapi.net",
}
_HEADER = {"alg": "HS256", "typ": "JWT"}
_PRINCIPALS = uuid.UUID("6f1b3c57-3f4c-4a76-8a1c-0f2f6f0f2a11")


def issue(call: Call, key: bytes) -> Answer:
    """GET /msi/token as App Service answers it: a token for the system's or a named user-assigned identity."""
    resource = call.query.get("resource", "")
    if "x-identity-header" not in call.headers:
        return Answer(401, {"statusCode": 401, "message": "The header X-IDENTITY-HEADER is missing."})
    if not resource or call.query.get("api-version") != "2019-08-01":
        message = "resource and api-version=2019-08-01 are required."
        return Answer(400, {"statusCode": 400, "message": message})
    name = call.query.get("client_id") or call.query.get("object_id") or call.query.get("mi_res_id") or "system"
    expires = int(time.time()) + TOKEN_LIFETIME_SECONDS
    claims = {
        "aud": resource,
        "exp": expires,
        "tid": DEFAULT_TENANT,
        "oid": str(uuid.uuid5(_PRINCIPALS, name)),
        "appid": call.query.get("client_id") or str(uuid.uuid5(_PRINCIPALS, name + "/application")),
    }
    token = _encode(claims, key)
    return Answer(
        200, {"access_token": token, "expires_on": str(expires), "resource": resource, "token_type": "Bearer"}
    )


def authenticate(call: Call, key: bytes) -> Json:
    """The claims of the request's bearer token: `oid`, `tid`, `appid`."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.authentication_missing()
    claims = _decode(token, key)
    if claims is None:
        raise errors.token_invalid("The access token is invalid.")
    if claims["exp"] < time.time():
        raise errors.token_invalid("The access token expiry is in the past.", "ExpiredAuthenticationToken")
    audience = str(claims["aud"]).rstrip("/")
    if audience not in _AUDIENCES and audience != call.base_url:
        raise errors.token_invalid(f"The access token has been obtained for wrong audience or resource '{audience}'.")
    return claims


def allowed(permissions: Iterable[Json], operation: str) -> bool:
    """Whether any entry allows the operation: `*` matches across slashes, notActions subtract within their entry."""

    def covers(patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(operation.lower(), pattern.lower()) for pattern in patterns)

    return any(covers(entry.get("actions", [])) and not covers(entry.get("notActions", [])) for entry in permissions)


def _encode(claims: Json, key: bytes) -> str:
    signed = b".".join(_part(json.dumps(part).encode()) for part in (_HEADER, claims))
    return b".".join((signed, _part(hmac.new(key, signed, hashlib.sha256).digest()))).decode()


def _decode(token: str, key: bytes) -> Json | None:
    signed, _, signature = token.encode().rpartition(b".")
    expected = _part(hmac.new(key, signed, hashlib.sha256).digest())
    if not hmac.compare_digest(expected, signature):
        return None
    body = signed.partition(b".")[2]
    claims: Json = json.loads(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
    return claims


def _part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
