"""Requests that a caller may repeat: the key that says "this is the same request", and what it was answered. Pure.

`Idempotency-Key` follows the IETF draft of that name; `Repeatability-Request-ID` and `Repeatability-First-Sent` are
Microsoft's (OASIS Repeatable Requests 1.0). Nothing that is kept of a request is derived from a secret in it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from shared.models.idempotency_key import REMEMBERED, IdempotencyKey
from shared.requests.findings import Code, Finding
from shared.requests.problems import Problem, Refused, invalid
from shared.requests.secret_texts import PASSWORD

IDEMPOTENCY_KEY = "Idempotency-Key"
REQUEST_ID = "Repeatability-Request-ID"
FIRST_SENT = "Repeatability-First-Sent"
RESULT = "Repeatability-Result"

CLAIMED = timedelta(seconds=60)
"""How long a request may be worked on before another one with its key may take its place: its process has died."""

SKEW = timedelta(minutes=5)
"""By how much a caller's clock may be ahead of ours."""

IN_PROGRESS_RETRY_SECONDS = 1

_KEY = re.compile(r"[!#-~]{1,255}")
_QUOTED = re.compile(r'"([ !#-\[\]-~]{1,255})"')


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What makes a request a repetition of another one.

    Attributes:
        id: of the record, from method, path and the caller's key.
        fingerprint: of everything else about the request but its secret.
    """

    id: str
    fingerprint: str


def request_key(
    headers: Mapping[str, str], method: str, path: str, content: Mapping[str, Any], at: datetime
) -> RequestKey | None:
    """The key of a request, None where its caller gave none; `content` is its query and body.

    Raises:
        Refused: the headers can't be used.
    """
    given = _given(headers, at)
    if given is None:
        return None
    return RequestKey(_digest([method, path.lower(), given]), _digest(_without_secret(content)))


def event_key(source: str, event_id: str, content: Mapping[str, Any]) -> RequestKey:
    """The key of what an event asks for: an event is the same if its source and its id are (CloudEvents 1.0)."""
    return RequestKey(_digest(["event", source, event_id]), _digest(_without_secret({"body": content})))


def is_repeatable(headers: Mapping[str, str]) -> bool:
    """Whether the caller wants to be told by `Repeatability-Result` whether the request was worked on."""
    return REQUEST_ID in headers


def _given(headers: Mapping[str, str], at: datetime) -> str | None:
    keys = {name: headers[name].strip() for name in (IDEMPOTENCY_KEY, REQUEST_ID) if name in headers}
    findings = [_unusable(name) for name, key in keys.items() if not (_KEY.fullmatch(key) or _QUOTED.fullmatch(key))]
    if findings:
        raise Refused(invalid(findings))
    if REQUEST_ID in keys:
        _check_first_sent(headers.get(FIRST_SENT), at)
    values = {_unquoted(key) for key in keys.values()}
    if len(values) > 1:
        message = f"must not differ from {REQUEST_ID}: one of the two is enough"
        raise Refused(invalid([Finding(Code.CONTRADICTION, f"{IDEMPOTENCY_KEY} {message}")]))
    return values.pop() if values else None


def _unusable(name: str) -> Finding:
    message = f"{name} must have 1 to 255 characters of ASCII, such as a new UUID for each request"
    return Finding(Code.INVALID_VALUE, message)


def _unquoted(key: str) -> str:
    quoted = _QUOTED.fullmatch(key)
    return quoted[1] if quoted else key


def _check_first_sent(text: str | None, at: datetime) -> None:
    """Refuse a repetition that comes so late that the first one is forgotten."""
    if text is None:
        raise Refused(invalid([Finding(Code.REQUIRED, f"{FIRST_SENT} is required beside {REQUEST_ID}")]))
    try:
        sent = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        message = f"{FIRST_SENT} must be a date such as {at:%a, %d %b %Y %H:%M:%S} GMT"
        raise Refused(invalid([Finding(Code.INVALID_VALUE, message)])) from None
    sent = sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent
    if sent > at + SKEW:
        raise Refused(invalid([Finding(Code.INVALID_VALUE, f"{FIRST_SENT} is in the future")]))
    if sent < at - REMEMBERED:
        hours = int(REMEMBERED.total_seconds() // 3600)
        detail = (
            f"The request was first sent more than {hours} hours ago, and what came of it is forgotten: look for it."
        )
        raise Refused(Problem(412, Code.TOO_LATE_TO_REPEAT, detail))


def _without_secret(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The content without the one secret that a body may hold."""
    rest: Any = json.loads(json.dumps(content))
    place = rest.get("body")
    for step in PASSWORD[:-1]:
        place = place.get(step) if isinstance(place, dict) else None
    if isinstance(place, dict):
        place.pop(PASSWORD[-1], None)
    return dict(rest)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def is_forgotten(known: IdempotencyKey, at: datetime) -> bool:
    """Whether the record counts no more: it is too old, or the process that wrote it has died."""
    return at - known.claimed_at >= (CLAIMED if known.answer is None else REMEMBERED)


def refusal(known: IdempotencyKey, key: RequestKey) -> Refused | None:
    """Why a request can't have the answer of the one that had its key before; None where it can."""
    if known.fingerprint != key.fingerprint:
        detail = "Another request was sent with this key: use a new key for each request."
        return Refused(Problem(422, Code.KEY_REUSED, detail))
    if known.answer is None:
        detail = "The first request with this key is being worked on: please repeat."
        return Refused(Problem(409, Code.REQUEST_IN_PROGRESS, detail, retry_after=IN_PROGRESS_RETRY_SECONDS))
    return None
