"""The job of a copy."""

from collections.abc import Mapping
from typing import Literal

from shared.models.base import Model, UtcTime
from shared.models.provider_instance import TargetRegion
from shared.states.enums import Action
from shared.workflow.jobs.job import Job
from shared.workflow.sources import GalleryImageVersion, ReplicationMode


class Replica(Model):
    """A further region of a copy, and the asset that stands for it."""

    asset_id: str
    region: TargetRegion


class CopyJob(Job):
    """All that a copy needs to know."""

    action: Literal[Action.COPY_EXISTING_IMAGE] = Action.COPY_EXISTING_IMAGE
    source: GalleryImageVersion
    version_name: str
    home: TargetRegion
    """The provider instance's own region, where the version is made first."""
    replicas: tuple[Replica, ...] = ()
    replication_mode: ReplicationMode = ReplicationMode.FULL
    end_of_life: UtcTime | None = None
    exclude_from_latest: bool = False

    @property
    def regions(self) -> Mapping[str, str]:
        """The further regions, by the asset that stands for each."""
        return {replica.asset_id: replica.region.name for replica in self.replicas}

    @property
    def source_id(self) -> str | None:
        """The ARM id of the version that is copied."""
        return self.source.id
