"""The translation of Azure's errors: the whole table, every exception class, and what people read."""

import inspect
import json
from typing import Any

import azure.core.exceptions
import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ODataV4Error
from azure.identity import CredentialUnavailableError

from shared.cloud.arm.core.error_table import AFTER_ACCEPTANCE, BY_STATUS, RULES
from shared.cloud.arm.core.errors import OperationFailed, Request, retry_after, translate
from shared.errors.azure import ErrorKind, PermanentError, ProviderError, TransientError
from shared.redaction import shown
from shared.workflow.pace import Pace

REQUEST = Request("create virtual machine vm1 in eastus", correlation_id="our-id")


class Response:
    """As much of an answer as an error looks at."""

    reason = "because"
    content_type = "application/json"

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        self.status_code = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._text = body if isinstance(body, str) else json.dumps(body)
        self.request = self

    def __str__(self) -> str:
        return "a request with a password in it"

    def text(self) -> str:
        return self._text


def answer(status: int, body: Any = None, **headers: str) -> ProviderError:
    return translate(HttpResponseError(response=Response(status, body, **headers)), REQUEST)


def said(code: str, message: str = "Because.", *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "details": list(details)}}


def failed(code: str, message: str = "Because.") -> ProviderError:
    return translate(OperationFailed({"status": "Failed", **said(code, message)}, {}), REQUEST)


@pytest.mark.parametrize("code", RULES)
def test_every_code_of_the_table_is_found_at_once_and_at_the_end_of_an_operation(code: str) -> None:
    rule = RULES[code]
    error = answer(409, said(code))
    assert (error.kind, error.code) == (rule.kind, code)
    assert isinstance(error, PermanentError) == (rule.kind is ErrorKind.PERMANENT)
    assert REQUEST.doing in error.message
    assert rule.advice in error.message
    assert failed(code).kind is AFTER_ACCEPTANCE.get(code, rule).kind


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.kind is ErrorKind.PERMANENT])
def test_what_is_for_a_person_ends_in_a_sentence(code: str) -> None:
    assert answer(400, said(code)).message.endswith(".")


@pytest.mark.parametrize("status", [*BY_STATUS, 400, 404, 409, 418])
def test_an_unknown_code_is_judged_by_the_status(status: int) -> None:
    expected = BY_STATUS[status].kind if status in BY_STATUS else ErrorKind.PERMANENT
    assert answer(status, said("NeverHeardOf")).kind is expected
    assert answer(status, said("NeverHeardOf")).code == "NeverHeardOf"
    assert answer(status, "<html>Bad gateway</html>").kind is expected
    assert answer(status, "<html>Bad gateway</html>").code == f"Http{status}"


def test_an_unknown_failure_of_an_operation_is_permanent_and_says_what_azure_said() -> None:
    error = failed("NeverHeardOf", "The moon is full.")
    assert (error.kind, error.code) == (ErrorKind.PERMANENT, "NeverHeardOf")
    assert "The moon is full." in error.message


@pytest.mark.parametrize(
    ("status", "message", "kind", "code"),
    [
        (409, "Operation could not be completed as it results in exceeding approved Total Regional Cores quota.",
         ErrorKind.PERMANENT, "QuotaExceeded"),
        (409, "Another operation on this resource is in progress.", ErrorKind.BUSY, "AnotherOperationInProgress"),
        (409, "VM is marked for deletion.", ErrorKind.BUSY, "AnotherOperationInProgress"),
        (409, "Operation 'generalize' is not allowed on VM 'x' since the VM is running.",
         ErrorKind.PERMANENT, "OperationNotAllowed"),
        (429, "The server rejected the request because too many requests have been received.",
         ErrorKind.THROTTLED, "OperationNotAllowed"),
    ],
)  # fmt: skip
def test_an_overloaded_code_is_told_apart_by_status_and_message(
    status: int, message: str, kind: ErrorKind, code: str
) -> None:
    error = answer(status, said("OperationNotAllowed", message))
    assert (error.kind, error.code) == (kind, code)


@pytest.mark.parametrize(
    ("code", "message", "kind", "meant"),
    [
        ("Conflict", "Another writer was quicker.", ErrorKind.BUSY, "Conflict"),
        ("Conflict", "The resource with id '/s' has a different plan ['x'] than the parent gallery image plan ['null']",
         ErrorKind.PERMANENT, "InvalidParameter"),
        ("ValidationError", "Gallery replication jobs failed in one or more regions. The failing regions' details …",
         ErrorKind.OUTAGE, "GalleryReplicationJobsFailed"),
        ("BadRequest", "Too many requests on source '/s'. Please reduce the number.",
         ErrorKind.THROTTLED, "TooManyRequests"),
    ],
)  # fmt: skip
def test_a_message_of_the_gallery_tells_more_than_its_code(
    code: str, message: str, kind: ErrorKind, meant: str
) -> None:
    error = answer(409, said(code, message))
    assert (error.kind, error.code) == (kind, meant)
    assert failed(code, message).code == meant


@pytest.mark.parametrize("start", [0, 780, 790, 5000])
def test_no_part_of_a_secret_in_what_azure_says_is_shown(start: int) -> None:
    password = "Canary-Horse  7-Battery"
    error = answer(400, said("InvalidParameter", f"{'x' * start} {password}\n is bad."))
    text = shown(error.message, password)
    assert not [part for part in ("Canary", "Horse", "Battery") if part in text]
    assert text.endswith(RULES["InvalidParameter"].advice)


@pytest.mark.parametrize("status", [400, 401])
def test_a_sign_in_that_is_refused_says_why_and_what_to_do(status: int) -> None:
    said_by_entra = "AADSTS700016: Application 'a' was not found in the directory 'd'. Trace ID: 1 Correlation ID: 2"
    body = {"error": "unauthorized_client", "error_description": said_by_entra}
    refused = ClientAuthenticationError(
        message=f"Microsoft Entra ID error '(unauthorized_client) {said_by_entra}'", response=Response(status, body)
    )
    error = translate(refused, REQUEST)
    assert (error.kind, error.code) == (ErrorKind.PERMANENT, "SignInRefused")
    assert "Application 'a' was not found in the directory 'd'. Let an administrator" in error.message
    assert "Trace ID" not in error.message


def test_the_innermost_known_code_decides() -> None:
    detail = {"code": "ReferencedResourceNotProvisioned", "message": "The subnet is not there yet."}
    error = answer(429, said("RetryableError", "A retryable error occurred.", detail))
    assert (error.kind, error.code) == (ErrorKind.BUSY, "ReferencedResourceNotProvisioned")
    assert "not there yet" in error.message
    assert answer(400, said("NicInUse", "In use.", {"code": "Unknown", "message": "?"})).code == "NicInUse"


def test_a_throttling_body_without_its_wrapping_is_understood() -> None:
    body = {"code": "OperationNotAllowed", "message": "Too many.", "details": [{"code": "TooManyRequests"}]}
    error = answer(429, body, Retry_After="7", retry_after="7")
    assert isinstance(error, TransientError)
    assert (error.kind, error.code, error.retry_after) == (ErrorKind.THROTTLED, "TooManyRequests", 7)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "7", "retry-after-ms": "20"}, 0.02),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "0"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
def test_the_time_that_azure_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_reserved_nic_is_waited_for_at_the_pace_of_the_operation() -> None:
    refused = HttpResponseError(response=Response(400, said("NicReservedForAnotherVm")))
    error = translate(refused, REQUEST)
    assert isinstance(error, TransientError)
    assert error.retry_after == 180
    fast = translate(refused, Request("delete", Pace(retry_seconds=1.5)))
    assert isinstance(fast, TransientError)
    assert fast.retry_after == 18


NOT_ALLOWED = (
    "The client 'x' with object id 'y' does not have authorization to perform action "
    "'Microsoft.Compute/virtualMachines/write' over scope '/subscriptions/1/resourceGroups/rg' or the scope is "
    "invalid. If access was recently granted, please refresh your credentials."
)
NOT_ALLOWED_THERE = (
    "The client has permission to perform action 'a/b' on scope '/c'; however, it does not have permission to "
    "perform action(s) 'Microsoft.Compute/virtualMachines/write' on the linked scope(s) "
    "'/subscriptions/1/resourceGroups/rg' (respectively) or the linked scope(s) are invalid."
)


@pytest.mark.parametrize("message", [NOT_ALLOWED, NOT_ALLOWED_THERE], ids=["direct", "linked"])
def test_missing_permission_says_which_action_and_where(message: str) -> None:
    error = answer(403, said("AuthorizationFailed", message))
    assert error.kind is ErrorKind.PERMANENT
    assert "may not do Microsoft.Compute/virtualMachines/write on /subscriptions/1/resourceGroups/rg." in error.message
    assert "role" in error.message


def test_a_canceled_operation_may_pass() -> None:
    assert translate(OperationFailed({"status": "Canceled"}, {}), REQUEST).kind is ErrorKind.OUTAGE


def test_the_correlation_id_is_that_of_the_answer_else_ours() -> None:
    assert answer(409, said("Conflict"), x_ms_correlation_request_id="theirs").correlation_id == "theirs"
    assert answer(409, said("Conflict")).correlation_id == "our-id"
    assert translate(AzureError("?"), REQUEST).correlation_id == "our-id"


def test_no_message_repeats_a_request_or_goes_on_for_ever() -> None:
    error = answer(400, said("InvalidParameter", "x" * 100_000))
    assert "password" not in str(error)
    assert len(shown(error.message)) < 2000


def _exception_classes() -> list[type[AzureError]]:
    found = [each for _, each in inspect.getmembers(azure.core.exceptions, inspect.isclass)]
    return [each for each in found if issubclass(each, AzureError)] + [CredentialUnavailableError, OperationFailed]


def _instance(kind: type[AzureError]) -> AzureError:
    if issubclass(kind, OperationFailed):
        return kind({"status": "Failed"}, {})
    if issubclass(kind, ODataV4Error):
        return kind(Response(500))
    if "response" in inspect.signature(kind).parameters and not issubclass(kind, HttpResponseError):
        return kind(Response(500))
    if kind is azure.core.exceptions.TooManyRedirectsError:
        return kind([])
    return kind("it broke")


@pytest.mark.parametrize("kind", _exception_classes())
def test_every_exception_of_the_sdk_has_a_translation(kind: type[AzureError]) -> None:
    error = translate(_instance(kind), REQUEST)
    assert error.code
    assert REQUEST.doing in error.message
    if not issubclass(kind, OperationFailed):
        assert error.kind is ErrorKind.OUTAGE
