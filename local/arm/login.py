"""Tokens for applications, as Microsoft Entra ID gives them: one authority for each tenant, ``{url}/{tenant}``.

An application is known by its client id, in the tenants that let it in; it proves itself with a secret, or with a token
of a managed identity that it trusts (a federated credential). Applications are set over the admin endpoint. Errors have
the AADSTS codes of Entra ID.
"""

import hmac
import re
import secrets
import time
from datetime import UTC, datetime

from .calls import Answer, Call, Json
from .identity import EXCHANGE_AUDIENCE, decode, object_id, sign
from .ids import GUID
from .world import World, fingerprint

_LIFETIME_SECONDS = 3599
_DISCOVERY = re.compile(r"/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration", re.IGNORECASE)
_TOKEN = re.compile(r"/(?P<tenant>[^/]+)/oauth2/v2\.0/token", re.IGNORECASE)
_FACT = "applications"
_SCOPE_END = "/.default"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class _RefusedLoginError(Exception):
    """A refusal: HTTP status, OAuth error, AADSTS number, message."""

    def __init__(self, status: int, error: str, number: int, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.number, self.message = status, error, number, message


def answer(world: World, call: Call) -> Answer | None:
    """The answer of a tenant's authority, or None for a path that is not one's."""
    handlers = {("GET", _DISCOVERY): _configuration, ("POST", _TOKEN): _token}
    for (method, pattern), handler in handlers.items():
        match = pattern.fullmatch(call.path)
        if match and call.method == method:
            try:
                return Answer(200, handler(world, call, _tenant(match["tenant"])))
            except _RefusedLoginError as refusal:
                return _refused(refusal)
    return None


def register(world: World, client: str, document: Json) -> Json:
    """Make an application known: `tenants`, and a `secret` or the identities it `trusts` (object ids; any, if absent).

    Returns its object id in each tenant. ValueError says what is wrong with the document.
    """
    tenants = document.get("tenants")
    if set(document) - {"tenants", "secret", "trusts"}:
        raise ValueError("the members are tenants, secret and trusts")
    if not isinstance(tenants, list) or not all(GUID.fullmatch(str(each)) for each in tenants):
        raise ValueError("tenants is a list of GUIDs")
    salt = secrets.token_hex(8)
    secret = document.get("secret")
    known = world.store.fact(_FACT) or {}
    known[client.lower()] = {
        "tenants": [str(each).lower() for each in tenants],
        "salt": salt,
        "secret": fingerprint(str(secret), salt) if secret else None,
        "trusts": document.get("trusts"),
    }
    world.store.remember(_FACT, known)
    return {"clientId": client, "principals": {tenant: _principal(tenant, client) for tenant in tenants}}


def forget(world: World, client: str) -> None:
    """Make an application unknown."""
    known = world.store.fact(_FACT) or {}
    known.pop(client.lower(), None)
    world.store.remember(_FACT, known)


def _configuration(_world: World, call: Call, tenant: str) -> Json:
    base = call.url(f"/{tenant}")
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
    }


def _token(world: World, call: Call, tenant: str) -> Json:
    form: Json = call.body if isinstance(call.body, dict) else {}
    if form.get("grant_type") != "client_credentials":
        message = "The app requested an unsupported grant type; this authority has client_credentials."
        raise _RefusedLoginError(400, "unsupported_grant_type", 70003, message)
    client, scope = str(form.get("client_id", "")).lower(), str(form.get("scope", ""))
    if not scope.endswith(_SCOPE_END):
        message = f"The provided value for the input parameter 'scope' is not valid: '{scope}'."
        raise _RefusedLoginError(400, "invalid_scope", 1002012, message)
    application = (world.store.fact(_FACT) or {}).get(client)
    if application is None or tenant not in application["tenants"]:
        message = (
            f"Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the "
            "application has not been installed by the administrator of the tenant or consented to by any user in the "
            "tenant. You may have sent your authentication request to the wrong tenant."
        )
        raise _RefusedLoginError(400, "unauthorized_client", 700016, message)
    _check_proof(world, client, application, form)
    claims = {"tid": tenant, "oid": _principal(tenant, client), "appid": client}
    token, _ = sign(claims, scope.removesuffix(_SCOPE_END), _LIFETIME_SECONDS, world.signing_key)
    lifetime = {"expires_in": _LIFETIME_SECONDS, "ext_expires_in": _LIFETIME_SECONDS}
    return {"token_type": "Bearer", "access_token": token} | lifetime


def _check_proof(world: World, client: str, application: Json, form: Json) -> None:
    if form.get("client_assertion_type") == _ASSERTION:
        _check_assertion(world, application, str(form.get("client_assertion", "")))
        return
    given = fingerprint(str(form.get("client_secret", "")), application["salt"])
    if not application["secret"] or not hmac.compare_digest(application["secret"], given):
        message = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{client}'."
        )
        raise _RefusedLoginError(401, "invalid_client", 7000215, message)


def _check_assertion(world: World, application: Json, assertion: str) -> None:
    claims = decode(assertion, world.signing_key)
    if claims is None:
        message = "Client assertion contains an invalid signature."
        raise _RefusedLoginError(401, "invalid_client", 700027, message)
    if claims["exp"] < time.time():
        raise _RefusedLoginError(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
    if claims["aud"] != EXCHANGE_AUDIENCE:
        message = f"No matching federated identity record found for presented assertion audience '{claims['aud']}'."
        raise _RefusedLoginError(401, "invalid_client", 700212, message)
    if application["trusts"] is not None and claims["oid"] not in application["trusts"]:
        message = f"No matching federated identity record found for presented assertion subject '{claims['oid']}'."
        raise _RefusedLoginError(401, "invalid_client", 700213, message)


def _tenant(name: str) -> str:
    if not GUID.fullmatch(name):
        message = f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID."
        raise _RefusedLoginError(400, "invalid_tenant", 90002, message)
    return name.lower()


def _principal(tenant: str, client: str) -> str:
    return object_id(f"{tenant}/{client}".lower())


def _refused(refusal: _RefusedLoginError) -> Answer:
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    body = {"error": refusal.error, "error_description": f"AADSTS{refusal.number}: {refusal.message}"}
    return Answer(refusal.status, body | {"error_codes": [refusal.number], "timestamp": stamp})
