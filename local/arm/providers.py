"""All resource providers put together: their paths, what their operations do, and what a new subscription holds."""

from . import ids
from .authorization import routes as authorization
from .compute import routes as compute
from .compute.disks import access
from .compute.disks import model as disks
from .compute.galleries import galleries, seeds, versions
from .compute.model import extensions, machines, power, run_commands
from .marketplaceordering import routes as marketplaceordering
from .network import model as network_model
from .network import routes as network
from .network.shapes import NETWORK, SHAPES
from .options import Options
from .resources import model as resources_model
from .resources import routes as resources
from .routing import Router
from .world import World

SEEDED_LOCATION = "eastus"
SEEDED_GROUP = "rg-desktops"
SEEDED_NETWORK = "vnet-desktops"
SEEDED_SUBNET = "desktops"

_EFFECTS = (
    resources_model.EFFECTS
    | network_model.EFFECTS
    | machines.EFFECTS
    | power.EFFECTS
    | extensions.EFFECTS
    | run_commands.EFFECTS
    | disks.EFFECTS
    | access.EFFECTS
    | galleries.EFFECTS
    | versions.EFFECTS
)


def router() -> Router:
    """The paths of all providers; those of the resource groups last, because they are the most general."""
    tables = (compute, network, marketplaceordering, authorization, resources)
    return Router(route for table in tables for route in table.ROUTES)


def world(options: Options) -> World:
    """A simulated Azure with all providers."""
    return World(options, _EFFECTS, seed)


def seed(world: World, subscription: str) -> None:
    """What a subscription holds at first: what a provider instance needs, and the galleries of the catalogue."""
    resources_model.put(world, subscription, SEEDED_GROUP, {"location": SEEDED_LOCATION, "tags": {}})
    network = ids.ResourceId(subscription, SEEDED_GROUP, "Microsoft.Network", ("virtualNetworks",), (SEEDED_NETWORK,))
    subnet = {"name": SEEDED_SUBNET, "properties": {"addressPrefix": "10.10.0.0/20"}}
    sent = {"addressSpace": {"addressPrefixes": ["10.10.0.0/16"]}, "subnets": [subnet]}
    inner = SHAPES[NETWORK](world, str(network), sent, None)
    resource = network_model.write(world, str(network), {"location": SEEDED_LOCATION}, inner)
    network_model.make_ready(resource)
    world.store.save(resource)
    for gallery in world.catalogue.galleries:
        if gallery["subscription"] in ("*", subscription.lower()):
            resources_model.put(world, subscription, gallery["group"], {"location": gallery["location"], "tags": {}})
            seeds.seed(world, subscription, gallery)
