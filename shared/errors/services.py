"""What the secret store and the receivers of events refuse."""

from shared.errors.catalogue import CatalogError


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
