"""The Inventory in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.catalogue.orphans import Place, place_of
from shared.errors.azure import PermanentError
from shared.models.orphans import SweepKind
from shared.ports.azure import Waiting
from shared.ports.inventory import TaggedResource
from tests.scripted import Scripted, answer

_LISTINGS = {
    Place.GROUP: SweepKind.GROUPS,
    Place.DEFINITION: SweepKind.DEFINITIONS,
    Place.VERSION: SweepKind.VERSIONS,
    Place.OTHER: SweepKind.OTHERS,
}


@dataclass
class FakeInventory(Scripted):
    """An Inventory that knows some resources, by their ids."""

    resources: dict[str, TaggedResource] = field(default_factory=dict)
    page_size: int = 100
    removal_takes_time: bool = True
    """Whether a group that is removed is there for a while yet, as one that is leaving."""

    def __post_init__(self) -> None:
        super().__init__()

    def put(self, resource_id: str, tags: Mapping[str, str] | None = None) -> None:
        """Let there be a resource."""
        self.resources[resource_id] = TaggedResource(resource_id, dict(tags or {}))

    def tagged(
        self, subscription_id: str, listing: SweepKind, continuation: str | None
    ) -> tuple[Sequence[TaggedResource], str | None]:
        lost = self.enter("tagged")
        found = [each for each in self._of(subscription_id) if _LISTINGS.get(place_of(each.resource_id)) is listing]
        start = int(continuation or "0")
        end = start + self.page_size
        return answer((found[start:end], str(end) if end < len(found) else None), lost)

    def exists(self, resource_id: str) -> bool:
        lost = self.enter("exists")
        return answer(resource_id in self.resources, lost)

    def begin_group_removal(self, group_id: str, tags: Mapping[str, str]) -> Waiting | None:
        lost = self.enter("begin_group_removal")
        found = self.resources.get(group_id)
        if found is None:
            return answer(None, lost)
        if found.tags != tags:
            raise PermanentError("ResourceNotOurs", f"{group_id} has other tags than a moment ago.")
        if not self.removal_takes_time:
            del self.resources[group_id]
            return answer(None, lost)
        self.resources[group_id] = TaggedResource(group_id, found.tags, leaving=True)
        return answer(Waiting(), lost)

    def _of(self, subscription_id: str) -> list[TaggedResource]:
        within = [each for each in self.resources.values() if subscription_id in each.resource_id]
        return sorted((each for each in within if each.tags), key=lambda each: each.resource_id)
