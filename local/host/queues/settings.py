"""How queues are worked on: `extensions.queues` of host.json."""

from dataclasses import dataclass
from typing import Any

from local.host import timespans
from local.host.errors import SettingsError

MAX_BATCH_SIZE = 32
"""The most messages that Azure Storage hands out at a time."""

MIN_POLLING_INTERVAL = 0.1
"""Seconds between two looks into an empty queue, to begin with."""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """`extensions.queues` of host.json, with the defaults of a development machine; times in seconds.

    When `new_batch_threshold` or fewer messages of a queue are being worked on, up to `batch_size` more are taken.
    """

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_polling_interval: float = 2.0
    visibility_timeout: float = 0.0
    max_dequeue_count: int = 5
    is_base64: bool = True


def read_queues(section: dict[str, Any]) -> QueueSettings:
    """Read the section; raises SettingsError for what makes no sense."""
    usual = QueueSettings()
    batch_size = _whole(section, "batchSize", usual.batch_size, 1, MAX_BATCH_SIZE)
    encoding = str(section.get("messageEncoding", "base64")).lower()
    if encoding not in ("base64", "none"):
        raise SettingsError(f"queues.messageEncoding in host.json is {encoding!r}, not base64 or none")
    polling = _duration(section, "maxPollingInterval", usual.max_polling_interval)
    if polling < MIN_POLLING_INTERVAL:
        raise SettingsError("queues.maxPollingInterval in host.json must not be less than 00:00:00.100")
    return QueueSettings(
        batch_size=batch_size,
        new_batch_threshold=_whole(section, "newBatchThreshold", batch_size // 2, 0),
        max_polling_interval=polling,
        visibility_timeout=_duration(section, "visibilityTimeout", usual.visibility_timeout),
        max_dequeue_count=_whole(section, "maxDequeueCount", usual.max_dequeue_count, 1),
        is_base64=encoding == "base64",
    )


def _whole(section: dict[str, Any], name: str, usual: int, least: int, most: int | None = None) -> int:
    value = section.get(name, usual)
    if type(value) is not int or value < least or (most is not None and value > most):
        limits = f"{least} or more" if most is None else f"{least} to {most}"
        raise SettingsError(f"queues.{name} in host.json is {value!r}, not a whole number, {limits}")
    return value


def _duration(section: dict[str, Any], name: str, usual: float) -> float:
    value = section.get(name)
    if value is None:
        return usual
    span = timespans.parse(value) if isinstance(value, str) else None
    if span is None:
        raise SettingsError(f"queues.{name} in host.json is {value!r}, not hh:mm:ss in quotes")
    return span.total_seconds()
