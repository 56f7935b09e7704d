"""Storage or the vault fails at every operation of a request, and the caller asks again until there is an answer.

Whatever fails: what is answered with 202 is there and runs, what is not leaves nothing, and there is one of it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from shared import wiring
from shared.models.image import Image
from shared.models.operation import Operation
from shared.names import kept_instance_id
from shared.states.statuses import OperationStatus
from tests.builders import GALLERY, ORG, accepted, import_job, provider_instance
from tests.fakes import FakeCatalogStore, FakeSecretStore
from tests.orchestrations.faulty import Fault, Faults
from tests.unit.api.client import Answer, Api, copy_body, import_body
from tests.unit.api.test_retry import failed, retry
from triggers.http import idempotent_requests
from triggers.http.queue_places import queues

KEY = {"Idempotency-Key": "7d9e"}
MOST_TRIES = 4
Request = Callable[[Api], Answer]


def _delete(api: Api) -> Answer:
    (image,) = api.catalog.all(Image)
    return api.request("DELETE", f"/imagemgmt/v1/images/{image.id}", None, KEY, org_id=ORG)


def _cancel(api: Api) -> Answer:
    (operation,) = [each for each in api.catalog.all(Operation) if each.action != "delete"]
    return api.request("POST", f"/imagemgmt/v1/operations/{operation.id}/cancel", None, KEY, org_id=ORG)


def _retry(api: Api) -> Answer:
    (operation,) = api.catalog.all(Operation)
    return retry(api, operation.id, KEY)


REQUESTS: dict[str, Request] = {
    "import": lambda api: api.post(import_body(), KEY),
    "copy": lambda api: api.copy(copy_body(), KEY),
    "delete": _delete,
    "cancel": _cancel,
    "retry": _retry,
}
MAKING = ("import", "copy")


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    moments = [datetime.now(UTC)]
    monkeypatch.setattr(idempotent_requests, "now", lambda: moments[0])
    return moments


@pytest.fixture(name="api_with")
def _api_with(
    api: Api, clock: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, dict[int, Fault]], tuple[Api, Faults]]:
    """Makes an API whose ports fail at these operations, before the request of that name."""

    def make(name: str, plan: dict[int, Fault]) -> tuple[Api, Faults]:
        fresh = Api(FakeCatalogStore(provider_instance(gallery_id=GALLERY)), FakeSecretStore(), api.images)
        if name == "retry":
            failed(fresh)
        elif name not in MAKING:
            fresh.catalog.create(*accepted(import_job()))
        faults = Faults(lambda: clock[0], [name], plan)
        queues.forget()
        monkeypatch.setattr(wiring, "catalog", lambda: faults.wrap("catalog", fresh.catalog))
        monkeypatch.setattr(wiring, "secrets", lambda: faults.wrap("secrets", fresh.secrets))
        return fresh, faults

    return make


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.ANSWER_LOST])
@pytest.mark.parametrize("name", REQUESTS)
def test_wherever_storage_fails_a_request_that_is_repeated_is_done_once(api_with, clock, name: str, fault: Fault):
    api, faults = api_with(name, {})
    assert REQUESTS[name](api).status == 202
    operations = [each for each in faults.operations if each.takes(fault)]
    assert operations
    for operation in operations:
        api, faults = api_with(name, {operation.number: fault})
        answers = [REQUESTS[name](api)]
        while answers[-1].status != 202:
            where = f"{fault} at {operation}: {[each.content for each in answers]}"
            assert answers[-1].status in (409, 503), where
            assert int(answers[-1].headers["Retry-After"]) >= 1, where
            assert len(answers) < MOST_TRIES, where
            clock[0] += timedelta(seconds=61)  # after which a claim has lapsed
            answers.append(REQUESTS[name](api))
        assert faults.happened, f"there was no {operation}"
        assert _wrong(api, name, answers[-1]) == [], f"{fault} at {operation}"


def _wrong(api: Api, name: str, answer: Answer) -> list[str]:
    started = {instance for _, instance, _ in api.client.started}
    operations = {each.id: each for each in api.catalog.all(Operation)}
    found = [f"{secret} belongs to nobody" for secret in api.secrets.secrets if not any(i in secret for i in started)]
    if len(api.catalog.all(Image)) != 1:
        found.append(f"there are {len(api.catalog.all(Image))} images")
    if name == "cancel":
        (operation,) = operations.values()
        return found if operation.cancel_requested_at else [*found, "nobody asked for the end"]
    if name == "retry":
        (operation,) = operations.values()
        told = (kept_instance_id(operation.id, 0), "decided") in api.client.events
        return found if operation.retries == 1 and told else [*found, f"there were {operation.retries} retries"]
    made = [each for each in operations.values() if (each.action == "delete") == (name == "delete")]
    if len(made) != 1 or made[0].id not in started or made[0].status is not OperationStatus.NOT_STARTED:
        found.append(f"the operations are {made}, and {started} was started")
    if made[0].id not in answer.headers["Operation-Location"]:
        found.append(f"the answer names {answer.headers['Operation-Location']}")
    if name == "import" and not any(made[0].id in secret for secret in api.secrets.secrets):
        found.append("the import has no password")
    return found
