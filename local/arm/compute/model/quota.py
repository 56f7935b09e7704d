"""Cores: how many a subscription uses in a region, and how many it may."""

from ...calls import Json
from ...catalogue import Size
from ...world import World
from .. import errors

MACHINE = "Microsoft.Compute/virtualMachines"
CORES, MACHINES = "cores", "virtualMachines"
_NAMES = {CORES: "Total Regional vCPUs", MACHINES: "Virtual Machines"}


def usage(world: World, subscription: str, location: str) -> dict[str, int]:
    """What is used: cores by family, in all, and machines. A deallocated machine keeps its cores."""
    used = dict.fromkeys(world.catalogue.quotas, 0)
    for machine in world.store.select(subscription, kind=MACHINE):
        size = world.catalogue.size(location, machine.properties["hardwareProfile"]["vmSize"])
        if machine.location == location and size:
            for name, amount in ((CORES, size.vcpus), (size.family, size.vcpus), (MACHINES, 1)):
                used[name] += amount
    return used


def limit(world: World, subscription: str, location: str, name: str) -> int:
    """What may be used; the subscription's settings go before the catalogue."""
    changed = world.settings(subscription)["quotas"]
    return int(changed.get(f"{location}/{name}", changed.get(name, world.catalogue.quotas[name])))


def check_cores(world: World, subscription: str, location: str, size: Size, held: Size | None = None) -> None:
    """Refuse a size that goes beyond a quota; `held` is what a machine that is resized gives back."""
    used = usage(world, subscription, location)
    for name in (CORES, size.family):
        given_back = held.vcpus if held and name in (CORES, held.family) else 0
        allowed = limit(world, subscription, location, name)
        if used[name] - given_back + size.vcpus > allowed:
            raise errors.quota_exceeded(name, location, allowed, used[name], size.vcpus)


def usages(world: World, subscription: str, location: str) -> list[Json]:
    """The listing of all quotas of a region."""
    families = {size.family: size.family_name for size in world.catalogue.sizes}
    return [
        {
            "unit": "Count",
            "currentValue": value,
            "limit": limit(world, subscription, location, name),
            "name": {"value": name, "localizedValue": (_NAMES | families)[name]},
        }
        for name, value in usage(world, subscription, location).items()
    ]
