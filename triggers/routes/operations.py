"""Operations: how the work behind a request is going."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.errors.catalogue import Changed, NotFound
from shared.models.base import Record
from shared.models.image import Asset, Image, Version
from shared.models.operation import Operation
from shared.ports.catalog import Query
from shared.requests.findings import Code, one_of
from shared.requests.problems import Problem, Refused, bad_parameter
from shared.states.statuses import OperationStatus
from shared.workflow.kinds import KINDS
from triggers.http import idempotent_requests
from triggers.http.answers import (
    POLL_SECONDS,
    answers,
    answers_async,
    fetch,
    json_response,
    list_page,
    now,
    page_size,
    parameter,
    path_id,
)
from triggers.http.caller import org_of
from triggers.http.links import ROOT, Links
from triggers.http.operation_view import operation_view
from triggers.http.queue_places import queues
from triggers.http.views import Json
from triggers.wake import wake_for_end

R = TypeVar("R", bound=Record)

_TRIES = 10
"""How often a request is noted anew when the work wrote its progress in between."""

bp = df.Blueprint()


@bp.function_name("get_operation")
@bp.route(f"{ROOT}/operations/{{operation_id}}", methods=["GET"])
@answers
def get_operation(req: func.HttpRequest) -> func.HttpResponse:
    """One operation; Retry-After says when to ask again, while it runs."""
    org = org_of(req)
    operation = fetch(Operation, "operation", org, path_id(req, "operation_id", "operation"))
    headers = {} if operation.status.ended else {"Retry-After": str(POLL_SECONDS)}
    return json_response(_view(operation, Links.of(req, org)), headers=headers)


@bp.function_name("list_operations")
@bp.route(f"{ROOT}/operations", methods=["GET"])
@answers
def list_operations(req: func.HttpRequest) -> func.HttpResponse:
    """The org's operations, by status if asked."""
    org = org_of(req)
    links = Links.of(req, org)
    query = Query(
        equals=_status_filter(parameter(req, "status")),
        size=page_size(req),
        continuation=parameter(req, "continuation"),
    )
    page = list_page(Operation, org, query)
    content = {
        "value": [_view(operation, links) for operation in page.items],
        "nextLink": links.next_page(req, page.continuation),
    }
    return json_response(content)


@bp.function_name("cancel_operation")
@bp.route(f"{ROOT}/operations/{{operation_id}}/cancel", methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_async
async def cancel_operation(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Ask for an operation's end: 202, and what it created, or keeps, is taken away; 200 once it is canceled."""
    org = org_of(req)
    operation_id = path_id(req, "operation_id", "operation")

    def work(attempt: idempotent_requests.Attempt) -> func.HttpResponse:
        return idempotent_requests.keep_answer(attempt, _cancel(req, org, operation_id))

    response = await asyncio.to_thread(idempotent_requests.once, req, org, None, work)
    operation = await asyncio.to_thread(fetch, Operation, "operation", org, operation_id)
    await wake_for_end(client, operation)
    return response


def _cancel(req: func.HttpRequest, org: str, operation_id: str) -> func.HttpResponse:
    return progress_response(req, note_cancellation(org, operation_id))


def progress_response(req: func.HttpRequest, operation: Operation, changed: Sequence[Record] = ()) -> func.HttpResponse:
    """Answer with an operation: 202 while there is work left, with when to ask again and where; 200 afterwards.

    `changed` is what is about to be written of its image, version and copy.
    """
    links = Links.of(req, operation.org_id)
    headers = {"Operation-Location": links.operation(operation.id)}
    view = _view(operation, links, changed)
    if not operation.is_open:
        return json_response(view, headers=headers)
    return json_response(view, status=202, headers={**headers, "Retry-After": str(POLL_SECONDS)})


def note_cancellation(org: str, operation_id: str) -> Operation:
    """Write down that the operation is to end; its work sees that before it calls Azure again.

    Raises:
        Refused: there is no such operation (404); it has ended otherwise, or is a deletion (409).
    """
    for _ in range(_TRIES):
        operation = fetch(Operation, "operation", org, operation_id)
        if operation.status is OperationStatus.CANCELED or (
            operation.cancel_requested_at is not None and operation.is_open
        ):
            return operation
        if not operation.is_open or operation.status is OperationStatus.SUCCEEDED:
            detail = f"The operation has ended as {operation.status}: there is nothing to cancel."
            raise Refused(Problem(409, Code.OPERATION_ENDED, detail))
        if not KINDS[operation.action].cancelable:
            detail = "A deletion can't be canceled: what it has removed is gone. It goes on to its end."
            raise Refused(Problem(409, Code.NOT_CANCELABLE, detail))
        noted = operation.asked_to_end(now())
        try:
            wiring.catalog().update(noted)
        except Changed:
            continue
        return noted
    raise Changed(operation_id)


def _status_filter(wanted: str | None) -> dict[str, list[str]]:
    """One status, or several with commas between them."""
    if wanted is None:
        return {}
    statuses = wanted.split(",")
    if not set(statuses) <= set(OperationStatus):
        raise bad_parameter("status", one_of(list(OperationStatus)))
    return {"status": statuses}


def _view(operation: Operation, links: Links, changed: Sequence[Record] = ()) -> Json:
    org, image, version = operation.org_id, operation.image_id, operation.version_id

    def find(kind: type[R], *ids: str) -> R | None:
        about = (each for each in changed if isinstance(each, kind) and each.row_key == kind.key(*ids))
        return next(about, None) or _if_there(kind, org, *ids)

    return operation_view(
        operation,
        find(Image, image),
        find(Version, image, version),
        find(Asset, image, version, operation.asset_id),
        now=now(),
        links=links.of_operation(operation),
        place=queues.place_of(operation),
    )


def _if_there(kind: type[R], org: str, *ids: str) -> R | None:
    """A record that an abandoned operation never wrote."""
    try:
        return wiring.catalog().get(kind, org, *ids)
    except NotFound:
        return None
