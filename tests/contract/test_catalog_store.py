"""What every CatalogStore does: the fake in memory and Table Storage answer alike."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import pytest

from shared.catalogue.queue import new_ticket
from shared.cloud.storage.tables import TableCatalogStore
from shared.delivery import catalog_events
from shared.errors.catalogue import AlreadyExists, Changed, NotFound
from shared.models.base import Record
from shared.models.cloud_event import CloudEvent
from shared.models.error_info import ErrorInfo, RetryInfo
from shared.models.history import HistoryEntry
from shared.models.idempotency_key import IdempotencyKey, StoredAnswer
from shared.models.image import Image, NameReservation, Version
from shared.models.ledger_entry import LedgerEntry, LedgerState
from shared.models.operation import Operation
from shared.models.outbox import OutboxEvent, OutboxLease, OutboxMarker, RefusedEvent
from shared.models.provider_instance import MarketplaceTermsConsent, ProviderInstance, VmSizes
from shared.ports.catalog import CatalogStore, Equals, Query
from shared.settings import Settings
from shared.states.statuses import StreamStatus
from tests import builders
from tests.builders import NOW
from tests.fakes import FakeCatalogStore

R = TypeVar("R", bound=Record)


@pytest.fixture(name="catalog", params=["memory", "tables"])
def _catalog(request: pytest.FixtureRequest) -> CatalogStore:
    if request.param == "memory":
        return FakeCatalogStore()
    connection = request.getfixturevalue("azurite")
    return TableCatalogStore.from_settings(
        Settings(storage_connection=connection, key_vault_url="https://vault.example")
    )


@pytest.fixture(name="org")
def _org() -> str:
    return f"org-{uuid4()}"


def everything(org: str) -> Sequence[Record]:
    """A record of each kind, with every field set."""
    error = ErrorInfo(
        code="QuotaExceeded", message="No “cores” left — ask for more", details=(ErrorInfo(code="A", message="b"),)
    )
    ids = {"org_id": org, "image_id": "image-1"}
    job = builders.import_job(org_id=org)
    return (
        builders.image(org_id=org, source_stream_id="s", source_version_id="v", revision=7, description=""),
        builders.version(**ids, version_history=("1.0.0", "1.0.1")),
        builders.asset(**ids, error=error, data={"vmId": "1", "nested": {"list": [1, 2.5, None, True]}, "ünï": "çødé"}),
        builders.operation(
            **ids,
            step="network",
            step_title="Make it",
            started_at=NOW + timedelta(microseconds=1),
            ended_at=NOW,
            error=error,
            retry=RetryInfo(attempt=2, at=NOW, reason=error),
        ),
        NameReservation(**ids, name="Windows-11"),
        new_ticket(builders.operation(**ids), "desktops").model_copy(update={"running": True}),
        IdempotencyKey(
            org_id=org,
            id="k",
            fingerprint="f",
            claimed_at=NOW,
            answer=StoredAnswer(status=202, headers={"Location": "https://h/x?a=b"}, content={"a": "ü"}),
        ),
        HistoryEntry(
            **ids, at=NOW, sequence=1, entity="ASSET", entity_id="a", before=None, after="DEPLOYING_VM", error=error
        ),
        LedgerEntry(
            org_id=org,
            operation_id=job.operation_id,
            order=10,
            resource_id="/subscriptions/s/resourceGroups/g",
            state=LedgerState.CREATING,
            updated_at=NOW,
        ),
        OutboxEvent(org_id=org, sink="webhook", image_id="image-1", sequence=7, event=_event(org)),
        RefusedEvent(
            org_id=org, sink="webhook", image_id="image-1", sequence=7, event=_event(org), reason="400", refused_at=NOW
        ),
        OutboxMarker(sink=org, org_id=org, image_id="image-1", touched_at=NOW),
        OutboxLease(sink=org, image_id="i", holder="h", claimed_until=NOW, failures=2, failing_since=NOW),
        builders.provider_instance(
            org_id=org,
            vm_sizes=VmSizes(nvidia="Standard_NC8as_T4_v3"),
            rdp_source_address_ranges=("10.0.0.0/8", "192.168.1.0/24"),
            marketplace_terms_consent=MarketplaceTermsConsent(accepted_by="ada@example.com", accepted_at=NOW),
        ),
    )


def _event(org: str) -> CloudEvent:
    return catalog_events.of_acceptance(builders.image(org_id=org), builders.operation(org_id=org))


def read(catalog: CatalogStore, record: R) -> R:
    """A record as it is stored now."""
    found = [
        each
        for each in catalog.list(type(record), record.partition_key, Query(size=1000)).items
        if each.row_key == record.row_key
    ]
    assert len(found) == 1
    return found[0]


def walk(catalog: CatalogStore, kind: type[R], partition: str, query: Query) -> list[R]:
    """All the records of a query, page by page."""
    page = catalog.list(kind, partition, query)
    records = list(page.items)
    while page.continuation is not None:
        again = Query(query.below, query.row_prefix, query.equals, query.size, page.continuation)
        page = catalog.list(kind, partition, again)
        assert len(page.items) <= query.size
        records.extend(page.items)
    return records


def test_every_kind_of_record_comes_back_as_it_was_written(catalog: CatalogStore, org: str) -> None:
    for record in everything(org):
        catalog.create(record)
        stored = read(catalog, record)
        assert stored == record.model_copy(update={"etag": stored.etag})
        assert stored.etag


def test_a_record_is_found_by_its_ids(catalog: CatalogStore, org: str) -> None:
    version = builders.version(org_id=org)
    catalog.create(version)
    assert catalog.get(Version, org, version.image_id, version.id).name == version.name


def test_a_record_that_is_not_there_is_not_found(catalog: CatalogStore, org: str) -> None:
    with pytest.raises(NotFound):
        catalog.get(Image, org, "nobody")
    with pytest.raises(NotFound):
        catalog.get(ProviderInstance, f"{org}' or 'a' eq 'a", "no'body")


def test_another_org_has_its_own_records(catalog: CatalogStore, org: str) -> None:
    image = builders.image(org_id=org)
    catalog.create(image)
    with pytest.raises(NotFound):
        catalog.get(Image, f"{org}-other", image.id)
    assert not catalog.list(Image, f"{org}-other", Query()).items


def test_records_of_one_transaction_land_together(catalog: CatalogStore, org: str) -> None:
    records = builders.accepted(builders.import_job(org_id=org))
    catalog.create(*records)
    for record in records:
        assert read(catalog, record)


def test_one_record_that_exists_stops_them_all_and_is_named(catalog: CatalogStore, org: str) -> None:
    job = builders.import_job(org_id=org)
    taken = NameReservation(org_id=org, name=job.image_name.upper(), image_id="another")
    catalog.create(taken)
    with pytest.raises(AlreadyExists) as caught:
        catalog.create(*builders.accepted(job))
    assert caught.value.key == f"{org}/{taken.row_key}"
    with pytest.raises(NotFound):
        catalog.get(Operation, org, job.operation_id)
    assert catalog.get(NameReservation, org, job.image_name.lower()).image_id == "another"


def test_a_single_record_that_exists_is_named_too(catalog: CatalogStore, org: str) -> None:
    image = builders.image(org_id=org)
    catalog.create(image)
    with pytest.raises(AlreadyExists) as caught:
        catalog.create(image)
    assert caught.value.key == f"{org}/{image.row_key}"


def test_new_records_land_together_with_what_they_replace(catalog: CatalogStore, org: str) -> None:
    catalog.create(builders.image(org_id=org, id="old", name="Before"))
    old = catalog.get(Image, org, "old")
    catalog.create(builders.image(org_id=org, id="new"), replacing=[old.model_copy(update={"name": "After"})])
    assert catalog.get(Image, org, "old").name == "After"
    assert catalog.get(Image, org, "new")


def test_new_records_do_not_land_if_what_they_replace_was_written_since(catalog: CatalogStore, org: str) -> None:
    catalog.create(builders.image(org_id=org, id="old", name="Before"))
    old = catalog.get(Image, org, "old")
    catalog.put(old.model_copy(update={"name": "By somebody else"}))
    with pytest.raises(Changed):
        catalog.create(builders.image(org_id=org, id="new"), replacing=[old.model_copy(update={"name": "After"})])
    assert catalog.get(Image, org, "old").name == "By somebody else"
    with pytest.raises(NotFound):
        catalog.get(Image, org, "new")


def test_an_update_replaces_the_record_as_it_was_read(catalog: CatalogStore, org: str) -> None:
    image = builders.image(org_id=org, source_stream_id="gone after the update")
    catalog.create(image)
    stored = catalog.get(Image, org, image.id)
    catalog.update(stored.model_copy(update={"status": StreamStatus.FAILED, "source_stream_id": None}))
    changed = catalog.get(Image, org, image.id)
    assert (changed.status, changed.source_stream_id) == (StreamStatus.FAILED, None)
    assert changed.etag != stored.etag


@pytest.mark.parametrize("together", [1, 2], ids=["alone", "in a transaction"])
def test_an_update_of_what_somebody_else_wrote_is_refused(catalog: CatalogStore, org: str, together: int) -> None:
    images = [builders.image(org_id=org) for _ in range(together)]
    catalog.create(*images)
    stale = [catalog.get(Image, org, image.id) for image in images]
    catalog.update(stale[-1].model_copy(update={"description": "first"}))
    with pytest.raises(Changed):
        catalog.update(*(image.model_copy(update={"description": "second"}) for image in stale))
    assert catalog.get(Image, org, images[-1].id).description == "first"
    assert catalog.get(Image, org, images[0].id).description == ("first" if together == 1 else "")


@pytest.mark.parametrize("together", [1, 2], ids=["alone", "in a transaction"])
def test_an_update_of_what_is_gone_is_refused(catalog: CatalogStore, org: str, together: int) -> None:
    images = [builders.image(org_id=org) for _ in range(together)]
    catalog.create(*images)
    read_before = [catalog.get(Image, org, image.id) for image in images]
    catalog.delete(read_before[0])
    with pytest.raises(Changed):
        catalog.update(*read_before)


def test_an_update_lands_together_with_what_it_adds_and_removes(catalog: CatalogStore, org: str) -> None:
    old, leaving, new = (builders.image(org_id=org) for _ in range(3))
    catalog.create(old, leaving)
    read, gone = catalog.get(Image, org, old.id), catalog.get(Image, org, leaving.id)
    catalog.update(read.model_copy(update={"description": "new"}), adding=[new], removing=[gone])
    assert {image.id for image in catalog.list(Image, org).items} == {old.id, new.id}
    assert catalog.get(Image, org, old.id).description == "new"


@pytest.mark.parametrize("reason", ["replaced", "removed", "removed-alone", "gone", "gone-alone", "added"])
def test_an_update_that_is_refused_adds_and_removes_nothing(catalog: CatalogStore, org: str, reason: str) -> None:
    old, leaving, new = (builders.image(org_id=org) for _ in range(3))
    catalog.create(old, leaving)
    read, gone = catalog.get(Image, org, old.id), catalog.get(Image, org, leaving.id)
    changed = read.model_copy(update={"description": "ours"})
    if reason == "replaced":
        catalog.update(read)
    elif reason.startswith("removed"):
        catalog.update(gone)
    elif reason.startswith("gone"):
        catalog.delete(gone)
    else:
        catalog.create(new)
    before = {image.id: image.etag for image in catalog.list(Image, org).items}
    alone = reason.endswith("alone")
    with pytest.raises(AlreadyExists if reason == "added" else Changed):
        catalog.update(*([] if alone else [changed]), adding=[] if alone else [new], removing=[gone])
    assert {image.id: image.etag for image in catalog.list(Image, org).items} == before


def test_an_update_of_what_was_never_read_is_a_mistake(catalog: CatalogStore, org: str) -> None:
    with pytest.raises(ValueError, match="never read"):
        catalog.update(builders.image(org_id=org))


def test_a_put_writes_whether_the_record_exists_or_not(catalog: CatalogStore, org: str) -> None:
    entry = LedgerEntry(
        org_id=org, operation_id=org, order=1, resource_id="/r", state=LedgerState.CREATING, updated_at=NOW
    )
    catalog.put(entry)
    catalog.put(entry.now(LedgerState.GONE, NOW))
    assert read(catalog, entry).state == LedgerState.GONE


def test_a_deleted_record_is_gone_and_deleting_it_again_is_fine(catalog: CatalogStore, org: str) -> None:
    image = builders.image(org_id=org)
    catalog.create(image)
    stored = catalog.get(Image, org, image.id)
    catalog.delete(stored)
    catalog.delete(stored)
    catalog.delete(image)
    with pytest.raises(NotFound):
        catalog.get(Image, org, image.id)


def test_a_record_that_changed_is_not_deleted_unless_it_was_never_read(catalog: CatalogStore, org: str) -> None:
    image = builders.image(org_id=org)
    catalog.create(image)
    stale = catalog.get(Image, org, image.id)
    catalog.update(stale.model_copy(update={"description": "new"}))
    with pytest.raises(Changed):
        catalog.delete(stale)
    catalog.delete(image)
    with pytest.raises(NotFound):
        catalog.get(Image, org, image.id)


def test_a_list_has_only_its_kind_and_only_what_is_below_its_parent(catalog: CatalogStore, org: str) -> None:
    versions = [builders.version(org_id=org, image_id=f"image-{parent}") for parent in ("1", "1", "10", "2")]
    catalog.create(*versions, builders.image(org_id=org), builders.asset(org_id=org, image_id="image-1"))
    found = catalog.list(Version, org, Query(below=("image-1",))).items
    assert {each.id for each in found} == {each.id for each in versions[:2]}
    assert len(catalog.list(Version, org, Query()).items) == len(versions)


def test_a_list_goes_by_the_row_keys_and_their_prefix(catalog: CatalogStore, org: str) -> None:
    names = ["win-10", "Win-11", "windows", "xp", "wi"]
    catalog.create(*(NameReservation(org_id=org, name=name, image_id="i") for name in names))
    found = catalog.list(NameReservation, org, Query(row_prefix="win")).items
    assert [each.name for each in found] == ["win-10", "Win-11", "windows"]


def test_the_history_comes_newest_first(catalog: CatalogStore, org: str) -> None:
    entries = [
        HistoryEntry(
            org_id=org,
            image_id=org,
            at=NOW + timedelta(seconds=second),
            sequence=sequence,
            entity="ASSET",
            entity_id="a",
            before=None,
            after=f"{second}-{sequence}",
        )
        for second, sequence in [(0, 1), (0, 2), (1, 3), (5, 4)]
    ]
    catalog.create(*entries)
    assert [each.after for each in catalog.list(HistoryEntry, org, Query()).items] == ["5-4", "1-3", "0-2", "0-1"]


@pytest.mark.parametrize(
    ("equals", "expected"),
    [
        ({"status": "PENDING"}, {"a"}),
        ({"status": ("PENDING", "FAILED")}, {"a", "b", "c"}),
        ({"status": ["FAILED"], "name": "b"}, {"b"}),
        ({"status": ()}, set()),
        ({"status": "' or RowKey gt '"}, set()),
        ({"unknown": "x"}, set()),
        ({"description": "it's @here"}, {"d"}),
        ({"multiSession": True}, {"c", "d"}),
        ({"multiSession": False, "status": "FAILED"}, {"b"}),
    ],
)
def test_a_list_is_narrowed_by_values(catalog: CatalogStore, org: str, equals: Equals, expected: set[str]) -> None:
    statuses = {"a": "PENDING", "b": "FAILED", "c": "FAILED", "d": "AVAILABLE"}
    catalog.create(
        *(
            builders.image(
                org_id=org,
                name=name,
                status=StreamStatus(status),
                description="it's @here" * (name == "d"),
                multi_session=name > "b",
            )
            for name, status in statuses.items()
        )
    )
    found = walk(catalog, Image, org, Query(equals=equals))
    assert {each.name for each in found} == expected


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_give_every_record_once_and_in_order(catalog: CatalogStore, org: str, size: int) -> None:
    catalog.create(*(builders.image(org_id=org, id=f"{number:03d}") for number in range(7)))
    found = walk(catalog, Image, org, Query(size=size))
    assert [each.id for each in found] == [f"{number:03d}" for number in range(7)]


def test_a_continuation_goes_into_a_url_as_it_is(catalog: CatalogStore, org: str) -> None:
    catalog.create(*(builders.image(org_id=org) for _ in range(3)))
    continuation = catalog.list(Image, org, Query(size=1)).continuation
    assert continuation is not None
    assert all(character.isalnum() or character in "-_=" for character in continuation)


@pytest.mark.parametrize("garbage", ["%%%", "bm9uc2Vuc2U", "W10", "ünï", "WzEsMl0"])
def test_a_continuation_that_is_none_of_ours_is_refused_or_gives_nothing(
    catalog: CatalogStore, org: str, garbage: str
) -> None:
    catalog.create(builders.image(org_id=org))
    try:
        page = catalog.list(Image, org, Query(continuation=garbage))
    except ValueError:
        return
    assert len(page.items) <= 1


def test_a_continuation_opens_no_other_partition(catalog: CatalogStore, org: str) -> None:
    other = f"{org}-other"
    catalog.create(*(builders.image(org_id=other) for _ in range(3)))
    catalog.create(*(builders.image(org_id=org) for _ in range(3)))
    continuation = catalog.list(Image, other, Query(size=1)).continuation
    page = catalog.list(Image, org, Query(continuation=continuation))
    assert {each.org_id for each in page.items} <= {org}


def test_a_transaction_is_of_one_partition(catalog: CatalogStore, org: str) -> None:
    with pytest.raises(ValueError, match="one partition"):
        catalog.create(builders.image(org_id=org), builders.image(org_id=f"{org}-other"))


def test_a_table_of_one_kind_is_read_over_all_partitions(catalog: CatalogStore) -> None:
    orgs = sorted(f"org-{uuid4()}" for _ in range(3))
    catalog.create(
        builders.provider_instance(org_id=orgs[0], id="one"), builders.provider_instance(org_id=orgs[0], id="two")
    )
    for org in orgs[1:]:
        catalog.put(builders.provider_instance(org_id=org))
    found, continuation = [], None
    while True:
        page = catalog.scan(ProviderInstance, 2, continuation)
        assert len(page.items) <= 2
        found += [each.org_id for each in page.items]
        continuation = page.continuation
        if continuation is None:
            break
    assert sorted(org for org in found if org in orgs) == [orgs[0], *orgs]


def test_a_table_of_several_kinds_is_not_read_over_all_partitions(catalog: CatalogStore) -> None:
    with pytest.raises(ValueError, match="other kinds"):
        catalog.scan(Image)
