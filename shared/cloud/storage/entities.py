"""Records as rows of Table Storage, and back.

A column is named as on the wire (camelCase). Text, numbers and truth values are themselves, moments are
Edm.DateTime, whatever has parts is JSON text in a column called `{name}Json`; None has no column. A row of an
older schema loads: a column that is missing gives the field's default, one that is unknown is ignored.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from shared.models.base import Record

R = TypeVar("R", bound=Record)

_JSON = "Json"


def to_entity(record: Record) -> dict[str, Any]:
    """The row of a record, with its keys."""
    python = record.model_dump(by_alias=True)
    entity: dict[str, Any] = {"PartitionKey": record.partition_key, "RowKey": record.row_key}
    for name, value in record.to_json().items():
        if isinstance(value, dict | list):
            entity[name + _JSON] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        elif value is not None:
            entity[name] = python[name] if isinstance(python[name], datetime) else value
    return entity


def to_record(kind: type[R], entity: Mapping[str, Any], etag: str | None) -> R:
    """The record of a row, as it was read."""
    values: dict[str, Any] = {"etag": etag}
    for field in kind.model_fields.values():
        name = field.alias or ""
        if name + _JSON in entity:
            values[name] = json.loads(entity[name + _JSON])
        elif name in entity:
            values[name] = entity[name]
        elif field.is_required():
            values[name] = None  # None has no column
    return kind.model_validate(values)
