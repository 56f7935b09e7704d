"""Requests to Microsoft.Network, and their answers."""

from .. import errors as arm_errors
from .. import ids, lro
from ..calls import Answer, Call, Json
from ..routing import Handler
from ..store import Resource
from ..tracked import page
from ..world import World
from . import errors, model
from .shapes import NETWORK, PUBLIC_ADDRESS, SECURITY_GROUP, check_rules, check_subnets, nested

# The nested resources that have a path of their own.
_COLLECTIONS = {SECURITY_GROUP: "securityRules", NETWORK: "subnets"}


def put(kind: str) -> Handler:
    """PUT of a resource of this type."""

    def handler(world: World, call: Call) -> Answer:
        operation, resource, new = model.put(world, call, _resource_id(call, kind))
        return lro.accepted(world, call, operation, 201 if new else 200, view(world, resource))

    return handler


def patch_tags(kind: str) -> Handler:
    """PATCH of a resource's tags."""

    def handler(world: World, call: Call) -> Answer:
        resource = world.require(_resource_id(call, kind))
        resource.body["tags"] = call.document.get("tags") or {}
        world.store.save(resource)
        return Answer(200, view(world, resource))

    return handler


def get(kind: str) -> Handler:
    """GET of a resource of this type."""

    def handler(world: World, call: Call) -> Answer:
        return Answer(200, view(world, world.require(_resource_id(call, kind))))

    return handler


def delete(kind: str) -> Handler:
    """DELETE of a resource of this type: 204 when there is none."""

    def handler(world: World, call: Call) -> Answer:
        resource = world.store.find(_resource_id(call, kind))
        if resource is None:
            return Answer(204)
        return lro.accepted(world, call, model.delete(world, call, resource), 202)

    return handler


def listing(kind: str) -> Handler:
    """GET of all resources of this type, of one group or of the subscription."""

    def handler(world: World, call: Call) -> Answer:
        found = world.store.select(call.params["subscription"], kind=kind, group=call.params.get("group"))
        return Answer(200, page([view(world, resource) for resource in found]))

    return handler


def get_nested(kind: str) -> Handler:
    """GET of a security rule or a subnet."""

    def handler(world: World, call: Call) -> Answer:
        parent = world.require(_resource_id(call, kind))
        found = _nested(view(world, parent), _COLLECTIONS[kind], call.params["part"])
        if found is None:
            raise arm_errors.ArmError(404, "NotFound", f"Resource {call.path} not found.")
        return Answer(200, found)

    return handler


def list_nested(kind: str) -> Handler:
    """GET of all security rules or subnets."""

    def handler(world: World, call: Call) -> Answer:
        document = view(world, world.require(_resource_id(call, kind)))
        return Answer(200, page(document["properties"][_COLLECTIONS[kind]]))

    return handler


def put_nested(kind: str) -> Handler:
    """PUT of a security rule or a subnet: a write of its parent, so two at once are refused."""

    def handler(world: World, call: Call) -> Answer:
        parent = _parent(world, call, kind)
        collection, name = _COLLECTIONS[kind], call.params["part"]
        found = _nested(parent.body, collection, name)
        fresh = nested(parent.id, collection, call.document | {"name": found["name"] if found else name})
        siblings = [each for each in parent.properties[collection] if each is not found]
        if kind == SECURITY_GROUP:
            check_rules([*siblings, fresh])
        else:
            space = parent.properties["addressSpace"]["addressPrefixes"]
            check_subnets(world, parent.id, space, [*siblings, fresh])
        parent.properties[collection] = [*siblings, fresh]
        parent.state = "Updating"
        operation = model.begin_write(world, call, parent)
        return lro.accepted(world, call, operation, 200 if found else 201, fresh)

    return handler


def delete_nested(kind: str) -> Handler:
    """DELETE of a security rule or a subnet."""

    def handler(world: World, call: Call) -> Answer:
        parent = world.store.find(_resource_id(call, kind))
        found = _nested(parent.body, _COLLECTIONS[kind], call.params["part"]) if parent else None
        if parent is None or found is None:
            return Answer(204)
        parent = _parent(world, call, kind)
        if kind == NETWORK and (used := model.subnet_users(world, parent, found["name"])):
            raise errors.subnet_in_use(found["name"], used)
        collection = _COLLECTIONS[kind]
        parent.properties[collection] = [
            each for each in parent.properties[collection] if each["name"] != found["name"]
        ]
        parent.state = "Updating"
        return lro.accepted(world, call, model.begin_write(world, call, parent), 202)

    return handler


def list_usages(world: World, call: Call) -> Answer:
    """GET what a subscription has and may have in a region, counted live."""
    subscription, location = call.params["subscription"], ids.region(call.params["location"])
    usages = []
    for kind, name in model.QUOTA_NAMES.items():
        usage: Json = {"unit": "Count", "currentValue": model.count(world, subscription, location, kind)}
        usage["id"] = f"{call.path}/{name}"
        usage["limit"] = model.quota(world, subscription, location, name)
        usages.append(usage | {"name": {"value": name, "localizedValue": _spaced(name)}})
    return Answer(200, page(usages))


def view(world: World, resource: Resource) -> Json:
    """A resource as a GET shows it: with what uses it."""
    body = resource.body
    users = model.users(world, resource)
    if resource.kind == PUBLIC_ADDRESS and users:
        return body | {"properties": resource.properties | {"ipConfiguration": {"id": users[0]}}}
    if resource.kind == SECURITY_GROUP:
        interfaces = [{"id": user} for user in users if "/networkinterfaces/" in user.lower()]
        subnets = [{"id": user} for user in users if "/subnets/" in user.lower()]
        seen = {name: found for name, found in (("networkInterfaces", interfaces), ("subnets", subnets)) if found}
        return body | {"properties": resource.properties | seen}
    if resource.kind == NETWORK:
        subnets = [_subnet(world, resource, subnet) for subnet in resource.properties["subnets"]]
        return body | {"properties": resource.properties | {"subnets": subnets}}
    return body


def _subnet(world: World, network: Resource, subnet: Json) -> Json:
    users = [{"id": user} for user in model.subnet_users(world, network, subnet["name"])]
    return subnet | {"properties": subnet["properties"] | ({"ipConfigurations": users} if users else {})}


def _parent(world: World, call: Call, kind: str) -> Resource:
    parent = world.store.find(_resource_id(call, kind))
    if parent is None:
        raise arm_errors.parent_not_found(call.params["name"])
    world.unlock(call, parent)
    return parent


def _nested(document: Json, collection: str, name: str) -> Json | None:
    found = (each for each in document["properties"][collection] if ids.same(each["name"], name))
    return next(found, None)


def _resource_id(call: Call, kind: str) -> str:
    namespace, type_name = kind.split("/")
    params = call.params
    return str(ids.ResourceId(params["subscription"], params["group"], namespace, (type_name,), (params["name"],)))


def _spaced(name: str) -> str:
    return "".join(f" {letter}" if letter.isupper() and index else letter for index, letter in enumerate(name))
