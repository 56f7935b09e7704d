"""The galleries that subscriptions begin with, as the catalogue's `galleries` describe them."""

from ... import ids
from ...calls import Json
from ...world import World
from . import definitions, galleries, versions


def seed(world: World, subscription: str, entry: Json) -> None:
    """Put a gallery with its definitions and versions into a group that exists."""
    location = entry["location"]
    gallery = ids.ResourceId(subscription, entry["group"], "Microsoft.Compute", ("galleries",), (entry["name"],))
    inner: Json = {"identifier": {"uniqueName": galleries.unique_name(str(gallery))}}
    galleries.seeded(world, str(gallery), location, inner | {"description": entry["description"]})
    for image in entry["images"]:
        image_id = f"{gallery}/images/{image['name']}"
        features = [{"name": definitions.SECURITY_TYPE, "value": image["securityType"]}]
        fixed = {"osState": "Generalized", "hyperVGeneration": "V2", "architecture": "x64", "features": features}
        galleries.seeded(world, image_id, location, image["properties"] | fixed)
        machine = gallery.sibling("Microsoft.Compute", "virtualMachines", f"vm-{image['name']}")
        for name in image["versions"]:
            version_id = f"{image_id}/versions/{name}"
            versions.seeded(world, version_id, location, image["sizeInGb"], image["regions"], str(machine))
