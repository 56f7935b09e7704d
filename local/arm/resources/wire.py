"""Requests to Microsoft.Resources, and their answers."""

import re

from .. import errors as arm_errors
from .. import lro
from ..calls import Answer, Call, Json
from ..catalogue import Catalogue
from ..store import Resource
from ..tracked import number, page
from ..world import World
from . import errors, model

_TERM = re.compile(
    r"(tagName|tagValue|resourceType|name|resourceGroup|location)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE
)
_PAGE = 1000
_TYPES = {
    "Microsoft.Compute": (
        *("virtualMachines", "virtualMachines/extensions", "virtualMachines/runCommands", "disks", "snapshots"),
        *("galleries", "galleries/images", "galleries/images/versions"),
    ),
    "Microsoft.Network": ("networkSecurityGroups", "virtualNetworks", "publicIPAddresses", "networkInterfaces"),
    "Microsoft.MarketplaceOrdering": ("offertypes",),
    "Microsoft.Resources": ("resourceGroups", "subscriptions"),
    "Microsoft.Authorization": ("permissions", "roleAssignments", "roleDefinitions"),
}


def put_group(world: World, call: Call) -> Answer:
    """PUT a resource group: 201 for a new one."""
    subscription, name = call.params["subscription"], call.params["group"]
    found = model.find(world, subscription, name)
    location = call.document.get("location")
    if not location:
        raise arm_errors.location_required()
    if found and found.state == "Deleting":
        raise arm_errors.group_being_deleted(name)
    if found and found.location != location:
        raise arm_errors.location_mismatch(name, name, found.location, location)
    group = model.put(world, subscription, name, call.document)
    return Answer(200 if found else 201, group.body)


def patch_group(world: World, call: Call) -> Answer:
    """PATCH a resource group's tags."""
    group = _group(world, call)
    if "tags" in call.document:
        group.body["tags"] = call.document["tags"]
    world.store.save(group)
    return Answer(200, group.body)


def get_group(world: World, call: Call) -> Answer:
    """GET a resource group; its existence is asked with HEAD."""
    return Answer(200, _group(world, call).body)


def delete_group(world: World, call: Call) -> Answer:
    """DELETE a resource group with all in it."""
    group = _group(world, call)
    if group.state == "Deleting":
        raise arm_errors.group_being_deleted(group.name)
    forced = "virtualmachines" in call.query.get("forcedeletiontypes", "").lower()
    return lro.accepted_by_location(world, call, model.delete(world, call, group, forced=forced))


def list_groups(world: World, call: Call) -> Answer:
    """GET all resource groups, of one tag if asked."""
    groups = world.store.select(call.params["subscription"], kind=model.KIND)
    return Answer(200, _page(call, [group.body for group in _filtered(call, groups)]))


def list_resources(world: World, call: Call) -> Answer:
    """GET what exists in a subscription or a group, nested or not, if it has a location; by tag or type if asked.

    Where tags are asked for, Azure leaves the tags out of the answer.
    """
    found = world.store.select(call.params["subscription"], group=call.params.get("group"))
    tracked = [resource for resource in found if resource.location and resource.kind != model.KIND]
    listed = [_summary(resource) for resource in _filtered(call, tracked)]
    if "tagname" in call.query.get("$filter", "").lower():
        listed = [{name: value for name, value in each.items() if name != "tags"} for each in listed]
    return Answer(200, _page(call, listed))


def get_provider(world: World, call: Call) -> Answer:
    """GET a resource provider with its registration."""
    return Answer(200, _provider(world, call, _namespace(call.params["namespace"])))


def list_providers(world: World, call: Call) -> Answer:
    """GET all resource providers."""
    return Answer(200, page([_provider(world, call, namespace) for namespace in _TYPES]))


def register(world: World, call: Call) -> Answer:
    """POST a registration; here it holds at once."""
    namespace = _namespace(call.params["namespace"])
    settings = world.settings(call.params["subscription"])
    settings["registered"] = sorted({*settings["registered"], namespace})
    world.store.save_subscription(call.params["subscription"], settings)
    return Answer(200, _provider(world, call, namespace))


def _group(world: World, call: Call) -> Resource:
    group = model.find(world, call.params["subscription"], call.params["group"])
    if group is None:
        raise arm_errors.group_not_found(call.params["group"])
    return group


def _filtered(call: Call, resources: list[Resource]) -> list[Resource]:
    text = call.query.get("$filter", "")
    terms = {match[1].lower(): match[2].replace("''", "'") for match in _TERM.finditer(text)}
    if re.sub(r"\s*(and)?\s*", "", _TERM.sub("", text), flags=re.IGNORECASE):
        raise errors.invalid_filter(text)
    return [resource for resource in resources if _matches(resource, terms)]


def _matches(resource: Resource, terms: dict[str, str]) -> bool:
    tags = {name.lower(): value for name, value in (resource.body.get("tags") or {}).items()}
    actual = {"resourcetype": resource.kind, "name": resource.name, "resourcegroup": resource.group}
    actual |= {"location": resource.location}
    wanted_tag = terms.get("tagname")
    if wanted_tag is not None and wanted_tag.lower() not in tags:
        return False
    if "tagvalue" in terms and tags.get((wanted_tag or "").lower()) != terms["tagvalue"]:
        return False
    return all(actual[name].lower() == value.lower() for name, value in terms.items() if name in actual)


def _summary(resource: Resource) -> Json:
    body = resource.body | {"name": "/".join(resource.id.split("/providers/")[-1].split("/")[2::2])}
    return {name: body[name] for name in ("id", "name", "type", "location", "tags", "sku", "plan") if name in body}


def _page(call: Call, items: list[Json]) -> Json:
    start = number(call, "$skiptoken", 0)
    size = number(call, "$top", _PAGE)
    document = page(items[start : start + size])
    if start + size < len(items):
        query = {name: value for name, value in call.query.items() if name != "$skiptoken"}
        document["nextLink"] = call.url(call.path, **query, **{"$skiptoken": str(start + size)})
    return document


def _namespace(name: str) -> str:
    found = next((namespace for namespace in _TYPES if namespace.lower() == name.lower()), None)
    if found is None:
        raise errors.provider_not_found(name)
    return found


def _provider(world: World, call: Call, namespace: str) -> Json:
    subscription = call.params["subscription"]
    registered = namespace in world.settings(subscription)["registered"]
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered" if registered else "NotRegistered",
        "resourceTypes": [_type(name, world.catalogue) for name in _TYPES[namespace]],
    }


def _type(name: str, catalogue: Catalogue) -> Json:
    return {
        "resourceType": name,
        "locations": list(catalogue.regions.values()),
        "apiVersions": [],
        "capabilities": "None",
    }
