"""What the statuses of assets make of their version, and those of versions of their image."""

from collections.abc import Iterable, Mapping

from shared.states.statuses import AssetStatus, StreamStatus, VersionStatus

_A = AssetStatus


_V = VersionStatus

VERSION_OF_ASSET: Mapping[AssetStatus, VersionStatus] = {
    _A.IMPORT_PENDING: _V.PENDING,
    _A.IMPORT_RETRY_PENDING: _V.IMPORT_IN_PROGRESS,
    _A.DEPLOYING_VM: _V.IMPORT_IN_PROGRESS,
    _A.INSTALLING_AGENTS: _V.IMPORT_IN_PROGRESS,
    _A.RESTARTING_VM: _V.IMPORT_IN_PROGRESS,
    _A.COPYING_IMAGE: _V.IMPORT_IN_PROGRESS,
    _A.IMPORT_COMPLETE: _V.IMPORT_COMPLETE,
    _A.PUBLISH_IN_PROGRESS: _V.PUBLISH_IN_PROGRESS,
    _A.PUBLISH_RETRY_PENDING: _V.PUBLISH_IN_PROGRESS,
    _A.SCANNING_APPS: _V.PUBLISH_IN_PROGRESS,
    _A.SYSPREPING: _V.PUBLISH_IN_PROGRESS,
    _A.SHUTTING_DOWN_VM: _V.PUBLISH_IN_PROGRESS,
    _A.GENERALIZING: _V.PUBLISH_IN_PROGRESS,
    _A.CAPTURING_AND_UPLOADING_IMAGE_TO_SIG: _V.PUBLISH_IN_PROGRESS,
    _A.PUBLISH_COMPLETE: _V.PUBLISH_IN_PROGRESS,
    _A.REPLICATING: _V.REPLICATION_IN_PROGRESS,
    _A.REPLICATION_COMPLETE: _V.REPLICATION_IN_PROGRESS,
    _A.AVAILABLE: _V.AVAILABLE,
    _A.DISABLED: _V.DISABLED,
    _A.DELETING: _V.DELETING,
    _A.DELETION_FAILED: _V.DELETING,
    _A.DELETION_RETRY_PENDING: _V.DELETING,
    _A.AGENT_INSTALLATION_FAILED: _V.FAILED,
    _A.ALLOW_RDP_FAILED: _V.FAILED,
    _A.CLONE_FAILED: _V.FAILED,
    _A.ENABLING_RDS_AND_ALLOW_RDP_FAILED: _V.FAILED,
    _A.GENERALIZING_FAILED: _V.FAILED,
    _A.IMPORT_FAILED: _V.FAILED,
    _A.IMPORT_FAILED_TIMEOUT: _V.FAILED,
    _A.PUBLISH_FAILED: _V.FAILED,
    _A.REPLICATION_FAILED: _V.FAILED,
    _A.REPLICATION_FAILED_TIMEOUT: _V.FAILED,
    _A.SYSPREP_FAILED: _V.FAILED,
}
"""What a version is whose only asset has that status."""

_VERSION_AT_WORK = (
    _V.DELETING,
    _V.IMPORT_IN_PROGRESS,
    _V.PUBLISH_IN_PROGRESS,
    _V.REPLICATION_IN_PROGRESS,
)
"""Live work, the most telling first: any of it decides what the version is."""

_S = StreamStatus

STREAM_OF_VERSION: Mapping[VersionStatus, StreamStatus] = {
    _V.PENDING: _S.PENDING,
    _V.IMPORT_IN_PROGRESS: _S.IN_PROGRESS,
    _V.PUBLISH_IN_PROGRESS: _S.IN_PROGRESS,
    _V.REPLICATION_IN_PROGRESS: _S.IN_PROGRESS,
    _V.IMPORT_COMPLETE: _S.IMPORT_COMPLETE,
    _V.PARTIALLY_AVAILABLE: _S.PARTIALLY_AVAILABLE,
    _V.AVAILABLE: _S.AVAILABLE,
    _V.DISABLED: _S.DISABLED,
    _V.DELETING: _S.DELETING,
    _V.FAILED: _S.FAILED,
}
"""What an image is whose only version has that status."""

_STREAM_AT_WORK = (_S.DELETING, _S.IN_PROGRESS, _S.PENDING)


def version_status(assets: Iterable[AssetStatus]) -> VersionStatus:
    """Roll the statuses of a version's assets up: live work first, then all, some or none of them good.

    Raises:
        ValueError: there are no assets.
    """
    found = {VERSION_OF_ASSET[status] for status in assets}
    if not found:
        raise ValueError("a version has at least one asset")
    for at_work in _VERSION_AT_WORK:
        if at_work in found:
            return at_work
    if len(found) == 1:
        return found.pop()
    # What still waits while another asset has come further is a region to come.
    return VersionStatus.REPLICATION_IN_PROGRESS if _V.PENDING in found else VersionStatus.PARTIALLY_AVAILABLE


def stream_status(versions: Iterable[VersionStatus]) -> StreamStatus:
    """Roll the statuses of an image's versions up; an image with one usable version is usable.

    Raises:
        ValueError: there are no versions.
    """
    found = {STREAM_OF_VERSION[status] for status in versions}
    if not found:
        raise ValueError("an image has at least one version")
    for at_work in _STREAM_AT_WORK:
        if at_work in found:
            return at_work
    return found.pop() if len(found) == 1 else StreamStatus.PARTIALLY_AVAILABLE
