"""Every enum of the API, and how statuses move: the transition table and the roll-up, as data.

The values are those of the API page, spelling included. What no workflow of ours enters yet is a value
that clients may see from other services; `UNUSED_ASSET_STATUSES` names them.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Action(StrEnum):
    """What `POST /images?action=` can ask for."""

    IMPORT = "import"
    COPY_EXISTING_IMAGE = "copy-existing-image"


class OperationAction(StrEnum):
    """What an operation does."""

    IMPORT = "import"
    COPY_EXISTING_IMAGE = "copy-existing-image"
    DELETE = "delete"


class ProviderLabel(StrEnum):
    """The kind of cloud an image lives in; only AZURE runs here."""

    AKKA = "AKKA"
    AZURE = "AZURE"
    VSPHERE = "VSPHERE"
    ZEROCLOUD = "ZEROCLOUD"


class SourceType(StrEnum):
    """Where an image comes from (`sourceStreamType`)."""

    AKKA_CUSTOM_VM = "AKKA_CUSTOM_VM"
    AKKA_MARKET_PLACE = "AKKA_MARKET_PLACE"
    AKKA_SIG = "AKKA_SIG"
    AZURE_CUSTOM_VM = "AZURE_CUSTOM_VM"
    AZURE_MARKET_PLACE = "AZURE_MARKET_PLACE"
    AZURE_SIG = "AZURE_SIG"
    COPIED_FROM_VERSION = "COPIED_FROM_VERSION"
    IMPORTED_VMS = "IMPORTED_VMS"
    UPLOADED = "UPLOADED"
    VSPHERE_CATALOG = "VSPHERE_CATALOG"


class AssetType(StrEnum):
    """What an asset is made of."""

    AKKA_IMAGE_IN_RG = "AKKA_IMAGE_IN_RG"
    AKKA_VM_IN_RG = "AKKA_VM_IN_RG"
    AZURE_IMAGE_IN_RG = "AZURE_IMAGE_IN_RG"
    AZURE_IMAGE_IN_SIG = "AZURE_IMAGE_IN_SIG"
    AZURE_IMAGE_REPLICA_IN_SIG = "AZURE_IMAGE_REPLICA_IN_SIG"
    AZURE_VM_IN_RG = "AZURE_VM_IN_RG"
    VSPHERE_MASTER_VM = "VSPHERE_MASTER_VM"


class GpuType(StrEnum):
    """Whether the image is for machines with a GPU, and whose."""

    AMD = "AMD"
    NONE = "NONE"
    NVIDIA = "NVIDIA"


class OsType(StrEnum):
    """The operating system: WINDOWS and LINUX name a family; CLIENT, SERVER and WVD a class of Windows."""

    CLIENT = "CLIENT"
    LINUX = "LINUX"
    SERVER = "SERVER"
    WINDOWS = "WINDOWS"
    WVD = "WVD"

    @property
    def family(self) -> "OsType":
        """WINDOWS or LINUX."""
        return OsType.LINUX if self is OsType.LINUX else OsType.WINDOWS


class VersionType(StrEnum):
    """Which part of the version source is counted up."""

    MAJOR = "MAJOR"
    MINOR = "MINOR"
    PATCH = "PATCH"


class StreamStatus(StrEnum):
    """The status of an image (a "stream" on the API page)."""

    AVAILABLE = "AVAILABLE"
    DELETING = "DELETING"
    DISABLED = "DISABLED"
    FAILED = "FAILED"
    IMPORT_COMPLETE = "IMPORT_COMPLETE"
    IN_PROGRESS = "IN_PROGRESS"
    PARTIALLY_AVAILABLE = "PARTIALLY_AVAILABLE"
    PENDING = "PENDING"


class VersionStatus(StrEnum):
    """The status of a version of an image."""

    AVAILABLE = "AVAILABLE"
    DELETING = "DELETING"
    DISABLED = "DISABLED"
    FAILED = "FAILED"
    IMPORT_COMPLETE = "IMPORT_COMPLETE"
    IMPORT_IN_PROGRESS = "IMPORT_IN_PROGRESS"
    PARTIALLY_AVAILABLE = "PARTIALLY_AVAILABLE"
    PENDING = "PENDING"
    PUBLISH_IN_PROGRESS = "PUBLISH_IN_PROGRESS"
    REPLICATION_IN_PROGRESS = "REPLICATION_IN_PROGRESS"


class AssetStatus(StrEnum):
    """The status of an asset (a "copy"): the one that workflows write; the others are rolled up from it."""

    AGENT_INSTALLATION_FAILED = "AGENT_INSTALLATION_FAILED"
    ALLOW_RDP_FAILED = "ALLOW_RDP_FAILED"
    AVAILABLE = "AVAILABLE"
    CAPTURING_AND_UPLOADING_IMAGE_TO_SIG = "CAPTURING_AND_UPLOADING_IMAGE_TO_SIG"
    CLONE_FAILED = "CLONE_FAILED"
    COPYING_IMAGE = "COPYING_IMAGE"
    DELETING = "DELETING"
    DELETION_FAILED = "DELETION_FAILED"
    DELETION_RETRY_PENDING = "DELETION_RETRY_PENDING"
    DEPLOYING_VM = "DEPLOYING_VM"
    DISABLED = "DISABLED"
    ENABLING_RDS_AND_ALLOW_RDP_FAILED = "ENABLING_RDS_AND_ALLOW_RDP_FAILED"
    GENERALIZING = "GENERALIZING"
    GENERALIZING_FAILED = "GENERALIZING_FAILED"
    IMPORT_COMPLETE = "IMPORT_COMPLETE"
    IMPORT_FAILED = "IMPORT_FAILED"
    IMPORT_FAILED_TIMEOUT = "IMPORT_FAILED_TIMEOUT"
    IMPORT_PENDING = "IMPORT_PENDING"
    IMPORT_RETRY_PENDING = "IMPORT_RETRY_PENDING"
    INSTALLING_AGENTS = "INSTALLING_AGENTS"
    PUBLISH_COMPLETE = "PUBLISH_COMPLETE"
    PUBLISH_FAILED = "PUBLISH_FAILED"
    PUBLISH_IN_PROGRESS = "PUBLISH_IN_PROGRESS"
    PUBLISH_RETRY_PENDING = "PUBLISH_RETRY_PENDING"
    REPLICATING = "REPLICATING"
    REPLICATION_COMPLETE = "REPLICATION_COMPLETE"
    REPLICATION_FAILED = "REPLICATION_FAILED"
    REPLICATION_FAILED_TIMEOUT = "REPLICATION_FAILED_TIMEOUT"
    RESTARTING_VM = "RESTARTING_VM"
    SCANNING_APPS = "SCANNING_APPS"
    SHUTTING_DOWN_VM = "SHUTTING_DOWN_VM"
    SYSPREPING = "SYSPREPING"
    SYSPREP_FAILED = "SYSPREP_FAILED"


class OperationStatus(StrEnum):
    """The status of a long-running operation, in the words of Microsoft's REST API guidelines."""

    NOT_STARTED = "NotStarted"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"

    @property
    def ended(self) -> bool:
        """Whether the operation is at an end; only a retry that somebody asks for takes it up again."""
        return self in (OperationStatus.SUCCEEDED, OperationStatus.FAILED, OperationStatus.CANCELED)


_A = AssetStatus

FIRST_ASSET_STATUS = _A.IMPORT_PENDING
"""Where every asset begins, whichever the action: the enum has no COPY_PENDING."""

_IMPORT_ENDS_BADLY = frozenset({_A.IMPORT_FAILED, _A.IMPORT_FAILED_TIMEOUT})
_RETRY_OR_FAIL = _IMPORT_ENDS_BADLY | {_A.IMPORT_RETRY_PENDING}

ASSET_TRANSITIONS: Mapping[AssetStatus, frozenset[AssetStatus]] = {
    # Accepted; the orchestration's first step takes it on, or, for a replica, the replication. It may fail before it
    # began: its deadline passed, or what it would be a replica of failed.
    _A.IMPORT_PENDING: frozenset(
        {_A.DEPLOYING_VM, _A.COPYING_IMAGE, _A.REPLICATING, _A.REPLICATION_FAILED, _A.REPLICATION_FAILED_TIMEOUT}
    )
    | _IMPORT_ENDS_BADLY,
    # From preflight to a desktop that can be reached; the enum has no value of its own for "allowing RDP".
    _A.DEPLOYING_VM: frozenset(
        {
            _A.INSTALLING_AGENTS,
            _A.RESTARTING_VM,
            _A.ALLOW_RDP_FAILED,
            _A.ENABLING_RDS_AND_ALLOW_RDP_FAILED,
        }
    )
    | _RETRY_OR_FAIL,
    # The GPU driver; images without a GPU skip it.
    _A.INSTALLING_AGENTS: frozenset({_A.RESTARTING_VM, _A.AGENT_INSTALLATION_FAILED}) | _RETRY_OR_FAIL,
    _A.RESTARTING_VM: frozenset({_A.IMPORT_COMPLETE}) | _RETRY_OR_FAIL,
    # From the proof of access to a version in the home region; a copy never passes IMPORT_COMPLETE.
    _A.COPYING_IMAGE: frozenset({_A.AVAILABLE}) | _RETRY_OR_FAIL,
    # A further region; an asset of its own.
    _A.REPLICATING: frozenset({_A.REPLICATION_COMPLETE, _A.REPLICATION_FAILED, _A.REPLICATION_FAILED_TIMEOUT}),
    _A.REPLICATION_COMPLETE: frozenset({_A.AVAILABLE}),
    # An automatic retry is waiting; it goes back to the step that failed, or gives up as that step does.
    _A.IMPORT_RETRY_PENDING: frozenset(
        {
            _A.DEPLOYING_VM,
            _A.INSTALLING_AGENTS,
            _A.RESTARTING_VM,
            _A.COPYING_IMAGE,
            _A.ALLOW_RDP_FAILED,
            _A.ENABLING_RDS_AND_ALLOW_RDP_FAILED,
            _A.AGENT_INSTALLATION_FAILED,
        }
    )
    | _IMPORT_ENDS_BADLY,
}
"""Which status an asset may take next while it is made. A status that is no key here ends its workflow."""

DELETION_TRANSITIONS: Mapping[AssetStatus, frozenset[AssetStatus]] = {
    # After DELETING the records are gone.
    _A.DELETING: frozenset({_A.DELETION_RETRY_PENDING, _A.DELETION_FAILED}),
    _A.DELETION_RETRY_PENDING: frozenset({_A.DELETING, _A.DELETION_FAILED}),
    # Somebody asks for the deletion again.
    _A.DELETION_FAILED: frozenset({_A.DELETING}),
}
"""Which status an asset may take next while it is deleted. DELETING may follow on every status."""

_AGAIN = frozenset({_A.IMPORT_RETRY_PENDING})

RETRY_TRANSITIONS: Mapping[AssetStatus, frozenset[AssetStatus]] = {
    _A.AGENT_INSTALLATION_FAILED: _AGAIN,
    _A.ALLOW_RDP_FAILED: _AGAIN,
    _A.ENABLING_RDS_AND_ALLOW_RDP_FAILED: _AGAIN,
    # What would have been a replica of a copy failed with it; it waits for its turn again.
    _A.IMPORT_FAILED: _AGAIN | {_A.IMPORT_PENDING},
    _A.IMPORT_FAILED_TIMEOUT: _AGAIN | {_A.IMPORT_PENDING},
    _A.REPLICATION_FAILED: frozenset({_A.IMPORT_PENDING}),
    _A.REPLICATION_FAILED_TIMEOUT: frozenset({_A.IMPORT_PENDING}),
}
"""Which status an asset takes when somebody asks for a retry of the operation that failed.

A table of its own: for everybody else these statuses are the end.
"""

_TRANSITIONS = (*ASSET_TRANSITIONS.items(), *DELETION_TRANSITIONS.items())
_REACHABLE = frozenset(status for status, _ in _TRANSITIONS).union(*(following for _, following in _TRANSITIONS))

UNUSED_ASSET_STATUSES = frozenset(AssetStatus) - _REACHABLE
"""Values of the API page that no workflow here enters yet."""


def may_follow(current: AssetStatus, following: AssetStatus) -> bool:
    """Whether an asset may go from one status to the other; staying where it is is always allowed."""
    if following in (current, AssetStatus.DELETING):
        return True
    return following in ASSET_TRANSITIONS.get(current, DELETION_TRANSITIONS.get(current, frozenset()))


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
