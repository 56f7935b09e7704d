"""Deleting an image, or a version of it: from the HTTP request to the 202.

As with a creation, the orchestration starts before its record is written, and gives up if that never comes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.errors.catalogue import CatalogError, Changed, NotFound
from shared.models.idempotency_key import IdempotencyKey
from shared.models.image import Asset, Image, Version
from shared.models.operation import Operation
from shared.ports.catalog import Query, every
from shared.requests.findings import Code
from shared.requests.problems import RETRY_AFTER_SECONDS, Problem, Refused
from shared.states.enums import OperationAction
from shared.states.statuses import OperationStatus
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.kinds import kind_of, planned, read_job, read_making_job
from triggers.accept.start import start
from triggers.http import idempotent_requests
from triggers.http.answers import fetch, flag, now
from triggers.routes import operations
from triggers.wake import wake_for_end

_AT_WORK = (OperationStatus.NOT_STARTED, OperationStatus.RUNNING)
_MOST_PAGES = 5
"""How many pages of running operations are looked through for one that needs the image; Azure refuses the others."""
_TRIES = 10
"""How often the deletion is noted anew when the work on the image wrote in between."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be deleted; `version_id` is None for the whole image."""

    org: str
    image_id: str
    version_id: str | None
    force: bool


async def delete(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, org: str, image_id: str, version_id: str | None
) -> func.HttpResponse:
    """Accept a deletion: 202, and the work goes on in the background.

    Raises:
        Refused: there is no such record (404); something needs it (409), unless `force` is true.
    """
    target = Target(org, image_id, version_id, flag(req, "force"))
    attempt = await asyncio.to_thread(idempotent_requests.begin, req, org, None)
    if attempt.earlier is not None:
        return attempt.earlier
    try:
        return await _accept(req, client, target, attempt)
    except (Refused, CatalogError):
        await asyncio.to_thread(attempt.released)
        raise


async def _accept(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, target: Target, attempt: idempotent_requests.Attempt
) -> func.HttpResponse:
    job = await asyncio.to_thread(_job, target)
    under_way = await asyncio.to_thread(_under_way, job)
    if under_way is not None:
        response = operations.progress_response(req, under_way)
        return await asyncio.to_thread(idempotent_requests.keep_answer, attempt, response)
    operation = _operation(job, now())
    response = operations.progress_response(req, operation)
    await start(client, kind_of(job).orchestrator, job)
    await asyncio.to_thread(_write, operation, attempt.answered(response))
    for made in job.made:
        await _stop(client, made)
    return response


def _under_way(job: DeleteJob) -> Operation | None:
    """The deletion at work on the image already, if it does all that this one would.

    Raises:
        Refused: one is at work that does less (409).
    """
    deletion = _at_work_on(fetch(Image, "image", job.org_id, job.image_id))
    if deletion is None:
        return None
    other = DeleteJob.model_validate(deletion.job)
    wanted, covered = ({made.version_id for made in each.made} for each in (job, other))
    if wanted <= covered and (other.force or not job.force):
        return deletion
    detail = f"The operation {deletion.id} deletes something else of this image: wait until it has ended."
    raise Refused(Problem(409, Code.IN_USE, detail, retry_after=RETRY_AFTER_SECONDS))


def _at_work_on(image: Image) -> Operation | None:
    """The deletion of the image, or of one of its versions, that has not ended."""
    if image.deletion_id is None:
        return None
    try:
        deletion = wiring.catalog().get(Operation, image.org_id, image.deletion_id)
    except NotFound:
        return None
    return None if deletion.status.ended else deletion


def _job(target: Target) -> DeleteJob:
    """All that the deletion needs to know, if nothing speaks against it."""
    image = fetch(Image, "image", target.org, target.image_id)
    versions = list(every(wiring.catalog(), Version, target.org, image.id))
    wanted = [version for version in versions if target.version_id in (None, version.id)]
    if not wanted:
        raise Refused(Problem(404, Code.NOT_FOUND, "There is no such version."))
    made = [_making(version) for version in wanted]
    if not target.force and _at_work_on(image) is None:
        _check_unused(target, made)
    operation_id = str(uuid4())
    shown = tuple(job.model_copy(update={"shown_by": operation_id}) for job in made)
    first = shown[0]
    job = DeleteJob(
        org_id=target.org,
        operation_id=operation_id,
        image_id=image.id,
        version_id=first.version_id,
        asset_id=first.asset_id,
        image_name=image.name,
        os_type=image.os_type,
        gpu_type=image.gpu_type,
        provider=first.provider,
        pace=wiring.settings().pace,
        made=shown,
        whole_image=len(wanted) == len(versions),
        force=target.force,
    )
    return planned(job)


def _making(version: Version) -> MakingJob:
    """The job that made a version: it names what there is in Azure."""
    try:
        made_by = wiring.catalog().get(Operation, version.org_id, version.operation_id or "")
    except NotFound:
        made_by = None
    if made_by is None or not made_by.job:
        detail = f"Nothing tells what version {version.name} consists of in Azure: it was made by an older release."
        raise Refused(Problem(409, Code.CONFLICT, detail))
    return read_making_job(made_by.job)


def _check_unused(target: Target, made: Sequence[MakingJob]) -> None:
    """Refuse the deletion of what a running copy reads from."""
    mine = {version_id for job in made for version_id in _gallery_versions(job)}
    continuation = None
    for _ in range(_MOST_PAGES if mine else 0):
        query = Query(equals={"status": _AT_WORK}, size=100, continuation=continuation)
        page = wiring.catalog().list(Operation, target.org, query)
        for operation in page.items:
            if _source(operation) in mine:
                detail = f"The operation {operation.id} copies from it: wait until that has ended, or use force."
                raise Refused(Problem(409, Code.IN_USE, detail))
        continuation = page.continuation
        if continuation is None:
            return


def _gallery_versions(job: MakingJob) -> Sequence[str]:
    """The ids of the image versions in galleries that a job made."""
    try:
        asset = wiring.catalog().get(Asset, job.org_id, job.image_id, job.version_id, job.asset_id)
    except NotFound:
        return ()
    version_id = asset.data.get("galleryImageVersionId")
    return (version_id.lower(),) if isinstance(version_id, str) else ()


def _source(operation: Operation) -> str:
    source = read_job(operation.job).source_id if operation.job else None
    return source.lower() if source else ""


def _operation(job: DeleteJob, at: datetime) -> Operation:
    return Operation(
        org_id=job.org_id,
        id=job.operation_id,
        action=OperationAction.DELETE,
        status=OperationStatus.NOT_STARTED,
        image_id=job.image_id,
        version_id=job.version_id,
        asset_id=job.asset_id,
        job=job.to_json(),
        step_count=len(job.plan),
        created_at=at,
        last_changed_at=at,
    )


def _write(operation: Operation, answer: IdempotencyKey | None) -> None:
    """Write the operation together with the image's note of it.

    Raises:
        Refused: another deletion of the image was accepted at the same moment (409); this one's orchestration gives up.
    """
    for _ in range(_TRIES):
        image = fetch(Image, "image", operation.org_id, operation.image_id)
        if (other := _at_work_on(image)) is not None and other.id != operation.id:
            detail = f"The operation {other.id} began to delete of this image at the same moment: please repeat."
            raise Refused(Problem(409, Code.IN_USE, detail, retry_after=RETRY_AFTER_SECONDS))
        noted = image.model_copy(update={"deletion_id": operation.id})
        try:
            wiring.catalog().create(operation, replacing=[noted, *([answer] if answer else [])])
        except Changed:
            continue
        return
    raise Changed(operation.image_id)


async def _stop(client: df.DurableOrchestrationClient, made: MakingJob) -> None:
    """Cancel the operation if it is still at work, or keeps what it made; the deletion looks after that, too."""
    try:
        operation = await asyncio.to_thread(operations.note_cancellation, made.org_id, made.operation_id)
    except (Refused, CatalogError):
        return
    await wake_for_end(client, operation)
