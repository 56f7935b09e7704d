"""The steps of each workflow, as data: what people are shown, which status and failure belong to them.

The typical durations are planning values for Windows on Azure; they weigh the percentage and bound the steps,
and decide nothing else.
"""

from shared.names import Activity
from shared.states.statuses import AssetStatus
from shared.workflow.step import Step
from shared.workflow.undoing import CLEAN_UP, COPY_CLEAN_UP, REMOVE_IMAGE_VERSION, REMOVE_MACHINE, STOP_WORK

_MINUTE = 60.0

_HOUR = 60 * _MINUTE

PREFLIGHT = Step(
    name="preflight",
    title="Check the image, size, quota and network",
    status=AssetStatus.DEPLOYING_VM,
    failure=AssetStatus.IMPORT_FAILED,
    typical=5,
    limit=15 * _MINUTE,
    begin=Activity.PREFLIGHT_IMPORT,
)
MARKETPLACE_TERMS = Step(
    name="marketplace-terms",
    title="Accept the Marketplace terms",
    status=AssetStatus.DEPLOYING_VM,
    failure=AssetStatus.IMPORT_FAILED,
    typical=3,
    limit=10 * _MINUTE,
    begin=Activity.ACCEPT_MARKETPLACE_TERMS,
)
RESOURCE_GROUP = Step(
    name="resource-group",
    title="Create the staging resource group",
    status=AssetStatus.DEPLOYING_VM,
    failure=AssetStatus.IMPORT_FAILED,
    typical=3,
    limit=10 * _MINUTE,
    begin=Activity.CREATE_RESOURCE_GROUP,
)
NETWORK = Step(
    name="network-security-group",
    title="Create the network security group",
    status=AssetStatus.DEPLOYING_VM,
    failure=AssetStatus.IMPORT_FAILED,
    typical=8,
    limit=15 * _MINUTE,
    begin=Activity.BEGIN_NETWORK_SECURITY_GROUP,
    check=Activity.CHECK_NETWORK_SECURITY_GROUP,
)
VIRTUAL_MACHINE = Step(
    name="virtual-machine",
    title="Create the virtual machine",
    status=AssetStatus.DEPLOYING_VM,
    failure=AssetStatus.IMPORT_FAILED,
    typical=4 * _MINUTE,
    limit=60 * _MINUTE,
    begin=Activity.BEGIN_VIRTUAL_MACHINE,
    check=Activity.CHECK_VIRTUAL_MACHINE,
)
GUEST_AGENT = Step(
    name="guest-agent",
    title="Wait for the guest agent",
    status=AssetStatus.DEPLOYING_VM,
    failure=AssetStatus.IMPORT_FAILED,
    typical=1 * _MINUTE,
    limit=30 * _MINUTE,
    begin=Activity.CHECK_GUEST_AGENT,
    check=Activity.CHECK_GUEST_AGENT,
)
ALLOW_RDP = Step(
    name="allow-rdp",
    title="Allow remote desktop connections",
    status=AssetStatus.DEPLOYING_VM,
    failure=AssetStatus.ALLOW_RDP_FAILED,
    typical=1 * _MINUTE,
    limit=30 * _MINUTE,
    begin=Activity.BEGIN_REMOTE_DESKTOP,
    check=Activity.CHECK_REMOTE_DESKTOP,
)
ENABLE_RDS = Step(
    name="enable-rds",
    title="Enable Remote Desktop Services and allow connections",
    status=AssetStatus.DEPLOYING_VM,
    failure=AssetStatus.ENABLING_RDS_AND_ALLOW_RDP_FAILED,
    typical=3 * _MINUTE,
    limit=45 * _MINUTE,
    begin=Activity.BEGIN_REMOTE_DESKTOP,
    check=Activity.CHECK_REMOTE_DESKTOP,
)
GPU_DRIVER = Step(
    name="gpu-driver",
    title="Install the GPU driver",
    status=AssetStatus.INSTALLING_AGENTS,
    failure=AssetStatus.AGENT_INSTALLATION_FAILED,
    typical=8 * _MINUTE,
    limit=90 * _MINUTE,
    begin=Activity.BEGIN_GPU_DRIVER,
    check=Activity.CHECK_GPU_DRIVER,
)
RESTART = Step(
    name="restart",
    title="Restart the virtual machine",
    status=AssetStatus.RESTARTING_VM,
    failure=AssetStatus.IMPORT_FAILED,
    typical=2 * _MINUTE,
    limit=30 * _MINUTE,
    begin=Activity.BEGIN_RESTART,
    check=Activity.CHECK_RESTART,
)

SOURCE_ACCESS = Step(
    name="source-access",
    title="Prove that the source may be read",
    status=AssetStatus.COPYING_IMAGE,
    failure=AssetStatus.IMPORT_FAILED,
    typical=2,
    limit=15 * _MINUTE,
    begin=Activity.PROVE_SOURCE_ACCESS,
)
COPY_PREFLIGHT = Step(
    name="copy-preflight",
    title="Check source and target",
    status=AssetStatus.COPYING_IMAGE,
    failure=AssetStatus.IMPORT_FAILED,
    typical=3,
    limit=15 * _MINUTE,
    begin=Activity.PREFLIGHT_COPY,
)
GALLERY = Step(
    name="gallery",
    title="Make sure of the gallery",
    status=AssetStatus.COPYING_IMAGE,
    failure=AssetStatus.IMPORT_FAILED,
    typical=10,
    limit=30 * _MINUTE,
    begin=Activity.BEGIN_GALLERY,
    check=Activity.CHECK_GALLERY,
)
IMAGE_DEFINITION = Step(
    name="image-definition",
    title="Make sure of the image definition",
    status=AssetStatus.COPYING_IMAGE,
    failure=AssetStatus.IMPORT_FAILED,
    typical=10,
    limit=30 * _MINUTE,
    begin=Activity.BEGIN_IMAGE_DEFINITION,
    check=Activity.CHECK_IMAGE_DEFINITION,
)
IMAGE_VERSION = Step(
    name="image-version",
    title="Copy the image version",
    status=AssetStatus.COPYING_IMAGE,
    failure=AssetStatus.IMPORT_FAILED,
    typical=15 * _MINUTE,
    limit=6 * _HOUR,
    begin=Activity.BEGIN_IMAGE_VERSION,
    check=Activity.CHECK_IMAGE_VERSION,
)
REPLICATION = Step(
    name="replication",
    title="Replicate to further regions",
    status=None,
    failure=AssetStatus.REPLICATION_FAILED,
    typical=30 * _MINUTE,
    limit=6 * _HOUR,
    begin=Activity.BEGIN_TARGET_REGIONS,
    check=Activity.CHECK_TARGET_REGIONS,
    needs_turn=False,  # Azure does it alone
)

_BY_NAME = {
    step.name: step
    for step in (
        PREFLIGHT,
        MARKETPLACE_TERMS,
        RESOURCE_GROUP,
        NETWORK,
        VIRTUAL_MACHINE,
        GUEST_AGENT,
        ALLOW_RDP,
        ENABLE_RDS,
        GPU_DRIVER,
        RESTART,
        CLEAN_UP,
        SOURCE_ACCESS,
        COPY_PREFLIGHT,
        GALLERY,
        IMAGE_DEFINITION,
        IMAGE_VERSION,
        REPLICATION,
        COPY_CLEAN_UP,
        STOP_WORK,
        REMOVE_MACHINE,
        REMOVE_IMAGE_VERSION,
    )
}


def by_name(name: str) -> Step:
    """The step with that name.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]
