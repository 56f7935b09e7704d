"""The activity that decides what becomes of a failed operation whose resources are kept."""

import logging

import azure.durable_functions as df

from shared import wiring
from shared.errors.catalogue import Changed, NotFound, StoreUnavailable
from shared.log import about
from shared.models.image import Asset
from shared.models.operation import Operation
from shared.ports.catalog import CatalogStore, every
from shared.states.sets import USABLE
from shared.workflow.messages import RetryDecided, RetryDecision, RetryWindow

bp = df.Blueprint()
_log = logging.getLogger(__name__)

_TRIES = 10
"""How often it is decided anew when somebody else wrote in between."""


@bp.activity_trigger(input_name="task", activity="decide_kept")
def decide_kept(task: dict) -> dict:  # type: ignore[type-arg] # the SDK takes plain dict only
    """Whether a retry was asked for, the time is over, or neither."""
    given = RetryWindow.model_validate(task)
    decision = decide(given, wiring.catalog())
    if decision is not RetryDecision.WAIT:
        _log.info("what is kept: %s %s", decision, about(given.job))
    usable = _usable(given, wiring.catalog()) if decision is RetryDecision.RETRY else ()
    return RetryDecided(decision=decision, usable=usable).to_json()


def decide(task: RetryWindow, catalog: CatalogStore) -> RetryDecision:
    """Decide on the record alone; from REMOVE on no retry is accepted, as the record says so under its etag.

    Raises:
        StoreUnavailable: storage is away, or others write the record all the time.
    """
    for _ in range(_TRIES):
        try:
            operation = catalog.get(Operation, task.job.org_id, task.job.operation_id)
        except NotFound:
            return RetryDecision.REMOVE
        if not operation.status.ended:
            return RetryDecision.RETRY
        if operation.retry_until is not None and task.at < operation.retry_until:
            return RetryDecision.WAIT
        closed = operation.takes_no_retry()
        if closed == operation:
            return RetryDecision.REMOVE
        try:
            catalog.update(closed)
        except Changed:
            continue
        return RetryDecision.REMOVE
    raise StoreUnavailable(f"the record of operation {task.job.operation_id} is written by others all the time")


def _usable(task: RetryWindow, catalog: CatalogStore) -> tuple[str, ...]:
    """The assets of the version that can be used already: the regions of a copy that are not missing."""
    job = task.job
    assets = every(catalog, Asset, job.org_id, job.image_id, job.version_id)
    return tuple(asset.id for asset in assets if asset.status in USABLE)
