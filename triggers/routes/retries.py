"""Retrying an operation that failed, wholly or in part: it goes on from the step that failed."""

import asyncio
from dataclasses import replace

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.catalogue import commit, transitions
from shared.catalogue.change import NOTHING, Change
from shared.errors.catalogue import IllegalTransition, NotFound
from shared.models.operation import Operation
from shared.names import Event, kept_instance_id
from shared.requests.findings import Code
from shared.requests.problems import Problem, Refused
from shared.states.statuses import OperationStatus
from shared.workflow.kinds import KINDS
from triggers.http import idempotent_requests
from triggers.http.answers import answers_async, fetch, now, path_id
from triggers.http.caller import org_of
from triggers.http.links import ROOT
from triggers.routes.operations import progress_response
from triggers.wake import wake

bp = df.Blueprint()


@bp.function_name("retry_operation")
@bp.route(f"{ROOT}/operations/{{operation_id}}/retry", methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_async
async def retry_operation(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Let an operation that failed go on from the step that failed: 202."""
    org = org_of(req)
    operation_id = path_id(req, "operation_id", "operation")

    def work(attempt: idempotent_requests.Attempt) -> func.HttpResponse:
        return _retry(req, org, operation_id, attempt)

    response = await asyncio.to_thread(idempotent_requests.once, req, org, None, work)
    operation = await asyncio.to_thread(fetch, Operation, "operation", org, operation_id)
    if operation.retries and not operation.status.ended:
        await wake(client, kept_instance_id(operation.id, operation.retries - 1), Event.DECIDED)
    return response


def _retry(
    req: func.HttpRequest, org: str, operation_id: str, attempt: idempotent_requests.Attempt
) -> func.HttpResponse:
    """Write that it runs again, with all that follows from it for the image; its orchestration sees that."""
    at = now()
    response = None

    def work_out() -> Change:
        nonlocal response
        operation = fetch(Operation, "operation", org, operation_id)
        if response is not None and operation.last_changed_at == at:
            return NOTHING  # written, and only the answer was lost
        if operation.retry_until is None or at >= operation.retry_until:
            raise _refusal(operation)
        ids = (operation.image_id, operation.version_id, operation.asset_id)
        try:
            change = transitions.resume(commit.read_tree(wiring.catalog(), operation, *ids), at)
        except (IllegalTransition, NotFound) as error:
            detail = "The image is being deleted, or was: there is nothing left to retry. Create it again."
            raise Refused(Problem(409, Code.TOO_LATE_TO_RETRY, detail)) from error
        response = progress_response(req, change.operation or operation, change.records)
        answered = attempt.answered(response)
        return replace(change, records=(answered, *change.records)) if answered else change

    def is_written() -> bool:
        return fetch(Operation, "operation", org, operation_id).last_changed_at == at

    telling = wiring.outbox().about(org, fetch(Operation, "operation", org, operation_id).image_id)
    commit.write(wiring.catalog(), work_out, is_written, telling)
    if response is None:
        raise ValueError("a retry is worked out before it is written")
    return response


def _refusal(operation: Operation) -> Refused:
    if operation.status is OperationStatus.FAILED and KINDS[operation.action].cancelable:
        detail = "What the operation had made is removed, or just being removed: create the image again."
        return Refused(Problem(409, Code.TOO_LATE_TO_RETRY, detail))
    if operation.status is OperationStatus.SUCCEEDED and operation.error is not None:
        detail = "The time for a retry is over: the image stays in the regions that have it."
        return Refused(Problem(409, Code.TOO_LATE_TO_RETRY, detail))
    if not KINDS[operation.action].cancelable:
        detail = "A deletion is not retried: delete the image again."
    elif operation.status.ended:
        detail = f"The operation has ended as {operation.status}: there is nothing to retry."
    else:
        detail = f"The operation is {operation.status}: it has not failed, so there is nothing to retry."
    return Refused(Problem(409, Code.NOTHING_TO_RETRY, detail))
