"""Shared access signatures for the contents of a disk or a snapshot: granted for a time, and taken back."""

import hashlib

from ... import durations
from ...calls import Call, Json
from ...operations import Effect, Operation
from ...store import Resource
from ...world import World
from .. import errors as compute_errors
from . import errors, model

_GRANT = "compute.disk.grant"
_REVOKE = "compute.disk.revoke"
_LEVELS = ("Read", "Write")


def grant(world: World, call: Call, disk: Resource) -> Operation:
    """Begin to give access; the signature is the operation's result."""
    sent = call.document
    if sent.get("access") not in _LEVELS:
        raise compute_errors.invalid_parameter("access", f"The access must be one of {', '.join(_LEVELS)}.")
    if (sent.get("durationInSeconds") or 0) < 1:
        raise compute_errors.invalid_parameter("durationInSeconds", "The duration must be at least one second.")
    machine = model.holder(world, disk)
    if machine and machine.hidden["power"] != "deallocated":
        raise errors.in_running_machine(disk.name, machine.name, "grant access to")
    world.unlock(call, disk)
    arguments = {"access": sent["access"], "until": world.now + sent["durationInSeconds"]}
    seconds = world.draw(durations.DISK_ACCESS, disk.id)
    return world.begin(call, disk, _GRANT, seconds, durations.RETRY_DISK, arguments)


def revoke(world: World, call: Call, disk: Resource) -> Operation:
    """Begin to take access back; nothing to take back is no mistake."""
    world.unlock(call, disk)
    return world.begin(call, disk, _REVOKE, world.draw(durations.DISK_ACCESS, disk.id), durations.RETRY_DISK)


def _granted(world: World, operation: Operation) -> Json:
    disk = world.require(operation.target)
    disk.hidden["access"] = operation.arguments["until"]
    world.store.save(disk)
    digest = hashlib.sha256(f"{disk.key}/{operation.id}".encode()).hexdigest()
    right = operation.arguments["access"][0].lower()
    # A host of the reserved domain: there are no contents to be read.
    host = f"https://md-{digest[:12]}.blob.storage.invalid/{digest[12:24]}/abcd"
    return {"accessSAS": f"{host}?sv=2018-03-28&sr=b&si={digest[:32]}&sp={right}&sig={digest[32:]}"}


def _revoked(world: World, operation: Operation) -> None:
    disk = world.require(operation.target)
    disk.hidden.pop("access", None)
    world.store.save(disk)


def _unchanged(_world: World, _operation: Operation, _error: Json) -> None:
    """Access is as it was."""


EFFECTS = {_GRANT: Effect(_granted, _unchanged), _REVOKE: Effect(_revoked, _unchanged)}
