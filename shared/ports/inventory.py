"""What there is in Azure that carries our tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.models.orphans import SweepKind
from shared.ports.azure import Waiting


@dataclass(frozen=True, slots=True)
class TaggedResource:
    """A resource, or resource group, that carries our tags.

    Attributes:
        resource_id: its ARM id.
        tags: all of them.
        leaving: whether Azure is deleting it.
    """

    resource_id: str
    tags: Mapping[str, str]
    leaving: bool = False


class Inventory(Protocol):
    """What there is in Azure. Every method may raise `PermanentError` or `TransientError`."""

    def tagged(
        self, subscription_id: str, listing: SweepKind, continuation: str | None
    ) -> tuple[Sequence[TaggedResource], str | None]:
        """A page of what the image catalog made in a subscription, and where to go on (None: that was the last).

        Of `shared.models.orphans.LISTINGS`; what is in a staging resource group goes with its group.
        """
        ...

    def exists(self, resource_id: str) -> bool:
        """Whether a resource of a kind that we make is there."""
        ...

    def begin_group_removal(self, group_id: str, tags: Mapping[str, str]) -> Waiting | None:
        """Delete a staging resource group that has exactly these tags; gone already is done (None)."""
        ...
