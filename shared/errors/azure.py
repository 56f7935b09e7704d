"""What Azure refuses: for good, or for now."""

from enum import StrEnum

from shared.errors.catalogue import CatalogError


class ErrorKind(StrEnum):
    """What sort of failure it is: each has its own retry policy (`orchestrators/engine/policies.py`)."""

    PERMANENT = "permanent"
    """Only a person can mend it: never tried again."""
    THROTTLED = "throttled"
    """Azure named the time after which it will listen."""
    BUSY = "busy"
    """Another operation is under way, or a resource is still held: passes by itself."""
    OUTAGE = "outage"
    """A server error, a broken connection, a platform hiccup."""
    CAPACITY = "capacity"
    """No room for that VM size right now: worth a longer wait."""
    CANCELED = "canceled"
    """Somebody asked for the operation's end."""
    TIMEOUT = "timeout"
    """Our own deadline passed while Azure was still at work."""


class ProviderError(CatalogError):
    """Azure refused or failed.

    Attributes:
        code: Azure's error code (`SkuNotAvailable`), or ours where there is none.
        message: all that Azure said, which may be long and hold secrets: see `shared.redaction.shown`.
        correlation_id: `x-ms-correlation-request-id` of the answer, or None.
    """

    kind = ErrorKind.PERMANENT

    def __init__(self, code: str, message: str, *, correlation_id: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.correlation_id = correlation_id


class PermanentError(ProviderError):
    """What only a person can mend."""


class TransientError(ProviderError):
    """What may pass; `retry_after` is Azure's own wish in seconds, or None."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        kind: ErrorKind = ErrorKind.OUTAGE,
        retry_after: float | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(code, message, correlation_id=correlation_id)
        self.kind = kind
        self.retry_after = retry_after
