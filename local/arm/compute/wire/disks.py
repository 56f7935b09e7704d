"""Disks, as far as machines bring them."""

from ... import ids, lro
from ...calls import Answer, Call
from ...tracked import page
from ...world import World
from ..model import disks


def get(world: World, call: Call) -> Answer:
    """GET a disk."""
    return Answer(200, world.require(_disk_id(call)).body)


def listing(world: World, call: Call) -> Answer:
    """GET all disks of a group, or of the subscription."""
    found = world.store.select(call.params["subscription"], kind=disks.KIND, group=call.params.get("group"))
    return Answer(200, page([disk.body for disk in found]))


def delete(world: World, call: Call) -> Answer:
    """DELETE a disk that no machine holds: 204 when there is none."""
    disk = world.store.find(_disk_id(call))
    if disk is None:
        return Answer(204)
    return lro.accepted(world, call, disks.delete(world, call, disk), 202)


def _disk_id(call: Call) -> str:
    params = call.params
    path = (params["subscription"], params["group"], "Microsoft.Compute", ("disks",), (params["disk"],))
    return str(ids.ResourceId(*path))
