"""What only Table Storage has: tables to be made, answers that get lost, times when it is away."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ProtocolError

from local.azurite import AzuriteProcess, Ports
from local.azurite.launcher import Azurite
from shared.cloud.storage.tables import TableCatalogStore
from shared.errors.catalogue import AlreadyExists, Changed, NotFound, StoreUnavailable
from shared.models.image import Image
from shared.ports.catalog import Query
from shared.settings import Settings
from tests import builders

ORG = "org-1"
PATIENCE_SECONDS = 60.0


class LosingAdapter(HTTPAdapter):
    """Delivers every request; loses the answers to the next `lost` writes."""

    lost = 0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        if request.method != "GET" and self.lost:
            self.lost -= 1
            response.close()
            raise requests.ConnectionError(ProtocolError("the connection broke"))
        return response


def start(process: AzuriteProcess) -> Azurite:
    process.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (azurite := process.poll()) is None:
        assert time.monotonic() < deadline, "Azurite does not start"
        time.sleep(0.02)
    return azurite


@pytest.fixture(name="empty")
def _empty(tmp_path: Path) -> Iterator[Azurite]:
    """A storage emulator without a table."""
    process = AzuriteProcess(tmp_path)
    try:
        yield start(process)
    finally:
        process.stop()


@pytest.fixture(name="losing")
def _losing(azurite: str) -> Iterator[tuple[TableCatalogStore, LosingAdapter]]:
    adapter = LosingAdapter()
    with requests.Session() as session:
        session.mount("http://", adapter)
        transport = RequestsTransport(session=session, session_owner=False)
        service = TableServiceClient.from_connection_string(azurite, transport=transport, retry_total=0)
        yield TableCatalogStore(service), adapter


def store(azurite: Azurite) -> TableCatalogStore:
    return TableCatalogStore.from_settings(
        Settings(storage_connection=azurite.connection_string, key_vault_url="https://vault.example")
    )


def test_without_tables_there_is_nothing_and_writing_makes_them(empty: Azurite) -> None:
    catalog = store(empty)
    image = builders.image(org_id=ORG)
    with pytest.raises(NotFound):
        catalog.get(Image, ORG, image.id)
    assert not catalog.list(Image, ORG).items
    catalog.delete(image)
    for records in ([image], [image, builders.version(org_id=ORG)]):
        with pytest.raises(Changed):
            catalog.update(*(record.model_copy(update={"etag": 'W/"1"'}) for record in records))
    catalog.create(image, builders.version(org_id=ORG))
    catalog.put(builders.provider_instance(org_id=ORG))
    assert catalog.get(Image, ORG, image.id).name == image.name


def test_a_row_of_an_older_or_newer_schema_loads(azurite: str) -> None:
    image = builders.image(org_id=builders.new_id())
    row = {
        "PartitionKey": image.org_id,
        "RowKey": image.row_key,
        "fieldOfTomorrow": "x",
        "partsOfTomorrowJson": "[1]",
        **{name: value for name, value in image.to_json().items() if name not in ("revision", "gpuType") if value},
    }
    service = TableServiceClient.from_connection_string(azurite)
    service.create_table_if_not_exists("catalog").create_entity(row)
    stored = TableCatalogStore(service).get(Image, image.org_id, image.id)
    assert stored == image.model_copy(update={"etag": stored.etag})


@pytest.mark.parametrize("together", [1, 3], ids=["alone", "in a transaction"])
def test_a_write_whose_answer_got_lost_is_not_mistaken_for_somebody_elses(
    losing: tuple[TableCatalogStore, LosingAdapter], together: int
) -> None:
    catalog, adapter = losing
    org = builders.new_id()
    images = [builders.image(org_id=org) for _ in range(together)]
    adapter.lost = 1
    catalog.create(*images)
    stored = [catalog.get(Image, org, image.id) for image in images]
    adapter.lost = 2
    catalog.update(*(image.model_copy(update={"description": "new"}) for image in stored))
    assert {catalog.get(Image, org, image.id).description for image in images} == {"new"}
    adapter.lost = 1
    catalog.delete(catalog.get(Image, org, images[0].id))
    assert len(catalog.list(Image, org).items) == together - 1


def test_a_removal_whose_answer_got_lost_is_done(losing: tuple[TableCatalogStore, LosingAdapter]) -> None:
    catalog, adapter = losing
    org = builders.new_id()
    image = builders.image(org_id=org)
    catalog.create(image)
    stored = catalog.get(Image, org, image.id)
    adapter.lost = 1
    catalog.update(removing=[stored])
    with pytest.raises(Changed):
        catalog.update(removing=[stored])
    assert not catalog.list(Image, org).items


def test_a_lost_answer_hides_nobody_elses_write(losing: tuple[TableCatalogStore, LosingAdapter]) -> None:
    catalog, adapter = losing
    org = builders.new_id()
    image = builders.image(org_id=org)
    catalog.create(image)
    stale = catalog.get(Image, org, image.id)
    catalog.update(stale.model_copy(update={"description": "theirs"}))
    adapter.lost = 1
    with pytest.raises(AlreadyExists):
        catalog.create(image.model_copy(update={"description": "ours"}))
    adapter.lost = 1
    with pytest.raises(Changed):
        catalog.update(stale.model_copy(update={"description": "ours"}))
    assert catalog.get(Image, org, image.id).description == "theirs"


def test_answers_that_stay_lost_leave_it_open_whether_the_write_landed(
    losing: tuple[TableCatalogStore, LosingAdapter],
) -> None:
    catalog, adapter = losing
    adapter.lost = 100
    with pytest.raises(StoreUnavailable):
        catalog.create(builders.image(org_id=builders.new_id()))


def test_while_storage_is_away_every_method_says_so_and_afterwards_all_is_there(tmp_path: Path) -> None:
    first = AzuriteProcess(tmp_path / "first", tmp_path / "data")
    azurite = start(first)
    catalog = store(azurite)
    image = builders.image(org_id=ORG)
    try:
        catalog.create(image)
        stored = catalog.get(Image, ORG, image.id)
    finally:
        first.stop()
    calls = (
        lambda: catalog.get(Image, ORG, image.id),
        lambda: catalog.list(Image, ORG, Query()),
        lambda: catalog.create(builders.image(org_id=ORG)),
        lambda: catalog.update(stored),
        lambda: catalog.put(stored),
        lambda: catalog.delete(stored),
    )
    for call in calls:
        with pytest.raises(StoreUnavailable):
            call()
    second = AzuriteProcess(tmp_path / "second", tmp_path / "data", Ports(*azurite.ports))
    try:
        start(second)
        assert catalog.get(Image, ORG, image.id) == stored
    finally:
        second.stop()
