"""Galleries that others can read: shared with subscriptions and tenants, or open to the community."""

import uuid

from ... import ids
from ...calls import Json
from ...store import Resource
from ...world import World
from . import errors, galleries, names, replication

PRIVATE, GROUPS, COMMUNITY = "Private", "Groups", "Community"
ADD, REMOVE, RESET, ENABLE_COMMUNITY = "Add", "Remove", "Reset", "EnableCommunity"
_OPERATIONS = (ADD, REMOVE, RESET, ENABLE_COMMUNITY)
_GROUP_TYPES = ("Subscriptions", "AADTenants")
_COMMUNITY_PATH = ("communitygalleries", "images", "versions")


def share(world: World, gallery: Resource, sent: Json) -> None:
    """Add or remove subscriptions and tenants, reset to private, or open the gallery to everyone."""
    operation = sent.get("operationType")
    if operation not in _OPERATIONS:
        raise errors.invalid_value("sharingUpdate.operationType", operation, _OPERATIONS)
    profile: Json = gallery.properties.setdefault("sharingProfile", {"permissions": PRIVATE})
    needed = {ADD: GROUPS, REMOVE: GROUPS, ENABLE_COMMUNITY: COMMUNITY}.get(operation)
    if needed and profile["permissions"] != needed:
        raise errors.share_not_allowed(profile["permissions"])
    if operation == RESET:
        gallery.properties["sharingProfile"] = {"permissions": PRIVATE}
    elif operation == ENABLE_COMMUNITY:
        _enable_community(profile)
    else:
        _change_groups(profile, sent.get("groups") or [], add=operation == ADD)
    world.store.save(gallery)


def shared(world: World, subscription: str, unique_name: str | None = None) -> list[Resource]:
    """The galleries that are shared with a subscription, or with its tenant."""
    tenant = world.settings(subscription)["tenant"]
    return [
        gallery
        for gallery in _all(world)
        if _permissions(gallery) == GROUPS
        and (unique_name is None or ids.same(galleries.unique_name(gallery.id), unique_name))
        and _reaches(gallery, subscription, tenant)
    ]


def community(world: World, public_name: str) -> Resource | None:
    """The gallery that is open to everyone under a name."""
    return next((each for each in _all(world) if public_name.lower() in _public_names(each)), None)


def community_version(world: World, text: str) -> Resource:
    """The version of ``/CommunityGalleries/{name}/Images/{definition}/Versions/{version}``."""
    parts = text.strip("/").split("/")
    if tuple(part.lower() for part in parts[0::2]) != _COMMUNITY_PATH or len(parts) != 2 * len(_COMMUNITY_PATH):
        raise errors.source_kind(text)
    gallery = community(world, parts[1])
    version = world.store.find(f"{gallery.id}/images/{parts[3]}/versions/{parts[5]}") if gallery else None
    if version is None:
        raise errors.source_missing(text)
    if version.state != "Succeeded":
        raise errors.source_not_ready(text, version.state)
    return version


def definitions_of(world: World, gallery: Resource) -> list[Resource]:
    """A gallery's definitions."""
    return [each for each in world.store.nested(gallery.id) if each.kind == names.DEFINITION]


def versions_in(world: World, definition: Resource, location: str) -> list[Resource]:
    """A definition's versions that have been copied to a region."""
    found = (each for each in world.store.nested(definition.id) if each.kind == names.VERSION)
    return [each for each in found if _is_in(world, each, location)]


def _is_in(world: World, version: Resource, location: str) -> bool:
    job = version.hidden["regions"].get(location)
    return job is not None and replication.state(job, world.now) == replication.COMPLETED


def _all(world: World) -> list[Resource]:
    return [each for sub in world.store.subscriptions() for each in world.store.select(sub, kind=names.GALLERY)]


def _permissions(gallery: Resource) -> str:
    return str((gallery.properties.get("sharingProfile") or {}).get("permissions", PRIVATE))


def _public_names(gallery: Resource) -> list[str]:
    profile = gallery.properties.get("sharingProfile") or {}
    return [name.lower() for name in (profile.get("communityGalleryInfo") or {}).get("publicNames") or []]


def _reaches(gallery: Resource, subscription: str, tenant: str) -> bool:
    wanted = {"Subscriptions": subscription.lower(), "AADTenants": tenant.lower()}
    groups = gallery.properties["sharingProfile"].get("groups") or []
    return any(wanted[group["type"]] in group["ids"] for group in groups)


def _enable_community(profile: Json) -> None:
    info: Json = profile.setdefault("communityGalleryInfo", {})
    prefix = info.pop("publicNamePrefix", "gallery")
    info.setdefault("publicNames", [f"{prefix}-{uuid.uuid4()}"])
    info["communityGalleryEnabled"] = True


def _change_groups(profile: Json, sent: list[Json], *, add: bool) -> None:
    groups = {str(group["type"]): set(group["ids"]) for group in profile.get("groups") or []}
    for group in sent:
        kind, members = group.get("type"), {str(each).lower() for each in group.get("ids") or []}
        if kind not in _GROUP_TYPES:
            raise errors.invalid_value("sharingUpdate.groups.type", kind, _GROUP_TYPES)
        held = groups.setdefault(str(kind), set())
        groups[str(kind)] = held | members if add else held - members
    profile["groups"] = [{"type": kind, "ids": sorted(members)} for kind, members in groups.items() if members]
