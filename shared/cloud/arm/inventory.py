"""What there is in Azure that the image catalog made: listed, asked after, and staging groups taken away."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm, ArmClients
from shared.cloud.arm.core.errors import Request, raise_unless_missing, translated
from shared.errors.azure import PermanentError
from shared.models.orphans import SweepKind
from shared.ports.azure import Waiting
from shared.ports.inventory import TaggedResource
from shared.settings import Settings
from shared.workflow.naming import CREATED_BY, CREATED_BY_US

_OURS = f"tagName eq '{CREATED_BY}' and tagValue eq '{CREATED_BY_US}'"
_TYPES = {
    SweepKind.DEFINITIONS: "Microsoft.Compute/galleries/images",
    SweepKind.VERSIONS: "Microsoft.Compute/galleries/images/versions",
}
_API_VERSIONS = {
    "microsoft.compute/virtualmachines": "2024-11-01",
    "microsoft.compute/virtualmachines/extensions": "2024-11-01",
    "microsoft.compute/virtualmachines/runcommands": "2024-11-01",
    "microsoft.compute/disks": "2024-03-02",
    "microsoft.compute/galleries": "2024-03-03",
    "microsoft.compute/galleries/images": "2024-03-03",
    "microsoft.compute/galleries/images/versions": "2024-03-03",
    "microsoft.network/networksecuritygroups": "2024-05-01",
    "microsoft.network/networkinterfaces": "2024-05-01",
    "microsoft.network/publicipaddresses": "2024-05-01",
}
"""Of every kind of thing that we make; what a version adds does not matter here."""
_GALLERIES = "microsoft.compute/galleries"
_STAGING_GROUP = re.compile(r"/resourceGroups/rg-img-[0-9a-f]{20}/", re.IGNORECASE)
_DELETING = "Deleting"
_WITHOUT_SHUTDOWN = "Microsoft.Compute/virtualMachines"


class AzureInventory:
    """An `Inventory` over Azure Resource Manager. See the port for what each method promises."""

    def __init__(self, clients: ArmClients) -> None:
        self._clients = clients

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The Azure Resource Manager of the settings."""
        return cls(ArmClients(settings))

    def tagged(
        self, subscription_id: str, listing: SweepKind, continuation: str | None
    ) -> tuple[Sequence[TaggedResource], str | None]:
        """See `Inventory.tagged`."""
        with self._azure(subscription_id, f"list the {listing} of subscription {subscription_id}") as arm:
            if listing is SweepKind.GROUPS:
                pages = arm.resources.resource_groups.list(filter=_OURS).by_page(continuation)
                items, following = _page(pages)
                return [_group(each) for each in items], following
            if listing in _TYPES:
                # Of what is filtered by tags, Azure leaves the tags out of the answer.
                wanted = f"resourceType eq '{_TYPES[listing]}'"
                items, following = _page(arm.resources.resources.list(filter=wanted).by_page(continuation))
                found = [_resource(each.id, each.tags) for each in items]
                return [each for each in found if each.tags.get(CREATED_BY) == CREATED_BY_US], following
            items, following = _page(arm.resources.resources.list(filter=_OURS).by_page(continuation))
            ids = [each.id for each in items if _stands_alone(each.id)]
            return [one for each in ids if (one := _read(arm, each)) is not None], following

    def exists(self, resource_id: str) -> bool:
        """See `Inventory.exists`."""
        with self._azure(_subscription(resource_id), f"look for {resource_id}") as arm:
            return _read(arm, resource_id) is not None

    def begin_group_removal(self, group_id: str, tags: Mapping[str, str]) -> Waiting | None:
        """See `Inventory.begin_group_removal`."""
        with self._azure(_subscription(group_id), f"delete resource group {group_id}") as arm:
            found = _read(arm, group_id)
            if found is None:
                return None
            if found.tags != tags:
                message = f"{group_id} has other tags than a moment ago. It is left alone."
                raise PermanentError("ResourceNotOurs", message)
            if found.leaving:
                return Waiting()
            delete = arm.resources.resource_groups.begin_delete
            name = group_id.rpartition("/")[2]
            return operations.begin_unowned(arm, delete, name, force_deletion_types=_WITHOUT_SHUTDOWN)

    @contextmanager
    def _azure(self, subscription_id: str, doing: str) -> Iterator[Arm]:
        with translated(Request(doing)):
            yield self._clients.subscription(subscription_id)


def _page(pages: Any) -> tuple[list[Any], str | None]:
    """The next page, and where to go on after it."""
    items = list(next(pages, ()))
    return items, pages.continuation_token


def _read(arm: Arm, resource_id: str) -> TaggedResource | None:
    """A group, or a resource of a kind that we make, by its id; None where there is none."""
    try:
        if "/providers/" not in resource_id.lower():
            return _group(arm.resources.resource_groups.get(resource_id.rpartition("/")[2]))
        version = _API_VERSIONS[_type(resource_id)]
        found = arm.resources.resources.get_by_id(resource_id.lstrip("/"), api_version=version)
    except ResourceNotFoundError as error:
        raise_unless_missing(error)
        return None
    return _resource(resource_id, found.tags)


def _group(group: Any) -> TaggedResource:
    state = group.properties.provisioning_state if group.properties else ""
    return TaggedResource(str(group.id), dict(group.tags or {}), leaving=state == _DELETING)


def _resource(resource_id: str | None, tags: Mapping[str, str] | None) -> TaggedResource:
    return TaggedResource(resource_id or "", dict(tags or {}))


def _stands_alone(resource_id: str) -> bool:
    """Whether it is of a kind that we make, and no other listing has it: not in a gallery or a staging group."""
    kind = _type(resource_id)
    return kind in _API_VERSIONS and not kind.startswith(_GALLERIES) and not _STAGING_GROUP.search(resource_id)


def _type(resource_id: str) -> str:
    """The type in lower case, such as microsoft.compute/galleries/images."""
    namespace, *rest = resource_id.lower().rpartition("/providers/")[2].split("/")
    return "/".join((namespace, *rest[::2]))


def _subscription(resource_id: str) -> str:
    return resource_id.split("/")[2]
