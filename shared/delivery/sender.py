"""The senders' side of the outbox: what waits is sent, at least once, and in order for each image.

One sender works on an image at a time, by a lease. A row goes when its event was accepted, so a sender that dies
between the two lets the event come twice, with the same id. Where the receiver is away, the image's events wait, ever
longer up to a bound, and are kept for as long as it takes; an event that the receiver will never take is put aside,
so that it does not hold up those after it.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

from shared.errors.catalogue import AlreadyExists, CatalogError, Changed, NotFound
from shared.errors.services import EventRefused, SinkUnavailable
from shared.models.outbox import OutboxEvent, OutboxLease, OutboxMarker, RefusedEvent
from shared.ports.catalog import CatalogStore, Query, every
from shared.ports.events import EventSink

GRACE = timedelta(minutes=2)
"""How long after its last touch a marker stays at least: longer than any transaction is under way."""
LEASE = timedelta(seconds=40)
LAST_SEND = timedelta(seconds=20)
"""How much of the lease must be left for another send: longer than any send takes."""
FIRST_WAIT = timedelta(seconds=5)
"""After the first failure; doubles with each further one."""
LONGEST_WAIT = timedelta(minutes=5)
LOUD_AFTER = timedelta(hours=24)
_MOST_FAILURES = 3
"""In a row, after which a receiver is left alone until the next look."""
_SENDERS = 8
_PAGE = 100

_log = logging.getLogger(__name__)


class Sender:
    """Sends to one receiver what waits for it. Build one for each look."""

    def __init__(self, catalog: CatalogStore, name: str, sink: EventSink, now: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self._name = name
        self._sink = sink
        self._now = now
        self._failures = 0

    def deliver(self) -> None:
        """Look at every image that may have events, and send them; several images at a time."""
        markers = list(every(self._catalog, OutboxMarker, self._name))
        if markers:
            with ThreadPoolExecutor(_SENDERS, thread_name_prefix=f"deliver-{self._name}") as pool:
                list(pool.map(self._look_at, markers))

    def _look_at(self, marker: OutboxMarker) -> None:
        if self._failures >= _MOST_FAILURES:
            return
        try:
            if self._page(marker, 1):
                self._send_under_lease(marker)
            elif self._now() - marker.touched_at >= GRACE:
                self._forget(marker)
        except Changed:
            return  # somebody else is at work on it
        except CatalogError as error:
            _log.warning("the events of image %s for %s wait: %s", marker.image_id, self._name, error)

    def _send_under_lease(self, marker: OutboxMarker) -> None:
        lease = self._claim(marker)
        if lease is None:
            return
        try:
            for row in self._rows(marker):
                if self._now() > lease.claimed_until - LAST_SEND:
                    break
                self._send(row)
        except SinkUnavailable as error:
            self._failures += 1
            self._put_off(lease, marker, error)
        else:
            self._failures = 0
            self._catalog.delete(lease)

    def _send(self, row: OutboxEvent) -> None:
        change = row.event.data
        about = f"[operation={change.operation_id} image={row.image_id} org={row.org_id}]"
        try:
            self._sink.send(row.event)
        except EventRefused as error:
            _log.error("event %s is refused by %s, and put aside: %s %s", row.event.id, row.sink, error, about)
            kept = row.model_dump(exclude={"etag"})
            self._catalog.update(
                adding=[RefusedEvent(**kept, reason=str(error), refused_at=self._now())], removing=[row]
            )
            return
        self._catalog.delete(row.model_copy(update={"etag": None}))
        told = f"{row.event.type.value} {change.before} -> {change.after}"
        _log.info("event %s sent to %s: %s %s", row.event.id, row.sink, told, about)

    def _rows(self, marker: OutboxMarker) -> Iterator[OutboxEvent]:
        """What waits, in order; read anew after each page, as what was sent is gone."""
        while page := self._page(marker, _PAGE):
            yield from page

    def _page(self, marker: OutboxMarker, size: int) -> list[OutboxEvent]:
        query = Query(below=(marker.sink, marker.image_id), size=size)
        while True:
            page = self._catalog.list(OutboxEvent, marker.org_id, query)
            if page.items or page.continuation is None:
                return list(page.items)
            query = Query(below=query.below, size=size, continuation=page.continuation)

    def _claim(self, marker: OutboxMarker) -> OutboxLease | None:
        """The lease, if it is to be had."""
        found = self._lease(marker)
        moment = self._now()
        if found is not None and found.is_held(moment):
            return None
        fresh = found or OutboxLease(sink=self._name, image_id=marker.image_id, holder="", claimed_until=moment)
        claim = fresh.model_copy(update={"holder": uuid4().hex, "claimed_until": moment + LEASE})
        try:
            if found is None:
                self._catalog.create(claim)
            else:
                self._catalog.update(claim)
        except (AlreadyExists, Changed):
            return None
        held = self._lease(marker)
        return held if held is not None and held.holder == claim.holder else None

    def _put_off(self, lease: OutboxLease, marker: OutboxMarker, error: SinkUnavailable) -> None:
        moment = self._now()
        wait = min(FIRST_WAIT * 2 ** min(lease.failures, 16), LONGEST_WAIT)
        wait = max(wait, timedelta(seconds=min(error.retry_after or 0, LONGEST_WAIT.total_seconds())))
        since = lease.failing_since or moment
        about = f"[image={marker.image_id} org={marker.org_id}]"
        if moment - since >= LOUD_AFTER:
            _log.error("%s takes no events since %s: %s %s", self._name, since.isoformat(), error, about)
        else:
            _log.warning("%s does not take an event, next try in %s: %s %s", self._name, wait, error, about)
        update = {"claimed_until": moment + wait, "failures": lease.failures + 1, "failing_since": since}
        self._catalog.update(lease.model_copy(update=update))

    def _forget(self, marker: OutboxMarker) -> None:
        """Nothing waits, and nothing can be about to: forget the marker, unless it was touched meanwhile."""
        lease = self._lease(marker)
        if lease is not None:
            if lease.is_held(self._now()):
                return
            self._catalog.delete(lease)
        self._catalog.delete(marker)

    def _lease(self, marker: OutboxMarker) -> OutboxLease | None:
        try:
            return self._catalog.get(OutboxLease, OutboxLease.partition(self._name), marker.image_id)
        except NotFound:
            return None
