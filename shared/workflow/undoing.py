"""The steps that take something back, or wait for that, as data."""

from shared.names import Activity
from shared.states.statuses import AssetStatus
from shared.workflow.step import Step

_MINUTE = 60.0

_HOUR = 60 * _MINUTE
CLEAN_UP = Step(
    name="clean-up",
    title="Remove what was created in Azure",
    status=None,
    failure=AssetStatus.IMPORT_FAILED,
    typical=5 * _MINUTE,
    limit=60 * _MINUTE,
    begin=Activity.BEGIN_CLEAN_UP,
    check=Activity.CHECK_CLEAN_UP,
)
COPY_CLEAN_UP = Step(
    name="copy-clean-up",
    title="Remove what was created in Azure",
    status=None,
    failure=AssetStatus.IMPORT_FAILED,
    typical=1 * _MINUTE,
    limit=60 * _MINUTE,
    begin=Activity.BEGIN_COPY_REMOVAL,
    check=Activity.CHECK_COPY_REMOVAL,
)

STOP_WORK = Step(
    name="stop-work",
    title="Stop the work in progress",
    status=None,
    failure=AssetStatus.DELETION_FAILED,
    typical=5,
    limit=2 * _HOUR,
    begin=Activity.STOP_WORK,
    check=Activity.STOP_WORK,
)
REMOVE_MACHINE = Step(
    name="remove-machine",
    title="Remove the virtual machine and what belongs to it",
    status=AssetStatus.DELETING,
    failure=AssetStatus.DELETION_FAILED,
    typical=5 * _MINUTE,
    limit=2 * _HOUR,
    begin=Activity.BEGIN_CLEAN_UP,
    check=Activity.CHECK_CLEAN_UP,
    retrying=AssetStatus.DELETION_RETRY_PENDING,
)
REMOVE_IMAGE_VERSION = Step(
    name="remove-image-version",
    title="Remove the version from the gallery",
    status=AssetStatus.DELETING,
    failure=AssetStatus.DELETION_FAILED,
    typical=1 * _MINUTE,
    limit=2 * _HOUR,
    begin=Activity.BEGIN_COPY_REMOVAL,
    check=Activity.CHECK_COPY_REMOVAL,
    retrying=AssetStatus.DELETION_RETRY_PENDING,
)


UNDOING = frozenset({CLEAN_UP, COPY_CLEAN_UP, STOP_WORK, REMOVE_MACHINE, REMOVE_IMAGE_VERSION})
"""The steps that take something back, or wait for that."""
