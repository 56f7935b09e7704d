"""What older releases wrote, byte for byte: rows of tables, and inputs of orchestrations. Never changed, only added to.

`first-release.json` was written by the first release that had tables: a complete import, and one in the middle.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.cloud.storage.entities import to_record
from shared.models.base import Record
from shared.models.history import HistoryEntry
from shared.models.image import Asset, Image, NameReservation, Version
from shared.models.ledger_entry import LedgerEntry
from shared.models.operation import Operation
from shared.models.provider_instance import ProviderInstance

KINDS = {
    kind.kind: kind
    for kind in (ProviderInstance, Image, Version, Asset, Operation, NameReservation, HistoryEntry, LedgerEntry)
}
TOMORROW = {"fieldOfTomorrow": "x", "partsOfTomorrowJson": '{"a":[1]}'}
"""Columns that a newer release may have added before a rollback."""

COMPLETE = "00000000-0000-4000-8000-000000000010"
IN_PROGRESS = "00000000-0000-4000-8000-000000000020"
"""The ids of the images."""


def first_release(extra: Mapping[str, str] | None = None) -> Sequence[Record]:
    """The records of the first release, as this one reads them; each row has these columns more."""
    rows = _read()["rows"]
    return [to_record(KINDS[row["kind"]], row["entity"] | (extra or {}), None) for row in rows]


def first_job(name: str) -> dict[str, Any]:
    """The input of an import's orchestration, by the image's name."""
    job: dict[str, Any] = _read()["jobs"][name]
    return job


def _read() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(__file__).parent / "first-release.json").read_text())
    return content
