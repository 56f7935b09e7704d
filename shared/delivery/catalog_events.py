"""The event that tells of a change of status. Pure: the same change gives the same event, with the same id."""

from collections.abc import Mapping
from urllib.parse import quote

from shared.models.cloud_event import CloudEvent, EventError, EventType, StatusChange
from shared.models.error_info import ErrorInfo
from shared.models.history import HistoryEntry
from shared.models.image import Image
from shared.models.operation import Operation

DELETED = "DELETED"
"""The status of what is gone, in events and in the history: the record itself can't have it."""
_TYPES: Mapping[str, EventType] = {
    "IMAGE": EventType.IMAGE,
    "VERSION": EventType.VERSION,
    "ASSET": EventType.COPY,
}


def of_entry(entry: HistoryEntry, version_id: str) -> CloudEvent:
    """The event of an entry of the history; the version is the one that it happened to, or to an asset of."""
    event_type = _TYPES[entry.entity]
    change = StatusChange(
        org_id=entry.org_id,
        image_id=entry.image_id,
        version_id=None if event_type is EventType.IMAGE else version_id,
        asset_id=entry.entity_id if event_type is EventType.COPY else None,
        operation_id=entry.operation_id,
        before=entry.before,
        after=entry.after,
        step=entry.step,
        attempt=entry.attempt,
        error=_error(entry.error),
    )
    return CloudEvent(
        id=f"{entry.image_id}:{entry.sequence}",
        source=f"/orgs/{quote(entry.org_id, safe='')}/images/{entry.image_id}",
        type=event_type,
        subject=_subject(change),
        time=entry.at,
        sequence=f"{entry.sequence:09d}",
        data=change,
    )


def of_acceptance(image: Image, operation: Operation) -> CloudEvent:
    """The event of a new image: the first in its order."""
    entry = HistoryEntry(
        org_id=image.org_id,
        image_id=image.id,
        at=image.created_at,
        sequence=image.revision,
        entity="IMAGE",
        entity_id=image.id,
        before=None,
        after=image.status,
        operation_id=operation.id,
    )
    return of_entry(entry, operation.version_id)


def _error(error: ErrorInfo | None) -> EventError | None:
    if error is None:
        return None
    return EventError(code=error.code, message=error.message, correlation_id=error.correlation_id)


def _subject(change: StatusChange) -> str:
    """What it is about, as the API's path has it."""
    parts = ("images", change.image_id), ("versions", change.version_id), ("copies", change.asset_id)
    return "".join(f"/{collection}/{identifier}" for collection, identifier in parts if identifier)
