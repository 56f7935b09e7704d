"""Which status an asset may take after which: the transition tables, as data."""

from collections.abc import Mapping

from shared.states.statuses import AssetStatus

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
