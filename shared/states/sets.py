"""Named sets of asset statuses: what is at work, at rest, usable, or has failed. Not what may follow on what."""

from shared.states.statuses import AssetStatus

_A = AssetStatus

LIVE = frozenset(
    {
        *(_A.IMPORT_PENDING, _A.IMPORT_RETRY_PENDING, _A.DEPLOYING_VM, _A.INSTALLING_AGENTS, _A.RESTARTING_VM),
        *(_A.COPYING_IMAGE, _A.REPLICATING, _A.REPLICATION_COMPLETE),
        *(_A.PUBLISH_IN_PROGRESS, _A.PUBLISH_RETRY_PENDING, _A.SCANNING_APPS, _A.SYSPREPING, _A.SHUTTING_DOWN_VM),
        *(_A.GENERALIZING, _A.CAPTURING_AND_UPLOADING_IMAGE_TO_SIG, _A.PUBLISH_COMPLETE),
        *(_A.DELETING, _A.DELETION_RETRY_PENDING),
    }
)
"""An operation is at work on the asset, or about to be: it will take another status by itself."""

FAILED = frozenset(
    {
        *(_A.IMPORT_FAILED, _A.IMPORT_FAILED_TIMEOUT, _A.AGENT_INSTALLATION_FAILED, _A.ALLOW_RDP_FAILED),
        *(_A.ENABLING_RDS_AND_ALLOW_RDP_FAILED, _A.CLONE_FAILED, _A.PUBLISH_FAILED, _A.SYSPREP_FAILED),
        *(_A.GENERALIZING_FAILED, _A.REPLICATION_FAILED, _A.REPLICATION_FAILED_TIMEOUT, _A.DELETION_FAILED),
    }
)
"""The last operation on the asset did not reach its end."""

USABLE = frozenset({_A.AVAILABLE})
"""Machines may be made from the asset."""

AT_REST = frozenset(_A) - LIVE
"""Nothing is at work on the asset: it keeps its status until somebody asks for something."""
