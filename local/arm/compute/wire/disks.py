"""Disks and snapshots: two types that behave alike."""

from collections.abc import Callable

from ... import ids, lro
from ...calls import Answer, Call
from ...operations import Operation
from ...routing import Handler
from ...store import Resource
from ...tracked import page
from ...world import World
from ..disks import model


def put(kind: str) -> Handler:
    """PUT of a disk: 202, for a new one as for a changed one."""

    def handler(world: World, call: Call) -> Answer:
        operation, disk = model.put(world, call, _disk_id(call, kind))
        return lro.accepted(world, call, operation, 202, model.view(world, disk))

    return handler


def patch(kind: str) -> Handler:
    """PATCH of a disk."""

    def handler(world: World, call: Call) -> Answer:
        disk = world.require(_disk_id(call, kind))
        world.unlock(call, disk)
        operation = model.change(world, call, disk)
        return lro.accepted(world, call, operation, 202, model.view(world, world.require(disk.id)))

    return handler


def get(kind: str) -> Handler:
    """GET of a disk."""

    def handler(world: World, call: Call) -> Answer:
        return Answer(200, model.view(world, world.require(_disk_id(call, kind))))

    return handler


def listing(kind: str) -> Handler:
    """GET of all disks of a group, or of the subscription."""

    def handler(world: World, call: Call) -> Answer:
        found = world.store.select(call.params["subscription"], kind=kind, group=call.params.get("group"))
        return Answer(200, page([model.view(world, disk) for disk in found]))

    return handler


def delete(kind: str) -> Handler:
    """DELETE of a disk that no machine holds: 204 when there is none."""

    def handler(world: World, call: Call) -> Answer:
        disk = world.store.find(_disk_id(call, kind))
        if disk is None:
            return Answer(204)
        return lro.accepted(world, call, model.delete(world, call, disk), 202)

    return handler


def action(kind: str, begin: Callable[[World, Call, Resource], Operation]) -> Handler:
    """POST of an action; its result is read from `Location`."""

    def handler(world: World, call: Call) -> Answer:
        return lro.accepted(world, call, begin(world, call, world.require(_disk_id(call, kind))), 202)

    return handler


def _disk_id(call: Call, kind: str) -> str:
    namespace, type_name = kind.split("/")
    params = call.params
    return str(ids.ResourceId(params["subscription"], params["group"], namespace, (type_name,), (params["disk"],)))
