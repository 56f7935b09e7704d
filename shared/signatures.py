"""Signatures of webhooks, after the Standard Webhooks scheme, version 1: HMAC-SHA256 over id, time and body. Pure."""

import base64
import hashlib
import hmac

PREFIX = "whsec_"
_LENGTHS = range(24, 65)
"""Of keys, in bytes."""


def signing_key(secret: str) -> bytes:
    """The key that a secret stands for.

    Raises:
        ValueError: it is not in the form of Standard Webhooks; the message does not repeat it.
    """
    rule = f"must be {PREFIX} and {_LENGTHS[0]} to {_LENGTHS[-1]} random bytes in base64"
    if not secret.startswith(PREFIX):
        raise ValueError(rule)
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        raise ValueError(rule) from None
    if len(key) not in _LENGTHS:
        raise ValueError(rule)
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header webhook-signature; the time is in seconds since 1970."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
