"""What a step's progress does to the records: the guarded transition, the roll-up and the history. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.catalogue.change import NOTHING, OPERATION, Change, Tree, history_of, rolled
from shared.catalogue.queue import new_ticket
from shared.delivery import catalog_events
from shared.errors.catalogue import IllegalTransition, OperationCanceled
from shared.models.image import Asset, Image, Version
from shared.models.operation import Operation
from shared.states.enums import AssetType
from shared.states.roll_up import stream_status, version_status
from shared.states.sets import FAILED, USABLE
from shared.states.statuses import AssetStatus, OperationStatus
from shared.states.transition_table import FIRST_ASSET_STATUS, RETRY_TRANSITIONS, may_follow
from shared.workflow.messages import Progress


def ends_build(progress: Progress) -> bool:
    """Whether others may have the operation's place: it ends, or nothing but Azure's replication is left of it."""
    return progress.end is not None or progress.status is AssetStatus.AVAILABLE


def apply(tree: Tree, progress: Progress) -> Change:
    """Work out what to write. Repeating a progress that is written already gives a change without history.

    Raises:
        IllegalTransition: the asset may not take that status now, or the operation has ended otherwise.
        OperationCanceled: it would succeed, or be kept for a retry, and was canceled just before.
    """
    operation = tree.operation
    if says_nothing_new(operation, progress):
        return NOTHING
    if operation.status.ended and (not operation.kept or progress.end not in (None, operation.status)):
        raise IllegalTransition(f"operation {operation.id} has ended as {operation.status}")
    # What is good already, such as a copy's home region, stays good.
    succeeds = progress.end is OperationStatus.SUCCEEDED and progress.status != tree.asset.status
    keeps = progress.end is OperationStatus.FAILED and progress.retry_until is not None
    if (succeeds or keeps) and operation.cancel_requested_at is not None:
        raise OperationCanceled(operation.id)
    assets = [_changed_asset(tree.asset, progress), *tree.other_assets]
    change = _change(tree, assets, _changed_operation(operation, progress), progress)
    return replace(change, gone=(tree.ticket,)) if tree.ticket else change


def resume(tree: Tree, at: datetime) -> Change:
    """Work out what a retry writes that somebody asked for: the operation runs, and what failed waits for its turn.

    Raises:
        IllegalTransition: the operation takes no retry, or the image is being deleted.
    """
    operation = tree.operation
    if operation.retry_until is None or at >= operation.retry_until:
        raise IllegalTransition(f"operation {operation.id} takes no retry")
    again = {
        "status": OperationStatus.RUNNING,
        # What succeeded in part begins its last step anew.
        "percent_complete": 0 if operation.status is OperationStatus.SUCCEEDED else operation.percent_complete,
        "error": None,
        "ended_at": None,
        "last_changed_at": at,
        "kept": False,
        "retry_until": None,
        "retries": operation.retries + 1,
    }
    assets = [_resumed(asset, at) for asset in (tree.asset, *tree.other_assets)]
    progress = Progress(
        org_id=operation.org_id,
        operation_id=operation.id,
        image_id=operation.image_id,
        version_id=operation.version_id,
        asset_id=operation.asset_id,
        at=at,
    )
    # What was built, and is missing in some regions only, needs no turn.
    waits = operation.queued_at is not None and operation.status is not OperationStatus.SUCCEEDED
    resumed = operation.model_copy(update={**again, "queued_at": at if waits else None})
    change = _change(tree, assets, resumed, progress)
    return replace(change, new=(new_ticket(resumed, tree.asset.provider_instance_id),)) if waits else change


def says_nothing_new(operation: Operation, progress: Progress) -> bool:
    """Whether a progress repeats an end. Of one whose resources are kept, a further end says that they are gone.

    An end that was answered by a retry before its repetition came is one, too.
    """
    if progress.retry_until is not None and progress.retries < operation.retries:
        return True
    return progress.end is operation.status and (not operation.kept or progress.retry_until is not None)


def _resumed(asset: Asset, at: datetime) -> Asset:
    """An asset that waits for its turn again, if it failed."""
    if asset.status in USABLE:
        return asset
    following = RETRY_TRANSITIONS.get(asset.status, frozenset())
    first = (
        FIRST_ASSET_STATUS if asset.type is AssetType.AZURE_IMAGE_REPLICA_IN_SIG else AssetStatus.IMPORT_RETRY_PENDING
    )
    if first not in following:
        raise IllegalTransition(f"asset {asset.id} is {asset.status}: there is nothing to retry")
    return asset.model_copy(update={"status": first, "error": None, "updated_at": at})


def _change(tree: Tree, assets: Sequence[Asset], operation: Operation, progress: Progress) -> Change:
    """What to write when the assets have changed: version and image are rolled up from them."""
    version = rolled(tree.version, version_status([asset.status for asset in assets]), progress)
    image = rolled(tree.image, stream_status([version.status, *tree.other_versions]), progress)
    before: Sequence[Asset | Version | Image] = (tree.asset, *tree.other_assets, tree.version, tree.image)
    history = history_of(tree, before, (*assets, version, image), operation, progress)
    if history:
        image = image.model_copy(update={"revision": tree.image.revision + len(history)})
    after: Sequence[Asset | Version | Image] = (*assets, version, image)
    changed = [new for new, old in zip(after, before, strict=True) if new != old]
    return Change(
        records=(operation, *changed),
        history=history,
        operation=operation,
        events=tuple(catalog_events.of_entry(entry, version.id) for entry in history if entry.entity != OPERATION),
    )


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
    if status in FAILED:
        update["error"] = progress.error or asset.error
    return asset.model_copy(update=update)


def _changed_operation(operation: Operation, progress: Progress) -> Operation:
    goes_on = operation.status if operation.kept else OperationStatus.RUNNING
    update: dict[str, Any] = {
        "status": progress.end or goes_on,
        "started_at": operation.started_at or progress.at,
        "last_changed_at": progress.at,
        "retry": progress.retry,
    }
    if progress.status is AssetStatus.AVAILABLE:
        update["queued_at"] = None  # what is left is Azure's, and needs no turn
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
        until = progress.retry_until if operation.cancel_requested_at is None else None
        update |= {"ended_at": operation.ended_at or progress.at, "kept": until is not None, "retry_until": until}
    if progress.end is OperationStatus.SUCCEEDED:
        update |= {"percent_complete": 100, "error": progress.error}
    return operation.model_copy(update=update)
