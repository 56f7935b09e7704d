"""What the workflow needs of the outside, as protocols. `shared.wiring` chooses who fills them.

Every method of these blocks until it has its answer; async code calls them through `asyncio.to_thread`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from shared.models.base import Record
from shared.models.events import CloudEvent
from shared.models.orphans import SweepKind
from shared.models.steps import (
    CopyJob,
    Facts,
    Finding,
    ImportJob,
    MarketplaceImage,
    RegionReplication,
    SourceFacts,
)

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


class SecretStore(Protocol):
    """Where secrets are kept for as long as an operation needs them. Methods may raise `SecretUnavailable`."""

    def put(self, name: str, value: str) -> None:
        """Keep a secret; `name` has letters, digits and dashes."""
        ...

    def get(self, name: str) -> str:
        """The secret.

        Raises:
            SecretUnavailable: there is none of that name, or the store is away.
        """
        ...

    def delete(self, name: str) -> None:
        """Forget a secret; one that is gone already is fine."""
        ...


class EventSink(Protocol):
    """Who takes our events."""

    def send(self, event: CloudEvent) -> None:
        """Deliver an event; when this returns, the receiver has it.

        Raises:
            SinkUnavailable: it was not delivered, or nobody knows: send it again.
            EventRefused: the receiver will never take it.
        """
        ...


@dataclass(frozen=True, slots=True)
class OfferedImage:
    """An image that can be imported: an item of `GET /image-sources`."""

    publisher: str
    offer: str
    sku: str
    version: str
    """The newest version in the region."""
    hyper_v_generation: str
    os_family: str
    plan_required: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Azure is at work: ask again after `seconds` (None: at our own pace), with `handle` where there is one.

    `told` says that it ends with a resource event of Azure's: what goes on inside a machine does not.
    """

    seconds: float | None = None
    handle: str | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class Preflight:
    """What preflight found: everything wrong at once, and the facts if nothing is."""

    findings: Sequence[Finding]
    facts: Facts | None


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


class ImageProvider(Protocol):
    """Azure, as far as images need it.

    Methods named `begin_…` start long work and are safe to repeat: they look first, and take up what an earlier
    try began. `check_…` asks how it goes. Both return None when it is done, and `Waiting` while it is not.
    Every method may raise `PermanentError` or `TransientError`. Names come from `shared.naming.staging(job)`.
    """

    def offered_images(
        self, subscription_id: str, region: str, wanted: Sequence[MarketplaceImage]
    ) -> Sequence[OfferedImage]:
        """Which of the wanted images (their `version` is ignored) the Marketplace offers in a region."""
        ...

    def preflight(self, job: ImportJob) -> Preflight:
        """Everything that could stop the import and can be known beforehand; creates nothing."""
        ...

    def accept_terms(self, job: ImportJob, facts: Facts) -> None:
        """Accept the terms of the image's plan for the subscription; accepted ones are left alone."""
        ...

    def create_resource_group(self, job: ImportJob) -> None:
        """Make the staging resource group, tagged; refuse one that belongs to another operation."""
        ...

    def begin_network_security_group(self, job: ImportJob) -> Waiting | None:
        """Make the network security group: closed, but for the provider instance's address ranges."""
        ...

    def check_network_security_group(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """How the network security group is coming along."""
        ...

    def begin_virtual_machine(self, job: ImportJob, facts: Facts, password: str) -> Waiting | None:
        """Make the VM with its NIC, disk and, if asked for, public IP; one that failed before is removed first."""
        ...

    def check_virtual_machine(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """How the VM is coming along."""
        ...

    def virtual_machine_details(self, job: ImportJob) -> Mapping[str, object]:
        """What `assetDetails.data` should say of the VM: vmId, resource ids, addresses, image version."""
        ...

    def check_guest_agent(self, job: ImportJob) -> Waiting | None:
        """Whether the VM runs and its guest agent is ready for run commands."""
        ...

    def begin_run_command(self, job: ImportJob, name: str, script: str, limit: float) -> Waiting | None:
        """Run a PowerShell script in the VM as a managed run command of that name, for `limit` seconds at most."""
        ...

    def check_run_command(self, job: ImportJob, name: str) -> Waiting | None:
        """How the script is doing; one that failed raises `PermanentError` with the end of what it printed."""
        ...

    def begin_gpu_driver(self, job: ImportJob) -> Waiting | None:
        """Put the GPU maker's driver extension on the VM."""
        ...

    def check_gpu_driver(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """How the driver extension is coming along."""
        ...

    def begin_restart(self, job: ImportJob) -> Waiting | None:
        """Restart the VM."""
        ...

    def check_restart(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """How the restart is coming along; done when the guest agent is ready again."""
        ...

    def begin_clean_up(self, job: ImportJob) -> Waiting | None:
        """Delete the staging resource group and all that is in it; gone already is done."""
        ...

    def check_clean_up(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """How the deletion is coming along."""
        ...


@dataclass(frozen=True, slots=True)
class CopyPreflight:
    """What a copy's preflight found: everything wrong at once, and the facts if nothing is."""

    findings: Sequence[Finding]
    facts: SourceFacts | None


class GalleryProvider(Protocol):
    """Azure, as far as galleries need it.

    `begin_…` and `check_…` are as in `ImageProvider`. Every method may raise `PermanentError` or `TransientError`.
    Names come from `shared.naming.gallery_target(job)`.
    """

    def prove_access(self, job: CopyJob) -> None:
        """Prove, by Azure's permissions API and a real read, that we may read the source; creates nothing.

        A refusal (`PermanentError`) says who lacks what: the principal, the scope, the exact action, and the role
        that grants it. A source in another tenant needs the two-tenant authentication; not set up is a refusal too.
        """
        ...

    def preflight_copy(self, job: CopyJob) -> CopyPreflight:
        """Everything that could stop the copy and can be known beforehand; creates nothing."""
        ...

    def begin_gallery(self, job: CopyJob) -> Waiting | None:
        """Make the gallery, if there is none of that name."""
        ...

    def check_gallery(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """How the gallery is coming along."""
        ...

    def begin_definition(self, job: CopyJob, facts: SourceFacts) -> Waiting | None:
        """Make the image definition with the source's properties; one of ours is taken as it is."""
        ...

    def check_definition(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """How the definition is coming along."""
        ...

    def begin_image_version(self, job: CopyJob, facts: SourceFacts) -> Waiting | None:
        """Make the version from the source version, in the home region only; a failed one of ours is replaced."""
        ...

    def check_image_version(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """How the version is coming along."""
        ...

    def image_version_details(self, job: CopyJob) -> Mapping[str, object]:
        """What `assetDetails.data` should say of the version: galleryImageVersionId, galleryImageDefinitionId, …"""
        ...

    def begin_target_regions(self, job: CopyJob, regions: Sequence[str]) -> Waiting | None:
        """Let the version be in the home region and these further ones (short names), and in no other.

        None where that is what was asked of Azure already and nothing is under way.
        """
        ...

    def check_target_regions(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """Whether an update of the regions is under way; None when none is, however it ended."""
        ...

    def replication(self, job: CopyJob) -> Sequence[RegionReplication]:
        """The state of the version in each region, by short name."""
        ...

    def begin_copy_removal(self, job: CopyJob) -> Waiting | None:
        """Remove what the copy made: its version; and its definition, if we made it and nothing else is in it.

        The gallery stays. What belongs to another operation is left alone. Gone already is done.
        """
        ...

    def check_copy_removal(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """How the removal is coming along; goes on with the definition once the version is gone."""
        ...
