"""What Azure offers: regions, images, sizes, extensions and quotas, read from `catalogue.json`.

Names are real ones, so that what works here looks like what works there; versions and figures are a sample, no mirror.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .calls import Json
from .ids import same

LATEST = "latest"


@dataclass(frozen=True)
class Image:
    """A Marketplace image; `plan` is the purchase plan's name, None for first-party images."""

    publisher: str
    offer: str
    sku: str
    os: str
    os_name: str
    os_version: str
    generation: str
    size_in_gb: int
    features: tuple[Json, ...]
    versions: tuple[str, ...]
    plan: str | None
    deprecation: Json
    regions: tuple[str, ...]

    @property
    def supports_trusted_launch(self) -> bool:
        """Whether a machine made from it may use TrustedLaunch."""
        return any("TrustedLaunch" in feature["value"] for feature in self.features)

    def version(self, wanted: str) -> str | None:
        """The concrete version: the newest for 'latest', None for one that does not exist."""
        return self.versions[-1] if same(wanted, LATEST) else wanted if wanted in self.versions else None


@dataclass(frozen=True)
class Size:
    """A virtual machine size: the `generations` of Hyper-V it boots, and where it is not for this subscription."""

    name: str
    family: str
    family_name: str
    vcpus: int
    memory_gb: int
    generations: tuple[str, ...]
    gpus: int
    gpu_vendor: str | None
    trusted_launch: bool
    disk_controllers: str
    zones: tuple[str, ...]
    regions: tuple[str, ...]
    restricted_in: tuple[str, ...]


@dataclass(frozen=True)
class Extension:
    """A kind of virtual machine extension; `gpu_vendor` when it needs such a GPU."""

    publisher: str
    type: str
    os: str
    versions: tuple[str, ...]
    gpu_vendor: str | None


@dataclass(frozen=True)
class Catalogue:
    """All there is. `regions` maps names to display names; quotas map families to limits.

    `galleries` are those that subscriptions begin with, "*" being every subscription.
    """

    regions: dict[str, str]
    images: tuple[Image, ...]
    sizes: tuple[Size, ...]
    extensions: tuple[Extension, ...]
    quotas: dict[str, int] = field(default_factory=dict)
    network_quotas: dict[str, int] = field(default_factory=dict)
    galleries: tuple[Json, ...] = ()

    @classmethod
    def load(cls) -> "Catalogue":
        """Read the data file."""
        data: Json = json.loads(Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8"))
        regions = tuple(data["regions"])
        return cls(
            data["regions"],
            tuple(_image(entry, data["features"], regions) for entry in data["images"]),
            tuple(_size(entry, regions) for entry in data["sizes"]),
            tuple(_extension(entry) for entry in data["extensions"]),
            data["quotas"],
            data["networkQuotas"],
            tuple(data["galleries"]),
        )

    def select_images(self, location: str, **names: str) -> list[Image]:
        """The images of a region whose publisher, offer and sku are as named."""
        here = (image for image in self.images if location in image.regions)
        return [image for image in here if all(same(getattr(image, name), value) for name, value in names.items())]

    def size(self, location: str, name: str) -> Size | None:
        """A size that the region has, restricted or not."""
        return next((size for size in self.sizes if same(size.name, name) and location in size.regions), None)

    def extension(self, publisher: str, kind: str) -> Extension | None:
        """A kind of extension."""
        found = (one for one in self.extensions if same(one.publisher, publisher) and same(one.type, kind))
        return next(found, None)


def _image(entry: Json, features: dict[str, list[Json]], regions: tuple[str, ...]) -> Image:
    return Image(
        publisher=entry["publisher"],
        offer=entry["offer"],
        sku=entry["sku"],
        os=entry["os"],
        os_name=entry["osName"],
        os_version=entry["osVersion"],
        generation=entry["generation"],
        size_in_gb=entry["sizeInGb"],
        features=tuple(features[entry["features"]]),
        versions=tuple(entry["versions"]),
        plan=entry.get("plan"),
        deprecation=entry.get("deprecation", {"imageState": "Active"}),
        regions=tuple(entry.get("regions", regions)),
    )


def _size(entry: Json, regions: tuple[str, ...]) -> Size:
    return Size(
        name=entry["name"],
        family=entry["family"],
        family_name=entry["familyName"],
        vcpus=entry["vCPUs"],
        memory_gb=entry["memoryGB"],
        generations=tuple(entry["generations"].split(",")),
        gpus=entry["gpus"],
        gpu_vendor=entry.get("gpuVendor"),
        trusted_launch=entry["trustedLaunch"],
        disk_controllers=entry["diskControllers"],
        zones=tuple(entry["zones"]),
        regions=tuple(entry.get("regions", regions)),
        restricted_in=tuple(entry.get("restrictedIn", ())),
    )


def _extension(entry: dict[str, Any]) -> Extension:
    versions = tuple(entry["versions"])
    return Extension(entry["publisher"], entry["type"], entry["os"], versions, entry.get("gpuVendor"))
