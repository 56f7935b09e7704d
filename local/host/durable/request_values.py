"""Reading what a request to the management API says. Query keys are in lower case: the API ignores theirs."""

import json
import math
import re
from datetime import UTC
from typing import Any

from starlette.requests import Request

from local.host.durable.history import moment_of, timestamp
from local.host.durable.refusals import NotJson, StorageRefused, TooLong, WrongValue

Query = dict[str, str]

PAGE_SIZE = 100
"""How many a page has for a caller who doesn't say it."""

_LARGEST_INT = 2**31 - 1
"""Of .NET, which takes no larger number for one."""

_LONGEST_SECONDS = 922_337_203_685
"""Of .NET's TimeSpan."""

_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|infinity|nan)\s*", re.ASCII | re.IGNORECASE)
"""What .NET reads as a number; Python would also take underscores, digits of other scripts, and `inf`."""

_FLAGS = {"true": True, "false": False}

_NAMES = ("Running", "Completed", "ContinuedAsNew", "Failed", "Canceled", "Terminated", "Pending", "Suspended")
_STATUSES = {name: name for name in _NAMES} | {str(number): name for number, name in enumerate(_NAMES)}
"""The statuses of the API, some of which no instance of this host ever has."""


def query_of(request: Request) -> Query:
    """Return the query; a key that is repeated has its values joined by commas."""
    query: Query = {}
    for name, value in request.query_params.multi_items():
        key = name.lower()
        query[key] = f"{query[key]},{value}" if key in query else value
    return query


def media_type(request: Request) -> str:
    """Return the type of a request's body, in lower case and without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def decoded(body: bytes) -> str:
    """Return a body as text; what is no UTF-8 in it is replaced, as .NET does it."""
    return body.decode("utf-8-sig", "replace")


MAX_DEPTH = 64
"""How deep JSON may be nested, as in Newtonsoft's reader."""

_TOO_DEEP = f"The reader's MaxDepth of {MAX_DEPTH} has been exceeded."


def parsed(text: str) -> Any:
    """Return a body read as JSON; raises NotJson, also where it is nested deeper than Newtonsoft reads."""
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise NotJson(f"The request body is not valid JSON: {exc}") from exc
    except RecursionError:
        raise NotJson(_TOO_DEEP) from None
    if _is_deep(value):
        raise NotJson(_TOO_DEEP)
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [each for each in level if isinstance(each, dict | list)]
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return any(isinstance(each, dict | list) for each in level)


def flag(query: Query, name: str, *, default: bool = False) -> bool:
    """Return a value of the query that is `true` or `false`, the default for anything else."""
    return _FLAGS.get(query.get(name, "").strip().lower(), default)


def seconds(query: Query, name: str) -> float | None:
    """Return a time span of the query; None if there is none that can be read.

    Raises WrongValue for NaN, and TooLong for what is longer than a time span of .NET.
    """
    text = query.get(name, "")
    if not _NUMBER.fullmatch(text):
        return None
    found = float(text)
    if math.isnan(found):
        raise WrongValue("TimeSpan does not accept floating point Not-a-Number values.")
    if abs(found) > _LONGEST_SECONDS:
        raise TooLong("TimeSpan overflowed because the duration is too long.")
    return found


def page_size(query: Query) -> int:
    """Return how many a page may have: what can't be read is ignored; raises StorageRefused for less than none."""
    text = query.get("top", "")
    wanted = int(text) if _INTEGER.fullmatch(text) else PAGE_SIZE
    if wanted < 0:
        raise StorageRefused("An error occurred while communicating with Azure Storage")
    return wanted if wanted <= _LARGEST_INT else PAGE_SIZE


def moment(query: Query, name: str) -> str:
    """Return a time of the query as a history timestamp, empty if there is none that can be read."""
    try:
        return timestamp(moment_of(query.get(name, "")).astimezone(UTC))
    except (ValueError, OverflowError):
        return ""


def statuses(query: Query) -> tuple[str, ...]:
    """Return the wanted statuses, by name or number; what is none is ignored."""
    texts = (text.strip() for text in query.get("runtimestatus", "").split(","))
    return tuple(_STATUSES[text] for text in texts if text in _STATUSES)
