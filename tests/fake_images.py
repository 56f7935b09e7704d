"""The ImageProvider in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.errors.azure import PermanentError
from shared.ports.azure import OfferedImage, Preflight, Waiting
from shared.workflow.facts import Facts
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging
from shared.workflow.sources import MarketplaceImage
from tests.scripted import ScriptedWork, answer

FOUND_FACTS = Facts(version="26100.4061.250604", hyper_v_generation="V2", trusted_launch=True)
"""What the fake's preflight finds out, unless it is told otherwise."""


@dataclass
class _Group:
    operation_id: str
    network: bool = False
    machine: bool = False


@dataclass
class FakeImageProvider(ScriptedWork):
    """An ImageProvider without Azure."""

    preflight_result: Preflight = field(default_factory=lambda: Preflight((), FOUND_FACTS))
    offered: Sequence[OfferedImage] = ()
    groups: dict[str, _Group] = field(default_factory=dict)
    """The staging resource groups there are, by name."""
    scripts: dict[str, str] = field(default_factory=dict)
    """The scripts that ran, by name of the run command."""
    passwords: list[str] = field(default_factory=list)
    """The passwords that VMs were made with."""
    accepted_terms: list[str] = field(default_factory=list)
    """The operations that accepted terms."""

    def __post_init__(self) -> None:
        super().__init__()

    def offered_images(
        self, subscription_id: str, region: str, wanted: Sequence[MarketplaceImage]
    ) -> Sequence[OfferedImage]:
        lost = self.enter("offered_images")
        names = {(image.publisher, image.offer, image.sku) for image in wanted}
        return answer([image for image in self.offered if (image.publisher, image.offer, image.sku) in names], lost)

    def preflight(self, job: ImportJob) -> Preflight:
        lost = self.enter("preflight")
        return answer(self.preflight_result, lost)

    def accept_terms(self, job: ImportJob, facts: Facts) -> None:
        lost = self.enter("accept_terms")
        if facts.plan is not None:
            self.accepted_terms.append(job.operation_id)
        answer(None, lost)

    def create_resource_group(self, job: ImportJob) -> None:
        lost = self.enter("create_resource_group")
        name = staging(job).resource_group
        if name in self.groups:
            self._group(job)
        self.groups.setdefault(name, _Group(job.operation_id))
        answer(None, lost)

    def begin_network_security_group(self, job: ImportJob) -> Waiting | None:
        lost = self.enter("begin_network_security_group")
        self._group(job).network = True
        return answer(self.begin_work(job.operation_id, "network_security_group"), lost)

    def check_network_security_group(self, job: ImportJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_network_security_group")
        return answer(self.check_work(job.operation_id, "network_security_group"), lost)

    def begin_virtual_machine(self, job: ImportJob, facts: Facts, password: str) -> Waiting | None:
        lost = self.enter("begin_virtual_machine")
        group = self._group(job)
        if not group.network:
            raise PermanentError("InvalidResourceReference", "The network security group does not exist.")
        if not group.machine:
            self.passwords.append(password)
        group.machine = True
        return answer(self.begin_work(job.operation_id, "virtual_machine"), lost)

    def check_virtual_machine(self, job: ImportJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_virtual_machine")
        return answer(self.check_work(job.operation_id, "virtual_machine"), lost)

    def virtual_machine_details(self, job: ImportJob) -> Mapping[str, object]:
        lost = self.enter("virtual_machine_details")
        self._machine(job)
        names = staging(job)
        details = {
            "vmId": f"vm-{job.version_id}",
            "vmResourceId": names.vm_id,
            "networkInterfaceId": names.nic_id,
            "osDiskId": names.os_disk_id,
            "privateIpAddress": "10.0.0.4",
            "imageVersion": FOUND_FACTS.version,
        }
        return answer(details, lost)

    def check_guest_agent(self, job: ImportJob) -> Waiting | None:
        lost = self.enter("check_guest_agent")
        self._machine(job)
        self.begin_work(job.operation_id, "guest_agent")
        return answer(self.check_work(job.operation_id, "guest_agent"), lost)

    def begin_run_command(self, job: ImportJob, name: str, script: str, limit: float) -> Waiting | None:
        lost = self.enter("begin_run_command")
        self._machine(job)
        self.scripts[name] = script
        return answer(self.begin_work(job.operation_id, "run_command", name), lost)

    def check_run_command(self, job: ImportJob, name: str) -> Waiting | None:
        lost = self.enter("check_run_command")
        return answer(self.check_work(job.operation_id, "run_command", name), lost)

    def begin_gpu_driver(self, job: ImportJob) -> Waiting | None:
        lost = self.enter("begin_gpu_driver")
        self._machine(job)
        return answer(self.begin_work(job.operation_id, "gpu_driver"), lost)

    def check_gpu_driver(self, job: ImportJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_gpu_driver")
        return answer(self.check_work(job.operation_id, "gpu_driver"), lost)

    def begin_restart(self, job: ImportJob) -> Waiting | None:
        lost = self.enter("begin_restart")
        self._machine(job)
        return answer(self.begin_work(job.operation_id, "restart"), lost)

    def check_restart(self, job: ImportJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_restart")
        return answer(self.check_work(job.operation_id, "restart"), lost)

    def begin_clean_up(self, job: ImportJob) -> Waiting | None:
        lost = self.enter("begin_clean_up")
        if staging(job).resource_group not in self.groups:
            return answer(None, lost)
        self._group(job)
        waiting = self.begin_work(job.operation_id, "clean_up")
        if waiting is None:
            self._remove(job)
        return answer(waiting, lost)

    def check_clean_up(self, job: ImportJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_clean_up")
        if staging(job).resource_group not in self.groups:
            return answer(None, lost)
        waiting = self.check_work(job.operation_id, "clean_up")
        if waiting is None:
            self._remove(job)
        return answer(waiting, lost)

    def _remove(self, job: ImportJob) -> None:
        del self.groups[staging(job).resource_group]
        self.forget_work(job.operation_id)

    def _group(self, job: ImportJob) -> _Group:
        name = staging(job).resource_group
        group = self.groups.get(name)
        if group is None:
            raise PermanentError("ResourceGroupNotFound", f"Resource group {name} does not exist.")
        if group.operation_id != job.operation_id:
            raise PermanentError("ResourceNotOurs", f"Resource group {name} belongs to another operation.")
        return group

    def _machine(self, job: ImportJob) -> None:
        if not self._group(job).machine:
            raise PermanentError("ResourceNotFound", f"Virtual machine {staging(job).vm} does not exist.")


def offered_image(publisher: str, offer: str, sku: str) -> OfferedImage:
    """An offered image of Windows, generation 2, without a plan; `dataclasses.replace` makes others of it."""
    return OfferedImage(
        publisher=publisher,
        offer=offer,
        sku=sku,
        version=FOUND_FACTS.version,
        hyper_v_generation=FOUND_FACTS.hyper_v_generation,
        os_family=FOUND_FACTS.os_family.value,
        plan_required=False,
    )
