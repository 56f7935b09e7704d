"""What runs inside a machine: extensions and run commands."""

from dataclasses import replace

from ... import ids, lro
from ...calls import Answer, Call, Json
from ...store import Resource
from ...tracked import page
from ...world import World
from ..model import extensions, guest, run_commands
from .machines import machine_id

_INSTANCE_VIEW = "instanceview"


def put_extension(world: World, call: Call) -> Answer:
    """PUT an extension."""
    operation, extension, new = extensions.put(world, call, _child_id(call, guest.EXTENSION))
    return lro.accepted(world, call, operation, 201 if new else 200, extension.body)


def patch_extension(world: World, call: Call) -> Answer:
    """PATCH an extension: what it does not name stays as it is."""
    found = world.require(_child_id(call, guest.EXTENSION))
    operation, extension, _ = extensions.put(world, _completed(call, found), found.id)
    return lro.accepted(world, call, operation, 200, extension.body)


def get_extension(world: World, call: Call) -> Answer:
    """GET an extension, with its instance view if asked."""
    extension = world.require(_child_id(call, guest.EXTENSION))
    return Answer(200, _shown(call, extension, extensions.view(extension)))


def list_extensions(world: World, call: Call) -> Answer:
    """GET all extensions of a machine."""
    found = _children(world, call, guest.EXTENSION)
    return Answer(200, page([_shown(call, child, extensions.view(child)) for child in found]))


def delete_extension(world: World, call: Call) -> Answer:
    """DELETE an extension: 204 when there is none."""
    extension = world.store.find(_child_id(call, guest.EXTENSION))
    if extension is None:
        return Answer(204)
    return lro.accepted(world, call, extensions.delete(world, call, extension), 202)


def put_command(world: World, call: Call) -> Answer:
    """PUT a managed run command; the same one again is not run again."""
    operation, command, new = run_commands.put(world, call, _child_id(call, guest.RUN_COMMAND))
    if operation is None:
        return Answer(200, command.body)
    return lro.accepted(world, call, operation, 201 if new else 200, command.body)


def patch_command(world: World, call: Call) -> Answer:
    """PATCH a managed run command: what it does not name stays as it is; it runs again if anything changed."""
    found = world.require(_child_id(call, guest.RUN_COMMAND))
    operation, command, _ = run_commands.put(world, _completed(call, found), found.id)
    if operation is None:
        return Answer(200, command.body)
    return lro.accepted(world, call, operation, 200, command.body)


def get_command(world: World, call: Call) -> Answer:
    """GET a managed run command, with its instance view if asked."""
    command = world.require(_child_id(call, guest.RUN_COMMAND))
    return Answer(200, _shown(call, command, run_commands.view(world, command)))


def list_commands(world: World, call: Call) -> Answer:
    """GET all managed run commands of a machine."""
    found = _children(world, call, guest.RUN_COMMAND)
    return Answer(200, page([_shown(call, child, run_commands.view(world, child)) for child in found]))


def delete_command(world: World, call: Call) -> Answer:
    """DELETE a managed run command: 204 when there is none."""
    command = world.store.find(_child_id(call, guest.RUN_COMMAND))
    if command is None:
        return Answer(204)
    return lro.accepted(world, call, run_commands.delete(world, call, command), 202)


def act(world: World, call: Call) -> Answer:
    """POST the action run command; its result is read from `Location`."""
    return lro.accepted(world, call, run_commands.act(world, call, world.require(machine_id(call))), 202)


def _completed(call: Call, found: Resource) -> Call:
    """A PATCH as the PUT that it comes to."""
    kept = {name: value for name, value in found.properties.items() if name != "provisioningState"}
    properties = kept | (call.document.get("properties") or {})
    body = {"location": found.location, "tags": found.body.get("tags")} | call.document | {"properties": properties}
    return replace(call, body=body)


def _children(world: World, call: Call, kind: str) -> list[Resource]:
    machine = world.require(machine_id(call))
    return [child for child in world.store.nested(machine.id) if child.kind == kind]


def _shown(call: Call, child: Resource, view: Json) -> Json:
    if call.query.get("$expand", "").lower() != _INSTANCE_VIEW:
        return child.body
    return child.body | {"properties": child.properties | {"instanceView": view}}


def _child_id(call: Call, kind: str) -> str:
    machine = ids.parse(machine_id(call))
    types = (*machine.types, kind.rsplit("/", 1)[-1])
    path = (machine.subscription, machine.group, machine.namespace, types, (*machine.names, call.params["child"]))
    return str(ids.ResourceId(*path))
