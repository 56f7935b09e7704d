"""Virtual machines."""

from ... import ids, lro
from ...calls import Answer, Call, Json
from ...catalogue import Size
from ...errors import not_simulated
from ...routing import Handler
from ...store import Resource
from ...tracked import check_conditions, page
from ...world import World
from ..model import machines, power
from ..model.quota import MACHINE
from .views import instance_view, machine_view


def put(world: World, call: Call) -> Answer:
    """PUT a machine: 201 for a new one, 200 for a changed one, never 202."""
    operation, machine, new = machines.put(world, call, machine_id(call))
    return lro.accepted(world, call, operation, 201 if new else 200, machine_view(world, machine))


def patch(world: World, call: Call) -> Answer:
    """PATCH a machine's tags, size or diagnostics."""
    machine = world.require(machine_id(call))
    check_conditions(call, machine)
    world.unlock(call, machine)
    operation = machines.change(world, call, machine)
    return lro.accepted(world, call, operation, 200, machine_view(world, world.require(machine.id)))


def get(world: World, call: Call) -> Answer:
    """GET a machine, with its instance view or user data if asked."""
    return Answer(200, machine_view(world, world.require(machine_id(call)), call.query.get("$expand", "")))


def get_instance_view(world: World, call: Call) -> Answer:
    """GET what the machine does: power, agent, disks, extensions."""
    return Answer(200, instance_view(world, world.require(machine_id(call))))


def listing(world: World, call: Call) -> Answer:
    """GET all machines of a group, of a region, or of the subscription."""
    found = world.store.select(call.params["subscription"], kind=MACHINE, group=call.params.get("group"))
    here = ids.region(call.params.get("location", ""))
    return Answer(200, page([machine_view(world, each) for each in found if here in ("", each.location)]))


def list_sizes(world: World, call: Call) -> Answer:
    """GET the sizes of a region, or those that a machine can be changed to."""
    location, generations = ids.region(call.params.get("location", "")), {"V1", "V2"}
    if "machine" in call.params:
        machine = _machine(world, call)
        location, generations = machine.location, {machine.hidden["generation"]}
    fitting = [size for size in world.catalogue.sizes if location in size.regions and generations & {*size.generations}]
    return Answer(200, page([_size(size) for size in fitting]))


def delete(world: World, call: Call) -> Answer:
    """DELETE a machine, with what is to go with it: 204 when there is none."""
    machine = world.store.find(machine_id(call))
    if machine is None:
        return Answer(204)
    forced = call.query.get("forcedeletion", "").lower() == "true"
    return lro.accepted(world, call, machines.delete(world, call, machine, forced=forced), 202)


def action(name: str) -> Handler:
    """POST one of the power actions."""

    def handler(world: World, call: Call) -> Answer:
        if call.query.get("hibernate", "").lower() == "true":
            raise not_simulated("hibernation")
        operation = power.act(world, call, _machine(world, call), name)
        return lro.accepted(world, call, operation, 202)

    return handler


def reapply(world: World, call: Call) -> Answer:
    """POST a reapply."""
    return lro.accepted(world, call, power.reapply(world, call, _machine(world, call)), 202)


def generalize(world: World, call: Call) -> Answer:
    """POST a generalize: done at once, with an empty body."""
    power.generalize(world, call, _machine(world, call))
    return Answer(200)


def machine_id(call: Call) -> str:
    """The id of the machine in the path."""
    params = call.params
    path = (params["subscription"], params["group"], "Microsoft.Compute", ("virtualMachines",), (params["machine"],))
    return str(ids.ResourceId(*path))


def _size(size: Size) -> Json:
    return {
        "name": size.name,
        "numberOfCores": size.vcpus,
        "osDiskSizeInMB": 1_047_552,
        "resourceDiskSizeInMB": 0,
        "memoryInMB": size.memory_gb * 1024,
        "maxDataDiskCount": size.vcpus * 2,
    }


def _machine(world: World, call: Call) -> Resource:
    return world.require(machine_id(call))
