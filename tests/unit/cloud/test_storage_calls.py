"""The tries of a call to Table Storage, and what becomes of its errors."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)

from shared.cloud.storage.calls import attempt, code_of
from shared.errors.catalogue import StoreUnavailable


class Response:
    """As much of an answer as an error looks at."""

    reason = "because"
    request = None

    def __init__(self, status: int, **headers: str) -> None:
        self.status_code = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def text(self) -> str:
        return ""


def answered(status: int, kind: type[HttpResponseError] = HttpResponseError, **headers: str) -> HttpResponseError:
    return kind(response=Response(status, **headers))


@pytest.fixture(name="slept", autouse=True)
def _slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr("shared.cloud.storage.calls.time.sleep", slept.append)
    return slept


def calls(*results: Any) -> Callable[[], Any]:
    remaining = iter(results)

    def call() -> Any:
        result = next(remaining)
        if isinstance(result, Exception):
            raise result
        return result

    return call


@pytest.mark.parametrize(
    "error",
    [
        ServiceRequestError("refused"),
        ServiceResponseError("broke"),
        ServiceResponseTimeoutError("late"),
        DecodeError("half an answer"),
        answered(500),
        answered(503),
        answered(408),
        answered(429),
        answered(409, ResourceExistsError, x_ms_error_code="TableBeingDeleted"),
    ],
    ids=lambda error: f"{type(error).__name__}-{getattr(error, 'status_code', None)}",
)
def test_what_may_pass_is_tried_three_times_and_then_named(error: AzureError, slept: list[float]) -> None:
    assert attempt(calls(error, error, "there")) == "there"
    assert slept == [0.1, 0.5]
    with pytest.raises(StoreUnavailable) as caught:
        attempt(calls(error, error, error, "too late"))
    assert caught.value.retry_after > 0


@pytest.mark.parametrize("status", [429, 503])
def test_who_says_when_to_come_back_is_believed_at_once(status: int, slept: list[float]) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        attempt(calls(answered(status, Retry_After="17")))
    assert caught.value.retry_after == 17
    assert not slept


@pytest.mark.parametrize("error", [ClientAuthenticationError("no token"), answered(403)], ids=["token", "role"])
def test_who_may_not_enter_is_told_which_role_is_missing(error: AzureError) -> None:
    with pytest.raises(StoreUnavailable, match="Storage Table Data Contributor") as caught:
        attempt(calls(error, error, error))
    assert caught.value.retry_after >= 30


def test_a_slow_answer_leaves_no_time_for_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 5.0])
    monkeypatch.setattr("shared.cloud.storage.calls.time.monotonic", lambda: next(clock))
    with pytest.raises(StoreUnavailable):
        attempt(calls(ServiceResponseTimeoutError("late"), "not asked for"))


@pytest.mark.parametrize("status", [400, 404, 409, 412, 413])
def test_a_refusal_is_passed_on_at_once(status: int, slept: list[float]) -> None:
    with pytest.raises(HttpResponseError) as caught:
        attempt(calls(answered(status)))
    assert caught.value.status_code == status
    assert not slept


def test_a_refusal_after_a_loss_is_judged_by_the_caller() -> None:
    refusal = answered(409)
    assert attempt(calls(ServiceResponseError("broke"), refusal), lambda error: error) is refusal


def test_a_request_that_never_left_is_no_loss() -> None:
    with pytest.raises(HttpResponseError):
        attempt(calls(ServiceRequestError("refused"), answered(409)), lambda _: "landed")


def test_the_code_comes_from_the_error_or_from_the_header() -> None:
    assert code_of(answered(404, ResourceNotFoundError, x_ms_error_code="TableNotFound")) == "TableNotFound"
    assert code_of(answered(404)) == ""
