"""What the tests of gallery providers work with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from shared.cloud.arm.gallery_provider import AzureGalleryProvider
from shared.ports.azure import GalleryProvider
from shared.settings import Settings
from shared.workflow.facts import SourceFacts
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target
from shared.workflow.replication import RegionReplication, ReplicationState
from shared.workflow.sources import GalleryImageVersion
from tests import builders
from tests.conftest import ArmSimulator
from tests.contract.simulated import FAST, Simulated, wait
from tests.fakes import FakeGalleryProvider

APP = "00000000-0000-0000-0000-0000000000cc"
"""The app registration that other tenants let in."""
OTHER_TENANT = "00000000-0000-0000-0000-0000000000bb"
GOLDEN_DISK_GB = 127
_ENDED = (ReplicationState.COMPLETED, ReplicationState.FAILED)

GALLERY = "/galleries/[^/]+$"
DEFINITION = "/images/[^/]+$"
VERSION = "/versions/[^/]+$"


@dataclass
class GalleryBench:
    """A provider, and a subscription of its own with an empty gallery."""

    galleries: GalleryProvider
    subscription: str

    @classmethod
    def in_memory(cls) -> "GalleryBench":
        """A bench over the fake, whose work takes a while."""
        galleries = FakeGalleryProvider()
        for work, polls in (("gallery", 1), ("definition", 1), ("image_version", 2), ("copy_removal", 2)):
            galleries.takes(work, polls)
        return GalleryBench(galleries, builders.new_id())

    def job(self, *regions: str, **overrides: Any) -> CopyJob:
        """A copy into the subscription; overrides of `provider` are those of its fields."""
        gallery, subnet = (
            each.replace(builders.SUBSCRIPTION, self.subscription) for each in (builders.GALLERY, builders.SUBNET)
        )
        own = {"subscription_id": self.subscription, "subnet_id": subnet, "gallery_id": gallery}
        provider = builders.provider_instance(**(own | overrides.pop("provider", {})))
        return builders.copy_job(*regions, **({"provider": provider, "pace": FAST} | overrides))

    def facts(self, job: CopyJob) -> SourceFacts:
        """What preflight finds out about a job that nothing speaks against."""
        report = self.galleries.preflight_copy(job)
        assert list(report.findings) == []
        assert report.facts is not None
        return report.facts

    def definition(self, job: CopyJob) -> None:
        """Make sure of the gallery and the definition."""
        facts = self.facts(job)
        wait(
            lambda: self.galleries.begin_gallery(job),
            lambda handle: self.galleries.check_gallery(job, handle),
        )
        wait(
            lambda: self.galleries.begin_definition(job, facts),
            lambda handle: self.galleries.check_definition(job, handle),
        )

    def version(self, job: CopyJob) -> None:
        """Make the version in the home region."""
        facts = self.facts(job)
        wait(
            lambda: self.galleries.begin_image_version(job, facts),
            lambda handle: self.galleries.check_image_version(job, handle),
        )

    def copy(self, job: CopyJob) -> None:
        """Everything up to a version in the home region."""
        self.definition(job)
        self.version(job)

    def regions(self, job: CopyJob, *regions: str) -> None:
        """Let the version be in these further regions, and wait until they have ended, well or badly."""
        wait(
            lambda: self.galleries.begin_target_regions(job, regions),
            lambda handle: self._ended(job, handle),
        )

    def states(self, job: CopyJob) -> dict[str, ReplicationState]:
        """The state of each region."""
        return {each.region: each.state for each in self.galleries.replication(job)}

    def removal(self, job: CopyJob) -> None:
        """Remove what the copy made."""
        wait(
            lambda: self.galleries.begin_copy_removal(job),
            lambda handle: self.galleries.check_copy_removal(job, handle),
        )

    def _ended(self, job: CopyJob, handle: str | None) -> Any:
        report: Sequence[RegionReplication] = self.galleries.replication(job)
        assert all(0 <= each.progress <= 100 for each in report)
        return self.galleries.check_target_regions(job, handle)


@dataclass
class AzureGalleryBench(GalleryBench, Simulated):
    """A bench over the simulator, where a region is copied to in a moment."""

    simulator: ArmSimulator

    @classmethod
    def over(cls, simulator: ArmSimulator, **settings: Any) -> Self:
        """A bench with a provider of its own; `settings` are the deployment's."""
        found = Settings(key_vault_url="https://vault.example", arm_endpoint=simulator.url, pace=FAST, **settings)
        return cls(AzureGalleryProvider.from_settings(found), builders.new_id(), simulator)

    def quick(self) -> None:
        """Let every region be copied to in a moment; what a test wants to be otherwise, it says before."""
        self.fault("/regions/", {"type": "regionLasts", "seconds": 20}, phase="replication")

    def source(self, **overrides: Any) -> GalleryImageVersion:
        """A source in a subscription of its own, which a test may do anything to; a copy of the golden image."""
        owner = AzureGalleryBench(self.galleries, builders.new_id(), self.simulator)
        owner.quick()
        job = owner.job(**overrides)
        owner.copy(job)
        target = gallery_target(job)
        return GalleryImageVersion(
            subscription_id=UUID(target.subscription_id),
            resource_group=target.resource_group,
            gallery=target.gallery,
            image=target.definition,
            version=target.version,
        )

    def at(self, source: GalleryImageVersion) -> "AzureGalleryBench":
        """The same bench in the source's subscription, to disturb and set that one."""
        return AzureGalleryBench(self.galleries, str(source.subscription_id), self.simulator)

    def inventory(self) -> set[str]:
        """What is in the galleries of the subscription, by id below the gallery."""
        found = self.simulator.admin("GET", f"inventory?subscription={self.subscription}")["value"]
        ids = (each["id"] for each in found if "/galleries/" in each["id"])
        return {each.partition("/galleries/")[2].partition("/")[2] for each in ids} - {""}
