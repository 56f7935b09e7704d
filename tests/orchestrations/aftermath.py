"""What must be true once everything has ended, whatever went wrong on the way: one function for all faults."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from orchestrators.repair_operation import ORCHESTRATION_LOST
from shared.catalogue.change import OPERATION
from shared.models.history import HistoryEntry
from shared.models.image import Asset, Image, NameReservation, Version
from shared.models.ledger_entry import LedgerState
from shared.models.operation import Operation
from shared.states.roll_up import VERSION_OF_ASSET, stream_status, version_status
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus, VersionStatus
from shared.states.transition_table import FIRST_ASSET_STATUS, may_follow
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.naming import gallery_target, staging
from shared.workflow.undoing import CLEAN_UP, COPY_CLEAN_UP
from tests.orchestrations.conftest import PASSWORD, World

_GOOD = {ImportJob: AssetStatus.IMPORT_COMPLETE, CopyJob: AssetStatus.AVAILABLE}
_FIRST = {"ASSET": FIRST_ASSET_STATUS, "VERSION": VersionStatus.PENDING, "IMAGE": StreamStatus.PENDING}
_CLEANING = (CLEAN_UP.name, COPY_CLEAN_UP.name)


def wrong(world: World, made: MakingJob, deletion: DeleteJob | None = None) -> list[str]:
    """What is not as it should be, as sentences; empty if nothing is."""
    found = [*_instances(world, made), *_secrets(world), *_ended(world.operation(made))]
    deleted = False
    if deletion is not None:
        operation = world.operation(deletion)
        found += _ended(operation)
        deleted = operation.status is OperationStatus.SUCCEEDED
    found += _gone(world, made) if deleted else _records(world, made, deletion)
    return [*found, *_azure(world, made, deletion), *_history(world, made)]


def _instances(world: World, job: MakingJob) -> Iterator[str]:
    """Every orchestration has come to its own end, but for one that was terminated and repaired."""
    error = world.operation(job).error
    lost = job.operation_id if error and error.code == ORCHESTRATION_LOST else None
    with closing(sqlite3.connect(world.store_file)) as db:
        rows = db.execute("SELECT id, name, status, output FROM instance").fetchall()
        left = db.execute("SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM activity)").fetchone()[0]
    for instance_id, name, status, output in rows:
        if status != ("Terminated" if instance_id == lost else "Completed"):
            yield f"{name} {instance_id} is {status}: {output}"
    if left:
        yield f"{left} messages and activities are left in the engine"


def _secrets(world: World) -> Iterator[str]:
    if world.secrets.secrets:
        yield f"secrets are left: {list(world.secrets.secrets)}"
    rows = json.dumps([row.columns for row in world.catalog._rows.values()])
    for form in (PASSWORD, json.dumps(list(PASSWORD))):
        if form in rows:
            yield "the password is in a table"
        if form.encode() in world.store_file.read_bytes():
            yield "the password is in the durable history"
    if len(world.images.passwords) > 1 or set(world.images.passwords) - {PASSWORD}:
        yield f"machines were made with {len(world.images.passwords)} passwords"


def _ended(operation: Operation) -> Iterator[str]:
    name = f"the {operation.action} {operation.id}"
    if not operation.status.ended:
        yield f"{name} is {operation.status} at step {operation.step}"
        return
    if operation.ended_at is None or operation.retry is not None:
        yield f"{name} is {operation.status}: ended at {operation.ended_at}, retry {operation.retry}"
    if operation.status is not OperationStatus.SUCCEEDED and operation.error is None:
        yield f"{name} is {operation.status} and does not say why"
    if operation.status is OperationStatus.SUCCEEDED and operation.percent_complete != 100:
        yield f"{name} has succeeded at {operation.percent_complete} %"


def _records(world: World, job: MakingJob, deletion: DeleteJob | None) -> Iterator[str]:
    """Statuses agree at all three levels, and with the operation."""
    operation, assets = world.operation(job), _assets(world, job)
    version = world.catalog.get(Version, job.org_id, job.image_id, job.version_id)
    if version.status != version_status([asset.status for asset in assets]):
        yield f"the version is {version.status}, its assets are {[asset.status for asset in assets]}"
    if world.image(job).status != stream_status([version.status]):
        yield f"the image is {world.image(job).status}, its version {version.status}"
    if deletion is not None:
        if {asset.status for asset in assets} != {AssetStatus.DELETION_FAILED}:
            yield f"the deletion has failed, and the assets are {[asset.status for asset in assets]}"
        return
    good, main = _GOOD[type(job)], world.asset(job)
    if operation.status is OperationStatus.SUCCEEDED and main.status is not good:
        yield f"the operation has succeeded, and the asset is {main.status}"
    if operation.status is OperationStatus.FAILED and VERSION_OF_ASSET[main.status] is not VersionStatus.FAILED:
        yield f"the operation has failed, and the asset is {main.status}"
    for asset in assets:
        is_failed = VERSION_OF_ASSET[asset.status] is VersionStatus.FAILED
        if not is_failed and asset.status is not good:
            yield f"asset {asset.id} is {asset.status}"
        if is_failed and asset.error is None:
            yield f"asset {asset.id} is {asset.status} and does not say why"


def _gone(world: World, job: MakingJob) -> Iterator[str]:
    for kind in (Image, Version, Asset, NameReservation):
        left = [each.row_key for each in world.catalog.all(kind) if job.image_id in repr(each)]
        if left:
            yield f"deleted, and {left} are there"


def _azure(world: World, job: MakingJob, deletion: DeleteJob | None) -> Iterator[str]:
    """Azure has what the catalogue says, or what an error says is left there; and the ledger knows all of it."""
    expected = set() if _is_gone(world, job) else _expected(world, job)
    there = _there(world, job)
    states = set(world.ledger(job).values())
    if _says_that_something_is_left(world, job, deletion):
        if there - expected and states <= {LedgerState.GONE}:
            yield f"{there} are left in Azure, and the ledger has forgotten them"
        return
    if there != expected:
        yield f"Azure has {sorted(there)}, and the catalogue says {sorted(expected)}"
    # The command of an attempt that failed may be in Azure or not; it goes with the machine.
    settled = {state for name, state in world.ledger(job).items() if not name.startswith("remote-desktop-")}
    if expected and not (settled == {LedgerState.EXISTS} and states <= {LedgerState.EXISTS, LedgerState.CREATING}):
        yield f"{sorted(expected)} exist, and the ledger says {states}"
    if not expected and not states <= {LedgerState.GONE}:
        yield f"nothing exists, and the ledger says {states}"


def _is_gone(world: World, job: MakingJob) -> bool:
    return not any(image.id == job.image_id for image in world.catalog.all(Image))


def _expected(world: World, job: MakingJob) -> set[str]:
    """What exists in Azure, by the statuses of the assets."""
    if isinstance(job, ImportJob):
        complete = world.asset(job).status is AssetStatus.IMPORT_COMPLETE
        return {staging(job).resource_group} if complete else set()
    target = gallery_target(job)
    usable = [asset for asset in _assets(world, job) if asset.status is AssetStatus.AVAILABLE]
    regions = {f"{target.version_id} in {asset.data['region']}" for asset in usable}
    return regions | {target.definition_id} if regions else set()


def _there(world: World, job: MakingJob) -> set[str]:
    """What exists in Azure."""
    versions = world.galleries.versions
    return {
        *world.images.groups,
        *world.galleries.definitions,
        *(f"{name} in {region}" for name, version in versions.items() for region in version.regions),
    }


def _says_that_something_is_left(world: World, job: MakingJob, deletion: DeleteJob | None) -> bool:
    """Whether an error says so: a deletion's by its code, others by a detail of the clean-up's.

    The clean-up of a replication has one more detail than there are regions that the image is not in.
    """
    errors = [world.operation(each).error for each in (job, deletion) if each is not None]
    missing = len(job.replicas) if isinstance(job, CopyJob) else 0
    return any(
        error.code == "LEFT_IN_AZURE"
        or any(detail.step in _CLEANING for detail in error.details)
        or len(error.details) > missing > 0
        for error in errors
        if error is not None
    )


def _history(world: World, job: MakingJob) -> Iterator[str]:
    """One chain for each part, without a gap, a rival or a link that may not be."""
    entries = sorted(world.catalog.all(HistoryEntry), key=lambda entry: entry.sequence)
    numbers = [entry.sequence for entry in entries]
    if numbers != list(range(1, len(entries) + 1)):
        yield f"the history is numbered {numbers}"
    if not _is_gone(world, job) and world.image(job).revision != len(entries):
        yield f"the image's revision is {world.image(job).revision}, and its history has {len(entries)} entries"
    last: dict[str, str] = {}
    for entry in entries:
        if entry.entity == OPERATION:
            continue  # a retry or an error that changes no status
        before = last.get(entry.entity_id, _FIRST[entry.entity])
        if entry.before != before:
            yield f"{entry.entity} went from {entry.before} to {entry.after}, after it was {before}"
        if entry.entity == "ASSET" and not may_follow(AssetStatus(entry.before or ""), AssetStatus(entry.after)):
            yield f"an asset went from {entry.before} to {entry.after}, which it may not"
        last[entry.entity_id] = entry.after
    for asset in [] if _is_gone(world, job) else _assets(world, job):
        if last.get(asset.id, FIRST_ASSET_STATUS) != asset.status:
            yield f"asset {asset.id} is {asset.status}, and its history ends with {last.get(asset.id)}"


def _assets(world: World, job: MakingJob) -> Sequence[Asset]:
    return [asset for asset in world.catalog.all(Asset) if asset.image_id == job.image_id]
