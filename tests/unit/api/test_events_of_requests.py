"""The event of an accepted request."""

import pytest

from shared.delivery.outbox import Outbox
from shared.errors.catalogue import StoreUnavailable
from shared.models.image import Image
from shared.models.outbox import OutboxEvent, OutboxMarker
from tests.unit.api.client import Api, import_body


@pytest.fixture(name="api")
def _told(api: Api) -> Api:
    api.outbox = Outbox(("event-grid", "webhook"))
    return api


def test_a_new_image_is_told_of_first(api: Api) -> None:
    created = api.post(import_body()).json
    rows = api.catalog.all(OutboxEvent)
    assert {row.sink for row in rows} == {"event-grid", "webhook"}
    event = rows[0].event
    assert (event.data.before, event.data.after, event.sequence) == (None, "PENDING", "000000000")
    assert event.data.image_id == created["streamId"]
    assert event.data.operation_id
    assert len(api.catalog.all(OutboxMarker)) == 2


def test_a_request_that_could_not_be_written_tells_nothing(api: Api) -> None:
    api.catalog.fail("create", StoreUnavailable("away"))
    assert api.post(import_body()).status == 503
    assert api.catalog.all(OutboxEvent) == []
    assert api.catalog.all(Image) == []
