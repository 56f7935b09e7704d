"""Creating an image: from the HTTP request to the 202, in an order that loses no accepted request.

The orchestration starts before its records are written. It begins by looking for its operation, and gives up and
forgets the secret if that never comes; so whenever this process dies, either everything happens or nothing does.
From its start on the orchestration owns the secret: only it can know whether the records landed.
"""

import asyncio
import logging
from uuid import uuid4

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.acceptance import Accepted, Ids, accept, check_against
from shared.errors import AlreadyExists, NotFound, SecretUnavailable
from shared.findings import Code, Finding
from shared.image_requests import Parsed, parse_image_request
from shared.models.provider_instance import ProviderInstance
from shared.models.records import NameReservation
from shared.models.requests import Administrator, ImageRequest
from shared.models.responses import created, warnings_of
from shared.names import Orchestrator
from shared.problems import RETRY_AFTER_SECONDS, Problem, Refused, invalid
from triggers import caller
from triggers.http import POLL_SECONDS, flag, json_response, now, parameter, prefers_strict, read_body
from triggers.links import Links

_log = logging.getLogger(__name__)


async def create(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Accept a request, or raise `Refused`."""
    parsed = read_request(req)
    if parsed.request is None:
        raise Refused(invalid(parsed.findings))
    request = parsed.request
    provider = await asyncio.to_thread(_check, request)
    if flag(req, "validateOnly"):
        content = {"valid": True, "warnings": warnings_of(parsed.warnings)}
        return json_response(content, headers=_preference(req))
    ids = Ids(operation=str(uuid4()), image=str(uuid4()), version=str(uuid4()), asset=str(uuid4()))
    accepted = accept(request, provider, ids, now(), wiring.settings().pace)
    await _prepare(client, accepted, request.administrator)
    await asyncio.to_thread(_write, accepted)
    return _accepted_response(req, accepted, parsed)


def read_request(req: func.HttpRequest) -> Parsed:
    """Read and check all that needs nothing but the request itself.

    Raises:
        Refused: the body can't be read, or the caller may not act for the org.
    """
    orgs = caller.claimed_orgs(req)
    stated = caller.stated_org(req)
    caller.check_org(orgs, stated)
    parsed = parse_image_request(
        read_body(req),
        action=parameter(req, "action"),
        org_id=stated or caller.only(orgs),
        strict=prefers_strict(req),
    )
    request = parsed.request
    if request is not None:
        caller.check_org(orgs, request.org_id)
        if stated not in (None, request.org_id):
            finding = Finding(Code.CONTRADICTION, f"says {request.org_id}, and org_id says {stated}", "/orgId")
            raise Refused(invalid([finding]))
    return parsed


def _check(request: ImageRequest) -> ProviderInstance:
    """Check the request against what the org has: its provider instance, and the names of its images."""
    provider_id = request.provider_instance_id
    try:
        provider = wiring.catalog().get(ProviderInstance, request.org_id, provider_id)
    except NotFound:
        message = f"the org has no provider instance {provider_id}: PUT it to provider-instances/{provider_id}"
        finding = Finding(Code.UNKNOWN_PROVIDER_INSTANCE, message, "/providerInstanceId")
        raise Refused(invalid([finding])) from None
    if findings := check_against(request, provider):
        raise Refused(invalid(findings))
    _check_name(request.org_id, request.stream_name)
    return provider


def _check_name(org_id: str, name: str) -> None:
    """Refuse a name that an image of the org has."""
    try:
        taken = wiring.catalog().get(NameReservation, org_id, name.lower())
    except NotFound:
        return
    message = f"the image {taken.image_id} has the name {taken.name} already: choose another"
    raise Refused(Problem(409, Code.NAME_IN_USE, message, (Finding(Code.NAME_IN_USE, message, "/streamName"),)))


async def _prepare(client: df.DurableOrchestrationClient, accepted: Accepted, administrator: Administrator) -> None:
    """Keep the secret and start the orchestration, at the same time: each is there before it is needed."""
    keep = asyncio.to_thread(_keep_secret, accepted.job.secret_name, administrator)
    kept, started = await asyncio.gather(keep, _start(client, accepted), return_exceptions=True)
    if isinstance(started, BaseException):
        await asyncio.to_thread(_forget_secret, accepted.job.secret_name)
        raise started
    if isinstance(kept, BaseException):
        raise kept


async def _start(client: df.DurableOrchestrationClient, accepted: Accepted) -> None:
    job = accepted.job
    try:
        await client.start_new(Orchestrator.IMPORT_IMAGE, instance_id=job.operation_id, client_input=job.to_json())
    except Exception as error:  # the SDK raises bare Exceptions, and aiohttp's own
        _log.warning("the orchestration %s could not be started: %s", job.operation_id, type(error).__name__)
        detail = "The work can't be started right now: please repeat."
        raise Refused(Problem(503, Code.TRY_AGAIN, detail, retry_after=RETRY_AFTER_SECONDS)) from error


def _keep_secret(name: str, administrator: Administrator) -> None:
    wiring.secrets().put(name, administrator.password.get_secret_value())


def _forget_secret(name: str) -> None:
    """Delete a secret that nobody else knows of; it expires by itself if that fails."""
    try:
        wiring.secrets().delete(name)
    except SecretUnavailable as error:
        _log.warning("the secret %s was not deleted: %s", name, error)


def _write(accepted: Accepted) -> None:
    try:
        wiring.catalog().create(*accepted.records)
    except AlreadyExists as error:
        if error.key.endswith(accepted.name.row_key):
            _check_name(accepted.image.org_id, accepted.image.name)
        # The orchestration waited in vain and gave up; or the name became free again a moment ago.
        detail = "The request came to nothing: please repeat."
        raise Refused(Problem(503, Code.TRY_AGAIN, detail, retry_after=RETRY_AFTER_SECONDS)) from error


def _accepted_response(req: func.HttpRequest, accepted: Accepted, parsed: Parsed) -> func.HttpResponse:
    content = created(accepted.image, accepted.version, accepted.asset)
    if parsed.warnings:
        content["warnings"] = warnings_of(parsed.warnings)
    links = Links.of(req, accepted.image.org_id)
    headers = {
        "Location": links.image(accepted.image.id),
        "Operation-Location": links.operation(accepted.operation.id),
        "Retry-After": str(POLL_SECONDS),
        **_preference(req),
    }
    return json_response(content, status=202, headers=headers)


def _preference(req: func.HttpRequest) -> dict[str, str]:
    return {"Preference-Applied": "handling=strict"} if prefers_strict(req) else {}
