"""The guest agent: when it reports, and what a reboot does to what runs inside."""

from ... import durations
from ...calls import Json
from ...faults import GUEST
from ...operations import Operation
from ...store import Resource
from ...world import World
from .. import errors
from .quota import MACHINE

RUN_COMMAND = MACHINE + "/runCommands"
EXTENSION = MACHINE + "/extensions"
RUNNING = "running"
_READY = {"Windows": durations.AGENT_READY_WINDOWS, "Linux": durations.AGENT_READY_LINUX}


def boot(world: World, machine: Resource, operation: Operation) -> None:
    """The machine has started: the agent will report in a while, or, if a fault says so, later or never."""
    interrupt(world, machine, "The machine was restarted.")
    machine.hidden["power"] = RUNNING
    delay: float | None = world.draw(_READY[os_of(machine)], machine.id)
    rule = world.faults.match(GUEST, operation.method, operation.path, kind="agent")
    if rule:
        delay = rule.action.get("after")
    if not _has_agent(machine):
        delay = None
    machine.hidden["agentAt"] = None if delay is None else world.now + float(delay)


def agent_ready(world: World, machine: Resource) -> bool:
    """Whether the agent reports now."""
    at = machine.hidden.get("agentAt")
    return machine.hidden["power"] == RUNNING and at is not None and bool(at <= world.now)


def require_running(machine: Resource) -> None:
    """Extensions and run commands, and their deletion, need a running machine."""
    if machine.hidden["power"] != RUNNING:
        raise errors.not_running(machine.name)


def interrupt(world: World, machine: Resource, why: str) -> None:
    """Scripts that run when the machine stops end there, and did not succeed."""
    for command in world.store.nested(machine.id):
        if command.kind == RUN_COMMAND and command.hidden.get("end", 0.0) > world.now:
            command.hidden |= {"end": world.now, "state": "Failed", "exitCode": -1, "output": "", "error": why}
            world.store.save(command)


def os_of(machine: Resource) -> str:
    """Windows or Linux."""
    return str(machine.properties["storageProfile"]["osDisk"]["osType"])


def _has_agent(machine: Resource) -> bool:
    profile: Json = machine.properties.get("osProfile") or {}
    configuration = profile.get("windowsConfiguration") or profile.get("linuxConfiguration") or {}
    return bool(configuration.get("provisionVMAgent", True))
