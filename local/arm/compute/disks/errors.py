"""The error codes of disks and snapshots. Wording that Azure does not publish is marked as assumed."""

from ...errors import ArmError
from ..errors import invalid_parameter, not_allowed


def source_not_found(source: str) -> ArmError:
    """What is to be copied does not exist."""
    return ArmError(404, "NotFound", f"The source resource '{source}' was not found.", target="sourceResourceId")


def source_not_ready(source: str, state: str) -> ArmError:
    """What is to be copied is being made or deleted, or was never made (assumed wording)."""
    return ArmError(409, "Conflict", f"The source resource '{source}' is in the state '{state}' and cannot be copied.")


def source_elsewhere(source: str, location: str) -> ArmError:
    """A copy stays in the region of its source (assumed wording)."""
    message = f"The source resource '{source}' is not in the location '{location}'. Use CopyStart to copy a snapshot."
    return invalid_parameter("sourceResourceId", message)


def size_too_small(size: int, least: int) -> ArmError:
    """The disk would not hold what is copied into it."""
    message = f"The specified disk size {size} GB is smaller than the size of the source, {least} GB."
    return invalid_parameter("diskSizeGB", message)


def size_shrinks(name: str) -> ArmError:
    """A disk never becomes smaller."""
    return ArmError(409, "PropertyChangeNotAllowed", f"Disk '{name}' cannot shrink.", target="diskSizeGB")


def in_running_machine(disk: str, machine: str, what: str) -> ArmError:
    """What cannot be done while the machine that holds the disk runs."""
    return not_allowed(f"Cannot {what} disk {disk} while it is attached to running VM {machine}.")


def access_granted(disk: str) -> ArmError:
    """Somebody has a shared access signature for the contents."""
    return not_allowed(
        f"There is an active shared access signature outstanding for disk {disk}. Call EndGetAccess before attaching "
        "or deleting the disk. Learn more here: aka.ms/revokeaccessapi."
    )


def already_there(disk: str, group: str) -> ArmError:
    """A machine would create a disk that exists."""
    return ArmError(
        409,
        "ConflictingUserInput",
        f"Disk '{disk}' already exists in resource group '{group.upper()}'. Only CreateOption.Attach is supported.",
    )


def owned(disk: str, machine: str, owner: str) -> ArmError:
    """A machine would attach a disk that another one holds."""
    return ArmError(
        409,
        "ConflictingUserInput",
        f"Disk '{disk}' cannot be attached to VM '{machine}' as the disk is already owned by VM '{owner}'.",
    )


def not_attachable(disk: str, why: str) -> ArmError:
    """The disk is no boot disk, or not ready, or somewhere else."""
    return invalid_parameter("managedDisk.id", f"Disk '{disk}' cannot be attached: {why}.")


def disk_not_found(disk: str) -> ArmError:
    """A machine names a disk that does not exist."""
    return ArmError(404, "NotFound", f"Disk {disk} is not found.", target="managedDisk.id")


def not_with_attach(member: str) -> ArmError:
    """What a machine made from a disk brings with it, and cannot be given."""
    return invalid_parameter(member, f"Parameter '{member}' is not allowed.")


def lun_taken(lun: int) -> ArmError:
    """Two data disks at one place."""
    return invalid_parameter("dataDisk.lun", f"A disk at LUN {lun} already exists.")
