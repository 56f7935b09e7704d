"""Azure as far as images need it: the port's methods, each a call of a file in `shared.cloud.arm`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Self

from shared.cloud.arm.compute import guest, marketplace, network, preflight, resource_group, virtual_machine
from shared.cloud.arm.compute.sizes import SizeCatalogue
from shared.cloud.arm.core.clients import Arm, ArmClients
from shared.cloud.arm.core.errors import Request, translated
from shared.ports.azure import OfferedImage, Preflight, Waiting
from shared.settings import Settings
from shared.workflow.facts import Facts
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging
from shared.workflow.sources import MarketplaceImage


class AzureImageProvider:
    """An `ImageProvider` over Azure Resource Manager. See the port for what each method promises."""

    def __init__(self, clients: ArmClients) -> None:
        self._clients = clients
        self._sizes = SizeCatalogue()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The Azure Resource Manager of the settings."""
        return cls(ArmClients(settings))

    def offered_images(
        self, subscription_id: str, region: str, wanted: Sequence[MarketplaceImage]
    ) -> Sequence[OfferedImage]:
        """See `ImageProvider.offered_images`."""
        with translated(Request(f"list the images of {region}")):
            return marketplace.offered(self._clients.subscription(subscription_id), region, wanted)

    def preflight(self, job: ImportJob) -> Preflight:
        """See `ImageProvider.preflight`."""
        with self._azure(job, "check whether the image can be imported") as arm:
            return preflight.run(arm, job, self._sizes)

    def accept_terms(self, job: ImportJob, facts: Facts) -> None:
        """See `ImageProvider.accept_terms`."""
        if facts.plan is not None:
            with self._azure(job, f"accept the terms of the plan {facts.plan.name}") as arm:
                marketplace.accept_terms(arm, job, facts.plan)

    def create_resource_group(self, job: ImportJob) -> None:
        """See `ImageProvider.create_resource_group`."""
        with self._azure(job, f"create {_group(job)}") as arm:
            resource_group.create(arm, job)

    def begin_network_security_group(self, job: ImportJob) -> Waiting | None:
        """See `ImageProvider.begin_network_security_group`."""
        with self._azure(job, f"create network security group {staging(job).nsg}") as arm:
            return network.begin_security_group(arm, job)

    def check_network_security_group(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """See `ImageProvider.check_network_security_group`."""
        with self._azure(job, f"create network security group {staging(job).nsg}") as arm:
            return network.check_security_group(arm, job, handle)

    def begin_virtual_machine(self, job: ImportJob, facts: Facts, password: str) -> Waiting | None:
        """See `ImageProvider.begin_virtual_machine`."""
        with self._azure(job, f"create {_machine(job)}") as arm:
            return virtual_machine.begin(arm, job, facts, password)

    def check_virtual_machine(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """See `ImageProvider.check_virtual_machine`."""
        with self._azure(job, f"create {_machine(job)}") as arm:
            return virtual_machine.check(arm, job, handle)

    def virtual_machine_details(self, job: ImportJob) -> Mapping[str, object]:
        """See `ImageProvider.virtual_machine_details`."""
        with self._azure(job, f"describe {_machine(job)}") as arm:
            return virtual_machine.details(arm, job)

    def check_guest_agent(self, job: ImportJob) -> Waiting | None:
        """See `ImageProvider.check_guest_agent`."""
        with self._azure(job, f"ask after the guest agent of {_machine(job)}") as arm:
            return guest.check_agent(arm, job)

    def begin_run_command(self, job: ImportJob, name: str, script: str, limit: float) -> Waiting | None:
        """See `ImageProvider.begin_run_command`."""
        with self._azure(job, f"run the script {name} in {_machine(job)}") as arm:
            return guest.begin_command(arm, job, name, script, limit)

    def check_run_command(self, job: ImportJob, name: str) -> Waiting | None:
        """See `ImageProvider.check_run_command`."""
        with self._azure(job, f"run the script {name} in {_machine(job)}") as arm:
            return guest.check_command(arm, job, name)

    def begin_gpu_driver(self, job: ImportJob) -> Waiting | None:
        """See `ImageProvider.begin_gpu_driver`."""
        with self._azure(job, f"install the GPU driver on {_machine(job)}") as arm:
            return guest.begin_gpu_driver(arm, job)

    def check_gpu_driver(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """See `ImageProvider.check_gpu_driver`."""
        with self._azure(job, f"install the GPU driver on {_machine(job)}") as arm:
            return guest.check_gpu_driver(arm, job, handle)

    def begin_restart(self, job: ImportJob) -> Waiting | None:
        """See `ImageProvider.begin_restart`."""
        with self._azure(job, f"restart {_machine(job)}") as arm:
            return virtual_machine.begin_restart(arm, job)

    def check_restart(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """See `ImageProvider.check_restart`."""
        with self._azure(job, f"restart {_machine(job)}") as arm:
            return virtual_machine.check_restart(arm, job, handle)

    def begin_clean_up(self, job: ImportJob) -> Waiting | None:
        """See `ImageProvider.begin_clean_up`."""
        with self._azure(job, f"delete {_group(job)}") as arm:
            return resource_group.begin_delete(arm, job)

    def check_clean_up(self, job: ImportJob, handle: str | None) -> Waiting | None:
        """See `ImageProvider.check_clean_up`."""
        with self._azure(job, f"delete {_group(job)}") as arm:
            return resource_group.check_delete(arm, job, handle)

    @contextmanager
    def _azure(self, job: ImportJob, doing: str) -> Iterator[Arm]:
        with translated(Request(doing, job.pace, job.operation_id)):
            yield self._clients.subscription(str(job.provider.subscription_id))


def _group(job: ImportJob) -> str:
    return f"resource group {staging(job).resource_group} in {job.provider.region}"


def _machine(job: ImportJob) -> str:
    return f"virtual machine {staging(job).vm} ({job.vm_size} in {job.provider.region})"
