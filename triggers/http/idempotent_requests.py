"""Requests with a key are worked on once: the first answer is kept, and given again."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func

from shared import wiring
from shared.errors.catalogue import AlreadyExists, CatalogError, Changed, NotFound, StoreUnavailable
from shared.models.idempotency_key import IdempotencyKey, StoredAnswer
from shared.requests import idempotency
from shared.requests.idempotency import RequestKey
from shared.requests.problems import Refused
from triggers.http.answers import EVERY_ANSWER, JSON, now

_log = logging.getLogger(__name__)

_LOOKS = 3
"""How often a key is looked at that others take and give back at the same moment."""

_CREDENTIALS = frozenset({"code", "clientId"})
"""The parameters of a function key: a request is the same with another one, and nothing kept is made of one."""

_KEPT_HEADERS = ("Location", "Operation-Location", "Retry-After", "ETag", "Preference-Applied")


@dataclass
class Attempt:
    """One attempt at a request. `claim` is the record that keeps others from working on it; None without a key.

    Either its `earlier` answer is given again; or the work is done, and ends in `answered` or `released`.
    """

    claim: IdempotencyKey | None = None
    earlier: func.HttpResponse | None = None
    repeatable: bool = False

    def answered(self, response: func.HttpResponse) -> IdempotencyKey | None:
        """Mark the answer as the first one; returns the record to write for it, if the request has a key."""
        if self.repeatable:
            response.headers[idempotency.RESULT] = "accepted"
        return self.claim.model_copy(update={"answer": _stored(response)}) if self.claim else None

    def released(self) -> None:
        """Nothing came of the request: its key may be used again."""
        if self.claim:
            try:
                wiring.catalog().delete(self.claim)
            except (Changed, StoreUnavailable) as error:
                # Another request has taken the key, or its answer is there after all; or the claim lapses by itself.
                _log.info("the claim of a request was not given back: %s", error)


def begin(req: func.HttpRequest, org: str, body: Mapping[str, Any] | None) -> Attempt:
    """Claim the key of a request, if it has one.

    Raises:
        Refused: the headers can't be used; the key belongs to another request (422), or to one at work (409).
    """
    query = {name: value for name, value in req.params.items() if name not in _CREDENTIALS}
    content = {"query": query, "body": body}
    key = idempotency.request_key(req.headers, req.method, urlsplit(req.url).path, content, now())
    if key is None:
        return Attempt()
    return take(org, key, repeatable=idempotency.is_repeatable(req.headers))


def take(org: str, key: RequestKey, *, repeatable: bool = False) -> Attempt:
    """Claim a key.

    Raises:
        Refused: it belongs to another request (422), or to one at work (409).
    """
    for last in (*(False,) * (_LOOKS - 1), True):
        known = _known(org, key)
        if known is not None and not idempotency.is_forgotten(known, now()):
            refusal = idempotency.refusal(known, key)
            if refusal is None:
                return Attempt(earlier=_again(known, repeatable=repeatable))
            raise refusal
        try:
            return Attempt(_claim(org, key, known), repeatable=repeatable)
        except (AlreadyExists, Changed):
            if last:
                raise
    raise AssertionError("the last look returns or raises")


def once(
    req: func.HttpRequest, org: str, body: Mapping[str, Any] | None, work: Callable[[Attempt], func.HttpResponse]
) -> func.HttpResponse:
    """Do work once, that writes its answer itself, in one transaction with what it tells of.

    Work that may be repeated without harm may write it afterwards, by `keep_answer`.
    """
    attempt = begin(req, org, body)
    if attempt.earlier is not None:
        return attempt.earlier
    try:
        return work(attempt)
    except (Refused, CatalogError):
        attempt.released()
        raise


def keep_answer(attempt: Attempt, response: func.HttpResponse) -> func.HttpResponse:
    """Write the answer of work that is done, if the request has a key; returns it."""
    answered = attempt.answered(response)
    if answered is not None:
        try:
            wiring.catalog().update(answered)
        except Changed as error:
            # It took so long that another one took its place; what was done is the same.
            _log.info("the answer of a request was not kept: %s", error)
    return response


def _known(org: str, key: RequestKey) -> IdempotencyKey | None:
    try:
        return wiring.catalog().get(IdempotencyKey, org, key.id)
    except NotFound:
        return None


def _claim(org: str, key: RequestKey, known: IdempotencyKey | None) -> IdempotencyKey:
    """Write that the request is being worked on, and read it back: its etag guards the answer."""
    claim = IdempotencyKey(
        org_id=org, id=key.id, fingerprint=key.fingerprint, claimed_at=now(), etag=known.etag if known else None
    )
    if known is None:
        wiring.catalog().create(claim)
    else:
        wiring.catalog().update(claim)
    written = _known(org, key)
    if written is None or written.claimed_at != claim.claimed_at:
        raise Changed(claim.row_key)
    return written


def _stored(response: func.HttpResponse) -> StoredAnswer:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = response.get_body()
    return StoredAnswer(status=response.status_code, headers=headers, content=json.loads(body) if body else None)


def _again(known: IdempotencyKey, *, repeatable: bool) -> func.HttpResponse:
    answer = known.answer
    if answer is None:
        raise ValueError("a request that is still worked on has no answer to give again")
    headers = {**EVERY_ANSWER, **answer.headers, "Idempotent-Replayed": "true"}
    if repeatable:
        headers[idempotency.RESULT] = "accepted"
    body = None if answer.content is None else json.dumps(answer.content)
    return func.HttpResponse(body, status_code=answer.status, headers=headers, mimetype=JSON)
