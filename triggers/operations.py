"""Operations: how the work behind a request is going."""

from typing import TypeVar

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.errors import NotFound
from shared.findings import one_of
from shared.models.base import Record
from shared.models.records import Asset, Image, Operation, Version
from shared.models.responses import Json, operation_view
from shared.ports import Query
from shared.problems import bad_parameter
from shared.states import OperationStatus
from triggers.caller import org_of
from triggers.http import POLL_SECONDS, answers, fetch, json_response, list_page, now, page_size, parameter, path_id
from triggers.links import ROOT, Links

R = TypeVar("R", bound=Record)

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


def _status_filter(wanted: str | None) -> dict[str, list[str]]:
    """One status, or several with commas between them."""
    if wanted is None:
        return {}
    statuses = wanted.split(",")
    if not set(statuses) <= set(OperationStatus):
        raise bad_parameter("status", one_of(list(OperationStatus)))
    return {"status": statuses}


def _view(operation: Operation, links: Links) -> Json:
    org, image, version = operation.org_id, operation.image_id, operation.version_id
    return operation_view(
        operation,
        _if_there(Image, org, image),
        _if_there(Version, org, image, version),
        _if_there(Asset, org, image, version, operation.asset_id),
        now=now(),
        links=links.of_operation(image),
    )


def _if_there(kind: type[R], org: str, *ids: str) -> R | None:
    """A record that an abandoned operation never wrote."""
    try:
        return wiring.catalog().get(kind, org, *ids)
    except NotFound:
        return None
