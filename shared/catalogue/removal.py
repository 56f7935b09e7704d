"""What the end of a deletion does to the records. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.catalogue.change import NOTHING, Change
from shared.delivery import catalog_events
from shared.models.base import Record
from shared.models.history import HistoryEntry
from shared.models.image import Image, Version
from shared.states.roll_up import stream_status
from shared.states.statuses import VersionStatus
from shared.workflow.jobs.job import Job


def remove(image: Image, gone: Version | Image, job: Job, at: datetime) -> Change:
    """Work out what to write when the record of a version, or the image itself, goes at the end of a deletion."""
    whole = gone.kind == Image.kind
    return _single(image, gone, catalog_events.DELETED, job, at, updates=() if whole else ({},), gone=(gone,))


def roll_up(image: Image, versions: Sequence[VersionStatus], job: Job, at: datetime) -> Change:
    """Work out what the versions that are left after a deletion make of the image."""
    status = stream_status(versions)
    if image.status == status:
        return NOTHING
    return _single(image, image, status, job, at, updates=({"status": status},))


def _single(
    image: Image,
    subject: Version | Image,
    after: str,
    job: Job,
    at: datetime,
    *,
    updates: Sequence[Mapping[str, Any]],
    gone: Sequence[Record] = (),
) -> Change:
    """One change of status; `updates` are those of the image, if it stays."""
    entry = HistoryEntry(
        org_id=image.org_id,
        image_id=image.id,
        at=at,
        sequence=image.revision + 1,
        entity=subject.kind.upper(),
        entity_id=subject.id,
        before=subject.status,
        after=after,
        operation_id=job.shown_by or job.operation_id,
    )
    counted = {"revision": entry.sequence, "updated_at": at}
    return Change(
        records=tuple(image.model_copy(update={**update, **counted}) for update in updates),
        history=(entry,),
        events=(catalog_events.of_entry(entry, subject.id),),
        gone=gone,
    )
