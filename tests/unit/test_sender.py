"""The outbox: what lands with a change is sent, at least once, in order for each image, whatever goes wrong."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from activities.records import progress as activity
from shared.delivery import catalog_events
from shared.delivery import sender as sending
from shared.delivery.outbox import Outbox
from shared.delivery.sender import Sender
from shared.errors.catalogue import StoreUnavailable
from shared.errors.services import EventRefused, SinkUnavailable
from shared.models.cloud_event import CloudEvent
from shared.models.history import HistoryEntry
from shared.models.image import Asset
from shared.models.outbox import OutboxEvent, OutboxLease, OutboxMarker, RefusedEvent
from shared.states.statuses import AssetStatus
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.messages import Progress
from tests import builders
from tests.fakes import FakeCatalogStore
from tests.scripted import Scripted, answer

SINK = "sink"
OUTBOX = Outbox((SINK,))


class FakeSink(Scripted):
    """An EventSink that keeps what it took."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[CloudEvent] = []
        self.refuses: Callable[[CloudEvent], bool] = lambda _: False

    def send(self, event: CloudEvent) -> None:
        lost = self.enter("send")
        if self.refuses(event):
            raise EventRefused("400")
        self.taken.append(event)
        answer(None, lost)

    def of(self, image_id: str) -> list[str]:
        return [event.id for event in self.taken if event.data.image_id == image_id]


@dataclass
class Office:
    """A catalogue, a receiver, and a clock that stands still until it is set."""

    catalog: FakeCatalogStore = field(default_factory=FakeCatalogStore)
    sink: FakeSink = field(default_factory=FakeSink)
    now: datetime = builders.NOW

    def deliver(self, name: str = SINK, sink: FakeSink | None = None) -> None:
        Sender(self.catalog, name, sink or self.sink, lambda: self.now).deliver()

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def fill(self, count: int, image_id: str | None = None, sinks: Sequence[str] = (SINK,)) -> str:
        """Let some events of an image wait."""
        image = builders.image(**({"id": image_id} if image_id else {}))
        outbox = Outbox(sinks)
        for sink in sinks:
            self.catalog.put(OutboxMarker(sink=sink, org_id=image.org_id, image_id=image.id, touched_at=self.now))
        for sequence in range(1, count + 1):
            entry = HistoryEntry(
                org_id=image.org_id,
                image_id=image.id,
                at=self.now,
                sequence=sequence,
                entity="IMAGE",
                entity_id=image.id,
                before=str(sequence - 1),
                after=str(sequence),
            )
            self.catalog.create(*outbox.about(image.org_id, image.id).rows([catalog_events.of_entry(entry, "v")]))
        return image.id

    @property
    def waiting(self) -> list[int]:
        return [row.sequence for row in self.catalog.all(OutboxEvent)]


@pytest.fixture(name="office")
def _office() -> Office:
    return Office()


def ids(image_id: str, *numbers: int) -> list[str]:
    return [f"{image_id}:{number}" for number in numbers]


def test_what_waits_is_sent_in_order_and_gone(office):
    image = office.fill(12)
    office.deliver()
    assert office.sink.of(image) == ids(image, *range(1, 13))
    assert office.waiting == []
    assert office.catalog.all(OutboxLease) == []


def test_a_receiver_that_fails_is_tried_again_later_and_the_order_stays(office):
    image = office.fill(3)
    office.sink.fail("send", SinkUnavailable("500"), times=2)
    office.deliver()
    office.deliver()  # at once: it is left alone
    assert office.sink.calls == ["send"]
    office.wait(seconds=5)
    office.deliver()
    assert office.sink.of(image) == []
    office.wait(seconds=9)
    office.deliver()  # the second wait is longer
    assert office.sink.of(image) == []
    office.wait(seconds=1)
    office.deliver()
    assert office.sink.of(image) == ids(image, 1, 2, 3)


def test_an_event_whose_answer_got_lost_comes_twice_with_the_same_id(office):
    image = office.fill(2)
    office.sink.fail("send", SinkUnavailable("broken"), after=True)
    office.deliver()
    office.wait(seconds=5)
    office.deliver()
    assert office.sink.of(image) == ids(image, 1, 1, 2)
    assert office.sink.taken[0] == office.sink.taken[1]


def test_a_sender_that_dies_after_sending_lets_the_event_come_twice(office):
    """It dies between the event's acceptance and the deletion of its row."""
    image = office.fill(2)
    office.catalog.fail("delete", StoreUnavailable("away"))
    office.deliver()
    assert office.sink.of(image) == ids(image, 1)
    office.deliver()  # the dead one's lease is respected
    assert office.sink.of(image) == ids(image, 1)
    office.wait(seconds=60)
    office.deliver()
    assert office.sink.of(image) == ids(image, 1, 1, 2)


def test_a_receiver_that_is_away_for_days_misses_nothing_and_the_log_gets_loud(office, caplog):
    image = office.fill(3)
    office.sink.fail("send", SinkUnavailable("away"), times=10_000)
    for _ in range(30):
        office.deliver()
        office.wait(hours=1)
    loud = [record for record in caplog.records if record.levelname == "ERROR"]
    assert loud
    assert "takes no events since" in loud[0].getMessage()
    office.sink._failures.clear()
    office.deliver()
    assert office.sink.of(image) == ids(image, 1, 2, 3)


def test_the_wait_of_a_failing_image_is_bounded_and_heeds_the_receiver(office):
    office.fill(1)
    office.sink.fail("send", SinkUnavailable("429", retry_after=100_000.0))
    office.deliver()
    (lease,) = office.catalog.all(OutboxLease)
    assert lease.claimed_until == office.now + sending.LONGEST_WAIT


def test_a_refused_event_is_put_aside_and_the_others_go_on(office, caplog):
    image, other = office.fill(3), office.fill(1)
    office.sink.refuses = lambda event: event.id == f"{image}:2"
    office.deliver()
    assert office.sink.of(image) == ids(image, 1, 3)
    assert office.sink.of(other) == ids(other, 1)
    (refused,) = office.catalog.all(RefusedEvent)
    assert (refused.event.id, refused.reason) == (f"{image}:2", "400")
    assert office.waiting == []
    assert any("is refused by" in record.getMessage() for record in caplog.records)


def test_one_image_that_fails_holds_up_no_other(office):
    image, other = office.fill(2), office.fill(2)
    send = office.sink.send

    def pick(event: CloudEvent) -> None:
        if event.data.image_id == image:
            raise SinkUnavailable("500")
        send(event)

    office.sink.send = pick
    office.deliver()
    assert office.sink.of(other) == ids(other, 1, 2)


def test_one_receiver_that_is_down_holds_up_no_other(office):
    image = office.fill(2, sinks=(SINK, "other"))
    down = FakeSink()
    down.fail("send", SinkUnavailable("down"), times=100)
    office.deliver("other", down)
    office.deliver()
    assert office.sink.of(image) == ids(image, 1, 2)
    assert {row.sink for row in office.catalog.all(OutboxEvent)} == {"other"}


def test_a_receiver_that_is_down_is_left_alone_after_a_few_images(office):
    for _ in range(40):
        office.fill(1)
    office.sink.fail("send", SinkUnavailable("down"), times=100)
    office.deliver()
    assert len(office.sink.calls) <= sending._MOST_FAILURES + sending._SENDERS


def test_two_senders_at_the_same_time_send_each_event_once_and_in_order(office):
    images = [office.fill(10) for _ in range(5)]
    together = threading.Barrier(2)

    def sender() -> None:
        together.wait()
        office.deliver()

    threads = [threading.Thread(target=sender) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    office.deliver()
    for image in images:
        assert office.sink.of(image) == ids(image, *range(1, 11))


def test_a_sender_that_comes_while_another_sends_leaves_the_image_alone(office):
    image = office.fill(3)
    other, send = FakeSink(), office.sink.send

    def meanwhile(event: CloudEvent) -> None:
        office.deliver(sink=other)
        send(event)

    office.sink.send = meanwhile
    office.deliver()
    assert office.sink.of(image) == ids(image, 1, 2, 3)
    assert other.calls == []


def test_a_sender_stops_before_its_lease_ends(office):
    image = office.fill(5)
    send = office.sink.send

    def slow(event: CloudEvent) -> None:
        office.wait(seconds=20)
        send(event)

    office.sink.send = slow
    office.deliver()
    assert office.sink.of(image) == ids(image, 1, 2)
    office.deliver()
    assert office.sink.of(image) == ids(image, 1, 2, 3, 4)


def test_a_marker_stays_while_a_transaction_may_be_under_way(office):
    image = office.fill(0)
    office.deliver()
    assert len(office.catalog.all(OutboxMarker)) == 1
    office.fill(1, image)  # lands now
    office.deliver()
    assert office.sink.of(image) == ids(image, 1)
    office.wait(minutes=2)
    office.deliver()
    assert office.catalog.all(OutboxMarker) == []


def test_a_marker_that_is_touched_meanwhile_stays(office):
    office.fill(0)
    office.wait(minutes=3)
    (marker,) = office.catalog.all(OutboxMarker)
    listed = office.catalog.list

    def touched(*given, **more):
        page = listed(*given, **more)
        if given[0] is OutboxEvent:
            office.catalog.put(marker.model_copy(update={"touched_at": office.now}))
        return page

    office.catalog.list = touched
    office.deliver()
    assert len(office.catalog.all(OutboxMarker)) == 1


# What a change writes.


def changing(office: Office) -> ImportJob:
    job = builders.import_job()
    office.catalog.create(*builders.accepted(job))
    return job


def begin(job: ImportJob) -> Progress:
    return Progress.of(job, office_time(), status=AssetStatus.DEPLOYING_VM)


def office_time() -> datetime:
    return builders.NOW + timedelta(minutes=1)


def test_a_change_lands_with_its_events(office):
    job = changing(office)
    activity.record(begin(job), office.catalog, OUTBOX)
    office.deliver()
    told = [(event.type.rpartition(".")[2], event.data.before, event.data.after) for event in office.sink.taken]
    assert told == [
        ("CopyStatusChanged", "IMPORT_PENDING", "DEPLOYING_VM"),
        ("VersionStatusChanged", "PENDING", "IMPORT_IN_PROGRESS"),
        ("ImageStatusChanged", "PENDING", "IN_PROGRESS"),
    ]
    copy = office.sink.taken[0]
    assert copy.subject == f"/images/{job.image_id}/versions/{job.version_id}/copies/{job.asset_id}"
    assert copy.source == f"/orgs/{job.org_id}/images/{job.image_id}"
    assert (copy.id, copy.sequence, copy.time) == (f"{job.image_id}:1", "000000001", office_time())
    assert (copy.data.operation_id, copy.data.asset_id) == (job.operation_id, job.asset_id)


def test_repeating_a_change_tells_nothing_new_but_leaves_a_marker(office):
    """The first try may have died between the transaction and its marker's end of life."""
    job = changing(office)
    activity.record(begin(job), office.catalog, OUTBOX)
    office.deliver()
    office.catalog.delete(office.catalog.all(OutboxMarker)[0])
    activity.record(begin(job), office.catalog, OUTBOX)
    office.deliver()
    assert len(office.sink.taken) == 3
    assert len(office.catalog.all(OutboxMarker)) == 1


def test_the_marker_is_there_before_the_events(office):
    job = changing(office)
    office.catalog.fail("put", StoreUnavailable("away"))
    with pytest.raises(StoreUnavailable):
        activity.record(begin(job), office.catalog, OUTBOX)
    assert office.waiting == []


@pytest.mark.parametrize("landed", [False, True], ids=["lost-on-its-way", "answer-lost"])
def test_a_transaction_that_is_refused_or_lost_leaves_events_only_if_it_landed(office, landed):
    job = changing(office)
    office.catalog.fail("update", StoreUnavailable("away"), after=landed)
    with pytest.raises(StoreUnavailable):
        activity.record(begin(job), office.catalog, OUTBOX)
    assert len(office.waiting) == (3 if landed else 0)
    activity.record(begin(job), office.catalog, OUTBOX)
    assert office.waiting == [1, 2, 3]


def test_somebody_else_who_writes_in_between_leaves_no_event_of_ours_behind(office):
    job = changing(office)
    update = office.catalog.update

    def interfere(*records, **more):
        office.catalog.update = update
        asset = office.catalog.get(Asset, job.org_id, job.image_id, job.version_id, job.asset_id)
        office.catalog.update(asset)  # written anew: what the change was worked out from is old
        update(*records, **more)

    office.catalog.update = interfere
    activity.record(begin(job), office.catalog, OUTBOX)
    assert office.waiting == [1, 2, 3]
    assert len(office.catalog.all(HistoryEntry)) == 3


def test_without_receivers_nothing_is_kept(office):
    job = changing(office)
    activity.record(begin(job), office.catalog)
    assert office.waiting == []
    assert office.catalog.all(OutboxMarker) == []
