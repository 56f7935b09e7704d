"""Events about images, from the request to the topic and the webhook, with Azurite and the real Event Grid client."""

import base64
import json

import pytest
from standardwebhooks import Webhook

from tests.e2e.stack import PASSWORD, Json, Stack, Tenant, running_stack, wait_until
from tests.receiver import running_receiver

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def told(stack: Stack, job) -> list[tuple[str, str]]:
    events = stack.events(job.created["streamId"])
    return [(event["type"].rpartition(".")[2], event["data"]["after"]) for event in events]


def assert_complete(stack: Stack, job) -> None:
    """What came is the acceptance and then the history, in order, each at least once."""
    entries = [(0, "PENDING"), *((e["sequence"], e["to"]) for e in job.history if e["entity"] != "OPERATION")]

    def complete() -> list[Json]:
        events = stack.events(job.created["streamId"])
        return events if len({event["id"] for event in events}) >= len(entries) else []

    seen: dict[str, tuple[int, str]] = {}
    for event in wait_until(complete, "all events"):
        seen.setdefault(event["id"], (int(event["sequence"]), event["data"]["after"]))
    assert list(seen.values()) == entries


def test_an_import_is_told_of_from_the_request_to_its_end(stack, tenant):
    job = tenant.submit()
    assert job.ended()["status"] == "Succeeded"
    assert_complete(stack, job)
    assert ("CopyStatusChanged", "IMPORT_COMPLETE") in told(stack, job)
    assert PASSWORD not in json.dumps(stack.events(job.created["streamId"]))


@pytest.mark.parametrize(
    "fault", [{"status": 500, "count": 2}, {"status": 504, "accepts": True}], ids=["away", "answers-lost"]
)
def test_a_topic_that_fails_gets_everything_later(stack, tenant, fault):
    job = tenant.submit()
    stack.disturb_topic(**fault, contains=job.created["streamId"])
    job.ended()
    assert_complete(stack, job)


def test_a_deleted_image_is_told_of(stack, tenant):
    job = tenant.submit()
    job.ended()
    assert tenant.request("DELETE", f"/images/{job.created['streamId']}").status_code == 202
    wait_until(lambda: ("ImageStatusChanged", "DELETED") in told(stack, job), "the event of the deletion")


def test_a_host_that_is_killed_while_it_sends_loses_no_event(folder):
    """And the webhook gets what it should beside a topic that is away all the time."""
    with running_stack(folder, topic=True) as stack, running_receiver(stack.certificates) as receiver:
        stack.kill_host()
        stack.settings |= {"EVENT_WEBHOOK_URL": receiver.url, "EVENT_WEBHOOK_SECRET": SECRET}
        stack.disturb_topic(status=503, count=1_000_000)
        receiver.answers.extend([(204, {}), (0, {})])  # it takes the second, and does not say so
        stack.start_host()
        job = Tenant(stack).set_up().submit()
        wait_until(lambda: len(receiver.posts) == 2, "the second event")
        stack.kill_host()
        stack.start_host()
        assert job.ended()["status"] == "Succeeded"
        expected = [0, *(e["sequence"] for e in job.history if e["entity"] != "OPERATION")]

        def sequences() -> list[int]:
            return [int(event["sequence"]) for event in receiver.events]

        wait_until(lambda: len({*sequences()}) == len(expected), "all events, after the dead sender's lease", 80)
        assert sequences() == [*expected[:2], *expected[1:]]
        assert all(Webhook(SECRET).verify(body, headers) for headers, body in receiver.posts)
        assert stack.events(job.created["streamId"]) == []
