"""What Azure offers in a region: images, sizes, quotas, kinds of extensions. Listings of images are bare arrays."""

import re

from ... import ids
from ...calls import Answer, Call, Json
from ...catalogue import Image, Size
from ...tracked import number, page
from ...world import World
from .. import errors
from ..model.quota import usages

_LOCATION_FILTER = re.compile(r"\s*location\s+eq\s+'([^']*)'\s*", re.IGNORECASE)
_PATH = ("publisher", "offer", "sku")


def list_publishers(world: World, call: Call) -> Answer:
    """GET the publishers of a region's images."""
    return _artifacts(call, {image.publisher for image in _images(world, call)})


def list_offers(world: World, call: Call) -> Answer:
    """GET a publisher's offers."""
    return _artifacts(call, {image.offer for image in _images(world, call)})


def list_skus(world: World, call: Call) -> Answer:
    """GET an offer's skus."""
    return _artifacts(call, {image.sku for image in _images(world, call)})


def list_versions(world: World, call: Call) -> Answer:
    """GET a sku's versions; `$orderby=name desc` and `$top` give the newest."""
    image = _image(world, call)
    versions = list(image.versions)
    if call.query.get("$orderby", "").lower().strip() == "name desc":
        versions.reverse()
    top = number(call, "$top", len(versions))
    expanded = "properties" in call.query.get("$expand", "").lower()
    return Answer(200, [_version(call, image, version, full=expanded) for version in versions[:top]])


def get_version(world: World, call: Call) -> Answer:
    """GET a version, the newest for `latest`."""
    image = _image(world, call)
    version = image.version(call.params["version"])
    if version is None:
        raise errors.artifact_not_found()
    return Answer(200, _version(call, image, version, full=True))


def list_extension_types(world: World, call: Call) -> Answer:
    """GET a publisher's kinds of extensions."""
    publisher = call.params["publisher"]
    return _artifacts(call, {kind.type for kind in world.catalogue.extensions if ids.same(kind.publisher, publisher)})


def list_extension_versions(world: World, call: Call) -> Answer:
    """GET the versions of a kind of extension."""
    kind = world.catalogue.extension(call.params["publisher"], call.params["type"])
    return _artifacts(call, set(kind.versions) if kind else set())


def list_skus_of_resources(world: World, call: Call) -> Answer:
    """GET the sizes of machines, of one region if `$filter` names it."""
    match = _LOCATION_FILTER.fullmatch(call.query.get("$filter", ""))
    wanted = ids.region(match[1]) if match else None
    regions = [region for region in world.catalogue.regions if wanted in (None, region)]
    found = [_size(size, region) for region in regions for size in world.catalogue.sizes if region in size.regions]
    return Answer(200, page(found))


def list_usages(world: World, call: Call) -> Answer:
    """GET what a subscription uses and may use in a region, counted live."""
    return Answer(200, page(usages(world, call.params["subscription"], ids.region(call.params["location"]))))


def _images(world: World, call: Call) -> list[Image]:
    names = {name: call.params[name] for name in _PATH if name in call.params}
    found = world.catalogue.select_images(ids.region(call.params["location"]), **names)
    if not found:
        raise errors.artifact_not_found()
    return found


def _image(world: World, call: Call) -> Image:
    return _images(world, call)[0]


def _artifacts(call: Call, names: set[str]) -> Answer:
    if not names:
        raise errors.artifact_not_found()
    return Answer(200, [_artifact(call, name) for name in sorted(names, key=str.lower)])


def _artifact(call: Call, name: str) -> Json:
    return {"id": f"{_path(call)}/{name}", "name": name, "location": ids.region(call.params["location"])}


def _version(call: Call, image: Image, version: str, *, full: bool) -> Json:
    document = _artifact(call, version)
    if "version" in call.params:
        document["id"] = f"{_path(call).rpartition('/')[0]}/{version}"
    return document | ({"properties": _image_properties(image)} if full else {})


def _path(call: Call) -> str:
    """The path as listed ids have it; casing of the names is the caller's."""
    return call.path.rstrip("/")


def _image_properties(image: Image) -> Json:
    plan = {"publisher": image.publisher, "product": image.offer, "name": image.plan} if image.plan else None
    return {
        "plan": plan,
        "osDiskImage": {"operatingSystem": image.os, "sizeInGb": image.size_in_gb},
        "dataDiskImages": [],
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
        "hyperVGeneration": image.generation,
        "architecture": "x64",
        "disallowed": {"vmDiskType": "None"},
        "features": list(image.features),
        "imageDeprecationStatus": image.deprecation,
    }


def _size(size: Size, region: str) -> Json:
    capabilities = {
        "vCPUs": str(size.vcpus),
        "vCPUsAvailable": str(size.vcpus),
        "MemoryGB": str(size.memory_gb),
        "GPUs": str(size.gpus),
        "HyperVGenerations": ",".join(size.generations),
        "CpuArchitectureType": "x64",
        "DiskControllerTypes": size.disk_controllers,
        "PremiumIO": "True",
        "AcceleratedNetworkingEnabled": "True",
        "EncryptionAtHostSupported": "True",
    }
    # Azure writes this one only where TrustedLaunch does not work.
    if not size.trusted_launch:
        capabilities["TrustedLaunchDisabled"] = "True"
    restriction = {
        "type": "Location",
        "values": [region],
        "restrictionInfo": {"locations": [region]},
        "reasonCode": "NotAvailableForSubscription",
    }
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.removeprefix("Standard_"),
        "family": size.family,
        "locations": [region],
        "locationInfo": [{"location": region, "zones": list(size.zones), "zoneDetails": []}],
        "capabilities": [{"name": name, "value": value} for name, value in capabilities.items()],
        "restrictions": [restriction] if region in size.restricted_in else [],
    }
