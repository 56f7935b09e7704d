"""What every job has: the input of an operation's orchestration."""

from collections.abc import Mapping

from pydantic import Field

from shared.models.base import Model
from shared.models.provider_instance import ProviderInstance
from shared.states.enums import GpuType, OsType
from shared.workflow.pace import Pace


class Job(Model):
    """What every operation needs to know: the input of its orchestration. Holds a reference to a secret at most."""

    org_id: str
    operation_id: str
    image_id: str
    version_id: str
    asset_id: str
    image_name: str
    os_type: OsType
    gpu_type: GpuType
    provider: ProviderInstance
    """As it was when the request was accepted."""
    secret_name: str | None = None
    """Where in the secret store the operation's secret is, if it has one."""
    pace: Pace = Pace()
    catalog_name: str = ""
    """The deployment that made the job, for the tags of what it makes; empty for jobs of older releases."""
    queues: bool = False
    """Whether it waits for its turn at its provider instance; jobs of older releases don't."""
    shown_by: str | None = None
    """The operation that shows its progress, where that is another one: a deletion takes back what a job made."""
    plan: tuple[str, ...] = Field(default=(), exclude_if=lambda plan: not plan)
    """The names of its steps, in order; empty for jobs of older releases (`shared.workflow.kinds.plan_of`)."""
    further_secrets: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)
    """Where in the secret store the operation's other secrets are."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Where in the secret store the operation's secrets are: each is deleted when the operation ends."""
        return ((self.secret_name,) if self.secret_name else ()) + self.further_secrets

    @property
    def regions(self) -> Mapping[str, str]:
        """The assets that the job makes besides its own, each with the region that it stands for."""
        return {}

    @property
    def source_id(self) -> str | None:
        """The ARM id of the gallery image version that it reads, if it reads one."""
        return None
