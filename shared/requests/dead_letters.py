"""What is kept of an event that was refused: enough to see what was wrong, and nothing that is secret. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.models.dead_letter import DeadLetter
from shared.requests.fields import ORG_ID
from shared.requests.problems import Problem
from shared.requests.secret_texts import PASSWORD, is_secret_name

NO_ORG = "(none)"
"""Where events are kept that name no org: no org can be called that, so nobody but the operator reads them."""
HIDDEN = "***"
_LONGEST_NAME = 256
_LONGEST_MESSAGE = 512
_MOST_ERRORS = 25
_LARGEST = 16 * 1024
"""Characters of JSON: half of what a column holds, as some count twice there."""
_SIGNED_URL = re.compile(r"[?&]sig=", re.IGNORECASE)


def dead_letter(problem: Problem, *, event_id: Any, source: Any, kind: Any, data: Any, at: datetime) -> DeadLetter:
    """The record of an event that was refused with a problem; the event's fields may be anything at all."""
    password = _password(data)
    return DeadLetter(
        org_id=_org_of(data),
        id=hashlib.sha256(json.dumps([str(source), str(event_id)]).encode()).hexdigest(),
        event_id=_short(event_id, password),
        event_source=_short(source, password),
        event_type=_short(kind, password),
        received_at=at,
        status=problem.status,
        code=problem.code,
        detail=problem.detail[:_LONGEST_MESSAGE],
        errors=_errors(problem.body("", at)["errors"]),
        data=_kept(data, password),
    )


def _org_of(data: Any) -> str:
    org = data.get("orgId") if isinstance(data, Mapping) else None
    return org if isinstance(org, str) and ORG_ID.fullmatch(org) else NO_ORG


def _short(value: Any, password: str) -> str:
    """A text that any column takes, of whatever somebody sent."""
    text = str(value if value is not None else "")
    return HIDDEN if password and password in text else _unbroken(text[:_LONGEST_NAME])


def _unbroken(text: str) -> str:
    """Without halves of characters, which JSON may hold and storage may not."""
    return text.encode("utf-8", "replace").decode()


def _errors(errors: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """What is wrong with the event, as much of it as a column takes: names may need many characters in JSON."""
    names = ("code", "message", "pointer", "parameter")
    kept: list[dict[str, Any]] = []
    for error in errors[:_MOST_ERRORS]:
        told = {name: _unbroken(str(error[name])[:_LONGEST_MESSAGE]) for name in names if name in error}
        if len(json.dumps([*kept, told])) > _LARGEST:
            break
        kept.append(told)
    return tuple(kept)


def _kept(data: Any, password: str) -> dict[str, Any] | None:
    """The data without its secrets, if it is an object of a sensible size."""
    if not isinstance(data, dict):
        return None
    try:
        text = _unbroken(json.dumps(data, ensure_ascii=False))
        return dict(_hidden(json.loads(text), password)) if len(text) <= _LARGEST else None
    except RecursionError:
        return None


def _password(data: Any) -> str:
    """The administrator's, wherever a body may have it as text or as characters; empty where there is none."""
    place = data
    for step in PASSWORD:
        place = place.get(step) if isinstance(place, Mapping) else None
    if isinstance(place, Sequence) and all(isinstance(each, str) for each in place):
        return "".join(place)
    return ""


def _hidden(value: Any, password: str) -> Any:
    """The value with every text hidden that is, or repeats, a secret; of the administrator nothing is left."""
    if isinstance(value, dict):
        return {
            HIDDEN if password and password in name else name: HIDDEN
            if is_secret_name(name) or name.lower() == "vminfo"
            else _hidden(each, password)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_hidden(each, password) for each in value]
    if isinstance(value, str) and ((password and password in value) or _SIGNED_URL.search(value)):
        return HIDDEN
    return value
