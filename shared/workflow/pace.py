"""How fast an operation goes about its work."""

from pydantic import Field

from shared.models.base import Model

LONGEST_KEEP_SECONDS = 86400.0
"""A day: what is kept costs money, and a secret with it."""


class Pace(Model):
    """How fast an operation goes about its work. In Azure the defaults; where time is sped up, less."""

    poll_seconds: float = 10.0
    """How long to wait before Azure is asked again, where it names no time itself."""
    retry_seconds: float = 15.0
    """The first delay of a retry; later ones grow from it."""
    deadline_seconds: float = 3 * 3600.0
    """After which the whole operation has failed."""
    keep_seconds: float = Field(default=0.0, ge=0.0, le=LONGEST_KEEP_SECONDS)
    """How long what a failed operation made is kept for a retry; 0, as for jobs of older releases: not at all."""
    events: bool = False
    """Whether Azure's events tell of what has ended, so that the operation itself asks seldom."""
