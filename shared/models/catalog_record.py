"""The records of the catalogue: the tables, and what each record in an org's partition has."""

import re

from shared.models.base import CATALOG, HISTORY, LEDGER, OUTBOX, PROVIDERS, Record

TABLES = (CATALOG, HISTORY, LEDGER, PROVIDERS, OUTBOX)
RECORD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""What the id of a record may be: without the colon, which separates the parts of a row key."""


class CatalogRecord(Record):
    """A record in an org's partition of the catalogue: all of an accepted request lands in one transaction."""

    org_id: str

    @property
    def partition_key(self) -> str:
        """The org."""
        return self.org_id

    @classmethod
    def key(cls, *ids: str) -> str:
        """The kind, then the ids: `version:{image}:{id}`; one partition holds every kind."""
        return ":".join((cls.kind, *ids))
