"""How Table Storage is called: a few quick tries within a few seconds, and its errors in our words.

The SDK's own retries are off. They sleep for as long as a Retry-After says, which would hold a worker, and they
send a write again without remembering that the first one may have arrived: then the second meets its own traces
as EntityAlreadyExists or UpdateConditionNotSatisfied. Here a write that is refused after such a loss asks
whether it has landed. Waiting longer is left to the caller, who has `StoreUnavailable.retry_after`.
"""

import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.errors.catalogue import StoreUnavailable

T = TypeVar("T")

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
_PAUSES = (0.1, 0.5)
"""Between the tries, in seconds: what a broken connection or a moving partition needs."""
_LAST_TRY_AFTER = 3.0
"""No further try begins later than this: with the timeouts above a call ends within ten seconds."""
_SIGN_IN_AGAIN_AFTER = 30.0
"""Role assignments take minutes to reach Table Storage."""


def _refused(error: AzureError) -> NoReturn:
    raise error


def attempt(call: Callable[[], T], after_loss: Callable[[AzureError], T] = _refused) -> T:
    """Call storage, and again if that may help.

    `after_loss` decides what a refusal means when an earlier try, whose answer was lost, may be its reason.

    Raises:
        StoreUnavailable: it does not answer, is overloaded, or does not let us in.
        HttpResponseError: it refused, and nothing of this call is the reason.
    """
    begun = time.monotonic()
    in_doubt = False
    for pause in (*_PAUSES, None):
        try:
            return call()
        except AzureError as error:
            if not _may_pass(error):
                if in_doubt:
                    return after_loss(error)
                raise
            in_doubt = in_doubt or not isinstance(error, ServiceRequestError)  # those never left
            too_late = pause is None or time.monotonic() - begun > _LAST_TRY_AFTER
            if too_late or _retry_after(error) is not None or isinstance(error, ClientAuthenticationError):
                raise _unavailable(error) from error
        time.sleep(pause or 0)
    raise AssertionError("the last try either returns or raises")


def code_of(error: HttpResponseError) -> str:
    """Storage's error code, such as EntityAlreadyExists; empty where there is none."""
    code = getattr(error, "error_code", None) or _header(error, "x-ms-error-code")
    return str(getattr(code, "value", code))


def _may_pass(error: AzureError) -> bool:
    if isinstance(error, ServiceRequestError | ServiceResponseError | DecodeError | ClientAuthenticationError):
        return True
    if not isinstance(error, HttpResponseError):
        return False
    status = error.status_code or 0
    return status in (403, 408, 429) or status >= 500 or code_of(error) == "TableBeingDeleted"


def _retry_after(error: AzureError) -> float | None:
    value = _header(error, "Retry-After")
    return float(value) if value.isdigit() else None


def _header(error: AzureError, name: str) -> str:
    headers = getattr(getattr(error, "response", None), "headers", {})
    return str(headers.get(name, ""))


def _unavailable(error: AzureError) -> StoreUnavailable:
    if isinstance(error, ClientAuthenticationError) or getattr(error, "status_code", None) == 403:
        code = code_of(error) if isinstance(error, HttpResponseError) else ""
        return StoreUnavailable(
            f"Table Storage does not let us in ({code or type(error).__name__}): the identity needs the role "
            "Storage Table Data Contributor, and the storage account must admit our network.",
            _SIGN_IN_AGAIN_AFTER,
        )
    retry_after = _retry_after(error)
    what = f"answers {error.status_code}" if isinstance(error, HttpResponseError) else "does not answer"
    message = f"Table Storage {what} ({type(error).__name__})."
    return StoreUnavailable(message) if retry_after is None else StoreUnavailable(message, retry_after)
