"""Resource groups: their life, and what their deletion takes with it."""

import re

from .. import durations, ids
from ..calls import Call, Json
from ..compute.model import disks, interfaces
from ..network.model import used_from_outside
from ..operations import Effect, Operation
from ..store import Resource
from ..world import World
from . import errors

KIND = "Microsoft.Resources/resourceGroups"
_MACHINE = "Microsoft.Compute/virtualMachines"
_NAME = re.compile(r"[-\w.()]{0,89}[-\w()]")
_DELETE = "resources.group.delete"


def find(world: World, subscription: str, name: str) -> Resource | None:
    """A resource group, or None."""
    return world.store.find(ids.group_id(subscription, name))


def put(world: World, subscription: str, name: str, body: Json) -> Resource:
    """Create a group, or replace its tags."""
    if not _NAME.fullmatch(name):
        raise errors.invalid_group_name(name)
    found = find(world, subscription, name)
    group_id = found.id if found else ids.group_id(subscription, name)
    document: Json = {"id": group_id, "name": group_id.rsplit("/", 1)[-1], "type": KIND, "location": body["location"]}
    document |= {"tags": body.get("tags") or {}, "properties": {"provisioningState": "Succeeded"}}
    if "managedBy" in body:
        document["managedBy"] = body["managedBy"]
    group = Resource(group_id, KIND, subscription, name, document)
    world.store.save(group)
    return group


def delete(world: World, call: Call, group: Resource, *, forced: bool) -> Operation:
    """Start the deletion of a group and of all in it; what ran in it is preempted."""
    content = contents(world, group)
    with_machines = any(resource.kind == _MACHINE for resource in content)
    world.preempt(group.id)
    for resource in [group, *content]:
        if resource is group or resource.state:
            found = world.store.find(resource.id) or resource
            found.state = "Deleting"
            world.store.save(found)
    plain = durations.GROUP_DELETE_FORCED if forced else durations.GROUP_DELETE_MACHINES
    seconds = world.draw(plain if with_machines else durations.GROUP_DELETE, group.id)
    group = world.store.find(group.id) or group
    return world.begin(call, group, _DELETE, seconds, durations.RETRY_GROUP)


def contents(world: World, group: Resource) -> list[Resource]:
    """All that is in a group, nested resources included."""
    return world.store.nested(group.id)


def _deleted(world: World, operation: Operation) -> None:
    group = world.store.find(operation.target)
    if group is None:
        return
    blocked = used_from_outside(world, contents(world, group))
    if blocked:
        raise errors.deletion_blocked(group.name, blocked)
    for machine in world.store.select(group.subscription, kind=_MACHINE, group=group.group):
        interfaces.release(world, machine)
        disks.release(world, machine)
    world.store.remove(group)


def _kept(world: World, operation: Operation, _error: Json) -> None:
    group = world.store.find(operation.target)
    for resource in [group, *contents(world, group)] if group else []:
        if resource.state == "Deleting":
            resource.state = "Succeeded"
            world.store.save(resource)


EFFECTS = {_DELETE: Effect(_deleted, _kept)}
