"""Event Grid: an event may ask for an image, with the body of `POST /images` as its data.

Nobody waits for an answer. What is accepted goes the way of every request, with the event's source and id as its
idempotency key; what is refused is laid aside as a dead letter, so that the event never comes again for it; and what
may pass fails, so that it does.
"""

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.errors.catalogue import CatalogError
from shared.requests import idempotency
from shared.requests.acceptance import Accepted
from shared.requests.body import read_object
from shared.requests.dead_letters import dead_letter
from shared.requests.findings import Code, Finding
from shared.requests.image_requests import parse_image_request
from shared.requests.models import AnyRequest
from shared.requests.problems import Problem, Refused, invalid, problem_of
from triggers.accept import create
from triggers.http import idempotent_requests
from triggers.http.answers import json_response, now
from triggers.http.views import created

CREATE_REQUESTED = "ImageCatalog.CreateRequested"
_PASSING = frozenset({Code.CHANGED, Code.CONFLICT})
"""Somebody was quicker at the same record: the next time it is different."""

bp = df.Blueprint()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """An event in either schema; whoever sent it may have put anything anywhere."""

    id: Any
    source: Any
    kind: Any
    data: Any


@bp.function_name("create_requests")
@bp.event_grid_trigger(arg_name="event")
@bp.durable_client_input(client_name="client")
async def create_requests(event: func.EventGridEvent, client: df.DurableOrchestrationClient) -> None:
    """Accept what an event asks for, or lay it aside.

    Raises:
        Refused: it can't be worked on right now; Event Grid sends it again.
        CatalogError: likewise.
    """
    asked = _asked(event)
    try:
        await _accept(asked, client)
    except (Refused, CatalogError) as error:
        problem = error.problem if isinstance(error, Refused) else problem_of(error)
        if problem is None or problem.retry_after is not None or problem.code in _PASSING:
            raise
        await asyncio.to_thread(_lay_aside, asked, problem)


def _asked(event: func.EventGridEvent | func.CloudEvent) -> Asked:
    if isinstance(event, func.CloudEvent):
        return Asked(event.id, event.source, event.type, event.get_json())
    return Asked(event.id, event.topic, event.event_type, event.get_json())


async def _accept(asked: Asked, client: df.DurableOrchestrationClient) -> None:
    request, content = _read(asked)
    key = idempotency.event_key(asked.source, asked.id, content)
    attempt = await asyncio.to_thread(idempotent_requests.take, request.org_id, key)
    if attempt.earlier is None:
        await create.accept(client, request, attempt, _answer)


def _read(asked: Asked) -> tuple[AnyRequest, dict[str, Any]]:
    """The request, and all of the data.

    Raises:
        Refused: with everything that is wrong.
    """
    findings = [
        Finding(Code.REQUIRED, f"the event must have {name}")
        for name, value in (("an id", asked.id), ("a source or topic", asked.source))
        if not isinstance(value, str) or not value
    ]
    if asked.kind != CREATE_REQUESTED:
        findings.append(Finding(Code.INVALID_VALUE, f"the event's type must be {CREATE_REQUESTED}"))
    content = read_object(_text(asked.data))
    action = content.get("action")
    if action is not None and not isinstance(action, str):
        findings.append(Finding(Code.INVALID_VALUE, "must be a text", "/action"))
        action = None
    body = {name: value for name, value in content.items() if name != "action"}
    parsed = parse_image_request(body, now=now(), action=action)
    if parsed.request is None or findings or parsed.findings:
        raise Refused(invalid([*findings, *parsed.findings]))
    return parsed.request, content


def _text(data: Any) -> bytes:
    """The data as it may have been sent, so that it is read within the same limits as a body."""
    try:
        return b"" if data is None else json.dumps(data).encode()
    except RecursionError:
        detail = "The event's data is nested too deeply."
        raise Refused(Problem(400, Code.INVALID_JSON, detail)) from None


def _answer(accepted: Accepted) -> func.HttpResponse:
    """What is kept as the answer: nobody gets it, but it says that the event was worked on."""
    return json_response(created(accepted.image, accepted.version, accepted.asset), status=202)


def _lay_aside(asked: Asked, problem: Problem) -> None:
    letter = dead_letter(problem, event_id=asked.id, source=asked.source, kind=asked.kind, data=asked.data, at=now())
    wiring.catalog().put(letter)
    _log.warning("the event %r was refused: %s; see the dead letter %s", letter.event_id, problem.code, letter.id)
