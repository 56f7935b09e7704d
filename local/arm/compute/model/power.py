"""Starting, stopping and generalizing machines: a table of actions."""

from typing import NamedTuple

from ... import durations
from ...calls import Call, Json
from ...operations import Effect, Operation
from ...store import Resource
from ...world import World
from .. import errors
from . import guest

_POWER = "compute.machine.power"
_STOPPED = ("stopped", "deallocated")
_ANY = ("running", *_STOPPED)


class Action(NamedTuple):
    """From which power states an action may start, through which one to which one it leads, and how long it takes."""

    allowed: tuple[str, ...]
    during: str
    after: str
    duration: str


ACTIONS = {
    "start": Action(_ANY, "starting", "running", durations.MACHINE_START),
    "restart": Action(("running",), "running", "running", durations.MACHINE_RESTART),
    "powerOff": Action(("running", "stopped"), "stopping", "stopped", durations.MACHINE_POWER_OFF),
    "deallocate": Action(_ANY, "deallocating", "deallocated", durations.MACHINE_DEALLOCATE),
    "redeploy": Action(("running",), "starting", "running", durations.MACHINE_REDEPLOY),
}


def act(world: World, call: Call, machine: Resource, name: str) -> Operation:
    """Begin an action; the machine's state must allow it."""
    world.unlock(call, machine)
    action = ACTIONS[name]
    before = machine.hidden["power"]
    arguments = {"action": name, "before": before, "agentAt": machine.hidden["agentAt"]}
    if machine.hidden.get("failure"):
        raise errors.not_allowed(
            f"Cannot {name} VM '{machine.name}': its creation failed. Delete it and create it again."
        )
    if machine.hidden.get("generalized") and action.after == "running":
        raise errors.not_allowed(f"Cannot {name} VM '{machine.name}' because it is generalized.")
    if before not in action.allowed:
        raise errors.not_allowed(f"Cannot {name} VM '{machine.name}' because it is {before}.")
    if action.after != before or name != "start":
        machine.hidden |= {"power": action.during, "agentAt": None}
        guest.interrupt(world, machine, "The machine was stopped.")
    machine.state = "Updating"
    seconds = world.draw(action.duration, machine.id)
    return world.begin(call, machine, _POWER, seconds, durations.RETRY_COMPUTE, arguments)


def reapply(world: World, call: Call, machine: Resource) -> Operation:
    """Begin a reapply: the machine's state is written again, its power stays."""
    world.unlock(call, machine)
    machine.state = "Updating"
    arguments = {"action": "reapply", "before": machine.hidden["power"], "agentAt": machine.hidden["agentAt"]}
    seconds = world.draw(durations.MACHINE_REAPPLY, machine.id)
    failure = machine.hidden.get("failure")
    return world.begin(call, machine, _POWER, seconds, durations.RETRY_COMPUTE, arguments, failure)


def generalize(world: World, call: Call, machine: Resource) -> None:
    """Mark a stopped machine as generalized; it can never start again. Twice is harmless."""
    world.unlock(call, machine)
    if machine.hidden["power"] not in _STOPPED:
        raise errors.not_allowed(
            "The operation 'generalize' is not allowed since the VM is running. Please power off the VM explicitly "
            f"from the guest OS or through the portal, and retry. VM: {machine.name}."
        )
    machine.hidden["generalized"] = True
    world.store.save(machine)


def _done(world: World, operation: Operation) -> None:
    machine = world.require(operation.target)
    action = ACTIONS.get(operation.arguments["action"])
    if action:
        booted = action.after == guest.RUNNING and machine.hidden["agentAt"] is None
        machine.hidden["power"] = action.after
        if booted:
            guest.boot(world, machine, operation)
    machine.state = "Succeeded"
    world.store.save(machine)


def _failed(world: World, operation: Operation, _error: Json) -> None:
    machine = world.require(operation.target)
    machine.hidden |= {"power": operation.arguments["before"], "agentAt": operation.arguments["agentAt"]}
    machine.state = "Failed"
    world.store.save(machine)


EFFECTS = {_POWER: Effect(_done, _failed)}
