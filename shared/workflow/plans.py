"""The plans: which steps a job takes, in order. New jobs carry the names of theirs, so plans are free to change."""

from collections.abc import Sequence

from shared.states.enums import GpuType, OsType
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.step import Step
from shared.workflow.steps import (
    ALLOW_RDP,
    COPY_PREFLIGHT,
    ENABLE_RDS,
    GALLERY,
    GPU_DRIVER,
    GUEST_AGENT,
    IMAGE_DEFINITION,
    IMAGE_VERSION,
    MARKETPLACE_TERMS,
    NETWORK,
    PREFLIGHT,
    REPLICATION,
    RESOURCE_GROUP,
    RESTART,
    SOURCE_ACCESS,
    VIRTUAL_MACHINE,
)


def remote_desktop(os_type: OsType) -> Sequence[Step]:
    """How an image is made reachable: by RDP, with the RDS role where many share a machine; Linux needs neither."""
    match os_type:
        case OsType.LINUX:
            return ()
        case OsType.SERVER | OsType.WVD:
            return (ENABLE_RDS,)
        case _:
            return (ALLOW_RDP,)


def import_steps(os_type: OsType, gpu: GpuType) -> Sequence[Step]:
    """The steps of an import, in order."""
    return (
        PREFLIGHT,
        MARKETPLACE_TERMS,
        RESOURCE_GROUP,
        NETWORK,
        VIRTUAL_MACHINE,
        GUEST_AGENT,
        *remote_desktop(os_type),
        *(() if gpu is GpuType.NONE else (GPU_DRIVER,)),
        RESTART,
    )


def copy_steps(*, replicated: bool) -> Sequence[Step]:
    """The steps of a copy, in order; `replicated` says whether it goes to further regions."""
    return (
        SOURCE_ACCESS,
        COPY_PREFLIGHT,
        GALLERY,
        IMAGE_DEFINITION,
        IMAGE_VERSION,
        *((REPLICATION,) if replicated else ()),
    )


def first_import_steps(job: ImportJob) -> Sequence[Step]:
    """The steps of an import whose job carries none. Do not change them: its orchestration replays with them."""
    return (
        PREFLIGHT,
        MARKETPLACE_TERMS,
        RESOURCE_GROUP,
        NETWORK,
        VIRTUAL_MACHINE,
        GUEST_AGENT,
        *remote_desktop(job.os_type),
        *(() if job.gpu_type is GpuType.NONE else (GPU_DRIVER,)),
        RESTART,
    )


def first_copy_steps(job: CopyJob) -> Sequence[Step]:
    """The steps of a copy whose job carries none. Do not change them: its orchestration replays with them."""
    further = (REPLICATION,) if job.replicas else ()
    return (SOURCE_ACCESS, COPY_PREFLIGHT, GALLERY, IMAGE_DEFINITION, IMAGE_VERSION, *further)
