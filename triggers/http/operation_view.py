"""What the API answers with about an operation."""

from collections.abc import Mapping
from datetime import datetime

from shared.catalogue.queue import Place
from shared.models.image import Asset, Image, Version
from shared.models.operation import Operation
from shared.states.statuses import OperationStatus
from triggers.http.views import Json, error_view, time

_LEAST_PROGRESS_FOR_ETA = 5
"""Percent; before that much is done, a forecast says nothing."""


def operation_view(
    operation: Operation,
    image: Image | None,
    version: Version | None,
    asset: Asset | None,
    *,
    now: datetime,
    links: Mapping[str, str],
    place: Place | None = None,
) -> Json:
    """An operation with the statuses of what it works on, which are null where that was never written.

    `place` is where it stands while it waits for its turn.
    """
    retry = operation.retry
    return {
        "id": operation.id,
        "action": operation.action,
        "status": operation.status,
        "step": _step(operation),
        "queue": place and {"position": place.position, "running": place.running, "limit": place.limit},
        "percentComplete": operation.percent_complete,
        "etaSeconds": eta_seconds(operation, now),
        "createdAt": time(operation.created_at),
        "startedAt": time(operation.started_at),
        "lastChangedAt": time(operation.last_changed_at),
        "endedAt": time(operation.ended_at),
        "cancelRequestedAt": time(operation.cancel_requested_at),
        "retryUntil": time(operation.retry_until),
        "retries": operation.retries,
        "error": error_view(operation.error),
        "orgId": operation.org_id,
        "imageId": operation.image_id,
        "versionId": operation.version_id,
        "assetId": operation.asset_id,
        "streamStatus": image.status if image else None,
        "versionStatus": version.status if version else None,
        "assetStatus": asset.status if asset else None,
        "retry": retry and {"attempt": retry.attempt, "at": time(retry.at), "reason": error_view(retry.reason)},
        "links": dict(links),
    }


def _step(operation: Operation) -> Json | None:
    if operation.step is None:
        return None
    return {
        "name": operation.step,
        "title": operation.step_title,
        "number": operation.step_number,
        "count": operation.step_count,
    }


def eta_seconds(operation: Operation, now: datetime) -> int | None:
    """How long it will still take if it goes on at its pace; None while too little is done to say, or after a retry."""
    if operation.status.ended:
        return 0
    done = operation.percent_complete
    if done < _LEAST_PROGRESS_FOR_ETA or operation.status is OperationStatus.NOT_STARTED or operation.retries:
        return None
    elapsed = (now - (operation.started_at or operation.created_at)).total_seconds()
    return max(0, round(elapsed * (100 - done) / done))
