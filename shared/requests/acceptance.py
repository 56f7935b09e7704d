"""From a request to what is kept: the records that are written for every action when it is accepted.

Pure: ids and time are given, so that the same request gives the same records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.catalogue.queue import new_ticket
from shared.models.base import Record
from shared.models.image import Asset, Image, NameReservation, Version
from shared.models.operation import Operation, Ticket
from shared.requests.models import ImageRequest
from shared.states.enums import OperationAction
from shared.states.roll_up import stream_status, version_status
from shared.states.statuses import OperationStatus
from shared.states.transition_table import FIRST_ASSET_STATUS
from shared.workflow.jobs.making_job import MakingJob


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of what every request makes, and the name of the deployment that makes it."""

    operation: str
    image: str
    version: str
    asset: str
    catalog_name: str

    @property
    def secret_name(self) -> str:
        """Where the administrator's password is kept while the operation needs it."""
        return f"vm-{self.operation}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an accepted request turns into: records for one transaction, and the orchestration's input."""

    image: Image
    version: Version
    assets: Sequence[Asset]
    """The request's own asset first, then the replicas of it."""
    operation: Operation
    name: NameReservation
    ticket: Ticket
    job: MakingJob

    @property
    def asset(self) -> Asset:
        """The asset that the answer tells of."""
        return self.assets[0]

    @property
    def records(self) -> Sequence[Record]:
        """Everything to write."""
        return self.image, self.version, *self.assets, self.operation, self.name, self.ticket


def accept(
    request: ImageRequest,
    job: MakingJob,
    at: datetime,
    *,
    assets: Sequence[Asset],
    source_stream_id: str | None = None,
    source_version_id: str | None = None,
) -> Accepted:
    """Work out the records of a request whose job and assets are made."""
    image = _image(request, job, at)
    operation = _operation(job, at)
    source = {"source_stream_id": source_stream_id, "source_version_id": source_version_id}
    return Accepted(
        image=image.model_copy(update=source),
        version=_version(request, job, at),
        assets=assets,
        operation=operation,
        name=NameReservation(org_id=request.org_id, name=request.stream_name, image_id=job.image_id),
        ticket=new_ticket(operation, job.provider.id),
        job=job,
    )


def asset_of(
    request: ImageRequest,
    job: MakingJob,
    at: datetime,
    data: Mapping[str, Any],
    *,
    source_asset_id: str | None = None,
) -> Asset:
    """The request's own asset."""
    return Asset(
        org_id=request.org_id,
        image_id=job.image_id,
        version_id=job.version_id,
        id=job.asset_id,
        type=request.asset_type,
        status=FIRST_ASSET_STATUS,
        provider_instance_id=request.provider_instance_id,
        source_asset_id=source_asset_id,
        data=dict(data),
        created_at=at,
        updated_at=at,
    )


def _image(request: ImageRequest, job: MakingJob, at: datetime) -> Image:
    return Image(
        org_id=request.org_id,
        id=job.image_id,
        name=request.stream_name,
        description=request.stream_description,
        status=stream_status([version_status([FIRST_ASSET_STATUS])]),
        os=request.os,
        os_type=request.os_type,
        os_family=request.os_type.family,
        multi_session=request.multi_session,
        gpu_type=request.gpu_type,
        provider_label=request.provider_label,
        provider_instance_id=request.provider_instance_id,
        source_type=request.source_type,
        created_at=at,
        updated_at=at,
    )


def _version(request: ImageRequest, job: MakingJob, at: datetime) -> Version:
    return Version(
        org_id=request.org_id,
        image_id=job.image_id,
        id=job.version_id,
        operation_id=job.operation_id,
        name=request.version_name,
        description=request.version_description,
        status=version_status([FIRST_ASSET_STATUS]),
        version_source=request.version_source,
        version_type=request.version_type,
        created_at=at,
        updated_at=at,
    )


def _operation(job: MakingJob, at: datetime) -> Operation:
    return Operation(
        org_id=job.org_id,
        id=job.operation_id,
        action=OperationAction(job.action),
        status=OperationStatus.NOT_STARTED,
        image_id=job.image_id,
        version_id=job.version_id,
        asset_id=job.asset_id,
        job=job.to_json(),
        step_count=len(job.plan),
        created_at=at,
        queued_at=at,
        last_changed_at=at,
    )
