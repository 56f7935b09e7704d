"""The paths of Microsoft.Compute."""

from .. import lro
from ..routing import Route
from . import forms
from .disks import access
from .disks.sources import DISK, SNAPSHOT
from .galleries import routes as galleries
from .model.power import ACTIONS
from .wire import disks, guest, machines, offers, scripts

VERSIONS = frozenset({"2024-07-01", "2024-11-01", "2025-04-01", "2025-11-01", "2026-04-01"})
DISK_VERSIONS = frozenset({"2024-03-02", "2025-01-02", "2026-03-02"})
SKU_VERSIONS = frozenset({"2017-03-30", "2017-09-01", "2019-04-01", "2021-07-01"})

_SUBSCRIPTION = "/subscriptions/{subscription}"
_PROVIDER = "/providers/Microsoft.Compute"
_ANY_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}/providers"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}" + _PROVIDER
_LOCATION = _SUBSCRIPTION + _PROVIDER + "/locations/{location}"
_PUBLISHERS = _LOCATION + "/publishers"
_OFFERS = _PUBLISHERS + "/{publisher}/artifacttypes/vmimage/offers"
_SKUS = _OFFERS + "/{offer}/skus"
_IMAGES = _SKUS + "/{sku}/versions"
_EXTENSION_TYPES = _PUBLISHERS + "/{publisher}/artifacttypes/vmextension/types"
_MACHINES = _GROUP + "/virtualMachines"
_MACHINE = _MACHINES + "/{machine}"
_EXTENSION = _MACHINE + "/extensions/{child}"
_COMMAND = _MACHINE + "/runCommands/{child}"

_OFFER_ROUTES = (
    Route("GET", _PUBLISHERS, offers.list_publishers, VERSIONS),
    Route("GET", _OFFERS, offers.list_offers, VERSIONS),
    Route("GET", _SKUS, offers.list_skus, VERSIONS),
    Route("GET", _IMAGES, offers.list_versions, VERSIONS),
    Route("GET", _IMAGES + "/{version}", offers.get_version, VERSIONS),
    Route("GET", _EXTENSION_TYPES, offers.list_extension_types, VERSIONS),
    Route("GET", _EXTENSION_TYPES + "/{type}/versions", offers.list_extension_versions, VERSIONS),
    Route("GET", _LOCATION + "/usages", offers.list_usages, VERSIONS),
    Route("GET", _SUBSCRIPTION + _PROVIDER + "/skus", offers.list_skus_of_resources, SKU_VERSIONS),
)
_MACHINE_ROUTES = (
    Route("PUT", _MACHINE, machines.put, VERSIONS, form=forms.MACHINE),
    Route("PATCH", _MACHINE, machines.patch, VERSIONS, form=forms.MACHINE),
    Route("GET", _MACHINE, machines.get, VERSIONS),
    Route("DELETE", _MACHINE, machines.delete, VERSIONS),
    Route("GET", _MACHINES, machines.listing, VERSIONS),
    Route("GET", _SUBSCRIPTION + _PROVIDER + "/virtualMachines", machines.listing, VERSIONS),
    Route("GET", _LOCATION + "/virtualMachines", machines.listing, VERSIONS),
    Route("GET", _MACHINE + "/vmSizes", machines.list_sizes, VERSIONS),
    Route("GET", _LOCATION + "/vmSizes", machines.list_sizes, VERSIONS),
    Route("GET", _MACHINE + "/instanceView", machines.get_instance_view, VERSIONS),
    *(Route("POST", f"{_MACHINE}/{name}", machines.action(name), VERSIONS) for name in ACTIONS),
    Route("POST", _MACHINE + "/reapply", machines.reapply, VERSIONS),
    Route("POST", _MACHINE + "/generalize", machines.generalize, VERSIONS),
)
_GUEST_ROUTES = (
    Route("PUT", _EXTENSION, guest.put_extension, VERSIONS, form=forms.EXTENSION),
    Route("PATCH", _EXTENSION, guest.patch_extension, VERSIONS, form=forms.EXTENSION),
    Route("GET", _EXTENSION, guest.get_extension, VERSIONS),
    Route("DELETE", _EXTENSION, guest.delete_extension, VERSIONS),
    Route("GET", _MACHINE + "/extensions", guest.list_extensions, VERSIONS),
    Route("PUT", _COMMAND, guest.put_command, VERSIONS, form=forms.RUN_COMMAND),
    Route("PATCH", _COMMAND, guest.patch_command, VERSIONS, form=forms.RUN_COMMAND),
    Route("GET", _COMMAND, guest.get_command, VERSIONS),
    Route("DELETE", _COMMAND, guest.delete_command, VERSIONS),
    Route("GET", _MACHINE + "/runCommands", guest.list_commands, VERSIONS),
    Route("POST", _MACHINE + "/runCommand", guest.act, VERSIONS, form=forms.RUN_COMMAND_ACTION),
    Route("GET", _LOCATION + "/runCommands", scripts.listing, VERSIONS),
    Route("GET", _LOCATION + "/runCommands/{command}", scripts.get, VERSIONS),
)


def _disk_routes(kind: str) -> list[Route]:
    all_of_group, all_of_subscription = f"{_ANY_GROUP}/{kind}", f"{_SUBSCRIPTION}/providers/{kind}"
    one = all_of_group + "/{disk}"
    return [
        Route("PUT", one, disks.put(kind), DISK_VERSIONS, form=forms.DISK),
        Route("PATCH", one, disks.patch(kind), DISK_VERSIONS, form=forms.DISK),
        Route("GET", one, disks.get(kind), DISK_VERSIONS),
        Route("DELETE", one, disks.delete(kind), DISK_VERSIONS),
        Route("GET", all_of_group, disks.listing(kind), DISK_VERSIONS),
        Route("GET", all_of_subscription, disks.listing(kind), DISK_VERSIONS),
        Route("POST", one + "/beginGetAccess", disks.action(kind, access.grant), DISK_VERSIONS, form=forms.ACCESS),
        Route("POST", one + "/endGetAccess", disks.action(kind, access.revoke), DISK_VERSIONS),
    ]


ROUTES = (
    *_OFFER_ROUTES,
    *_MACHINE_ROUTES,
    *_GUEST_ROUTES,
    *(route for kind in (DISK, SNAPSHOT) for route in _disk_routes(kind)),
    *galleries.ROUTES,
    Route("GET", _LOCATION + "/operations/{operation}", lro.poll, VERSIONS, polls=True),
    Route("GET", _LOCATION + "/DiskOperations/{operation}", lro.poll, DISK_VERSIONS, polls=True),
)
