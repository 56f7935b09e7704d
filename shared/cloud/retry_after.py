"""For how long the receiver of an event asks us to wait."""

from collections.abc import Mapping


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds of a Retry-After; None where there is none, or a date."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None
