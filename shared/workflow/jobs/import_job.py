"""The job of an import."""

from typing import Literal

from shared.states.enums import Action
from shared.workflow.jobs.job import Job
from shared.workflow.sources import MarketplaceImage


class ImportJob(Job):
    """All that an import needs to know."""

    action: Literal[Action.IMPORT] = Action.IMPORT
    source: MarketplaceImage
    vm_size: str
    license_type: str | None = None
    create_public_ip: bool = False
    subnet_id: str
    """The provider instance's subnet, unless the request named another."""
    admin_username: str
    secret_name: str
    """Where in the secret store the administrator's password is."""
