"""What the tests of image and gallery providers work with."""

from dataclasses import dataclass
from typing import Any

import pytest

from shared.cloud.arm.image_provider import AzureImageProvider
from shared.ports.azure import ImageProvider
from shared.settings import Settings
from shared.workflow.facts import Facts
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging
from tests import builders
from tests.conftest import ArmSimulator
from tests.contract.galleries import AzureGalleryBench, GalleryBench
from tests.contract.simulated import FAST, Simulated, wait
from tests.fakes import FakeImageProvider

PASSWORD = "Canary-9f4e-Passw0rd"

NSG = "/networkSecurityGroups/[^/]+$"
MACHINE = "/virtualMachines/[^/]+$"
COMMAND = "/runCommands/[^/]+$"
GROUP = "/resourcegroups/[^/]+$"


@dataclass
class Bench:
    """A provider, and a subscription of its own."""

    images: ImageProvider
    subscription: str

    def job(self, **overrides: Any) -> ImportJob:
        """An import into the subscription; overrides of `provider` are those of its fields."""
        subnet = builders.SUBNET.replace(builders.SUBSCRIPTION, self.subscription)
        provider = builders.provider_instance(
            **({"subscription_id": self.subscription, "subnet_id": subnet} | overrides.pop("provider", {}))
        )
        return builders.import_job(**({"provider": provider, "subnet_id": subnet, "pace": FAST} | overrides))

    def facts(self, job: ImportJob) -> Facts:
        """What preflight finds out about a job that nothing speaks against."""
        report = self.images.preflight(job)
        assert report.findings == [] or report.findings == ()
        assert report.facts is not None
        return report.facts

    def network(self, job: ImportJob) -> None:
        """Make the resource group and the network security group."""
        wait(lambda: self.images.create_resource_group(job), lambda _: None)
        wait(
            lambda: self.images.begin_network_security_group(job),
            lambda handle: self.images.check_network_security_group(job, handle),
        )

    def machine(self, job: ImportJob, facts: Facts | None = None) -> None:
        """Make the VM."""
        known = facts or self.facts(job)
        wait(
            lambda: self.images.begin_virtual_machine(job, known, PASSWORD),
            lambda handle: self.images.check_virtual_machine(job, handle),
        )

    def agent(self, job: ImportJob) -> None:
        """Wait for the guest agent."""
        wait(lambda: self.images.check_guest_agent(job), lambda _: self.images.check_guest_agent(job))

    def script(self, job: ImportJob, name: str, limit: float = 600) -> None:
        """Run a script."""
        wait(
            lambda: self.images.begin_run_command(job, name, "Write-Output hello", limit),
            lambda _: self.images.check_run_command(job, name),
        )

    def gpu_driver(self, job: ImportJob) -> None:
        """Install the GPU driver."""
        wait(lambda: self.images.begin_gpu_driver(job), lambda handle: self.images.check_gpu_driver(job, handle))

    def restart(self, job: ImportJob) -> None:
        """Restart the VM."""
        wait(lambda: self.images.begin_restart(job), lambda handle: self.images.check_restart(job, handle))

    def clean_up(self, job: ImportJob) -> None:
        """Delete everything."""
        wait(lambda: self.images.begin_clean_up(job), lambda handle: self.images.check_clean_up(job, handle))

    def ready(self, job: ImportJob) -> None:
        """Everything up to a VM whose agent takes orders."""
        self.network(job)
        self.machine(job)
        self.agent(job)


@dataclass
class AzureBench(Bench, Simulated):
    """A bench over the simulator."""

    simulator: ArmSimulator

    def inventory(self, job: ImportJob) -> set[str]:
        """The types of what exists in the job's resource group."""
        group = f"/{staging(job).resource_group}".lower()
        found = self.simulator.admin("GET", f"inventory?subscription={self.subscription}")["value"]
        return {each["type"] for each in found if group in each["id"].lower()}


@pytest.fixture(name="azure")
def _azure(simulator: ArmSimulator) -> AzureBench:
    settings = Settings(key_vault_url="https://vault.example", arm_endpoint=simulator.url, pace=FAST)
    return AzureBench(AzureImageProvider.from_settings(settings), builders.new_id(), simulator)


@pytest.fixture(name="gallery_azure")
def _gallery_azure(simulator: ArmSimulator) -> AzureGalleryBench:
    return AzureGalleryBench.over(simulator)


@pytest.fixture(name="gallery_bench", params=["memory", "azure"])
def _gallery_bench(request: pytest.FixtureRequest) -> GalleryBench:
    if request.param == "memory":
        return GalleryBench.in_memory()
    bench: GalleryBench = request.getfixturevalue("gallery_azure")
    return bench


@pytest.fixture(name="bench", params=["memory", "azure"])
def _bench(request: pytest.FixtureRequest) -> Bench:
    if request.param == "memory":
        images = FakeImageProvider()
        images.takes("virtual_machine", 2)
        images.takes("restart", 1)
        images.takes("clean_up", 2)
        return Bench(images, builders.new_id())
    bench: Bench = request.getfixturevalue("azure")
    return bench
