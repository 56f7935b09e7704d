"""The receivers of events: a simulated Event Grid topic with the real client, and a webhook."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from local import https
from local.certificates import Certificates
from local.topic.app import create_app
from shared.cloud import webhook
from shared.cloud.event_grid import EventGridSink
from shared.cloud.identity import credential
from shared.cloud.webhook import WebhookSink
from shared.delivery import catalog_events
from shared.errors.services import EventRefused, SinkUnavailable
from shared.models.cloud_event import CloudEvent
from shared.models.error_info import ErrorInfo
from shared.models.history import HistoryEntry
from shared.settings import Settings
from tests import builders
from tests.conftest import ArmSimulator
from tests.receiver import Receiver, running_receiver

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def event(sequence: int = 7) -> CloudEvent:
    error = ErrorInfo(code="AllocationFailed", message="Kein Platz für „vm“", correlation_id="c-1", step="restart")
    entry = HistoryEntry(
        org_id="org/ä",
        image_id=builders.new_id(),
        at=builders.NOW,
        sequence=sequence,
        entity="ASSET",
        entity_id="asset-1",
        before="DEPLOYING_VM",
        after="IMPORT_RETRY_PENDING",
        operation_id="operation-1",
        step="virtual-machine",
        attempt=2,
        error=error,
    )
    return catalog_events.of_entry(entry, "version-1")


class TopicClient:
    """The topic as its owner sees it."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self.url = url
        self._client = client

    @property
    def events(self) -> list[dict[str, object]]:
        return list(self._client.get("/_topic/events").json()["value"])

    def fault(self, **fault: object) -> None:
        assert self._client.post("/_topic/faults", json=fault).status_code == 201

    def post(self, content: str, **headers: str) -> httpx.Response:
        return self._client.post("/api/events?api-version=2018-01-01", content=content, headers=headers)


@pytest.fixture(name="topic")
def _topic(certificates: Certificates) -> Iterator[TopicClient]:
    pem = certificates.certificate, certificates.private_key
    with https.running(create_app(lambda _: None), *pem) as url, httpx.Client(base_url=url) as client:
        yield TopicClient(url, client)


@pytest.fixture(name="grid")
def _grid(topic: TopicClient, simulator: ArmSimulator) -> Iterator[EventGridSink]:
    endpoint = f"{topic.url}/api/events"
    sink = EventGridSink.from_settings(
        Settings(key_vault_url="https://vault.example", event_grid_topic_endpoint=endpoint)
    )
    yield sink
    sink._client.close()


@pytest.fixture(name="receiver")
def _receiver(certificates: Certificates) -> Iterator[Receiver]:
    with running_receiver(certificates) as receiver:
        yield receiver


@pytest.fixture(name="hook")
def _hook(receiver: Receiver) -> Iterator[WebhookSink]:
    sink = WebhookSink.from_settings(
        Settings.model_validate(
            {"key_vault_url": "https://v.example", "event_webhook_url": receiver.url, "event_webhook_secret": SECRET}
        )
    )
    yield sink
    sink._session.close()


def test_event_grid_gets_the_event_as_it_is(
    grid: EventGridSink, topic: TopicClient, caplog: pytest.LogCaptureFixture
) -> None:
    sent = event()
    grid.send(sent)
    (taken,) = topic.events
    assert CloudEvent.model_validate(taken) == sent
    assert taken["data"] == sent.to_json()["data"]
    assert taken.keys() == sent.to_json().keys()
    assert not [record for record in caplog.records if record.levelname != "INFO"]


@pytest.mark.parametrize("status", [400, 413])
def test_what_event_grid_will_never_take_is_told_apart(grid: EventGridSink, topic: TopicClient, status: int) -> None:
    topic.fault(status=status)
    with pytest.raises(EventRefused, match=str(status)):
        grid.send(event())


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 503])
def test_what_may_pass_at_event_grid_is_sent_once_and_left_to_the_outbox(
    grid: EventGridSink, topic: TopicClient, status: int
) -> None:
    topic.fault(status=status)
    with pytest.raises(SinkUnavailable):
        grid.send(event())
    assert topic.events == []
    grid.send(event())
    assert len(topic.events) == 1


def test_event_grid_whose_answer_got_lost_has_the_event(grid: EventGridSink, topic: TopicClient) -> None:
    topic.fault(status=504, accepts=True)
    with pytest.raises(SinkUnavailable, match="504"):
        grid.send(event())
    assert len(topic.events) == 1


def test_an_event_grid_that_nobody_listens_at_is_unavailable(simulator: ArmSimulator) -> None:
    nowhere = Settings(key_vault_url="https://v.example", event_grid_topic_endpoint="https://127.0.0.1:1/api/events")
    with pytest.raises(SinkUnavailable, match="does not answer"):
        EventGridSink.from_settings(nowhere).send(event())


def test_the_topic_lets_in_tokens_for_event_grid_only(topic: TopicClient, simulator: ArmSimulator) -> None:
    batch = {"content-type": "application/cloudevents-batch+json"}
    assert topic.post("[]", **batch).status_code == 401
    assert topic.post("[]", **batch, authorization="Bearer x.y.z").status_code == 401


@pytest.mark.parametrize(
    "change",
    [{"id": ""}, {"specversion": "0.3"}, {"time": "yesterday"}, {"time": "2026-11-23T12:00:00"}, {"Upper": "x"}],
    ids=["no-id", "version", "time", "no-zone", "attribute"],
)
def test_the_topic_takes_cloudevents_only(topic: TopicClient, simulator: ArmSimulator, change: dict[str, str]) -> None:
    token = credential(None).get_token("https://eventgrid.azure.net/.default").token
    headers = {"content-type": "application/cloudevents-batch+json", "authorization": f"Bearer {token}"}
    assert topic.post(json.dumps([event().to_json()]), **headers).status_code == 200
    assert topic.post(json.dumps([{**event().to_json(), **change}]), **headers).status_code == 400
    assert len(topic.events) == 1


def test_a_webhook_gets_the_event_with_a_signature_that_the_library_accepts(
    hook: WebhookSink, receiver: Receiver
) -> None:
    sent = event()
    hook.send(sent)
    ((headers, body),) = receiver.posts
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["webhook-id"] == sent.id
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    assert Webhook(SECRET).verify(body, headers) == sent.to_json()


@pytest.mark.parametrize("what", ["body", "webhook-id", "webhook-timestamp", "webhook-signature", "secret"])
def test_what_was_tampered_with_is_noticed(hook: WebhookSink, receiver: Receiver, what: str) -> None:
    hook.send(event())
    ((headers, body),) = receiver.posts
    secret = SECRET
    if what == "body":
        body = body.replace(b"DEPLOYING_VM", b"AVAILABLE")
    elif what == "secret":
        secret = "whsec_" + base64.b64encode(bytes(32)).decode()
    elif what == "webhook-timestamp":
        headers[what] = str(int(headers[what]) - 1)
    elif what == "webhook-id":
        headers[what] += "x"
    else:
        headers[what] = "v1," + base64.b64encode(bytes(32)).decode()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_a_webhook_will_never_take_is_told_apart(hook: WebhookSink, receiver: Receiver, status: int) -> None:
    receiver.answers.append((status, {}))
    with pytest.raises(EventRefused, match=str(status)):
        hook.send(event())


@pytest.mark.parametrize("status", [401, 403, 404, 408, 409, 410, 429, 500, 503])
def test_what_may_pass_at_a_webhook_is_sent_once(hook: WebhookSink, receiver: Receiver, status: int) -> None:
    receiver.answers.append((status, {"retry-after": "17"}))
    with pytest.raises(SinkUnavailable) as caught:
        hook.send(event())
    assert caught.value.retry_after == 17
    assert len(receiver.posts) == 1


def test_a_webhooks_redirect_is_not_followed(hook: WebhookSink, receiver: Receiver) -> None:
    receiver.answers.append((307, {"location": receiver.url}))
    with pytest.raises(SinkUnavailable, match="EVENT_WEBHOOK_URL"):
        hook.send(event())
    assert len(receiver.posts) == 1


def test_a_webhook_that_says_nothing_is_not_waited_for(
    hook: WebhookSink, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "_READ_SECONDS", 0.2)
    receiver.answers.append((0, {}))
    with pytest.raises(SinkUnavailable, match="ReadTimeout"):
        hook.send(event())


def test_an_error_of_a_webhook_does_not_repeat_its_url(certificates: Certificates) -> None:
    with pytest.raises(SinkUnavailable) as caught:
        WebhookSink("https://127.0.0.1:1/hook?token=canary", b"k" * 32).send(event())
    assert "canary" not in str(caught.value)


def test_the_body_is_what_json_says_it_is(hook: WebhookSink, receiver: Receiver) -> None:
    sent = event()
    hook.send(sent)
    assert json.loads(receiver.posts[0][1]) == sent.to_json()
    assert "Kein Platz für „vm“".encode() in receiver.posts[0][1]
