"""The exceptions that cross our own boundaries.

    CatalogError
    ├── NotFound                 no such record, or not in this org
    ├── AlreadyExists            a record with that key is there already
    ├── Changed                  somebody else wrote the record since it was read
    ├── IllegalTransition        a status may not follow the one that is stored
    ├── OperationCanceled        somebody asked for the operation's end
    ├── StoreUnavailable         storage is away or overloaded: may pass
    ├── SecretUnavailable        the secret store is away
    │   └── SecretMissing        it has no such secret
    ├── SinkUnavailable          whoever takes our events does not take them now: may pass
    ├── EventRefused             it will never take this one
    └── ProviderError            Azure said no
        ├── TransientError       what may pass: throttling, conflicts, capacity, outages
        └── PermanentError       what only a person can mend

Foreign errors are translated into these once, in `shared.cloud`. Inside an orchestration they travel as data
(`shared.models.steps.StepError`), since Durable Functions 1.x loses the type of an exception.
"""

from enum import StrEnum


class CatalogError(Exception):
    """Anything the catalogue itself can say went wrong."""


class NotFound(CatalogError):
    """There is no such record, or it belongs to another org."""


class AlreadyExists(CatalogError):
    """A record with that key exists; `key` names it (partition and row)."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


class Changed(CatalogError):
    """The record was written by somebody else since it was read: read it again."""


class IllegalTransition(CatalogError):
    """A status may not follow the one that is stored."""


OPERATION_CANCELED = "OPERATION_CANCELED"
"""The code of what did not come about because somebody asked for the operation's end."""

RECORDS_CHANGED = "RECORDS_CHANGED"
"""The code of what the records do not allow any more: a deletion has taken the image over, or removed it."""


class OperationCanceled(CatalogError):
    """Somebody asked for the operation's end: its work must not go on."""


class StoreUnavailable(CatalogError):
    """Storage does not answer, or asks to slow down; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SecretUnavailable(CatalogError):
    """The secret store does not answer; the message never holds the secret."""


class SecretMissing(SecretUnavailable):
    """The secret store has no such secret, and time won't bring it back."""


class SinkUnavailable(CatalogError):
    """An event could not be delivered now; `retry_after` is the receiver's own wish in seconds, or None."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EventRefused(CatalogError):
    """The receiver finds fault with the event itself: sending it again is in vain."""


class ErrorKind(StrEnum):
    """What sort of failure it is: each has its own retry policy (`orchestrators/policies.py`)."""

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
        message: all that Azure said, which may be long and hold secrets: see `shared.secret_texts.shown`.
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
