"""Who is calling: tokens, where they come from, and what is wrong with them.

Tokens are JWTs signed with a key of this simulator, so a token of someone else, or a changed one, is refused. The
managed identities live in the default tenant, and are members of one group, to which a new subscription belongs; all
other principals are applications (`login.py`).
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
import uuid

from . import errors
from .calls import Answer, Call, Json
from .subscriptions import DEFAULT_TENANT, MANAGED_IDENTITIES

TOKEN_LIFETIME_SECONDS = 86_400
# What a managed identity's token is for when it stands in for an application's secret.
EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
_AUDIENCES = {
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://management.chinacloudapi.cn",
    "https://management.usgovcloudapi.net",
}
_HEADER = {"alg": "HS256", "typ": "JWT"}
_PRINCIPALS = uuid.UUID("6f1b3c57-3f4c-4a76-8a1c-0f2f6f0f2a11")
_AUXILIARY_HEADER = "x-ms-authorization-auxiliary"


def object_id(name: str) -> str:
    """The object id of whoever has this name, always the same."""
    return str(uuid.uuid5(_PRINCIPALS, name))


def issue(call: Call, key: bytes) -> Answer:
    """GET /msi/token as App Service answers it: a token for the system's or a named user-assigned identity."""
    resource = call.query.get("resource", "")
    if "x-identity-header" not in call.headers:
        return Answer(401, {"statusCode": 401, "message": "The header X-IDENTITY-HEADER is missing."})
    if not resource or call.query.get("api-version") != "2019-08-01":
        message = "resource and api-version=2019-08-01 are required."
        return Answer(400, {"statusCode": 400, "message": message})
    name = call.query.get("client_id") or call.query.get("object_id") or call.query.get("mi_res_id") or "system"
    application = call.query.get("client_id") or object_id(name + "/application")
    claims = {"tid": DEFAULT_TENANT, "oid": object_id(name), "appid": application, "groups": [MANAGED_IDENTITIES]}
    token, expires = sign(claims, resource, TOKEN_LIFETIME_SECONDS, key)
    return Answer(
        200, {"access_token": token, "expires_on": str(expires), "resource": resource, "token_type": "Bearer"}
    )


def sign(claims: Json, audience: str, lifetime: int, key: bytes) -> tuple[str, int]:
    """A token for an audience, and the second at which it ends."""
    now = int(time.time())
    expires = now + lifetime
    times = {"iat": now, "nbf": now, "exp": expires}
    issuer = {"iss": f"https://sts.windows.net/{claims['tid']}/", "sub": claims["oid"]}
    return _encode(claims | {"aud": audience, "idtyp": "app"} | issuer | times, key), expires


def authenticate(call: Call, key: bytes) -> Json:
    """The claims of the request's bearer token: `oid`, `tid`, `appid`."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.authentication_missing()
    return _accept(call, token, key)


def auxiliary(call: Call, key: bytes) -> list[Json]:
    """The claims of the tokens for other tenants that came with the request: ``Bearer x, Bearer y``."""
    header = call.headers.get(_AUXILIARY_HEADER, "")
    parts = [part.strip().partition(" ") for part in header.split(",") if part.strip()]
    return [_accept(call, token.strip(), key) for _scheme, _, token in parts]


def decode(token: str, key: bytes) -> Json | None:
    """The claims of a token that this simulator issued, however old; None for any other text."""
    signed, _, signature = token.encode().rpartition(b".")
    expected = _part(hmac.new(key, signed, hashlib.sha256).digest())
    if not hmac.compare_digest(expected, signature):
        return None
    body = signed.partition(b".")[2]
    try:
        claims: Json = json.loads(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        return None
    return claims


def _accept(call: Call, token: str, key: bytes) -> Json:
    claims = decode(token, key)
    if claims is None:
        raise errors.token_invalid("The access token is invalid.")
    if claims["exp"] < time.time():
        raise errors.token_invalid("The access token expiry is in the past.", "ExpiredAuthenticationToken")
    audience = str(claims["aud"]).rstrip("/")
    if audience not in _AUDIENCES and audience != call.base_url:
        raise errors.token_invalid(f"The access token has been obtained for wrong audience or resource '{audience}'.")
    return claims


def _encode(claims: Json, key: bytes) -> str:
    signed = b".".join(_part(json.dumps(part).encode()) for part in (_HEADER, claims))
    return b".".join((signed, _part(hmac.new(key, signed, hashlib.sha256).digest()))).decode()


def _part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
