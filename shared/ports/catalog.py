"""The catalogue's store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from shared.models.base import Record

LARGEST_PAGE = 1000
"""Table Storage gives no more at once."""

R = TypeVar("R", bound=Record)
Equals = Mapping[str, str | bool | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some records, and how to get those after them.

    Attributes:
        items: the records; may be fewer than asked for, even none, while there are more to come.
        continuation: what to ask the next page with, or None where this is the last.
    """

    items: Sequence[R]
    continuation: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Which records of one partition to list, in the order of their row keys.

    Attributes:
        below: the outer ids that the records are below, such as the image of a version.
        row_prefix: what the last part of the row key begins with.
        equals: field (in the wire's camelCase) to the value it must have, or the values it may have.
        size: how many at most.
        continuation: from an earlier page of the same query.
    """

    below: Sequence[str] = ()
    row_prefix: str = ""
    equals: Equals = field(default_factory=dict)
    size: int = 25
    continuation: str | None = None


class CatalogStore(Protocol):
    """Records at rest. Every method may raise `StoreUnavailable`.

    A record's class tells the table; its keys tell partition and row.
    """

    def get(self, kind: type[R], partition: str, *ids: str) -> R:
        """One record, with its `etag`; `ids` from the outermost in.

        Raises:
            NotFound: there is none.
        """
        ...

    def list(self, kind: type[R], partition: str, query: Query = ...) -> Page[R]:
        """A page of the records of one kind in one partition.

        Raises:
            ValueError: the continuation is not one of ours.
        """
        ...

    def scan(self, kind: type[R], size: int = ..., continuation: str | None = None) -> Page[R]:
        """A page of all records of a table over all partitions: for timers, and for a table of one kind.

        Raises:
            ValueError: the table holds other kinds, too; or the continuation is not one of ours.
        """
        ...

    def create(self, *records: Record, replacing: Sequence[Record] = ()) -> None:
        """Write new records, all of one partition, in one transaction: all of them land, or none.

        In the same transaction the records of `replacing` take the place of what they were when they were read.

        Raises:
            AlreadyExists: one of the new ones exists.
            Changed: one of those to replace was written, or deleted, since.
        """
        ...

    def update(self, *records: Record, adding: Sequence[Record] = (), removing: Sequence[Record] = ()) -> None:
        """Replace records, all of one partition, in one transaction, each as it was read (by its `etag`).

        In the same transaction the records of `adding` are new, and those of `removing` go, as they were read.

        Raises:
            Changed: one of those to replace or remove was written, or deleted, since.
            AlreadyExists: one of those to add exists.
        """
        ...

    def put(self, record: Record) -> None:
        """Write a record whether it exists or not: for what one writer alone writes again and again."""
        ...

    def delete(self, record: Record) -> None:
        """Delete a record: as it was read where it has an `etag`, else in any state; gone already is fine.

        Raises:
            Changed: it was written since.
        """
        ...


def every(
    catalog: CatalogStore, kind: type[R], partition: str, *below: str, equals: Equals | None = None
) -> Iterator[R]:
    """All records of one kind below these ids, page by page: for what one image or operation has, and for timers."""
    query = Query(below=below, equals=equals or {}, size=LARGEST_PAGE)
    while True:
        page = catalog.list(kind, partition, query)
        yield from page.items
        if page.continuation is None:
            return
        query = replace(query, continuation=page.continuation)


def everywhere(catalog: CatalogStore, kind: type[R]) -> Iterator[R]:
    """All records of a table of one kind, over all partitions, page by page: for timers, and a small table."""
    continuation = None
    while True:
        page = catalog.scan(kind, continuation=continuation)
        yield from page.items
        continuation = page.continuation
        if continuation is None:
            return
