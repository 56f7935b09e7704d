"""What all HTTP handlers share: the translation of errors, reading of parameters, JSON answers."""

import functools
import json
import logging
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import azure.functions as func

from shared import wiring
from shared.errors.catalogue import CatalogError, NotFound
from shared.models.base import Record
from shared.models.catalog_record import RECORD_ID
from shared.ports.catalog import Page, Query
from shared.requests import body, idempotency
from shared.requests.findings import Code, Finding
from shared.requests.problems import MEDIA_TYPE, Problem, Refused, bad_parameter, invalid, not_found, problem_of

JSON = "application/json"
ERROR_CODE_HEADER = "x-ms-error-code"
LARGEST_PAGE = 100
DEFAULT_PAGE = 25
LONGEST_PARAMETER = 2048
POLL_SECONDS = 5
"""How often a client should ask for an operation: its steps take seconds to minutes."""
EVERY_ANSWER = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
"""An answer is one caller's own, and nothing but the JSON that it says it is."""

R = TypeVar("R", bound=Record)
Handler = Callable[..., func.HttpResponse]
AsyncHandler = Callable[..., Awaitable[func.HttpResponse]]

_log = logging.getLogger(__name__)


def now() -> datetime:
    """The time of an answer."""
    return datetime.now(UTC)


def answers(handler: Handler) -> Handler:
    """Let a handler raise our errors, and answer them as problems; anything else is a bug, and the host's to log."""

    @functools.wraps(handler)
    def answer(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        try:
            check_parameters(req)
            return handler(req, **bindings)
        except (Refused, CatalogError) as error:
            return _answer_to(error, req)

    return answer


def answers_async(handler: AsyncHandler) -> AsyncHandler:
    """`answers` for an async handler."""

    @functools.wraps(handler)
    async def answer(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        try:
            check_parameters(req)
            return await handler(req, **bindings)
        except (Refused, CatalogError) as error:
            return _answer_to(error, req)

    return answer


def _answer_to(error: Refused | CatalogError, req: func.HttpRequest) -> func.HttpResponse:
    if isinstance(error, Refused):
        return problem_response(error.problem, req)
    problem = problem_of(error)
    if problem is None:
        raise error
    _log.warning("%s: %s", problem.code, error)
    return problem_response(problem, req)


def problem_response(problem: Problem, req: func.HttpRequest) -> func.HttpResponse:
    """A problem as an HTTP answer."""
    headers = {ERROR_CODE_HEADER: str(problem.code), **problem.headers}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if req.method == "POST" and prefers_strict(req):
        headers["Preference-Applied"] = "handling=strict"
    if idempotency.is_repeatable(req.headers):
        headers[idempotency.RESULT] = "rejected"
    content = problem.body(urlsplit(req.url).path, now())
    return _respond(content, problem.status, headers, MEDIA_TYPE)


def json_response(
    content: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """A JSON answer."""
    return _respond(content, status, headers or {}, JSON)


def empty_response(status: int, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    """An answer without a body."""
    return func.HttpResponse(status_code=status, headers={**EVERY_ANSWER, **(headers or {})})


def _respond(content: Mapping[str, Any], status: int, headers: Mapping[str, str], mimetype: str) -> func.HttpResponse:
    text = json.dumps(content)  # in ASCII, so that no text that a record may hold can break an answer
    return func.HttpResponse(text, status_code=status, headers={**EVERY_ANSWER, **headers}, mimetype=mimetype)


def record_response(req: func.HttpRequest, record: Record, view: Mapping[str, Any]) -> func.HttpResponse:
    """One record with its ETag, or 304 if the caller has it already."""
    etag = record.etag or ""
    headers = {"ETag": etag} if etag else {}
    if etag and etag in _listed(req.headers.get("If-None-Match", "")):
        return empty_response(304, headers)
    return json_response(view, headers=headers)


def _listed(header: str) -> list[str]:
    return [part.strip() for part in header.split(",")]


def prefers_strict(req: func.HttpRequest) -> bool:
    """Whether the caller sent `Prefer: handling=strict` (RFC 7240)."""
    preferences = (part.partition(";")[0].replace(" ", "") for part in req.headers.get("Prefer", "").split(","))
    return any(preference.lower().replace('"', "") == "handling=strict" for preference in preferences)


def read_body(req: func.HttpRequest) -> dict[str, Any]:
    """The JSON object in the body; `Refused` if there is none."""
    headers = req.headers
    return body.read_object(req.get_body(), headers.get("Content-Type"), headers.get("Content-Encoding"))


def check_parameters(req: func.HttpRequest) -> None:
    """Refuse query parameters that no layer below should have to deal with."""
    findings = [
        finding for name, value in req.params.items() if (finding := _parameter_finding(name, value)) is not None
    ]
    if findings:
        raise Refused(invalid(findings))


def _parameter_finding(name: str, value: str) -> Finding | None:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name + value):
        message = "must not hold control characters or broken Unicode"
        return Finding(Code.FORBIDDEN_CHARACTER, message, parameter=name)
    if len(name + value) > LONGEST_PARAMETER:
        message = f"must have at most {LONGEST_PARAMETER} characters"
        return Finding(Code.TOO_LONG, message, parameter=name[:64])
    return None


def parameter(req: func.HttpRequest, *names: str) -> str | None:
    """A query parameter that goes by several names; an empty one is as good as absent."""
    values = {req.params[name] for name in names if req.params.get(name)}
    if len(values) > 1:
        raise bad_parameter(names[0], f"{' and '.join(names)} must not differ", Code.CONTRADICTION)
    return values.pop() if values else None


def flag(req: func.HttpRequest, name: str) -> bool:
    """A query parameter that is true or false (the default)."""
    value = (parameter(req, name) or "false").lower()
    if value not in ("true", "false"):
        raise bad_parameter(name, "must be true or false")
    return value == "true"


def path_id(req: func.HttpRequest, name: str, what: str) -> str:
    """An id from the path; one that no record can have is not found."""
    value = str(req.route_params.get(name, ""))
    if not RECORD_ID.fullmatch(value):
        raise not_found(what)
    return value


def fetch(kind: type[R], what: str, partition: str, *ids: str) -> R:
    """One record; `Refused` with a 404 if there is none."""
    try:
        return wiring.catalog().get(kind, partition, *ids)
    except NotFound:
        raise not_found(what) from None


def page_size(req: func.HttpRequest) -> int:
    """The `size` parameter: 1 to 100, and 25 if it is not given."""
    value = parameter(req, "size") or str(DEFAULT_PAGE)
    if not (value.isascii() and value.isdigit() and len(value) <= 3 and 1 <= int(value) <= LARGEST_PAGE):
        raise bad_parameter("size", f"must be a number from 1 to {LARGEST_PAGE}")
    return int(value)


def list_page(kind: type[R], partition: str, query: Query) -> Page[R]:
    """A page of records; `Refused` with a 400 if the continuation is not ours."""
    try:
        return wiring.catalog().list(kind, partition, query)
    except ValueError as error:
        if query.continuation is None or type(error) is not ValueError:
            raise  # a record that can't be read is a ValueError of pydantic's, and a bug
        raise foreign_continuation() from error


def foreign_continuation() -> Refused:
    """The refusal of a continuation that is not ours."""
    return bad_parameter("continuation", "is not one that a nextLink of this query held")
