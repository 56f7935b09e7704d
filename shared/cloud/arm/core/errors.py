"""Azure's exceptions, translated into ours: once, and completely.

    azure.core's AzureError
    ├── ServiceRequestError …         never arrived: OUTAGE
    ├── ServiceResponseError …        the answer got lost: OUTAGE
    ├── HttpResponseError             by code, else by status: `error_table`
    │   ├── ClientAuthenticationError no token: OUTAGE; a token that is refused: PERMANENT
    │   └── DecodeError …             half an answer, or one the SDK did not expect: OUTAGE
    ├── HeldBack (ours)               not sent, since Azure would refuse it: THROTTLED
    ├── OperationFailed (ours)        a long-running operation that ended badly: by code
    └── any other                     half an answer: OUTAGE

The SDK's classes say less than they seem to (409 is always ResourceExistsError, whatever the conflict), so they
only tell how far a request came. No message of ours repeats a request; Azure's own words are not cut here, since
whoever shows them takes out first what is secret (`shared.redaction.shown`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ODataV4Format,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.cloud.arm.core.error_table import AFTER_ACCEPTANCE, BY_MESSAGE, BY_STATUS, OVERLOADED, RULES, Rule
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.workflow.pace import Pace

_REFUSED_SIGN_IN = re.compile(r"AADSTS\d+: .*?(?=\s*Trace ID|['\s]*$)", re.DOTALL)
"""What Microsoft Entra ID says, up to the ids that only its own support can use."""
_NO_SUBSCRIPTION = frozenset({"SubscriptionNotFound", "InvalidSubscriptionId"})
_ACTION_MISSING = (
    re.compile(r"perform action '(?P<action>[^']+)' over scope '(?P<scope>[^']+)'"),
    re.compile(r"perform action\(s\) '(?P<action>[^']+)' on the linked scope\(s\) '(?P<scope>[^']+)'"),
)


class OperationFailed(AzureError):
    """A long-running operation ended as Failed or Canceled; `body` is its record, `headers` those of the answer."""

    def __init__(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(f"the operation ended as {body.get('status')}")
        self.body = body
        self.headers = headers


class HeldBack(AzureError):
    """A request was not sent, since Azure would refuse it; `seconds` says when it may be."""

    def __init__(self, seconds: float) -> None:
        super().__init__("held back so that Azure does not refuse it")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _Answer:
    """What Azure said: (code, message) pairs, the outermost first."""

    status: int
    said: Sequence[tuple[str, str]]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """What Azure was asked to do.

    Attributes:
        doing: in words for people, with where: "create virtual machine x in eastus".
        pace: by which the waits go that are ours to choose.
        correlation_id: what we sent as such, or None.
    """

    doing: str
    pace: Pace = field(default_factory=Pace)
    correlation_id: str | None = None


def translate(error: AzureError, request: Request) -> PermanentError | TransientError:
    """An exception of the SDK as one of ours."""
    if isinstance(error, OperationFailed):
        return _judge(_failed(error), request)
    if isinstance(error, HeldBack):
        return TransientError(
            "HeldBack",
            f"Azure was not asked to {request.doing}: there are too many requests right now.",
            kind=ErrorKind.THROTTLED,
            retry_after=error.seconds,
            correlation_id=request.correlation_id,
        )
    if isinstance(error, HttpResponseError) and not isinstance(error, DecodeError) and (error.status_code or 0) >= 400:
        return _judge(_refused(error), request)
    code, what = _never_answered(error)
    message = f"Azure could not be asked to {request.doing}: {what}"
    return TransientError(code, message, correlation_id=request.correlation_id)


@contextmanager
def translated(request: Request) -> Iterator[None]:
    """Let what the SDK raises leave as one of ours."""
    try:
        yield
    except AzureError as error:
        raise translate(error, request) from error


def raise_unless_missing(error: ResourceNotFoundError) -> None:
    """Go on if a 404 means that this very thing is not there; raise it again if the whole subscription is not."""
    if error.error is not None and error.error.code in _NO_SUBSCRIPTION:
        raise error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer asks us to wait, or None; zero is no wish."""
    for name, unit in (("retry-after-ms", 1000.0), ("x-ms-retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "")
        if value.isdigit() and int(value):
            return int(value) / unit
    return None


def _never_answered(error: AzureError) -> tuple[str, str]:
    if isinstance(error, ClientAuthenticationError):
        return "NoToken", "there is no token to be had. Does the function app have a managed identity?"
    if isinstance(error, ServiceRequestError):
        return "AzureUnreachable", "it cannot be reached."
    if isinstance(error, ServiceResponseError):
        return "AzureAnswerLost", "the connection broke before it answered."
    return "AzureAnswerUnreadable", f"its answer cannot be read ({type(error).__name__})."


def _refused(error: HttpResponseError) -> _Answer:
    headers = getattr(error.response, "headers", {})
    said = tuple(_walk(error.error)) if error.error else ()
    if isinstance(error, ClientAuthenticationError) and (refused := _REFUSED_SIGN_IN.search(error.message)):
        said = (("SignInRefused", refused[0]),)
    return _Answer(error.status_code or 0, said, headers)


def _walk(part: ODataV4Format) -> Iterator[tuple[str, str]]:
    yield str(part.code or ""), str(part.message or "")
    for detail in part.details:
        yield from _walk(detail)


def _failed(error: OperationFailed) -> _Answer:
    said = error.body.get("error")
    if not isinstance(said, Mapping) or not said.get("code"):
        status = str(error.body.get("status"))
        said = {"code": status, "message": f"The operation ended as {status}; Azure does not say why."}
    return _Answer(200, tuple(_walk(ODataV4Format({"error": dict(said)}))), error.headers)


def _judge(answer: _Answer, request: Request) -> PermanentError | TransientError:
    code, message, rule = _rule(answer)
    correlation = answer.headers.get("x-ms-correlation-request-id") or request.correlation_id
    text = f"Azure could not {request.doing}: {_reason(code, message, rule, answer.status)}"
    if rule.kind is ErrorKind.PERMANENT:
        return PermanentError(code, text, correlation_id=correlation)
    asked = retry_after(answer.headers)
    if rule.wait is not None:
        asked = max(asked or 0.0, rule.wait * request.pace.retry_seconds / Pace().retry_seconds)
    return TransientError(code, text, kind=rule.kind, retry_after=asked, correlation_id=correlation)


def _rule(answer: _Answer) -> tuple[str, str, Rule]:
    """The innermost code that is known decides, else the status does."""
    known = [
        (meant, message, rule)
        for code, message in answer.said
        if (meant := _meant(code, message)) and (rule := _known(meant, answer.status))
    ]
    by_status = BY_STATUS.get(answer.status, Rule(ErrorKind.PERMANENT))
    if known and not (answer.status == 429 and known[-1][2].kind is ErrorKind.PERMANENT):
        return known[-1]
    code, message = answer.said[0] if answer.said else ("", "")
    return code or f"Http{answer.status}", message, by_status


def _known(code: str, status: int) -> Rule | None:
    return (AFTER_ACCEPTANCE.get(code) if status == 200 else None) or RULES.get(code)


def _meant(code: str, message: str) -> str:
    patterns = (*OVERLOADED.get(code, ()), *BY_MESSAGE)
    return next((meant for pattern, meant in patterns if pattern.search(message)), code)


def _reason(code: str, message: str, rule: Rule, status: int) -> str:
    if rule.kind is ErrorKind.THROTTLED:
        return "there are too many requests right now."
    for pattern in _ACTION_MISSING:
        if found := pattern.search(message):
            return f"we may not do {found['action']} on {found['scope']}. {rule.advice}"
    # Whole: who knows the secret that may be in it is asked later, and finds no part of it.
    said = " ".join(message.split()) or f"it answers {status} ({code})."
    return f"{said} {rule.advice}".strip()
