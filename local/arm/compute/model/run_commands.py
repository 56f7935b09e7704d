"""Run commands: the managed ones, which are resources, and the action, which is not.

What a script does is simulated: it succeeds, unless a fault in the `guest` phase says otherwise. A managed command's
`hidden` holds the simulated moments `start` and `end` and how it ends; what its instance view says follows from them.
"""

import json
import secrets

from ... import durations, ids
from ...calls import Call, Json
from ...faults import GUEST
from ...operations import Effect, Operation
from ...store import Resource
from ...tracked import envelope, existing
from ...world import World, fingerprint
from .. import errors
from . import guest

_WRITE = "compute.runCommand.write"
_DELETE = "compute.runCommand.delete"
_ACTION = "compute.runCommand.action"
_DEFAULT_TIMEOUT_SECONDS = 5400
# Azure keeps the last 4 KB of what a script writes.
_OUTPUT_CHARACTERS = 4096
_WRITE_ONLY = ("protectedParameters", "runAsPassword")
# The built-in commands of the action, and the operating system that each is for.
SCRIPTS = {"RunPowerShellScript": "Windows", "RunShellScript": "Linux"}


def put(world: World, call: Call, command_id: str) -> tuple[Operation | None, Resource, bool]:
    """Run a script; the operation is None when the same command is there already, which does not run again."""
    found = existing(world, call, command_id)
    machine = world.require(str(ids.parse(command_id).parent))
    world.unlock(call, machine)
    guest.require_running(machine)
    sent: Json = call.document.get("properties") or {}
    source = sent.get("source") or {}
    if not any(source.get(member) for member in ("script", "scriptUri", "commandId", "galleryScriptReferenceId")):
        raise errors.missing_parameter("source")
    for parameter in sent.get("parameters") or []:
        for member in ("name", "value"):
            if member not in parameter:
                raise errors.missing_parameter(f"parameters.{member}")
    salt = found.hidden["salt"] if found else secrets.token_hex(8)
    content = fingerprint(json.dumps(sent, sort_keys=True), salt)
    if found and found.hidden["content"] == content and found.state == "Succeeded":
        return None, found, False
    inner = {"asyncExecution": False, "timeoutInSeconds": _DEFAULT_TIMEOUT_SECONDS, "parameters": []}
    inner |= {"treatFailureAsDeploymentFailure": False}
    inner |= {name: value for name, value in sent.items() if name not in _WRITE_ONLY}
    inner["provisioningState"] = "Updating" if found else "Creating"
    hidden = {"salt": salt, "content": content} | _run(world, call, machine, inner, command_id)
    command = world.create(found.id if found else command_id, envelope(call) | {"properties": inner}, hidden)
    return _begin(world, call, machine, command), command, found is None


def delete(world: World, call: Call, command: Resource) -> Operation:
    """Remove a command from a running machine; a script that runs is stopped."""
    guest.require_running(world.require(str(ids.parse(command.id).parent)))
    world.preempt(command.id)
    command = world.require(command.id)
    command.state = "Deleting"
    seconds = world.draw(durations.RUN_COMMAND_DELETE, command.id)
    return world.begin(call, command, _DELETE, seconds, durations.RETRY_COMPUTE)


def view(world: World, command: Resource) -> Json:
    """The instance view: how the script is doing."""
    hidden = command.hidden
    if command.state == "Failed" and "end" not in hidden:
        return {
            "executionState": "Failed",
            "exitCode": 0,
            "output": "",
            "error": "",
            "executionMessage": "Not started.",
        }
    if world.now < hidden["start"]:
        return {"executionState": "Pending", "exitCode": 0, "output": "", "error": ""}
    shown: Json = {"startTime": world.clock.stamp(hidden["start"])}
    if world.now < hidden["end"]:
        return shown | {"executionState": "Running", "exitCode": 0, "output": "", "error": ""}
    shown |= {"executionState": hidden["state"], "exitCode": hidden["exitCode"], "executionMessage": ""}
    shown["endTime"] = world.clock.stamp(hidden["end"])
    return shown | {name: str(hidden[name])[-_OUTPUT_CHARACTERS:] for name in ("output", "error")}


def act(world: World, call: Call, machine: Resource) -> Operation:
    """Begin the action run command: one at a time, for the machine's own operating system."""
    sent = call.document
    if SCRIPTS.get(str(sent.get("commandId"))) != guest.os_of(machine):
        raise errors.invalid_parameter("commandId", f"The command '{sent.get('commandId')}' is not supported here.")
    if any(operation.effect == _ACTION for operation in world.store.running(machine.id)):
        raise errors.run_command_busy()
    world.unlock(call, machine)
    guest.require_running(machine)
    arguments = _outcome(world, call)
    failure = None if guest.agent_ready(world, machine) else errors.agent_silent(machine.name)
    seconds = arguments.get("seconds") or world.draw(durations.RUN_COMMAND_ACTION, machine.id)
    return world.begin(call, machine, _ACTION, float(seconds), durations.RETRY_COMPUTE, arguments, failure)


def _run(world: World, call: Call, machine: Resource, inner: Json, command_id: str) -> Json:
    if not guest.agent_ready(world, machine):
        return {}
    outcome = _outcome(world, call)
    start = world.now + world.draw(durations.RUN_COMMAND_START, command_id)
    seconds = float(outcome.get("seconds") or world.draw(durations.RUN_COMMAND_SCRIPT, command_id))
    if seconds > inner["timeoutInSeconds"] or outcome["state"] == "TimedOut":
        seconds = float(inner["timeoutInSeconds"])
        outcome |= {"state": "TimedOut", "exitCode": outcome["exitCode"] or -1}
    return outcome | {"start": start, "end": start + seconds}


def _begin(world: World, call: Call, machine: Resource, command: Resource) -> Operation:
    hidden, inner = command.hidden, command.properties
    if "end" not in hidden:
        seconds = world.draw(durations.AGENT_SILENCE, command.id)
        failure: Json | None = errors.agent_silent(machine.name)
        return world.begin(call, command, _WRITE, seconds, durations.RETRY_COMPUTE, failure=failure)
    failure = None
    until = hidden["start"] if inner["asyncExecution"] else hidden["end"]
    if inner["treatFailureAsDeploymentFailure"] and not inner["asyncExecution"] and hidden["state"] != "Succeeded":
        reason = f"The script ended as {hidden['state']} with exit code {hidden['exitCode']}."
        failure = errors.extension_failed(command.name, "Microsoft.CPlat.Core.RunCommandHandler", reason)
    return world.begin(call, command, _WRITE, until - world.now, durations.RETRY_COMPUTE, failure=failure)


def _outcome(world: World, call: Call) -> Json:
    rule = world.faults.match(GUEST, call.method, call.path, kind="runCommand")
    planned = rule.action if rule else {}
    exit_code = planned.get("exitCode", 0)
    outcome = {"exitCode": exit_code, "output": planned.get("output", ""), "error": planned.get("error", "")}
    outcome["state"] = planned.get("state", "Failed" if exit_code else "Succeeded")
    return outcome | ({"seconds": planned["seconds"]} if "seconds" in planned else {})


def _written(world: World, operation: Operation) -> None:
    command = world.require(operation.target)
    command.state = "Succeeded"
    world.store.save(command)


def _deleted(world: World, operation: Operation) -> None:
    world.store.remove(world.require(operation.target))


def _failed(world: World, operation: Operation, _error: Json) -> None:
    command = world.require(operation.target)
    command.state = "Failed"
    world.store.save(command)


def _acted(_world: World, operation: Operation) -> Json:
    outcome = operation.arguments
    streams = (("StdOut", outcome["output"]), ("StdErr", outcome["error"]))
    return {
        "value": [
            {
                "code": f"ComponentStatus/{stream}/{outcome['state'].lower()}",
                "level": "Info",
                "displayStatus": f"Provisioning {outcome['state'].lower()}",
                "message": str(text)[-_OUTPUT_CHARACTERS:],
            }
            for stream, text in streams
        ]
    }


def _not_acted(_world: World, _operation: Operation, _error: Json) -> None:
    """An action leaves no resource behind."""


EFFECTS = {_WRITE: Effect(_written, _failed), _DELETE: Effect(_deleted, _failed), _ACTION: Effect(_acted, _not_acted)}
