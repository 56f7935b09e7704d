"""Azure's events and an import: how much they spare, and that whatever becomes of them changes nothing but time."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests import functions_host
from tests.e2e.asking import asking, in_typical_time
from tests.e2e.stack import Import, Json, Tenant, running_stack

SPEED = 3.0 if functions_host.IS_GENUINE else 30.0
"""Microsoft's engine cuts waits to whole seconds, so that polls must be seconds apart to be counted there."""

PRODUCTION = {"ARM_POLL_SECONDS": str(10 / SPEED), "RETRY_BASE_SECONDS": str(15 / SPEED)}
"""The pace of production, at the simulator's speed."""
EVENTS = {"RESOURCE_EVENTS": "true"}


def story(job: Import) -> list[tuple[str, ...]]:
    """The history without ids and times."""
    return [(each["entity"], str(each["from"]), each["to"], str(each["step"])) for each in job.history]


def test_with_events_an_import_asks_at_most_half_as_often(folder):
    with running_stack(folder, speed=SPEED, settings=PRODUCTION) as stack:
        alone = in_typical_time(Tenant(stack).set_up())
        first = alone.submit()
        assert first.ended(240)["status"] == "Succeeded"
        stack.kill_host()
        stack.settings = PRODUCTION | EVENTS
        stack.start_host()
        told = in_typical_time(Tenant(stack).set_up().hear())
        second = told.submit()
        assert second.ended(240)["status"] == "Succeeded"
        assert story(second) == story(first)
        asked = len(asking(alone.calls())), len(asking(told.calls()))
        assert asked[1] <= asked[0] / 2, asked
        assert len(told.calls()) < len(alone.calls())


@pytest.mark.parametrize(
    ("schema", "gpu"), [("EventGridSchema", "NONE"), ("CloudEventSchemaV1_0", "NVIDIA")], ids=["event-grid", "cloud"]
)
def test_whatever_becomes_of_events_changes_nothing_but_time(folder, schema, gpu):
    """Lost, tripled, late and shuffled ones, none at all, and forged ones for all of them."""
    disturbances: dict[str, Json | None] = {
        "lost": {"type": "lose"},
        "tripled": {"type": "duplicate", "copies": 3},
        "late": {"type": "late", "seconds": 90},
        "shuffled": {"type": "shuffle", "within": 120},
        "as they are": None,
    }
    with running_stack(folder, speed=300.0, settings=EVENTS | {"ARM_POLL_SECONDS": "0.1"}) as stack:
        tenants = []
        for disturbance in disturbances.values():
            tenant = Tenant(stack).set_up().hear(schema)
            if disturbance:
                tenant.fault(disturbance, phase="event")
            tenants.append(tenant)
        deaf = Tenant(stack).set_up()
        jobs = [tenant.submit(gpuType=gpu) for tenant in (*tenants, deaf)]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda forged: _forge(stack.urls["host"], forged), _forged(jobs)))
        for job in jobs:
            assert job.ended(120)["status"] == "Succeeded", job.operation
        assert {tuple(story(job)) for job in jobs} == {tuple(story(jobs[0]))}
        assert all(len(job.tenant.machines()) == 1 for job in jobs)
        assert not [each for each in stack.log().splitlines() if "Stuck" in each]
        # An event may come after the end of all: nothing wakes up.
        _forge(stack.urls["host"], _forged(jobs)[0])
        assert [job.operation["status"] for job in jobs] == ["Succeeded"] * len(jobs)


def _forged(jobs: list[Import]) -> list[str | bytes]:
    """Bodies of deliveries that Azure never sent."""
    names = [job.created["versionId"].replace("-", "")[:20] for job in jobs]
    groups = [
        f"/subscriptions/{job.tenant.subscription}/resourceGroups/rg-img-{name}"
        for job, name in zip(jobs, names, strict=True)
    ]
    event = {"specversion": "1.0", "id": "1", "source": "s", "type": "Microsoft.Resources.ResourceWriteFailure"}
    known = [
        httpx.Request("POST", "http://x", json={**event, "subject": group, "data": {"status": "Failed"}}).content
        for group in groups * 10
    ]
    return [*known, b"", b"[]", b"{", b"[1]", b'{"specversion":"1.0"}', b"x" * 2_000_000, b'[{"subject":"/a"}]']


def _forge(host: str, content: str | bytes) -> None:
    url = f"{host}/runtime/webhooks/EventGrid?functionName=resource_events"
    answer = httpx.post(url, content=content, headers={"aeg-event-type": "Notification"}, timeout=30, trust_env=False)
    assert answer.status_code in (202, 500), answer.text


def test_an_event_asks_for_an_image_and_a_bad_one_is_laid_aside(folder):
    with running_stack(folder, settings={"CREATE_EVENTS": "true"}) as stack:
        tenant = Tenant(stack).set_up()
        url = f"{stack.urls['host']}/runtime/webhooks/EventGrid?functionName=create_requests"
        asked = {"specversion": "1.0", "id": "ask-1", "source": "/portal", "type": "ImageCatalog.CreateRequested"}
        good, bad = asked | {"data": tenant.import_body()}, {**asked, "id": "ask-2", "data": {"orgId": tenant.org}}
        for event in (good, good, bad, bad):
            answer = httpx.post(url, json=event, headers={"aeg-event-type": "Notification"}, timeout=30)
            assert answer.status_code == 202, answer.text
        [operation] = tenant.ok("GET", "/operations")["value"]
        created = {"streamId": operation["imageId"]}
        job = Import(
            tenant, created, f"{stack.urls['host']}/imagemgmt/v1/operations/{operation['id']}?org_id={tenant.org}"
        )
        assert job.ended()["status"] == "Succeeded"
        [letter] = tenant.ok("GET", "/dead-letters")["value"]
        assert (letter["event"]["id"], letter["status"]) == ("ask-2", 400)
