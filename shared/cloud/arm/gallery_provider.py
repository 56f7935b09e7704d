"""Azure as far as galleries need it: the port's methods, each a call of a file in `shared.cloud.arm`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Self

from shared.cloud.arm.core.clients import Arm, ArmClients, cross_tenant_not_configured
from shared.cloud.arm.core.errors import Request, translated
from shared.cloud.arm.gallery import (
    copy_preflight,
    copy_removal,
    gallery,
    image_definition,
    image_version,
    replication,
    source_access,
)
from shared.errors.azure import PermanentError
from shared.ports.azure import CopyPreflight, Waiting
from shared.settings import Settings
from shared.workflow.facts import SourceFacts
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target
from shared.workflow.replication import RegionReplication


class AzureGalleryProvider:
    """A `GalleryProvider` over Azure Resource Manager. See the port for what each method promises."""

    def __init__(self, clients: ArmClients) -> None:
        self._clients = clients

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The Azure Resource Manager of the settings."""
        return cls(ArmClients(settings))

    def prove_access(self, job: CopyJob) -> None:
        """See `GalleryProvider.prove_access`."""
        with translated(_request(job, f"read the source {job.source.id}")):
            try:
                source_access.prove(self._source(job), job)
            except source_access.WrongTenant as error:
                raise self._unnamed_tenant(job) from error

    def preflight_copy(self, job: CopyJob) -> CopyPreflight:
        """See `GalleryProvider.preflight_copy`."""
        with self._azure(job, "check whether the image can be copied") as arm:
            return copy_preflight.run(arm, self._source(job), job, datetime.now(UTC))

    def begin_gallery(self, job: CopyJob) -> Waiting | None:
        """See `GalleryProvider.begin_gallery`."""
        with self._azure(job, f"create {_gallery(job)}") as arm:
            return gallery.begin(arm, job)

    def check_gallery(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """See `GalleryProvider.check_gallery`."""
        with self._azure(job, f"create {_gallery(job)}") as arm:
            return gallery.check(arm, job, handle)

    def begin_definition(self, job: CopyJob, facts: SourceFacts) -> Waiting | None:
        """See `GalleryProvider.begin_definition`."""
        with self._azure(job, f"create {_definition(job)}") as arm:
            return image_definition.begin(arm, job, facts)

    def check_definition(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """See `GalleryProvider.check_definition`."""
        with self._azure(job, f"create {_definition(job)}") as arm:
            return image_definition.check(arm, job, handle)

    def begin_image_version(self, job: CopyJob, facts: SourceFacts) -> Waiting | None:
        """See `GalleryProvider.begin_image_version`."""
        with translated(_request(job, f"create {_version(job)}")):
            return image_version.begin(self._target_of_source(job), job, facts)

    def check_image_version(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """See `GalleryProvider.check_image_version`."""
        with self._azure(job, f"create {_version(job)}") as arm:
            return image_version.check(arm, job, handle)

    def image_version_details(self, job: CopyJob) -> Mapping[str, object]:
        """See `GalleryProvider.image_version_details`."""
        with self._azure(job, f"describe {_version(job)}") as arm:
            return image_version.details(arm, job)

    def begin_target_regions(self, job: CopyJob, regions: Sequence[str]) -> Waiting | None:
        """See `GalleryProvider.begin_target_regions`."""
        with translated(_request(job, f"change the regions of {_version(job)}")):
            return replication.begin(self._target_of_source(job), job, regions)

    def check_target_regions(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """See `GalleryProvider.check_target_regions`."""
        with self._azure(job, f"change the regions of {_version(job)}") as arm:
            return replication.check(arm, job, handle)

    def replication(self, job: CopyJob) -> Sequence[RegionReplication]:
        """See `GalleryProvider.replication`."""
        with self._azure(job, f"tell the regions of {_version(job)}") as arm:
            return replication.read(arm, job)

    def begin_copy_removal(self, job: CopyJob) -> Waiting | None:
        """See `GalleryProvider.begin_copy_removal`."""
        with self._azure(job, f"delete {_version(job)}") as arm:
            return copy_removal.begin(arm, job)

    def check_copy_removal(self, job: CopyJob, handle: str | None) -> Waiting | None:
        """See `GalleryProvider.check_copy_removal`."""
        with self._azure(job, f"delete {_version(job)}") as arm:
            return copy_removal.check(arm, job, handle)

    @contextmanager
    def _azure(self, job: CopyJob, doing: str) -> Iterator[Arm]:
        with translated(_request(job, doing)):
            yield self._clients.subscription(gallery_target(job).subscription_id)

    def _source(self, job: CopyJob) -> Arm:
        """The source's subscription."""
        subscription, tenant = str(job.source.subscription_id), _foreign_tenant(job)
        return self._clients.in_tenant(subscription, tenant) if tenant else self._clients.subscription(subscription)

    def _target_of_source(self, job: CopyJob) -> Arm:
        """The gallery's subscription, for calls that Azure carries out with the source at hand."""
        subscription, tenant = gallery_target(job).subscription_id, _foreign_tenant(job)
        return self._clients.with_guest_of(subscription, tenant) if tenant else self._clients.subscription(subscription)

    def _unnamed_tenant(self, job: CopyJob) -> PermanentError:
        """Azure says that the source is in another tenant, and the request does not say in which."""
        if not self._clients.reaches_other_tenants:
            return cross_tenant_not_configured(str(job.source.tenant_id or "which the request does not name"))
        return PermanentError(
            "SourceTenantNotNamed",
            f"The source's subscription {job.source.subscription_id} is in another tenant than "
            f"{job.source.tenant_id or job.provider.tenant_id}. Name its tenant in the request.",
        )


def _foreign_tenant(job: CopyJob) -> str | None:
    """The tenant of the source, where it is not the provider instance's."""
    tenant = job.source.tenant_id
    return str(tenant) if tenant is not None and tenant != job.provider.tenant_id else None


def _request(job: CopyJob, doing: str) -> Request:
    return Request(doing, job.pace, job.operation_id)


def _gallery(job: CopyJob) -> str:
    return f"gallery {gallery_target(job).gallery} in {job.home.name}"


def _definition(job: CopyJob) -> str:
    return f"image definition {gallery_target(job).definition} in gallery {gallery_target(job).gallery}"


def _version(job: CopyJob) -> str:
    target = gallery_target(job)
    return f"image version {target.version} of {target.definition} in gallery {target.gallery}"
