"""Key Vault's authentication, as far as a client can see it: the challenge, and a token's audience and expiry.

Signatures are not checked: tokens come from the simulator's identity endpoint, which does not sign them.
"""

import base64
import binascii
import json
import time
from typing import Any

from starlette.requests import Request

from local.vault.errors import Unauthorized

AUDIENCE = "https://vault.azure.net"
TENANT_ID = "00000000-0000-0000-0000-0000000000aa"
CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="{AUDIENCE}"'


def require_token(request: Request) -> None:
    """Let a request with a bearer token for Key Vault pass. Raises Unauthorized."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("AKV10000: Request is missing a Bearer or PoP token.", CHALLENGE)
    claims = _claims(token.strip())
    if str(claims.get("aud", "")).rstrip("/") != AUDIENCE:
        raise _invalid_token(f"AKV10022: Invalid audience. Expected {AUDIENCE}.")
    expires = claims.get("exp", time.time())
    if not isinstance(expires, int | float) or expires < time.time() - 1:
        raise _invalid_token("AKV10015: The token has expired.")


def _claims(token: str) -> dict[str, Any]:
    """Return a JSON Web Token's claims, without verifying it."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error) as error:
        raise _invalid_token("AKV10001: The token is not a JSON Web Token.") from error
    if not isinstance(claims, dict):
        raise _invalid_token("AKV10001: The token is not a JSON Web Token.")
    return claims


def _invalid_token(message: str) -> Unauthorized:
    return Unauthorized(message, f'{CHALLENGE}, error="invalid_token"')
