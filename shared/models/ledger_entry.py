"""The write-ahead ledger of Azure resources, and whom the events of a resource wake."""

from datetime import datetime
from hashlib import sha256
from typing import ClassVar, Self

from shared.arm_ids import GALLERY_ID
from shared.models.base import LEDGER, Record, UtcTime


def hash_of(resource_id: str) -> str:
    """A key for an ARM id, which has letters that no key may have, and no letter case that could be relied on."""
    return sha256(resource_id.lower().encode()).hexdigest()


class LedgerState:
    """The states of a ledger entry."""

    CREATING = "creating"
    EXISTS = "exists"
    GONE = "gone"
    KEPT = "kept"
    """It stays: a gallery is the provider instance's, and outlives the operation that made it."""


class LedgerEntry(Record):
    """An Azure resource of ours: written before it is created, kept until it is gone."""

    table: ClassVar[str] = LEDGER
    kind: ClassVar[str] = "resource"

    org_id: str
    operation_id: str
    order: int
    """The order among resources that are created at the same moment."""
    resource_id: str
    state: str
    updated_at: UtcTime

    @property
    def partition_key(self) -> str:
        """The operation."""
        return self.operation_id

    @property
    def row_key(self) -> str:
        """`hash_of` the resource's id; older releases wrote the order, and two resources could have the same."""
        return hash_of(self.resource_id)

    @property
    def stays(self) -> bool:
        """Whether it is a gallery, which no operation takes away."""
        return GALLERY_ID.fullmatch(self.resource_id) is not None

    def now(self, state: str, at: datetime) -> Self:
        """The entry in another state."""
        return self.model_copy(update={"state": state, "updated_at": at})


class ResourceOwner(Record):
    """Which operation makes a resource: whom to wake when Azure tells of it. Written before the resource is made."""

    table: ClassVar[str] = LEDGER
    kind: ClassVar[str] = "owner"

    resource_id: str
    org_id: str
    operation_id: str

    @classmethod
    def partition_of(cls, resource_id: str) -> str:
        """`hash_of` the id."""
        return hash_of(resource_id)

    @property
    def partition_key(self) -> str:
        """`partition_of` its resource."""
        return self.partition_of(self.resource_id)

    @property
    def row_key(self) -> str:
        """Always `owner`: a resource has one."""
        return self.kind
