"""What others are told: CloudEvents 1.0 about changes of status."""

from enum import StrEnum
from typing import Literal

from shared.models.base import Model, UtcTime


class EventType(StrEnum):
    """What an event is about."""

    IMAGE = "ImageCatalog.ImageStatusChanged"
    VERSION = "ImageCatalog.VersionStatusChanged"
    COPY = "ImageCatalog.CopyStatusChanged"


class EventError(Model):
    """Why something failed. Never holds a secret."""

    code: str
    message: str
    correlation_id: str | None = None
    """`x-ms-correlation-request-id` of the call to Azure that failed."""


class StatusChange(Model):
    """The data of an event: what changed, from what to what, and why."""

    org_id: str
    image_id: str
    version_id: str | None = None
    """None in events of the image."""
    asset_id: str | None = None
    """None in events of the image and of a version."""
    operation_id: str | None = None
    before: str | None = None
    """The status before; None for what is new."""
    after: str
    """The status now; DELETED for what is gone."""
    step: str | None = None
    """The step of the operation that was at work."""
    attempt: int | None = None
    """The attempt that failed, where one did."""
    error: EventError | None = None


class CloudEvent(Model):
    """An event in the structured form of CloudEvents 1.0; `sequence` is the extension of that name.

    Source and id together are unique, and the same whenever the event is sent again.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: EventType
    subject: str
    time: UtcTime
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: str
    """Digits, padded so that texts compare as the numbers do: counts the changes of one image."""
    data: StatusChange
