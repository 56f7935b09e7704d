"""Error answers as data: problem details (RFC 9457) with the `errors` array that existing clients read. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.errors.azure import PermanentError, TransientError
from shared.errors.catalogue import AlreadyExists, CatalogError, Changed, IllegalTransition, NotFound, StoreUnavailable
from shared.errors.services import SecretUnavailable
from shared.requests.findings import Code, Finding, listed

MEDIA_TYPE = "application/problem+json"
DOMAIN = "IMAGE_MANAGEMENT"

_TITLES: Mapping[int, str] = {
    400: "The request is not valid",
    401: "The caller is not known",
    403: "The caller may not do this",
    404: "Not found",
    409: "The request conflicts with what is there",
    412: "The record was changed since it was read",
    413: "The request is too large",
    415: "The request's format is not supported",
    422: "The request can't be worked on",
    502: "Azure refused",
    503: "Not available right now",
}
RETRY_AFTER_SECONDS = 5
"""When to come back after a 503 for which nobody named a time."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error answer.

    Attributes:
        status: the HTTP status.
        code: the code of the whole; with one finding, that finding's.
        detail: a sentence that says what to do.
        findings: what exactly is wrong; empty where `detail` says it all.
        retry_after: in seconds, where trying again may help.
        headers: further headers of the answer.
    """

    status: int
    code: Code
    detail: str
    findings: Sequence[Finding] = ()
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, instance: str, at: datetime) -> dict[str, Any]:
        """The JSON body; `instance` is the path that was asked for, `at` the time of the answer."""
        findings = self.findings or (Finding(self.code, self.detail),)
        return {
            "type": f"urn:image-catalog:problem:{self.code.lower().replace('_', '-')}",
            "title": _TITLES[self.status],
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "errors": [_error(finding, at) for finding in findings],
        }


def _error(finding: Finding, at: datetime) -> dict[str, Any]:
    about = {"pointer": finding.pointer, "parameter": finding.parameter}
    return {
        "code": finding.code,
        "message": finding.message,
        "detail": None,
        "domain": DOMAIN,
        "parameters": {},
        "severity": "ERROR",
        "timestampInUtc": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **{name: value for name, value in about.items() if value is not None},
    }


class Refused(Exception):
    """A request gets this problem as its answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}")
        self.problem = problem


def invalid(findings: Sequence[Finding]) -> Problem:
    """The 400 for a request with findings."""
    if len(findings) == 1:
        return Problem(400, findings[0].code, _about(findings[0]), findings)
    shown = listed(findings)
    more = f", and {len(findings) - len(shown)} more" if len(shown) < len(findings) else ""
    return Problem(400, _shared_code(findings), f"{len(shown)} things are wrong{more}: see errors.", shown)


def _about(finding: Finding) -> str:
    place = finding.pointer or finding.parameter
    return f"{place}: {finding.message}" if place else finding.message


def _shared_code(findings: Sequence[Finding]) -> Code:
    codes = {finding.code for finding in findings}
    return codes.pop() if len(codes) == 1 else Code.INVALID_VALUE


def bad_parameter(name: str, message: str, code: Code = Code.INVALID_VALUE) -> Refused:
    """The refusal of one query parameter."""
    return Refused(invalid([Finding(code, message, parameter=name)]))


def not_found(what: str) -> Refused:
    """The 404 for a record that does not exist, or belongs to another org: a caller can't tell which."""
    return Refused(Problem(404, Code.NOT_FOUND, f"There is no such {what}."))


_OF_ERRORS: Sequence[tuple[type[CatalogError], int, Code, str]] = (
    (NotFound, 404, Code.NOT_FOUND, "There is no such record."),
    (AlreadyExists, 409, Code.CONFLICT, "A record with that id exists already."),
    (Changed, 409, Code.CHANGED, "Somebody else changed it at the same moment: read it again, then repeat."),
    (IllegalTransition, 409, Code.CONFLICT, "The status of the record does not allow that now."),
    (StoreUnavailable, 503, Code.STORE_UNAVAILABLE, "The catalogue's storage does not answer: please repeat."),
    (SecretUnavailable, 503, Code.SECRET_STORE_UNAVAILABLE, "The secret store does not answer: please repeat."),
    (TransientError, 503, Code.AZURE_UNAVAILABLE, "Azure can't answer right now: please repeat."),
    (PermanentError, 502, Code.AZURE_REFUSED, "Azure refused."),
)


def problem_of(error: CatalogError) -> Problem | None:
    """The answer to one of our own errors; None for one that no caller should be able to cause."""
    for kind, status, code, detail in _OF_ERRORS:
        if isinstance(error, kind):
            return Problem(status, code, _detail(error, detail), retry_after=_retry_after(error, status))
    return None


def _detail(error: CatalogError, sentence: str) -> str:
    return f"{sentence} {error}" if isinstance(error, PermanentError | TransientError) else sentence


def _retry_after(error: CatalogError, status: int) -> int | None:
    if status != 503:
        return None
    wish = getattr(error, "retry_after", None)
    return max(1, round(wish)) if wish else RETRY_AFTER_SECONDS
