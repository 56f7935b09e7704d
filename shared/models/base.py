"""What all our models share: camelCase on the wire, snake_case in Python."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


def _as_utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:  # pydantic turns no other error than a ValueError into a finding
        raise ValueError("is not a moment that can be told in UTC") from error


UtcTime = Annotated[datetime, AfterValidator(_as_utc)]
"""A moment in UTC; a time without a zone is taken as UTC."""


class Model(BaseModel):
    """An immutable model. Validation errors never repeat the input: it could be a secret."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        extra="ignore",
    )

    def to_json(self) -> dict[str, Any]:
        """The wire form: camelCase keys, JSON types."""
        return self.model_dump(mode="json", by_alias=True)


CATALOG = "catalog"
HISTORY = "history"
LEDGER = "ledger"
PROVIDERS = "providers"
OUTBOX = "outbox"


class Record(Model):
    """What every record has."""

    table: ClassVar[str] = CATALOG
    kind: ClassVar[str]

    etag: str | None = Field(default=None, exclude=True)
    """What the store gave when it was read; None for one that was never stored."""

    @property
    def partition_key(self) -> str:
        """The table's partition."""
        raise NotImplementedError

    @property
    def row_key(self) -> str:
        """The row in the partition."""
        raise NotImplementedError

    @classmethod
    def key(cls, *ids: str) -> str:
        """The row key of the record with these ids, from the outermost in; in a table of one kind they are all."""
        return ":".join(ids)
