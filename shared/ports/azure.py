"""What the steps ask of Azure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.workflow.facts import Facts, SourceFacts
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.outcome import Objection
from shared.workflow.replication import RegionReplication
from shared.workflow.sources import MarketplaceImage


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

    findings: Sequence[Objection]
    facts: Facts | None


class ImageProvider(Protocol):
    """Azure, as far as images need it.

    Methods named `begin_…` start long work and are safe to repeat: they look first, and take up what an earlier
    try began. `check_…` asks how it goes. Both return None when it is done, and `Waiting` while it is not.
    Every method may raise `PermanentError` or `TransientError`. Names come from `shared.workflow.naming.staging(job)`.
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

    findings: Sequence[Objection]
    facts: SourceFacts | None


class GalleryProvider(Protocol):
    """Azure, as far as galleries need it.

    `begin_…` and `check_…` are as in `ImageProvider`. Every method may raise `PermanentError` or `TransientError`.
    Names come from `shared.workflow.naming.gallery_target(job)`.
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
