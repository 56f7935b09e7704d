"""The catalogue in Azure Table Storage."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar, cast

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.paging import ItemPaged, PageIterator
from azure.data.tables import TableClient, TableEntity, TableServiceClient, UpdateMode
from pydantic import TypeAdapter

from shared.cloud.identity import credential
from shared.cloud.storage.calls import CONNECT_SECONDS, READ_SECONDS, attempt, code_of
from shared.cloud.storage.entities import to_entity, to_record
from shared.cloud.transport import transport
from shared.errors.catalogue import AlreadyExists, Changed, NotFound
from shared.models.base import Record
from shared.models.catalog_record import TABLES
from shared.ports.catalog import LARGEST_PAGE, Page, Query
from shared.settings import Settings

R = TypeVar("R", bound=Record)

_WHOLE_RECORD = Query()
_EXISTS = "EntityAlreadyExists"
_NO_TABLE = "TableNotFound"
_NOT_AS_READ = ("UpdateConditionNotSatisfied", "ConditionNotMet", "ResourceNotFound", "EntityNotFound", _NO_TABLE)
_KEYS = TypeAdapter(tuple[str | None, str | None])
_Operation = tuple[str, dict[str, Any], dict[str, Any]]


class TableCatalogStore:
    """A `CatalogStore` over one storage account; the tables are made when something is first written to them."""

    def __init__(self, service: TableServiceClient) -> None:
        self._tables = {name: service.get_table_client(name) for name in TABLES}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The storage account of the settings: by connection string, else with the managed identity."""
        options = {"transport": transport(CONNECT_SECONDS, READ_SECONDS), "retry_total": 0}
        if settings.storage_connection is not None:
            connection = settings.storage_connection.get_secret_value()
            return cls(TableServiceClient.from_connection_string(connection, **options))
        identity = credential(settings.client_id)
        return cls(TableServiceClient(settings.table_endpoint or "", credential=identity, **options))

    def get(self, kind: type[R], partition: str, *ids: str) -> R:
        """See `CatalogStore.get`."""
        try:
            entity = attempt(lambda: self._tables[kind.table].get_entity(partition, kind.key(*ids)))
        except ResourceNotFoundError as error:
            raise NotFound(f"There is no {kind.kind} {'/'.join(ids)}.") from error
        return to_record(kind, entity, entity.metadata["etag"])

    def list(self, kind: type[R], partition: str, query: Query = _WHOLE_RECORD) -> Page[R]:
        """See `CatalogStore.list`: one round trip, over a range of row keys."""
        if any(not isinstance(values, bool) and not values for values in query.equals.values()):
            return Page(())
        text, parameters = _filter(kind, partition, query)
        start = _decoded(query.continuation)
        found = self._tables[kind.table].query_entities(text, parameters=parameters, results_per_page=query.size)
        return self._page(kind, found, start)

    def scan(self, kind: type[R], size: int = LARGEST_PAGE, continuation: str | None = None) -> Page[R]:
        """See `CatalogStore.scan`."""
        if kind.key("") != "":
            raise ValueError(f"the table {kind.table} holds other kinds than {kind.kind}, too")
        found = self._tables[kind.table].list_entities(results_per_page=size)
        return self._page(kind, found, _decoded(continuation))

    def _page(self, kind: type[R], found: ItemPaged[TableEntity], start: Any) -> Page[R]:
        """The page that begins at `start`; one without items is the end of a table that is not there yet."""
        pages = cast("PageIterator[TableEntity]", found.by_page(start))
        try:
            entities = attempt(lambda: list(next(pages)))
        except ResourceNotFoundError:
            return Page(())
        except HttpResponseError as error:
            if start is not None and error.status_code == 400:
                raise ValueError("The continuation is not one of ours.") from error
            raise
        records = [to_record(kind, entity, entity.metadata["etag"]) for entity in entities]
        return Page(records, _encoded(pages.continuation_token))

    def create(self, *records: Record, replacing: Sequence[Record] = ()) -> None:
        """See `CatalogStore.create`."""
        self._change(records, replacing)

    def update(self, *records: Record, adding: Sequence[Record] = (), removing: Sequence[Record] = ()) -> None:
        """See `CatalogStore.update`."""
        self._change(adding, records, removing)

    def _change(self, new: Sequence[Record], replaced: Sequence[Record], removed: Sequence[Record] = ()) -> None:
        """Create some records, replace others and remove others, in one transaction."""
        read = (*replaced, *removed)
        for record in read:
            if record.etag is None:
                raise ValueError(f"{record.row_key} was never read: it has no etag")
        operations: list[_Operation] = [("create", to_entity(record), {}) for record in new]
        operations += [
            ("update", to_entity(record), {"mode": UpdateMode.REPLACE, **_as_read(record)}) for record in replaced
        ]
        operations += [("delete", to_entity(record), _as_read(record)) for record in removed]
        records = (*new, *read)
        try:
            self._write(_table_of(records), operations)
        except HttpResponseError as error:
            code = code_of(error)
            record = records[getattr(error, "index", 0)]
            if code == _EXISTS:
                key = f"{record.partition_key}/{record.row_key}"
                raise AlreadyExists(f"There is a {record.kind} {record.row_key} already.", key) from error
            if read and code in _NOT_AS_READ:
                raise Changed(f"The {record.kind} {record.row_key} was written since it was read.") from error
            raise

    def put(self, record: Record) -> None:
        """See `CatalogStore.put`."""
        self._write(record.table, [("upsert", to_entity(record), {"mode": UpdateMode.REPLACE})])

    def delete(self, record: Record) -> None:
        """See `CatalogStore.delete`."""
        table = self._tables[record.table]
        condition = MatchConditions.IfNotModified if record.etag else None
        try:
            attempt(
                lambda: table.delete_entity(
                    record.partition_key, record.row_key, etag=record.etag, match_condition=condition
                )
            )
        except HttpResponseError as error:
            if code_of(error) not in _NOT_AS_READ:
                raise
            raise Changed(f"The {record.kind} {record.row_key} was written since it was read.") from error

    def _write(self, table_name: str, operations: Sequence[_Operation]) -> None:
        table = self._tables[table_name]
        name, entity, _ = operations[0]

        def after_loss(error: AzureError) -> None:
            """The refusal stands unless what we wrote is there: all of a transaction lands or none."""
            if _holds(table, entity) is (name == "delete"):
                raise error

        send = _sender(table, operations)
        try:
            attempt(send, after_loss)
        except HttpResponseError as error:  # of which sort depends on whether it was a transaction
            if code_of(error) != _NO_TABLE or name in ("update", "delete"):
                raise
            attempt(lambda: _create_table(table))
            attempt(send, after_loss)


def _sender(table: TableClient, operations: Sequence[_Operation]) -> Callable[[], None]:
    """What sends the operations: one alone needs no transaction, which costs more, unless it would hide a 404."""

    def send() -> None:
        if len(operations) > 1 or operations[0][0] == "delete":
            table.submit_transaction(operations)
        else:
            name, entity, options = operations[0]
            getattr(table, f"{name}_entity")(entity, **options)

    return send


def _create_table(table: TableClient) -> None:
    try:
        table.create_table()
    except ResourceExistsError as error:
        if code_of(error) != "TableAlreadyExists":
            raise


def _holds(table: TableClient, entity: Mapping[str, Any]) -> bool:
    try:
        stored = attempt(lambda: table.get_entity(entity["PartitionKey"], entity["RowKey"]))
    except ResourceNotFoundError:
        return False
    return all(stored.get(name) == value for name, value in entity.items())


def _as_read(record: Record) -> dict[str, Any]:
    return {"etag": record.etag, "match_condition": MatchConditions.IfNotModified}


def _table_of(records: Sequence[Record]) -> str:
    partitions = {(record.table, record.partition_key) for record in records}
    if len(partitions) != 1:
        raise ValueError("a transaction is of one partition of one table")
    return partitions.pop()[0]


def _filter(kind: type[Record], partition: str, query: Query) -> tuple[str, dict[str, str | bool]]:
    """The OData filter and its parameters, which the SDK quotes."""
    prefix = kind.key(*query.below, query.row_prefix)
    parameters: dict[str, str | bool] = {"partition": partition}
    parts = ["PartitionKey eq @partition"]
    if prefix:
        parts.append("RowKey ge @first and RowKey lt @end")
        parameters |= {"first": prefix, "end": _successor(prefix)}
    for column, (name, wanted) in enumerate(query.equals.items()):
        values = [wanted] if isinstance(wanted, str | bool) else wanted
        names = [f"value{column}x{number}" for number in range(len(values))]
        parameters |= dict(zip(names, values, strict=True))
        parts.append("( " + " or ".join(f"{name} eq @{parameter}" for parameter in names) + " )")
    return " and ".join(parts), parameters


def _successor(prefix: str) -> str:
    """The first text after all those that begin with the prefix."""
    last = ord(prefix[-1])
    following = 0xE000 if last == 0xD7FF else last + 1  # over the surrogates, which are no characters
    return prefix[:-1] + chr(following)


def _encoded(token: Any) -> str | None:
    """The SDK's continuation, as text for URLs."""
    if not token:
        return None
    keys = _KEYS.dump_json((token["PartitionKey"], token["RowKey"]))
    return base64.urlsafe_b64encode(keys).decode().rstrip("=")


def _decoded(continuation: str | None) -> Any:
    """What `_encoded` was given; it only says where in the filter's range to go on, so it opens no other partition."""
    if continuation is None:
        return None
    try:
        padded = continuation + "=" * (-len(continuation) % 4)
        partition, row = _KEYS.validate_json(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except ValueError as error:
        raise ValueError("The continuation is not one of ours.") from error
    return {"PartitionKey": partition, "RowKey": row}
