"""Requests with a key: done once, answered the same every time."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from shared.errors.catalogue import StoreUnavailable
from shared.models.idempotency_key import IdempotencyKey
from shared.models.image import Image
from tests.builders import ORG, PROVIDER
from tests.unit.api.client import PASSWORD, Answer, Api, import_body, provider_body
from triggers.http import idempotent_requests

KEY = {"Idempotency-Key": "7d9e"}
KEPT = ("Location", "Operation-Location", "Retry-After")


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time that the keys go by; change its one element to let time pass."""
    moments = [datetime.now(UTC)]
    monkeypatch.setattr(idempotent_requests, "now", lambda: moments[0])
    return moments


def put(api: Api, body: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
    return api.request("PUT", f"/imagemgmt/v1/provider-instances/{PROVIDER}?org_id={ORG}", body, headers)


def claim(api: Api, at: datetime) -> None:
    """Leave the key as a process does that dies in the middle of its work."""
    (done,) = api.catalog.all(IdempotencyKey)
    api.catalog.put(done.model_copy(update={"answer": None, "claimed_at": at}))


def test_the_same_request_gets_the_first_answer_and_makes_nothing(api: Api):
    first = api.post(import_body(), KEY)
    again = api.post(import_body(), KEY)

    assert (first.status, again.status) == (202, 202)
    assert again.json == first.json
    assert {name: again.headers[name] for name in KEPT} == {name: first.headers[name] for name in KEPT}
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert len(api.catalog.all(Image)) == len(api.client.started) == 1


def test_the_longest_texts_are_repeated_too(api: Api):
    """They are escaped in an answer, to seven times their length."""
    long = {"streamDescription": "\N{ROCKET}" * 1024, "versionDescription": "\N{ROCKET}" * 1024}
    body = import_body(**long)
    body["assetDetails"]["data"] |= {f"note{number}": "\N{ROCKET}" * 64 for number in range(6)}
    first = api.post(body, KEY)
    again = api.post(body, KEY)
    assert (first.status, again.status) == (202, 202)
    assert again.content == first.content


def test_another_request_with_the_key_is_refused(api: Api):
    api.post(import_body(), KEY)
    answer = api.post(import_body(streamName="Another"), KEY)

    assert (answer.status, answer.json["code"]) == (422, "KEY_REUSED")
    assert len(api.catalog.all(Image)) == 1


def test_the_order_of_members_makes_no_other_request(api: Api):
    api.post(import_body(), KEY)
    assert api.post(dict(reversed(import_body().items())), KEY).status == 202


def test_the_query_belongs_to_the_request(api: Api):
    api.post(import_body(), KEY)
    assert api.post(import_body(), KEY, action="import").status == 422


def test_a_function_key_does_not_belong_to_the_request(api: Api):
    """It may have been exchanged meanwhile, and nothing that is kept is made of it."""
    first = api.post(import_body(), KEY, code="the-old-key")
    again = api.post(import_body(), KEY, code="the-new-key")
    assert (again.status, again.json) == (202, first.json)


def test_an_answer_that_names_long_unknown_fields_is_repeated_too(api: Api):
    body = import_body(**{f"{number}{'x' * 2000}": 1 for number in range(25)})
    first, again = api.post(body, KEY), api.post(body, KEY)
    assert (again.status, again.json) == (202, first.json)
    assert any(warning["pointer"] == f"/0{'x' * 59}…" for warning in first.json["warnings"])


def test_without_a_key_a_repetition_is_a_request_of_its_own(api: Api):
    api.post(import_body())
    assert api.post(import_body()).json["code"] == "NAME_IN_USE"
    assert not api.catalog.all(IdempotencyKey)


def test_keys_of_other_requests_have_nothing_to_do_with_it(api: Api):
    """The same key for another route, or in quotation marks as the IETF draft has it."""
    assert put(api, provider_body(), KEY).status == 200
    assert api.post(import_body(), KEY).status == 202
    assert api.post(import_body(), {"Idempotency-Key": '"7d9e"'}).headers["Idempotent-Replayed"] == "true"


def test_nothing_of_the_password_is_kept(api: Api):
    """Not even what it could be compared with: another password alone makes no other request."""
    api.post(import_body(), KEY)
    (kept,) = api.catalog.all(IdempotencyKey)
    details = import_body()["assetDetails"]
    other = {**details, "vmInfo": {"username": "builder", "password": ["Another-Good-9-Password"]}}
    again = api.post(import_body(assetDetails=other), KEY)

    assert again.headers["Idempotent-Replayed"] == "true"
    assert PASSWORD not in kept.model_dump_json()


def test_a_refused_request_frees_its_key(api: Api):
    api.post(import_body())
    assert api.post(import_body(), KEY).status == 409
    assert api.post(import_body(streamName="Free"), KEY).status == 202


def test_a_request_that_could_not_be_started_frees_its_key(api: Api):
    api.client.failure = Exception("no host")
    assert api.post(import_body(), KEY).status == 503
    api.client.failure = None
    assert api.post(import_body(), KEY).status == 202


def test_an_answer_that_got_lost_on_its_way_is_given_again(api: Api, monkeypatch: pytest.MonkeyPatch):
    """The records landed, and storage was away before it could say so."""
    create = api.catalog.create

    def lost(*records: Any, replacing: Any = ()) -> None:
        create(*records, replacing=replacing)
        if replacing:
            raise StoreUnavailable("away")

    monkeypatch.setattr(api.catalog, "create", lost)
    assert api.post(import_body(), KEY).status == 503
    assert api.post(import_body(), KEY).headers["Idempotent-Replayed"] == "true"
    assert len(api.catalog.all(Image)) == 1


def test_a_key_at_work_is_a_409_that_says_when_to_come_back(api: Api, clock: list[datetime]):
    api.post(import_body(), KEY)
    claim(api, clock[0])
    answer = api.post(import_body(), KEY)

    assert (answer.status, answer.json["code"]) == (409, "REQUEST_IN_PROGRESS")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_key_whose_process_died_is_taken_over(api: Api, clock: list[datetime]):
    assert api.post(import_body(streamName="First"), KEY).status == 202
    claim(api, clock[0])
    clock[0] += timedelta(minutes=2)

    assert api.post(import_body(streamName="Second"), KEY).status == 202
    assert api.post(import_body(streamName="Second"), KEY).headers["Idempotent-Replayed"] == "true"


def test_who_was_taken_over_writes_nothing(api: Api, clock: list[datetime], monkeypatch: pytest.MonkeyPatch):
    """It was so slow that another one has its key: its own records must not land."""
    attempt = api.catalog.create

    def create(*records: Any, replacing: Any = ()) -> None:
        if replacing:
            (known,) = api.catalog.all(IdempotencyKey)
            api.catalog.update(known.model_copy(update={"claimed_at": clock[0] + timedelta(minutes=2)}))
        attempt(*records, replacing=replacing)

    monkeypatch.setattr(api.catalog, "create", create)
    answer = api.post(import_body(), KEY)

    assert (answer.status, answer.json["code"]) == (409, "REQUEST_IN_PROGRESS")
    assert not api.catalog.all(Image)


def test_a_key_is_forgotten_after_a_day(api: Api, clock: list[datetime]):
    api.post(import_body(), KEY)
    clock[0] += timedelta(hours=25)
    assert api.post(import_body(streamName="Tomorrow"), KEY).status == 202


def test_checking_only_needs_no_key(api: Api):
    assert api.post(import_body(), KEY, validateOnly="true").status == 200
    assert not api.catalog.all(IdempotencyKey)


@pytest.mark.parametrize("key", ["", "with space", "ü", "x" * 256, '"open'])
def test_a_key_that_cannot_be_one_is_refused(api: Api, key: str):
    answer = api.post(import_body(), {"Idempotency-Key": key})
    assert (answer.status, answer.json["code"]) == (400, "INVALID_VALUE")
    assert "Idempotency-Key" in answer.json["detail"]


class TestRepeatability:
    """Microsoft's headers."""

    def headers(self, sent: datetime) -> dict[str, str]:
        return {"Repeatability-Request-ID": "0c6a", "Repeatability-First-Sent": format_datetime(sent, usegmt=True)}

    def test_the_same_request_is_accepted_once(self, api: Api):
        headers = self.headers(datetime.now(UTC))
        first, again = api.post(import_body(), headers), api.post(import_body(), headers)

        assert (first.status, again.json) == (202, first.json)
        assert first.headers["Repeatability-Result"] == again.headers["Repeatability-Result"] == "accepted"

    def test_a_refusal_is_rejected(self, api: Api):
        answer = api.post(import_body(osType="SOLARIS"), self.headers(datetime.now(UTC)))
        assert (answer.status, answer.headers["Repeatability-Result"]) == (400, "rejected")

    def test_a_repetition_may_come_too_late(self, api: Api):
        answer = api.post(import_body(), self.headers(datetime.now(UTC) - timedelta(hours=25)))
        assert (answer.status, answer.json["code"]) == (412, "TOO_LATE_TO_REPEAT")

    @pytest.mark.parametrize("sent", [None, "yesterday", "Mon, 01 Jan 2999 00:00:00 GMT"])
    def test_the_date_must_be_one(self, api: Api, sent: str | None):
        headers = {"Repeatability-Request-ID": "0c6a"} | ({} if sent is None else {"Repeatability-First-Sent": sent})
        answer = api.post(import_body(), headers)
        assert answer.status == 400
        assert "Repeatability-First-Sent" in answer.json["detail"]

    def test_two_different_keys_are_one_too_many(self, api: Api):
        answer = api.post(import_body(), {**KEY, **self.headers(datetime.now(UTC))})
        assert (answer.status, answer.json["code"]) == (400, "CONTRADICTION")


def test_every_write_may_be_repeated(api: Api):
    first, again = put(api, provider_body(), KEY), put(api, provider_body(), KEY)
    assert (again.status, again.json, again.headers["ETag"]) == (200, first.json, first.headers["ETag"])
    assert put(api, provider_body(displayName="Other"), KEY).status == 422
    path = f"/imagemgmt/v1/provider-instances/{PROVIDER}?org_id={ORG}"
    assert api.request("DELETE", path, None, KEY).status == 204
    assert api.request("DELETE", path, None, KEY).status == 204
    assert api.request("DELETE", path).status == 404


def test_of_many_at_once_one_is_done(api: Api):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: api.post(import_body(), KEY), range(200)))

    assert {answer.status for answer in answers} <= {202, 409}
    assert len({answer.json["streamId"] for answer in answers if answer.status == 202}) == 1
    assert {answer.json["code"] for answer in answers if answer.status == 409} <= {"REQUEST_IN_PROGRESS", "CHANGED"}
    assert len(api.catalog.all(Image)) == len(api.client.started) == 1
