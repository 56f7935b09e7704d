"""Reading what a request to the management API says. Query keys are in lower case: the API ignores theirs."""

import json
from datetime import UTC
from typing import Any

from starlette.requests import Request

from local.host.durable.history import moment_of, timestamp
from local.host.durable.queries import PAGE_SIZE
from local.host.durable.refusals import BadRequest

Query = dict[str, str]

LARGEST_PAGE = 100_000


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
    """Return a body as text; raises BadRequest."""
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        raise BadRequest("The request body is not UTF-8 text") from exc


def parsed(body: bytes) -> Any:
    """Return a body read as JSON; raises BadRequest."""
    try:
        return json.loads(body)
    except ValueError as exc:
        raise BadRequest("The request body is not valid JSON") from exc


def flag(query: Query, name: str, *, default: bool = False) -> bool:
    """Return a value of the query that is `true` or something else."""
    return query[name].lower() == "true" if name in query else default


def number(query: Query, name: str, default: float) -> float:
    """Return a number of the query; raises BadRequest."""
    try:
        return float(query.get(name, default))
    except ValueError as exc:
        raise BadRequest(f"{name} is not a number") from exc


def page_size(query: Query) -> int:
    """Return how many a page may have; raises BadRequest."""
    text = query.get("top", str(PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST_PAGE):
        raise BadRequest(f"top is not a number from 1 to {LARGEST_PAGE}")
    return int(text)


def moment(query: Query, name: str) -> str:
    """Return a time of the query as a history timestamp, empty if there is none; raises BadRequest."""
    if not query.get(name):
        return ""
    try:
        return timestamp(moment_of(query[name]).astimezone(UTC))
    except (ValueError, OverflowError) as exc:
        raise BadRequest(f"{name} is not an ISO 8601 time") from exc


def statuses(query: Query) -> tuple[str, ...]:
    """Return the wanted statuses; one that this host never gives simply matches nothing."""
    return tuple(status.strip().title() for status in query.get("runtimestatus", "").split(",") if status.strip())
