"""What galleries and their parts may be called, and how many there may be."""

import re

from ... import ids
from ...world import World
from . import errors

GALLERY = "Microsoft.Compute/galleries"
DEFINITION = GALLERY + "/images"
VERSION = DEFINITION + "/versions"

# Azure's published limits, for each subscription and region; a subscription's setting `quotas` goes before them.
LIMITS = {"galleries": 100, "galleryImages": 1000, "galleryImageVersions": 10_000}
_COUNTED = {GALLERY: "galleries", DEFINITION: "galleryImages", VERSION: "galleryImageVersions"}
_GALLERY_NAME = re.compile(r"[A-Za-z0-9]([\w.]{0,78}[A-Za-z0-9])?", re.ASCII)
_DEFINITION_NAME = re.compile(r"[A-Za-z0-9]([\w.-]{0,78}[A-Za-z0-9])?", re.ASCII)
_VERSION_NAME = re.compile(r"\d+\.\d+\.\d+", re.ASCII)
_LARGEST_PART = 2**31 - 1


def check_name(kind: str, name: str) -> None:
    """Refuse a name that breaks the rule of its kind."""
    if kind == GALLERY and not _GALLERY_NAME.fullmatch(name):
        message = "Gallery name is invalid. Allowed characters are English alphanumeric characters, with underscores, "
        message += "and periods allowed in the middle, up to 80 characters total. All other special characters, "
        raise errors.invalid_name(message + "including dashes, are disallowed.")
    if kind == DEFINITION and not _DEFINITION_NAME.fullmatch(name):
        rule = r"^[^\_\W][\w-.\_]{0,79}(?<![-.])$"
        raise errors.invalid_name(f"The entity name '{name}' is invalid according to its validation rule: {rule}.")
    if kind == VERSION and not _is_version(name):
        message = "The image version name is invalid. The image version name should follow Major(int).Minor(int)."
        raise errors.invalid_name(message + "Patch(int) format, for e.g: 1.0.0, 2018.12.1 etc.")


def check_quota(world: World, resource_id: str, location: str) -> None:
    """Refuse one more of a kind than the subscription may have in a region."""
    parsed = ids.parse(resource_id)
    what = _COUNTED[parsed.kind]
    quotas = world.settings(parsed.subscription)["quotas"]
    limit = int(quotas.get(f"{location}/{what}", quotas.get(what, LIMITS[what])))
    held = (each for each in world.store.select(parsed.subscription, kind=parsed.kind) if each.location == location)
    if sum(1 for _ in held) >= limit:
        raise errors.quota_exceeded(what, location, limit)


def _is_version(name: str) -> bool:
    return bool(_VERSION_NAME.fullmatch(name)) and all(int(part) <= _LARGEST_PART for part in name.split("."))
