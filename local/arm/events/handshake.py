"""The proof that a webhook wants events, before it gets any.

Event Grid's schema: an event with a code, which the receiver sends back, or a URL that it gets later, by hand.
CloudEvents: OPTIONS with the origin of the events, which the receiver allows, or, later, a GET of the callback.
"""

import uuid

import httpx

from . import documents
from .courier import ANSWER_SECONDS
from .hooks import PENDING, READY, Hook


async def prove(hook: Hook, url: str, time: str) -> str:
    """The hook's state after the handshake; ValueError when the receiver refused or did not answer."""
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
        try:
            if hook.schema == documents.EVENT_GRID:
                return await _by_event(client, hook, url, time)
            return await _by_options(client, hook, url)
        except httpx.HTTPError as problem:
            raise ValueError(f"the endpoint did not answer: {problem!r}") from problem


async def _by_event(client: httpx.AsyncClient, hook: Hook, url: str, time: str) -> str:
    event = documents.validation(hook.scope, str(uuid.uuid4()), time, hook.code, url)
    headers = documents.headers("SubscriptionValidation", hook.name, hook.schema, 0)
    answer = await client.post(hook.endpoint, json=event, headers=headers)
    _check(answer)
    try:
        returned = answer.json().get("validationResponse")
    except (ValueError, AttributeError):
        return PENDING
    return READY if returned == hook.code else PENDING


async def _by_options(client: httpx.AsyncClient, hook: Hook, url: str) -> str:
    headers = {"WebHook-Request-Origin": documents.ORIGIN, "WebHook-Request-Callback": url}
    answer = await client.options(hook.endpoint, headers=headers)
    _check(answer)
    return READY if answer.headers.get("WebHook-Allowed-Origin") in (documents.ORIGIN, "*") else PENDING


def _check(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise ValueError(f"the endpoint refused the validation with status {answer.status_code}")
