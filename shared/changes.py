"""What a step's progress does to the records: the guarded transition, the roll-up and the history. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.errors import IllegalTransition, OperationCanceled
from shared.models.base import Record
from shared.models.records import Asset, HistoryEntry, Image, Operation, Version
from shared.models.steps import Progress
from shared.states import (
    VERSION_OF_ASSET,
    AssetStatus,
    OperationStatus,
    VersionStatus,
    may_follow,
    stream_status,
    version_status,
)

T = TypeVar("T", Version, Image)


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
    """

    image: Image
    version: Version
    asset: Asset
    operation: Operation
    other_assets: Sequence[Asset] = ()
    other_versions: Sequence[VersionStatus] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What to write: `records` in one transaction, the image last; `history` belongs to them."""

    records: Sequence[Record]
    history: Sequence[HistoryEntry]


def apply(tree: Tree, progress: Progress) -> Change:
    """Work out what to write. Repeating a progress that is written already gives a change without history.

    Raises:
        IllegalTransition: the asset may not take that status now, or the operation has ended otherwise.
        OperationCanceled: it would succeed, and was canceled just before.
    """
    if tree.operation.status.ended:
        if progress.end is tree.operation.status:
            return Change(records=(), history=())
        raise IllegalTransition(f"operation {tree.operation.id} has ended as {tree.operation.status}")
    # What is good already, such as a copy's home region, stays good.
    succeeds = progress.end is OperationStatus.SUCCEEDED and progress.status != tree.asset.status
    if succeeds and tree.operation.cancel_requested_at is not None:
        raise OperationCanceled(tree.operation.id)
    asset = _changed_asset(tree.asset, progress)
    version = _rolled(
        tree.version, version_status([asset.status, *(each.status for each in tree.other_assets)]), progress
    )
    image = _rolled(tree.image, stream_status([version.status, *tree.other_versions]), progress)
    history = _history(tree, (asset, version, image), progress)
    if history:
        image = image.model_copy(update={"revision": tree.image.revision + len(history)})
    changed = [new for new, old in ((asset, tree.asset), (version, tree.version), (image, tree.image)) if new != old]
    return Change(records=(_changed_operation(tree.operation, progress), *changed), history=history)


def _changed_asset(asset: Asset, progress: Progress) -> Asset:
    status = progress.status or asset.status
    if not may_follow(asset.status, status):
        raise IllegalTransition(f"asset {asset.id} is {asset.status}; it may not become {status}")
    update: dict[str, Any] = {}
    if status != asset.status:
        update |= {"status": status, "updated_at": progress.at}
    if progress.data:
        data = {name: value for name, value in (asset.data | progress.data).items() if value is not None}
        if data != asset.data:
            update |= {"data": data, "updated_at": progress.at}
    if VERSION_OF_ASSET[status] is VersionStatus.FAILED or status is AssetStatus.DELETION_FAILED:
        update["error"] = progress.error or asset.error
    return asset.model_copy(update=update)


def _rolled(record: T, status: object, progress: Progress) -> T:
    if record.status == status:
        return record
    return record.model_copy(update={"status": status, "updated_at": progress.at})


def _changed_operation(operation: Operation, progress: Progress) -> Operation:
    update: dict[str, Any] = {
        "status": progress.end or OperationStatus.RUNNING,
        "started_at": operation.started_at or progress.at,
        "last_changed_at": progress.at,
        "retry": progress.retry,
    }
    if progress.error is not None:
        update["error"] = progress.error
    if progress.step is not None:
        update |= {
            "step": progress.step.name,
            "step_title": progress.step.title,
            "step_number": progress.step.number,
            "step_count": progress.step.count,
            "percent_complete": max(progress.step.percent, operation.percent_complete),
        }
    if progress.end is not None:
        update["ended_at"] = progress.at
    if progress.end is OperationStatus.SUCCEEDED:
        update |= {"percent_complete": 100, "error": progress.error}
    return operation.model_copy(update=update)


def _history(tree: Tree, records: tuple[Asset, Version, Image], progress: Progress) -> tuple[HistoryEntry, ...]:
    asset, version, image = records
    statuses: list[tuple[str, str, str, str]] = [
        ("ASSET", asset.id, tree.asset.status, asset.status),
        ("VERSION", version.id, tree.version.status, version.status),
        ("IMAGE", image.id, tree.image.status, image.status),
    ]
    changed = [each for each in statuses if each[2] != each[3]]
    return tuple(
        HistoryEntry(
            org_id=progress.org_id,
            image_id=progress.image_id,
            at=progress.at,
            sequence=tree.image.revision + offset,
            entity=entity,
            entity_id=entity_id,
            before=before,
            after=after,
            operation_id=progress.operation_id,
            step=progress.step.name if progress.step else tree.operation.step,
            attempt=progress.retry.attempt if progress.retry else None,
            error=progress.retry.reason if progress.retry else progress.error,
        )
        for offset, (entity, entity_id, before, after) in enumerate(changed, start=1)
    )
