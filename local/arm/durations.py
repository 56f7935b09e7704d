"""How long things take in Azure, in seconds: the one table, with where each figure is from.

The figures are planning values: what an engineer should expect on an ordinary day, not a promise of Azure's. `spread`
is the part by which a draw may be shorter or longer. Draws are seeded, so a run can be repeated.
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Duration:
    """A typical duration in seconds, the relative spread around it, and the source of both."""

    seconds: float
    spread: float
    source: str


NETWORK_WRITE = "network.write"
NETWORK_DELETE = "network.delete"
GROUP_DELETE = "group.delete"
GROUP_DELETE_MACHINES = "group.delete.machines"
GROUP_DELETE_FORCED = "group.delete.forced"
MACHINE_CREATE_WINDOWS = "machine.create.windows"
MACHINE_CREATE_LINUX = "machine.create.linux"
MACHINE_UPDATE = "machine.update"
MACHINE_DELETE = "machine.delete"
MACHINE_DELETE_FORCED = "machine.delete.forced"
MACHINE_START = "machine.start"
MACHINE_RESTART = "machine.restart"
MACHINE_POWER_OFF = "machine.powerOff"
MACHINE_DEALLOCATE = "machine.deallocate"
MACHINE_REDEPLOY = "machine.redeploy"
MACHINE_REAPPLY = "machine.reapply"
AGENT_READY_WINDOWS = "agent.ready.windows"
AGENT_READY_LINUX = "agent.ready.linux"
AGENT_SILENCE = "agent.silence"
EXTENSION_GPU_DRIVER = "extension.gpuDriver"
EXTENSION = "extension"
EXTENSION_DELETE = "extension.delete"
RUN_COMMAND_START = "runCommand.start"
RUN_COMMAND_SCRIPT = "runCommand.script"
RUN_COMMAND_DELETE = "runCommand.delete"
RUN_COMMAND_ACTION = "runCommand.action"
DISK_WRITE = "disk.write"
DISK_DELETE = "disk.delete"
DISK_ACCESS = "disk.access"
GALLERY_WRITE = "gallery.write"
GALLERY_DELETE = "gallery.delete"
VERSION_CAPTURE = "gallery.version.capture"
VERSION_COPY = "gallery.version.copy"
VERSION_SHALLOW = "gallery.version.shallow"
VERSION_DELETE = "gallery.version.delete"
REGION_COPY = "gallery.region.copy"
EVENT = "event"
NIC_RESERVATION = "nic.reservation"
OPERATION_RECORD = "operation.record"

_PLANNED = "planning value, not measured"
_ASSUMED = "assumed; no public figure"

TYPICAL = {
    NETWORK_WRITE: Duration(4, 0.5, "2-10 s for an NSG, 3-10 s a VNet, 2-5 s a public IP or NIC; " + _PLANNED),
    NETWORK_DELETE: Duration(6, 0.5, _ASSUMED),
    GROUP_DELETE: Duration(25, 0.4, _ASSUMED),
    GROUP_DELETE_MACHINES: Duration(240, 0.4, "1-10 min with a virtual machine inside; " + _PLANNED),
    GROUP_DELETE_FORCED: Duration(100, 0.3, "forceDeletionTypes skips the graceful shutdown; " + _ASSUMED),
    MACHINE_CREATE_WINDOWS: Duration(160, 0.35, "1.5-5 min for the PUT, 2-6 min with all around it; " + _PLANNED),
    MACHINE_CREATE_LINUX: Duration(70, 0.35, _ASSUMED),
    MACHINE_UPDATE: Duration(12, 0.4, _ASSUMED),
    MACHINE_DELETE: Duration(60, 0.4, _ASSUMED),
    MACHINE_DELETE_FORCED: Duration(20, 0.4, "forceDeletion skips the graceful shutdown; " + _ASSUMED),
    MACHINE_START: Duration(40, 0.4, "starting a clone takes 1-2 min until usable; " + _PLANNED),
    MACHINE_RESTART: Duration(50, 0.5, "0.5-3 min until usable; " + _PLANNED),
    MACHINE_POWER_OFF: Duration(35, 0.4, _ASSUMED),
    MACHINE_DEALLOCATE: Duration(75, 0.6, "0.5-3 min; " + _PLANNED),
    MACHINE_REDEPLOY: Duration(300, 0.4, _ASSUMED),
    MACHINE_REAPPLY: Duration(20, 0.4, _ASSUMED),
    AGENT_READY_WINDOWS: Duration(45, 0.4, "the agent reports some time after the operating system; " + _ASSUMED),
    AGENT_READY_LINUX: Duration(15, 0.4, _ASSUMED),
    AGENT_SILENCE: Duration(90, 0.2, "until the platform gives up on a silent agent; " + _ASSUMED),
    EXTENSION_GPU_DRIVER: Duration(420, 0.4, "2-15 min for installing with drivers; " + _PLANNED),
    EXTENSION: Duration(80, 0.5, _ASSUMED),
    EXTENSION_DELETE: Duration(30, 0.4, _ASSUMED),
    RUN_COMMAND_START: Duration(12, 0.4, _ASSUMED),
    RUN_COMMAND_SCRIPT: Duration(25, 0.4, "0.5-3 min for a step of scanning or configuring, in all; " + _PLANNED),
    RUN_COMMAND_DELETE: Duration(5, 0.4, _ASSUMED),
    RUN_COMMAND_ACTION: Duration(30, 0.3, "20 s at least; Azure's documentation of the action run command"),
    DISK_WRITE: Duration(5, 0.4, "a copy is usable at once and filled in the background; " + _ASSUMED),
    DISK_DELETE: Duration(5, 0.4, _ASSUMED),
    DISK_ACCESS: Duration(3, 0.4, _ASSUMED),
    GALLERY_WRITE: Duration(10, 0.6, "2-30 s for a gallery or an image definition; " + _PLANNED),
    GALLERY_DELETE: Duration(15, 0.4, _ASSUMED),
    VERSION_CAPTURE: Duration(900, 0.5, "5-30 min from a machine of 127 GiB, first region; " + _PLANNED),
    VERSION_COPY: Duration(1200, 0.6, "5-40 min from another version of 127 GiB, first region; " + _PLANNED),
    VERSION_SHALLOW: Duration(60, 0.5, "nothing is copied; " + _ASSUMED),
    VERSION_DELETE: Duration(60, 0.5, _ASSUMED),
    REGION_COPY: Duration(2400, 0.7, "minutes to hours for a further region, up to 6 h; " + _PLANNED),
    EVENT: Duration(2, 0.0, "until a resource event is on its way; " + _ASSUMED),
    NIC_RESERVATION: Duration(180, 0.0, "the error NicReservedForAnotherVm says 180 seconds"),
    OPERATION_RECORD: Duration(86_400, 0.0, "records of operations expire after hours to days; " + _ASSUMED),
}

# The size of image that the figures for versions and regions are for; they grow with it.
TYPICAL_IMAGE_GB = 127

# Retry-After of a running operation, in simulated seconds, as the providers send it.
RETRY_COMPUTE = 10
RETRY_DISK = 2
RETRY_NETWORK = 3
RETRY_GROUP = 15


def draw(name: str, seed: str) -> float:
    """A duration in simulated seconds, the same for the same seed."""
    typical = TYPICAL[name]
    # Not for secrets: the draw must be repeatable.
    jitter = random.Random(f"{seed}/{name}").uniform(-typical.spread, typical.spread)  # noqa: S311
    return typical.seconds * (1 + jitter)
