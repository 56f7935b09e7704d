"""Creating an image: from the HTTP request to the 202, in an order that loses no accepted request.

The orchestration starts before its records are written. It begins by looking for its operation, and gives up and
forgets the secret if that never comes; so whenever this process dies, either everything happens or nothing does.
The orchestration owns the secret, which is therefore kept only once there is an owner: only it can know whether the
records landed.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.delivery import catalog_events
from shared.errors.catalogue import AlreadyExists, CatalogError, Changed
from shared.errors.services import SecretUnavailable
from shared.models.idempotency_key import IdempotencyKey
from shared.requests.acceptance import Accepted, Ids
from shared.requests.findings import Code, Finding, listed
from shared.requests.image_requests import Parsed, parse_image_request
from shared.requests.models import AnyRequest
from shared.requests.problems import RETRY_AFTER_SECONDS, Problem, Refused, invalid
from shared.workflow.kinds import kind_of
from triggers.accept.check import check, name_finding, name_in_use
from triggers.accept.start import start
from triggers.http import caller, idempotent_requests
from triggers.http.answers import POLL_SECONDS, flag, json_response, now, parameter, prefers_strict, read_body
from triggers.http.links import Links
from triggers.http.views import created, warnings_of

T = TypeVar("T")

_log = logging.getLogger(__name__)


async def create(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Accept a request, or raise `Refused`."""
    parsed = read_request(req)
    request = parsed.request
    if request is None or parsed.findings:
        raise Refused(invalid(parsed.findings))
    if flag(req, "validateOnly"):
        await asyncio.to_thread(check, request)
        content = {"valid": True, "warnings": warnings_of(listed(parsed.warnings))}
        return json_response(content, headers=_preference(req))
    attempt = await asyncio.to_thread(idempotent_requests.begin, req, request.org_id, read_body(req))
    if attempt.earlier is not None:
        return attempt.earlier
    return await accept(client, request, attempt, lambda accepted: _accepted_response(req, accepted, parsed))


async def accept(
    client: df.DurableOrchestrationClient,
    request: AnyRequest,
    attempt: idempotent_requests.Attempt,
    respond: Callable[[Accepted], func.HttpResponse],
) -> func.HttpResponse:
    """Accept a request that was read, by whichever way it came; `respond` words the answer that is kept for it.

    Raises:
        Refused: something speaks against it, or it can't be worked on right now; its key is free again.
        CatalogError: likewise.
    """
    try:
        return await _work(client, request, attempt, respond)
    except (Refused, CatalogError):
        await asyncio.to_thread(attempt.released)
        raise


async def _work(
    client: df.DurableOrchestrationClient,
    request: AnyRequest,
    attempt: idempotent_requests.Attempt,
    respond: Callable[[Accepted], func.HttpResponse],
) -> func.HttpResponse:
    make = await asyncio.to_thread(check, request)
    settings = wiring.settings()
    operation, image, version, asset = (str(uuid4()) for _ in range(4))
    accepted = make(Ids(operation, image, version, asset, settings.catalog_name), now(), settings.pace)
    response = respond(accepted)
    await _prepare(client, accepted, request)
    # The answer lands with what it tells of, or neither does.
    await asyncio.to_thread(_write, accepted, attempt.answered(response))
    return response


def read_request(req: func.HttpRequest) -> Parsed:
    """Read and check all that needs nothing but the request itself: its parameters and its body.

    Raises:
        Refused: the body can't be read, or the caller may not act for the org.
    """
    orgs = caller.claimed_orgs(req)
    findings: list[Finding] = []
    stated = _noting(findings, lambda: caller.stated_org(req))
    caller.check_org(orgs, stated)
    _noting(findings, lambda: flag(req, "validateOnly"))
    body = _noting(findings, lambda: read_body(req))
    if body is None:
        return Parsed(None, findings, ())
    parsed = parse_image_request(
        body,
        now=now(),
        action=parameter(req, "action"),
        org_id=stated or caller.only(orgs),
        strict=prefers_strict(req),
    )
    if parsed.request is not None:
        caller.check_org(orgs, parsed.request.org_id)
    return replace(parsed, findings=[*findings, *_org_findings(body, stated), *parsed.findings])


def _noting(findings: list[Finding], read: Callable[[], T]) -> T | None:
    """What `read` returns; None where it refuses with a 400, whose findings are noted."""
    try:
        return read()
    except Refused as refused:
        if refused.problem.status != 400:
            raise
        findings += refused.problem.findings
        return None


def _org_findings(body: Mapping[str, Any], stated: str | None) -> Sequence[Finding]:
    org_id = body.get("orgId")
    if stated is None or not isinstance(org_id, str) or org_id in ("", stated):
        return ()
    return (Finding(Code.CONTRADICTION, f"is not {stated}, which org_id says", "/orgId"),)


async def _prepare(client: df.DurableOrchestrationClient, accepted: Accepted, request: AnyRequest) -> None:
    """Start the orchestration, then keep the secret, if there is one.

    At the same time would be quicker, and leave a secret that nobody owns if this process dies in between.
    """
    await start(client, kind_of(accepted.job).orchestrator, accepted.job)
    name, secret = accepted.job.secret_name, request.secret
    if name is not None and secret is not None:
        await asyncio.to_thread(_keep_secret, name, secret.get_secret_value())


def _keep_secret(name: str, value: str) -> None:
    wiring.secrets().put(name, value)


def _forget_secret(name: str) -> None:
    """Delete a secret that nobody else knows of; where that fails, the log names it."""
    try:
        wiring.secrets().delete(name)
    except SecretUnavailable as error:
        _log.warning("the secret %s was not deleted: %s", name, error)


def _write(accepted: Accepted, answer: IdempotencyKey | None) -> None:
    catalog, image = wiring.catalog(), accepted.image
    telling = wiring.outbox().about(image.org_id, image.id)
    try:
        telling.announce(catalog)
        told = telling.rows([catalog_events.of_acceptance(accepted.image, accepted.operation)])
        catalog.create(*accepted.records, *told, replacing=[answer] if answer else [])
    except Changed as error:
        # So slow that another request with the key took over: what it comes to, this one may be told later.
        detail = "Another request with this key is being worked on: please repeat."
        raise Refused(Problem(409, Code.REQUEST_IN_PROGRESS, detail, retry_after=RETRY_AFTER_SECONDS)) from error
    except AlreadyExists as error:
        if error.key.endswith(accepted.operation.row_key) and accepted.job.secret_name:
            # The orchestration waited in vain and gave up, perhaps before there was a secret to forget.
            _forget_secret(accepted.job.secret_name)
        is_name = error.key.endswith(accepted.name.row_key)
        if is_name and (taken := name_finding(accepted.image.org_id, accepted.image.name)):
            raise name_in_use(taken) from error
        # The orchestration gave up; or the name became free again a moment ago.
        detail = "The request came to nothing: please repeat."
        raise Refused(Problem(503, Code.TRY_AGAIN, detail, retry_after=RETRY_AFTER_SECONDS)) from error


def _accepted_response(req: func.HttpRequest, accepted: Accepted, parsed: Parsed) -> func.HttpResponse:
    content = created(accepted.image, accepted.version, accepted.asset)
    if parsed.warnings:
        content["warnings"] = warnings_of(listed(parsed.warnings))
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
