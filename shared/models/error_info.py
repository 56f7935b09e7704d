"""Errors as people are shown them, and the retry that waits after one."""

from shared.models.base import Model, UtcTime


class ErrorInfo(Model):
    """Why something failed, as people and programs are shown it. Never holds a secret."""

    code: str
    message: str
    step: str | None = None
    attempt: int | None = None
    """Which attempt of the step failed."""
    correlation_id: str | None = None
    details: tuple["ErrorInfo", ...] = ()


class RetryInfo(Model):
    """A retry that is waiting."""

    attempt: int
    """The number of the attempt to come; the first attempt of a step is 1."""
    at: UtcTime
    reason: ErrorInfo
