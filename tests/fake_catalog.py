"""The CatalogStore in memory."""

import base64
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.errors.catalogue import AlreadyExists, Changed, NotFound
from shared.models.base import Record
from shared.ports.catalog import LARGEST_PAGE, Equals, Page, Query
from tests.scripted import Scripted, answer

R = TypeVar("R", bound=Record)

LARGEST_TRANSACTION = 100
"""Table Storage takes no more in one transaction."""

LARGEST_COLUMN = 64 * 1024
"""Nor more bytes of UTF-16 in one column."""


@dataclass
class _Row:
    kind: str
    columns: dict[str, Any]
    etag: str


class FakeCatalogStore(Scripted):
    """A CatalogStore in a dictionary; records go in and out as JSON, as they would over a wire."""

    def __init__(self, *records: Record) -> None:
        super().__init__()
        self._rows: dict[tuple[str, str, str], _Row] = {}
        self._writes = 0
        self._lock = threading.Lock()
        for record in records:
            self._write(record)

    def get(self, kind: type[R], partition: str, *ids: str) -> R:
        with self._lock:
            lost = self.enter("get")
            row = self._rows.get((kind.table, partition, kind.key(*ids)))
            if row is None:
                raise NotFound(f"no {kind.kind} {'/'.join(ids)}")
            return answer(_record(kind, row), lost)

    def list(self, kind: type[R], partition: str, query: Query = Query()) -> Page[R]:  # noqa: B008 - it is frozen
        with self._lock:
            lost = self.enter("list")
            prefix = kind.key(*query.below, query.row_prefix)
            after = _decoded(query.continuation)
            found = [
                (row_key, row)
                for (table, part, row_key), row in sorted(self._rows.items())
                if table == kind.table and part == partition and row_key.startswith(prefix) and row_key > after
                if _matches(row, query.equals)
            ]
            page = found[: query.size]
            continuation = _encoded(page[-1][0]) if len(found) > len(page) else None
            return answer(Page([_record(kind, row) for _, row in page], continuation), lost)

    def scan(self, kind: type[R], size: int = LARGEST_PAGE, continuation: str | None = None) -> Page[R]:
        with self._lock:
            lost = self.enter("scan")
            if kind.key("") != "":
                raise ValueError("the table holds other kinds, too")
            after = json.loads(_decoded(continuation) or '["", ""]')
            found = [
                ([part, row_key], row)
                for (table, part, row_key), row in sorted(self._rows.items())
                if table == kind.table and [part, row_key] > after
            ]
            page = found[:size]
            following = _encoded(json.dumps(page[-1][0])) if len(found) > len(page) else None
            return answer(Page([_record(kind, row) for _, row in page], following), lost)

    def create(self, *records: Record, replacing: Sequence[Record] = ()) -> None:
        with self._lock:
            lost = self.enter("create")
            _one_transaction((*records, *replacing))
            for record in records:
                _expect_none(self._rows, record)
            for record in replacing:
                self._expect(record)
            for record in (*records, *replacing):
                self._write(record)
            answer(None, lost)

    def update(self, *records: Record, adding: Sequence[Record] = (), removing: Sequence[Record] = ()) -> None:
        with self._lock:
            lost = self.enter("update")
            _one_transaction((*records, *adding, *removing))
            for record in adding:
                _expect_none(self._rows, record)
            for record in (*records, *removing):
                self._expect(record)
            for record in (*adding, *records):
                self._write(record)
            for record in removing:
                del self._rows[_address(record)]
            answer(None, lost)

    def put(self, record: Record) -> None:
        with self._lock:
            lost = self.enter("put")
            self._write(record)
            answer(None, lost)

    def delete(self, record: Record) -> None:
        with self._lock:
            lost = self.enter("delete")
            if record.etag is not None and _address(record) in self._rows:
                self._expect(record)
            self._rows.pop(_address(record), None)
            answer(None, lost)

    def all(self, kind: type[R]) -> Sequence[R]:
        """Every record of a kind, in every partition: for assertions."""
        with self._lock:
            return [_record(kind, row) for _, row in sorted(self._rows.items()) if row.kind == kind.kind]

    def _write(self, record: Record) -> None:
        self._writes += 1
        columns = json.loads(json.dumps(record.to_json()))
        for name, value in columns.items():
            _check_fits(name, value)
        self._rows[_address(record)] = _Row(record.kind, columns, f'W/"{self._writes}"')

    def _expect(self, record: Record) -> None:
        if record.etag is None:
            raise ValueError(f"{record.row_key} was never read: it has no etag")
        row = self._rows.get(_address(record))
        if row is None or row.etag != record.etag:
            raise Changed(f"{record.row_key} was written since it was read")


def _check_fits(name: str, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode("utf-16-le")) > LARGEST_COLUMN:
        raise ValueError(f"the column {name} is too large for Table Storage")


def _expect_none(rows: Mapping[tuple[str, str, str], _Row], record: Record) -> None:
    if _address(record) in rows:
        key = f"{record.partition_key}/{record.row_key}"
        raise AlreadyExists(f"{key} exists", key)


def _address(record: Record) -> tuple[str, str, str]:
    return record.table, record.partition_key, record.row_key


def _record(kind: type[R], row: _Row) -> R:
    return kind.model_validate({**row.columns, "etag": row.etag})


def _matches(row: _Row, equals: Equals) -> bool:
    return all(
        row.columns.get(name) in ([wanted] if isinstance(wanted, str | bool) else wanted)
        for name, wanted in equals.items()
    )


def _one_transaction(records: Sequence[Record]) -> None:
    addresses = {_address(record) for record in records}
    if len({address[:2] for address in addresses}) != 1 or len(addresses) != len(records):
        raise ValueError("a transaction is of one partition of one table, and writes each record once")
    if len(records) > LARGEST_TRANSACTION:
        raise ValueError(f"a transaction holds at most {LARGEST_TRANSACTION} records")


def _encoded(row_key: str) -> str:
    return base64.urlsafe_b64encode(row_key.encode()).decode()


def _decoded(continuation: str | None) -> str:
    if continuation is None:
        return ""
    try:
        return base64.b64decode(continuation.encode("ascii"), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise ValueError("not a continuation of ours") from error
