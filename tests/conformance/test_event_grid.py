"""The webhook of Event Grid: handshakes, deliveries in both schemas, and failures. [S] throughout."""

import json
import uuid
from typing import Any

import httpx
import pytest

from tests.conformance.client import Host

WEBHOOK = "/runtime/webhooks/EventGrid"

Json = Any


@pytest.fixture(name="subject")
def _subject() -> str:
    """The subject of the events of a test, which they are found by."""
    return f"subject-{uuid.uuid4().hex}"


def event(subject: str, name: str = "e-1", **data: Json) -> dict[str, Json]:
    """Return an event in Event Grid's own schema."""
    return {
        "id": name,
        "topic": "/subscriptions/s",
        "subject": subject,
        "eventType": "Example.Happened",
        "eventTime": "2026-01-31T10:00:00.1234567Z",
        "data": data,
        "dataVersion": "2",
        "metadataVersion": "1",
    }


def cloud_event(subject: str, name: str = "c-1", **data: Json) -> dict[str, Json]:
    """Return an event in the schema of CloudEvents 1.0."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": "/subscriptions/s",
        "subject": subject,
        "type": "Example.Happened",
        "time": "2026-01-31T10:00:00Z",
        "data": data,
    }


def post(
    triggers: Host, content: Json, kind: str | None = "Notification", function: str = "keep_event", path: str = WEBHOOK
) -> httpx.Response:
    headers = {"Content-Type": "application/json"} | ({"aeg-event-type": kind} if kind else {})
    query = {"functionName": function}
    return triggers.http.post(path, params=query, content=json.dumps(content), headers=headers)


def seen(triggers: Host, subject: str) -> list[dict[str, Json]]:
    """Return the events that have reached a function."""
    found: list[dict[str, Json]] = triggers.function("GET", f"seen/{subject}").json()
    return found


class TestHandshake:
    def test_the_validation_code_is_sent_back(self, triggers: Host, subject: str) -> None:
        asked = event(subject, validationCode="code-1") | {
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent"
        }
        response = post(triggers, [asked], "SubscriptionValidation")
        assert (response.status_code, response.json()) == (200, {"validationResponse": "code-1"})
        assert seen(triggers, subject) == []

    def test_a_cloud_event_has_the_code_in_its_data_as_text(self, triggers: Host, subject: str) -> None:
        asked = cloud_event(subject) | {"data": json.dumps({"validationCode": "code-2"})}
        response = post(triggers, asked, "SubscriptionValidation")
        assert (response.status_code, response.json()) == (200, {"validationResponse": "code-2"})
        assert seen(triggers, subject) == []

    def test_the_receiver_of_cloud_events_says_whose_it_wants(self, triggers: Host) -> None:
        headers = {"WebHook-Request-Origin": "eventgrid.azure.net"}
        url = f"{WEBHOOK}?functionName=keep_event"
        response = triggers.http.request("OPTIONS", url, headers=headers)
        assert response.status_code == 200
        assert response.headers["webhook-allowed-origin"] == "eventgrid.azure.net"


class TestDelivery:
    def test_an_event_arrives_as_the_sdk_gives_it(self, triggers: Host, subject: str) -> None:
        response = post(triggers, [event(subject, state="Succeeded")])
        assert response.status_code == 202
        assert seen(triggers, subject) == [
            {
                "id": "e-1",
                "class": "EventGridEvent",
                "topic": "/subscriptions/s",
                "type": "Example.Happened",
                "version": "2",
                "data": {"state": "Succeeded"},
            }
        ]

    def test_a_cloud_event_arrives_as_one(self, triggers: Host, subject: str) -> None:
        assert post(triggers, cloud_event(subject, state="Succeeded")).status_code == 202
        assert seen(triggers, subject) == [
            {
                "id": "c-1",
                "class": "CloudEvent",
                "source": "/subscriptions/s",
                "type": "Example.Happened",
                "version": "1.0",
                "data": {"state": "Succeeded"},
            }
        ]

    def test_each_event_of_a_batch_is_an_invocation(self, triggers: Host, subject: str) -> None:
        names = [f"e-{number}" for number in range(5)]
        assert post(triggers, [event(subject, name) for name in names]).status_code == 202
        assert sorted(each["id"] for each in seen(triggers, subject)) == names

    def test_one_event_needs_no_array(self, triggers: Host, subject: str) -> None:
        assert post(triggers, event(subject)).status_code == 202
        assert len(seen(triggers, subject)) == 1

    def test_the_kind_of_request_ignores_case(self, triggers: Host, subject: str) -> None:
        assert post(triggers, [event(subject)], "notification").status_code == 202
        assert len(seen(triggers, subject)) == 1

    def test_so_does_the_path(self, triggers: Host, subject: str) -> None:
        assert post(triggers, [event(subject)], path=WEBHOOK.lower()).status_code == 202
        assert len(seen(triggers, subject)) == 1

    def test_a_failure_fails_the_whole_batch(self, triggers: Host, subject: str) -> None:
        """Event Grid sends all of it again, the good ones as well: handlers must bear that."""
        batch = [event(subject, "good"), event(subject, "bad", fail=True), event(subject, "good too")]
        for times in (1, 2):
            response = post(triggers, batch, function="refuse_some")
            assert response.status_code == 500
            assert "refuse_some" in response.text
            names = sorted(each["id"] for each in seen(triggers, subject))
            assert names == sorted(each["id"] for each in batch for _ in range(times))


class TestRefusals:
    def test_an_unknown_function_is_404(self, triggers: Host, subject: str) -> None:
        response = post(triggers, [event(subject)], function="nobody")
        assert response.status_code == 404
        assert response.text == "cannot find function: 'nobody'"

    def test_the_name_of_the_function_heeds_case(self, triggers: Host, subject: str) -> None:
        assert post(triggers, [event(subject)], function="KEEP_EVENT").status_code == 404
        assert seen(triggers, subject) == []

    @pytest.mark.parametrize("kind", [None, "Whatever"])
    def test_without_a_known_kind_it_is_400(self, triggers: Host, subject: str, kind: str | None) -> None:
        assert post(triggers, [event(subject)], kind).status_code == 400
        assert seen(triggers, subject) == []

    def test_the_end_of_a_subscription_is_accepted(self, triggers: Host, subject: str) -> None:
        assert post(triggers, [event(subject)], "Unsubscribe").status_code == 202
        assert seen(triggers, subject) == []
