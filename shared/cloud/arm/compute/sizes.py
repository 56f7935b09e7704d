"""VM sizes: what a region offers the subscription, what they can do, and how much of the quota is left."""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.cloud.arm.core.clients import Arm, text
from shared.states.enums import GpuType

if TYPE_CHECKING:
    from azure.mgmt.compute.models import ResourceSku

_GPU_MAKERS = (
    (
        re.compile(r"standard_nv\d+as_v4$|standard_ng\d|standard_nd.*mi300|standard_nv\w*_v710_", re.IGNORECASE),
        GpuType.AMD,
    ),
    (re.compile(r"standard_n[cdv]{1,2}\d", re.IGNORECASE), GpuType.NVIDIA),
)
"""Whose GPU a size of the N series has, the first that matches; Azure's catalogue only counts them."""

_REGIONAL_CORES = "cores"
_FRESH_SECONDS = 3600.0
_CATALOGUES = 32
"""The list of sizes has several megabytes on the wire, and changes in days: it is kept, in short form, for an hour."""


@dataclass(frozen=True, slots=True)
class Size:
    """A VM size in a region; `restricted` says why the subscription may not use it."""

    name: str
    family: str
    cores: int
    generations: tuple[str, ...]
    architecture: str
    trusted_launch: bool
    disk_controllers: frozenset[str]
    restricted: str | None


@dataclass(frozen=True, slots=True)
class Quota:
    """How many cores there may be, and are."""

    name: str
    limit: int
    used: int

    @property
    def free(self) -> int:
        """How many there may be more."""
        return max(self.limit - self.used, 0)


def gpu_of(size: str) -> GpuType:
    """Whose GPU a size has."""
    return next((maker for pattern, maker in _GPU_MAKERS if pattern.match(size)), GpuType.NONE)


def disk_controllers(listed: str | None) -> frozenset[str]:
    """What a size or an image says of disk controllers; what says nothing is from before NVMe."""
    return frozenset(each.strip() for each in (listed or "SCSI").split(","))


class SizeCatalogue:
    """The sizes of each subscription and region, kept for a while; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[float, Mapping[str, Size]]] = OrderedDict()

    def find(self, arm: Arm, region: str, name: str, options: Mapping[str, Any]) -> Size | None:
        """A size by its name, or None where the region does not offer it."""
        key = (arm.subscription_id, region)
        now = time.monotonic()
        with self._lock:
            read_at, sizes = self._kept.get(key, (None, {}))
        if read_at is None or now - read_at > _FRESH_SECONDS:
            sizes = _read(arm, region, options)
            with self._lock:
                self._kept[key] = (now, sizes)
                self._kept.move_to_end(key)
                while len(self._kept) > _CATALOGUES:
                    self._kept.popitem(last=False)
        return sizes.get(name.lower())


def quotas(arm: Arm, region: str, options: Mapping[str, Any]) -> Mapping[str, Quota]:
    """The quotas of a region, by their name in lower case."""
    found = {}
    for usage in arm.compute.usage.list(region, **options):
        name = usage.name.value or ""
        found[name.lower()] = Quota(usage.name.localized_value or name, usage.limit, usage.current_value)
    return found


def quotas_for(size: Size, found: Mapping[str, Quota]) -> list[Quota]:
    """The quotas that a VM of a size counts against: those of its family and of the region."""
    return [found[name] for name in (size.family.lower(), _REGIONAL_CORES) if name in found]


def _read(arm: Arm, region: str, options: Mapping[str, Any]) -> Mapping[str, Size]:
    listed = arm.compute.resource_skus.list(filter=f"location eq '{region}'", **options)
    return {sku.name.lower(): _size(sku) for sku in listed if sku.resource_type == "virtualMachines" and sku.name}


def _size(sku: "ResourceSku") -> Size:
    can = {each.name: each.value for each in sku.capabilities or () if each.name and each.value}
    reasons = [text(each.reason_code) for each in sku.restrictions or () if each.type == "Location"]
    return Size(
        name=sku.name or "",
        family=sku.family or "",
        cores=int(can.get("vCPUs", "0")),
        generations=tuple(can.get("HyperVGenerations", "V1").split(",")),
        architecture=can.get("CpuArchitectureType", "x64"),
        trusted_launch=can.get("TrustedLaunchDisabled", "False") != "True",
        disk_controllers=disk_controllers(can.get("DiskControllerTypes")),
        restricted=reasons[0] if reasons else None,
    )
