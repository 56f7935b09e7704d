"""Provider instances: where in Azure an org's images are built."""

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.errors.catalogue import AlreadyExists, Changed, NotFound
from shared.models.image import Image
from shared.models.operation import Operation
from shared.models.provider_instance import ProviderInstance, ProviderInstanceSettings
from shared.ports.catalog import Query
from shared.requests.findings import Code
from shared.requests.problems import Problem, Refused, invalid
from shared.requests.provider_requests import parse_provider_settings
from shared.states.statuses import OperationStatus
from triggers.http import idempotent_requests
from triggers.http.answers import (
    answers,
    empty_response,
    fetch,
    json_response,
    list_page,
    now,
    page_size,
    parameter,
    path_id,
    read_body,
    record_response,
)
from triggers.http.caller import org_of
from triggers.http.links import ROOT, Links
from triggers.http.views import provider_view

_WHAT = "provider instance"
_ONE = f"{ROOT}/provider-instances/{{provider_id}}"
_AT_WORK = (OperationStatus.NOT_STARTED, OperationStatus.RUNNING)
_MOST_PAGES = 5
"""How many pages of running operations a deletion looks through; a deletion that misses one does no harm, since
each operation has a copy of its provider instance."""

bp = df.Blueprint()


@bp.function_name("list_provider_instances")
@bp.route(f"{ROOT}/provider-instances", methods=["GET"])
@answers
def list_provider_instances(req: func.HttpRequest) -> func.HttpResponse:
    """The org's provider instances."""
    org = org_of(req)
    query = Query(size=page_size(req), continuation=parameter(req, "continuation"))
    page = list_page(ProviderInstance, org, query)
    content = {
        "value": [provider_view(provider) for provider in page.items],
        "nextLink": Links.of(req, org).next_page(req, page.continuation),
    }
    return json_response(content)


@bp.function_name("get_provider_instance")
@bp.route(_ONE, methods=["GET"])
@answers
def get_provider_instance(req: func.HttpRequest) -> func.HttpResponse:
    """One provider instance."""
    provider = fetch(ProviderInstance, _WHAT, org_of(req), _provider_id(req))
    return record_response(req, provider, provider_view(provider))


@bp.function_name("put_provider_instance")
@bp.route(_ONE, methods=["PUT"])
@answers
def put_provider_instance(req: func.HttpRequest) -> func.HttpResponse:
    """Create a provider instance (201) or replace it (200); running operations keep the one they began with."""
    org = org_of(req)
    provider_id = _provider_id(req)
    body = read_body(req)
    settings, findings = parse_provider_settings(body)
    if settings is None:
        raise Refused(invalid(findings))
    return idempotent_requests.once(
        req, org, body, lambda attempt: idempotent_requests.keep_answer(attempt, _put(req, org, provider_id, settings))
    )


def _put(req: func.HttpRequest, org: str, provider_id: str, settings: ProviderInstanceSettings) -> func.HttpResponse:
    known = _known(org, provider_id)
    _check_condition(req, known)
    at = now()
    provider = ProviderInstance(
        **settings.model_dump(include=set(ProviderInstanceSettings.model_fields)),
        org_id=org,
        id=provider_id,
        created_at=known.created_at if known else at,
        updated_at=at,
        etag=known.etag if known else None,
    )
    _write(provider, is_new=known is None, conditional=_is_conditional(req))
    written = fetch(ProviderInstance, _WHAT, org, provider_id)
    headers = {"ETag": written.etag or "", "Location": Links.of(req, org).to("provider-instances", provider_id)}
    return json_response(provider_view(written), status=200 if known else 201, headers=headers)


@bp.function_name("delete_provider_instance")
@bp.route(_ONE, methods=["DELETE"])
@answers
def delete_provider_instance(req: func.HttpRequest) -> func.HttpResponse:
    """Delete a provider instance (204) that no running operation uses (409)."""
    org = org_of(req)
    return idempotent_requests.once(
        req, org, None, lambda attempt: idempotent_requests.keep_answer(attempt, _delete(req, org, _provider_id(req)))
    )


def _delete(req: func.HttpRequest, org: str, provider_id: str) -> func.HttpResponse:
    provider = fetch(ProviderInstance, _WHAT, org, provider_id)
    _check_condition(req, provider)
    _check_unused(provider)
    try:
        wiring.catalog().delete(provider)
    except Changed as error:
        raise _precondition_failed() if _is_conditional(req) else error from error
    return empty_response(204)


def _provider_id(req: func.HttpRequest) -> str:
    return path_id(req, "provider_id", _WHAT)


def _known(org: str, provider_id: str) -> ProviderInstance | None:
    try:
        return wiring.catalog().get(ProviderInstance, org, provider_id)
    except NotFound:
        return None


def _write(provider: ProviderInstance, *, is_new: bool, conditional: bool) -> None:
    try:
        if is_new:
            wiring.catalog().create(provider)
        else:
            wiring.catalog().update(provider)
    except (AlreadyExists, Changed) as error:
        raise _precondition_failed() if conditional else Changed(provider.id) from error


def _is_conditional(req: func.HttpRequest) -> bool:
    return "If-Match" in req.headers or "If-None-Match" in req.headers


def _check_condition(req: func.HttpRequest, known: ProviderInstance | None) -> None:
    """If-Match wants one of these versions to be there, If-None-Match none of these; * is any version."""
    etags = {"*", known.etag} if known else set()
    wanted, unwanted = (
        {tag.strip() for tag in header.split(",")} if (header := req.headers.get(name)) else None
        for name in ("If-Match", "If-None-Match")
    )
    if (wanted is not None and not wanted & etags) or (unwanted is not None and unwanted & etags):
        raise _precondition_failed()


def _precondition_failed() -> Refused:
    detail = "The provider instance is not in the state that the request expects: read it again."
    return Refused(Problem(412, Code.CHANGED, detail))


def _check_unused(provider: ProviderInstance) -> None:
    continuation = None
    for _ in range(_MOST_PAGES):
        query = Query(equals={"status": _AT_WORK}, size=100, continuation=continuation)
        page = wiring.catalog().list(Operation, provider.org_id, query)
        for operation in page.items:
            if _uses(operation, provider):
                detail = f"The operation {operation.id} still works with it: wait until that has ended."
                raise Refused(Problem(409, Code.IN_USE, detail))
        continuation = page.continuation
        if continuation is None:
            return


def _uses(operation: Operation, provider: ProviderInstance) -> bool:
    try:
        image = wiring.catalog().get(Image, operation.org_id, operation.image_id)
    except NotFound:
        return False
    return image.provider_instance_id == provider.id
