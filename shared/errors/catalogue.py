"""What the catalogue and its store refuse."""


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
