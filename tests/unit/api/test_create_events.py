"""Events that ask for an image: accepted once, refused into a dead letter, or to come again."""

import asyncio
import json
import logging
from typing import Any

import azure.functions as func
import pytest

from local.host.eventgrid import decoded
from shared.errors.catalogue import CatalogError, StoreUnavailable
from shared.errors.services import SecretUnavailable
from shared.models.dead_letter import DeadLetter
from shared.models.idempotency_key import IdempotencyKey
from shared.models.image import Image
from shared.models.operation import Operation
from shared.requests.dead_letters import HIDDEN, NO_ORG
from shared.requests.problems import Refused
from tests.builders import GALLERY, ORG, provider_instance
from tests.unit.api.client import PASSWORD, Api, copy_body, import_body, with_administrator
from triggers.events import create_requests
from triggers.events.create_requests import CREATE_REQUESTED

Json = dict[str, Any]


def event_grid(data: Any, name: Any = "e-1", kind: str = CREATE_REQUESTED) -> Json:
    topic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/requests"
    return {"id": name, "topic": topic, "subject": "x", "eventType": kind, "dataVersion": "1", "data": data}


def cloud(data: Any, name: Any = "e-1", kind: str = CREATE_REQUESTED) -> Json:
    return {"specversion": "1.0", "id": name, "source": "/portal", "type": kind, "data": data}


BOTH = pytest.mark.parametrize("schema", [event_grid, cloud], ids=["event-grid", "cloud-events"])


def deliver(api: Api, event: Json) -> None:
    """As the worker does it, through the SDK's own converter."""
    [builder] = create_requests.bp._function_builders
    handler = builder.build(func.AuthLevel.FUNCTION).get_user_function().client_function
    asyncio.run(handler(event=decoded(event), client=api.client))


def letters(api: Api) -> list[DeadLetter]:
    return list(api.catalog.all(DeadLetter))


@BOTH
def test_an_event_asks_for_an_import(api: Api, schema):
    deliver(api, schema(import_body(action="import")))
    [(orchestrator, instance_id, job)] = api.client.started
    [operation] = api.catalog.all(Operation)
    assert (orchestrator, instance_id) == ("import_image", operation.id)
    assert job["imageName"] == "Windows-11"
    assert api.secrets.secrets == {f"vm-{operation.id}": PASSWORD}
    assert not letters(api)


@BOTH
def test_an_event_asks_for_a_copy(api: Api, schema):
    api.catalog.put(provider_instance(gallery_id=GALLERY))
    deliver(api, schema(copy_body(action="copy-existing-image")))
    [(orchestrator, _, job)] = api.client.started
    assert (orchestrator, job["action"]) == ("copy_image", "copy-existing-image")


@BOTH
def test_a_doubled_event_makes_one_image(api: Api, schema):
    for _ in range(3):
        deliver(api, schema(import_body()))
    assert len(api.catalog.all(Image)) == len(api.client.started) == 1
    assert not letters(api)


def test_events_are_the_same_by_source_and_id(api: Api):
    deliver(api, event_grid(import_body()))
    deliver(api, cloud(import_body(streamName="Another")))
    deliver(api, cloud(import_body(streamName="A-third"), name="e-2"))
    assert len(api.catalog.all(Image)) == 3


def test_the_same_id_with_other_data_is_refused(api: Api):
    deliver(api, cloud(import_body()))
    deliver(api, cloud(import_body(streamName="Another")))
    assert len(api.catalog.all(Image)) == 1
    assert [(letter.status, letter.code) for letter in letters(api)] == [(422, "KEY_REUSED")]


@BOTH
@pytest.mark.parametrize(
    ("data", "status", "code", "org"),
    [
        (import_body(osType="DOS"), 400, "INVALID_VALUE", ORG),
        (import_body(osType=...), 400, "REQUIRED", ORG),
        (import_body(orgId=...), 400, "REQUIRED", NO_ORG),
        (import_body(orgId="../x"), 400, "INVALID_VALUE", NO_ORG),
        (import_body(providerInstanceId="none"), 400, "UNKNOWN_PROVIDER_INSTANCE", ORG),
        (import_body(action="destroy"), 400, "INVALID_VALUE", ORG),
        (import_body(action=7), 400, "INVALID_VALUE", ORG),
        (import_body(streamDescription="x" * 70_000), 413, "PAYLOAD_TOO_LARGE", ORG),
        ({"imageCatalogRequest": import_body()}, 400, "WRAPPED_BODY", NO_ORG),
        (None, 400, "EMPTY_BODY", NO_ORG),
        ([import_body()], 400, "INVALID_JSON", NO_ORG),
        (json.dumps(import_body()), 400, "INVALID_JSON", NO_ORG),
        ({**import_body(), "streamDescription": float("nan")}, 400, "INVALID_JSON", ORG),
    ],
    ids=range(13),
)
def test_a_bad_one_is_laid_aside_with_the_reason(api: Api, schema, data, status, code, org):
    for _ in range(2):  # a redelivery finds its own letter
        deliver(api, schema(data))
    [letter] = letters(api)
    assert (letter.status, letter.code, letter.org_id) == (status, code, org)
    assert letter.errors
    assert (letter.event_id, letter.event_type) == ("e-1", CREATE_REQUESTED)
    assert not api.client.started
    assert not api.catalog.all(Image)


@pytest.mark.parametrize("name", [chr(1) * 300, chr(0xD800)], ids=["escaped", "half-a-character"])
def test_one_whose_letter_could_not_be_written_as_it_is_is_laid_aside_too(api: Api, name: str):
    data = import_body(**{f"{name}{number}": "https://blobs.example/x?sig=canary" for number in range(25)})
    deliver(api, cloud(data))
    [letter] = api.catalog.all(DeadLetter)
    assert letter.errors
    json.dumps(letter.to_json(), ensure_ascii=False).encode()


def test_a_name_that_is_taken_is_laid_aside_and_its_key_is_free_again(api: Api):
    api.created()
    deliver(api, cloud(import_body()))
    assert [letter.code for letter in letters(api)] == ["NAME_IN_USE"]
    assert not api.catalog.all(IdempotencyKey)


@pytest.mark.parametrize("name", [None, "", 7], ids=["none", "empty", "number"])
def test_an_event_without_an_id_is_laid_aside(api: Api, name):
    deliver(api, cloud(import_body(), name=name))
    assert [letter.code for letter in letters(api)] == ["REQUIRED"]


def test_an_event_of_another_type_is_laid_aside(api: Api):
    deliver(api, event_grid(import_body(), kind="Microsoft.Resources.ResourceWriteSuccess"))
    assert [letter.code for letter in letters(api)] == ["INVALID_VALUE"]


@pytest.mark.parametrize(
    "data",
    [
        import_body(osType="DOS"),
        import_body(osType="DOS", streamDescription=f"it is {PASSWORD}", **{PASSWORD: PASSWORD}),
        with_administrator(password=PASSWORD, username=PASSWORD),
        with_administrator(passwort=PASSWORD, password=...),
        import_body(osType="DOS", adminPassword=list(PASSWORD)),
        import_body(osType="DOS", nested=[{"token": {"deep": PASSWORD}}]),
        {"imageCatalogRequest": import_body()},
        import_body(action=PASSWORD),
        json.dumps(import_body()),
        [import_body()],
    ],
    ids=range(10),
)
def test_no_letter_log_or_error_holds_the_password(api: Api, caplog: pytest.LogCaptureFixture, data):
    caplog.set_level(logging.DEBUG)
    deliver(api, cloud(data))
    [letter] = letters(api)
    answer = api.get("dead-letters")
    for form in (PASSWORD, json.dumps(list(PASSWORD)), repr(list(PASSWORD))):
        assert form not in json.dumps(letter.to_json()) + caplog.text + answer.content.decode()


def test_what_is_kept_shows_what_was_asked_for(api: Api):
    deliver(api, cloud(import_body(osType="DOS")))
    [letter] = letters(api)
    assert letter.data is not None
    assert letter.data["streamName"] == "Windows-11"
    assert letter.data["assetDetails"]["vmInfo"] == HIDDEN


@pytest.mark.parametrize(
    "away",
    [StoreUnavailable("away"), SecretUnavailable("away"), Exception("no host")],
    ids=["storage", "vault", "host"],
)
def test_what_may_pass_comes_again_and_is_done_then(api: Api, away: Exception):
    if isinstance(away, StoreUnavailable):
        api.catalog.fail("create", away)
    elif isinstance(away, SecretUnavailable):
        api.secrets.fail("put", away)
    else:
        api.client.failure = away
    with pytest.raises((Refused, CatalogError)):
        deliver(api, cloud(import_body()))
    assert not letters(api)
    api.client.failure = None
    deliver(api, cloud(import_body()))
    assert len(api.catalog.all(Image)) == 1


def test_an_event_whose_twin_is_worked_on_comes_again(api: Api):
    deliver(api, cloud(import_body()))
    [known] = api.catalog.all(IdempotencyKey)
    api.catalog.put(known.model_copy(update={"answer": None}))
    with pytest.raises(Refused):
        deliver(api, cloud(import_body()))
    assert not letters(api)


def test_storage_that_is_away_loses_no_letter(api: Api):
    api.catalog.fail("put", StoreUnavailable("away"))
    with pytest.raises(StoreUnavailable):
        deliver(api, cloud(import_body(osType="DOS")))
    deliver(api, cloud(import_body(osType="DOS")))
    assert len(letters(api)) == 1


def test_an_org_reads_its_own_letters(api: Api):
    deliver(api, cloud(import_body(osType="DOS")))
    deliver(api, cloud(import_body(osType="DOS", orgId="org-others"), name="e-2"))
    deliver(api, cloud(None, name="e-3"))
    answer = api.get("dead-letters").json
    assert answer["nextLink"] is None
    [shown] = answer["value"]
    assert shown["event"] == {"id": "e-1", "source": "/portal", "type": CREATE_REQUESTED}
    assert (shown["status"], shown["code"]) == (400, "INVALID_VALUE")
    assert shown["errors"][0]["pointer"] == "/osType"
    assert api.get("dead-letters", org_id=NO_ORG).status == 400


def test_letters_come_in_pages(api: Api):
    for number in range(3):
        deliver(api, cloud(import_body(osType="DOS"), name=f"e-{number}"))
    first = api.get("dead-letters", size="2").json
    assert len(first["value"]) == 2
    assert first["nextLink"]
