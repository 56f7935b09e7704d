"""The names that cross a boundary: durable functions, the ids of their instances, and the receivers of events."""

from enum import StrEnum


class Orchestrator(StrEnum):
    """Names of orchestrations."""

    IMPORT_IMAGE = "import_image"
    COPY_IMAGE = "copy_image"
    REPLICATE_VERSION = "replicate_version"
    REMOVE_IMAGE = "remove_image"
    REPAIR_OPERATION = "repair_operation"
    AWAIT_TURN = "await_turn"
    RUN_STEP = "run_step"
    AWAIT_RETRY = "await_retry"
    SWEEP = "sweep"


class Activity(StrEnum):
    """Names of activities: the name of the function is the name it is registered under."""

    RECORD_PROGRESS = "record_progress"
    CONFIRM_ACCEPTANCE = "confirm_acceptance"
    ABANDON_OPERATION = "abandon_operation"
    TAKE_TURN = "take_turn"
    DELETE_SECRET = "delete_secret"  # noqa: S105 - a name
    PREFLIGHT_IMPORT = "preflight_import"
    ACCEPT_MARKETPLACE_TERMS = "accept_marketplace_terms"
    CREATE_RESOURCE_GROUP = "create_resource_group"
    BEGIN_NETWORK_SECURITY_GROUP = "begin_network_security_group"
    CHECK_NETWORK_SECURITY_GROUP = "check_network_security_group"
    BEGIN_VIRTUAL_MACHINE = "begin_virtual_machine"
    CHECK_VIRTUAL_MACHINE = "check_virtual_machine"
    CHECK_GUEST_AGENT = "check_guest_agent"
    BEGIN_REMOTE_DESKTOP = "begin_remote_desktop"
    CHECK_REMOTE_DESKTOP = "check_remote_desktop"
    BEGIN_GPU_DRIVER = "begin_gpu_driver"
    CHECK_GPU_DRIVER = "check_gpu_driver"
    BEGIN_RESTART = "begin_restart"
    CHECK_RESTART = "check_restart"
    BEGIN_CLEAN_UP = "begin_clean_up"
    CHECK_CLEAN_UP = "check_clean_up"
    PROVE_SOURCE_ACCESS = "prove_source_access"
    PREFLIGHT_COPY = "preflight_copy"
    BEGIN_GALLERY = "begin_gallery"
    CHECK_GALLERY = "check_gallery"
    BEGIN_IMAGE_DEFINITION = "begin_image_definition"
    CHECK_IMAGE_DEFINITION = "check_image_definition"
    BEGIN_IMAGE_VERSION = "begin_image_version"
    CHECK_IMAGE_VERSION = "check_image_version"
    BEGIN_TARGET_REGIONS = "begin_target_regions"
    CHECK_TARGET_REGIONS = "check_target_regions"
    READ_REPLICATION = "read_replication"
    BEGIN_COPY_REMOVAL = "begin_copy_removal"
    CHECK_COPY_REMOVAL = "check_copy_removal"
    STOP_WORK = "stop_work"
    REMOVE_RECORDS = "remove_records"
    END_OPERATION = "end_operation"
    DECIDE_KEPT = "decide_kept"
    PLAN_SWEEP = "plan_sweep"
    SWEEP_RESOURCES = "sweep_resources"
    SWEEP_OPERATIONS = "sweep_operations"
    SWEEP_KEYS = "sweep_keys"
    FINISH_SWEEP = "finish_sweep"


class Event(StrEnum):
    """Names of the external events that orchestrations wait for."""

    CANCEL = "cancel"
    """The operation is to be canceled: a hint, since the operation's record says so too."""
    DECIDED = "decided"
    """What a failed operation keeps is to be used for a retry, or removed: a hint, too."""
    NEWS = "news"
    """Azure told of a resource of the operation: a hint, since Azure says the same to whoever asks."""


class Sink(StrEnum):
    """Where events go."""

    EVENT_GRID = "event-grid"
    WEBHOOK = "webhook"


SWEEP_INSTANCE_ID = "sweep"
"""There is one sweep at a time."""


QUEUE = "queue"
"""What takes the place of a step's name while an operation waits for its turn."""


def step_instance_id(operation_id: str, step: str, retries: int = 0) -> str:
    """The instance id of the sub-orchestration of a step: readable in the portal, and unique for its operation.

    `retries` is how often somebody asked for a retry of the operation: each takes instances of its own.
    """
    return f"{operation_id}:{step}:{retries}" if retries else f"{operation_id}:{step}"


def kept_instance_id(operation_id: str, retries: int) -> str:
    """The instance id of what waits while a failed operation is kept, after so many retries."""
    return step_instance_id(operation_id, "kept", retries)
