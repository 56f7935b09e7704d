"""What a change of the records consists of: the records that it touches, and what is written of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from shared.models.base import Record
from shared.models.cloud_event import CloudEvent
from shared.models.history import HistoryEntry
from shared.models.image import Asset, Image, Version
from shared.models.operation import Operation, Ticket
from shared.states.statuses import VersionStatus
from shared.workflow.messages import Progress

T = TypeVar("T", Version, Image)

OPERATION = "OPERATION"
"""What a retry or an error belongs to in the history that changes no status of image, version or copy."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The records that a change of one asset touches.

    Attributes:
        image: the image.
        version: the asset's version.
        asset: the asset.
        operation: the operation at work on it.
        other_assets: the version's other assets.
        other_versions: the statuses of the image's other versions.
        ticket: the operation's, if the progress ends its build and it has one.
    """

    image: Image
    version: Version
    asset: Asset
    operation: Operation
    other_assets: Sequence[Asset] = ()
    other_versions: Sequence[VersionStatus] = ()
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What to write: `records` in one transaction, the image last; `history` belongs to them.

    `operation` is one of the records; None where there is nothing to write.

    In the same transaction the records of `gone` go, and those of `new` come: no build ends without giving its ticket
    back, and none is retried without another.
    """

    records: Sequence[Record]
    history: Sequence[HistoryEntry]
    operation: Operation | None = None
    events: Sequence[CloudEvent] = ()
    gone: Sequence[Record] = ()
    new: Sequence[Record] = ()


NOTHING = Change(records=(), history=())


def rolled(record: T, status: object, progress: Progress) -> T:
    """The version or image with the status that is rolled up for it."""
    if record.status == status:
        return record
    return record.model_copy(update={"status": status, "updated_at": progress.at})


def _is_news(operation: Operation, progress: Progress) -> bool:
    """Whether a retry or an error that changes no status is not in the history yet."""
    retried = progress.retry is not None and progress.retry != operation.retry
    return retried or (progress.error is not None and progress.error != operation.error)


def history_of(
    tree: Tree,
    before: Sequence[Asset | Version | Image],
    after: Sequence[Asset | Version | Image],
    operation: Operation,
    progress: Progress,
) -> tuple[HistoryEntry, ...]:
    """The entries of the history that belong to a change, in their order."""
    changed = [
        (new.kind.upper(), new.id, str(old.status), str(new.status))
        for old, new in zip(before, after, strict=True)
        if old.status != new.status
    ]
    if not changed and _is_news(tree.operation, progress):
        changed = [(OPERATION, tree.operation.id, str(tree.operation.status), str(operation.status))]
    error = progress.retry.reason if progress.retry else progress.error
    return tuple(
        HistoryEntry(
            org_id=progress.org_id,
            image_id=progress.image_id,
            at=progress.at,
            sequence=tree.image.revision + offset,
            entity=entity,
            entity_id=entity_id,
            before=was,
            after=becomes,
            operation_id=progress.operation_id,
            step=(error and error.step) or (progress.step.name if progress.step else tree.operation.step),
            attempt=progress.retry.attempt if progress.retry else error.attempt if error else None,
            error=error,
        )
        for offset, (entity, entity_id, was, becomes) in enumerate(changed, start=1)
    )
