"""ARM's front door: what is checked and added for every request, whichever provider it is for.

The order: who calls, which operation and api-version, for which subscription, with what right, in which group.
"""

import uuid
from dataclasses import replace

from . import errors, forms, ids
from .authorization.model import allowed, effective
from .calls import Answer, Call, Json
from .consistency import lagging
from .errors import ArmError
from .events import emission
from .identity import authenticate
from .lro import retry_headers
from .routing import Route, Router, check_version
from .throttling import Throttle
from .world import World

_WRITES = {"PUT", "PATCH", "POST"}
_MOST_TAGS = 50
# These must work before a subscription has registered anything.
_ALWAYS_REGISTERED = {"Microsoft.Resources", "Microsoft.Authorization"}


class FrontDoor:
    """Every request to ARM comes through `handle`."""

    def __init__(self, world: World, router: Router) -> None:
        self._world = world
        self._router = router
        self._throttle = Throttle(enforce=world.options.throttle, share=world.options.throttle_share)

    def handle(self, call: Call) -> Answer:
        """Settle what is due, then answer; what a refused request did is taken back."""
        world = self._world
        world.settle()
        try:
            with world.store.transaction():
                answer = self._answer(call)
        except ArmError as refusal:
            answer = refusal.answer()
        return self.dress(call, answer)

    def origin(self, call: Call) -> tuple[str, str] | None:
        """The verb and path of the request whose operation a call polls, or None when it polls nothing."""
        try:
            route, params = self._router.find(call)
        except ArmError:
            return None
        operation = self._world.store.operation(params["operation"]) if route.polls else None
        return (operation.method, operation.path) if operation else None

    def _answer(self, call: Call) -> Answer:
        claims = authenticate(call, self._world.signing_key)
        route, params = self._router.find(call)
        call = check_version(route, replace(call, params=params, operation=route.operation, client=claims))
        settings = self._settings(call)
        self._authorize(call, route)
        if route.namespace not in _ALWAYS_REGISTERED and route.namespace not in settings["registered"]:
            raise errors.not_registered(params.get("subscription", ""), route.namespace)
        headers = self._throttle.take(call, self._region(call), self._world.now, self._waiting)
        try:
            answer = self._handled(call, route)
            answer = lagging(self._world, call, settings["lag"], answer)
        except ArmError as refusal:
            refusal.headers = headers | refusal.headers
            raise
        answer.headers = headers | answer.headers
        return answer

    def _handled(self, call: Call, route: Route) -> Answer:
        self._check_group(call, route)
        answer = route.handler(self._world, _checked(call, route, self._world))
        if _done_at_once(answer):
            emission.done(self._world, call)
        if call.method == "HEAD":
            answer = Answer(204 if answer.status == 200 else answer.status)
        return answer

    def _waiting(self, seconds: float) -> dict[str, str]:
        return retry_headers(self._world, seconds)

    def _region(self, call: Call) -> str:
        """Where a call to a machine goes: the region of what is there, else the one that is asked for."""
        if "machine" not in call.params:
            return ids.region(call.params.get("location", ""))
        machine = self._world.store.find("/".join(call.path.split("/")[:9]))
        wanted = call.body.get("location") if isinstance(call.body, dict) else None
        return machine.location if machine else ids.region(str(wanted or ""))

    def _settings(self, call: Call) -> Json:
        subscription = call.params.get("subscription") or call.path.split("/")[2]
        if not ids.GUID.fullmatch(subscription):
            raise errors.invalid_subscription(subscription)
        settings = self._world.settings(subscription)
        if settings["tenant"] != call.client["tid"]:
            raise errors.wrong_tenant(call.client["tid"], settings["tenant"])
        return settings

    def _authorize(self, call: Call, route: Route) -> None:
        # A polling URL is signed, and was given to whoever may poll: it lies above the scope of most roles.
        if route.public or route.polls or allowed(effective(self._world, call.client, call.path), call.operation):
            return
        raise errors.authorization_failed(call.client, call.operation, call.path)

    def _check_group(self, call: Call, route: Route) -> None:
        group = call.params.get("group")
        if group is None or (route.namespace == "Microsoft.Resources" and route.type == "subscriptions/resourceGroups"):
            return
        found = self._world.store.find(ids.group_id(call.params["subscription"], group))
        if found is None:
            raise errors.group_not_found(group)
        if found.state == "Deleting" and call.method in _WRITES:
            raise errors.group_being_deleted(group)

    def dress(self, call: Call, answer: Answer) -> Answer:
        """Give an answer the headers that ARM sends with every one."""
        request_id = str(uuid.uuid4())
        headers = {
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": call.headers.get("x-ms-correlation-request-id", request_id),
            "x-ms-routing-request-id": f"SIMULATOR:{self._world.stamp()}:{request_id}",
            "Cache-Control": "no-cache",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
        }
        if call.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            headers["x-ms-client-request-id"] = call.headers.get("x-ms-client-request-id", "")
        answer.headers = headers | answer.headers
        return answer


def _done_at_once(answer: Answer) -> bool:
    """Whether something was done, and is not still under way; 204 says that there was nothing to do."""
    return answer.status in (200, 201) and not {"Azure-AsyncOperation", "Location"} & set(answer.headers)


def _checked(call: Call, route: Route, world: World) -> Call:
    """The call with a body that is fit for a handler: an object, with sane tags and a location in its one form."""
    if call.method not in _WRITES or call.body is None:
        if call.method in {"PUT", "PATCH"}:
            raise errors.invalid_content("The request body is empty.")
        return call
    if not isinstance(call.body, dict) or not isinstance(call.body.get("properties") or {}, dict):
        raise errors.invalid_content("The request body, and its properties, must be JSON objects.")
    if route.form:
        forms.check(call.body, route.form)
    _check_tags(call.body.get("tags"))
    call = replace(call, body=forms.without_nulls(call.body))
    if location := call.body.get("location"):
        location = ids.region(str(location))
        if location not in world.catalogue.regions:
            raise errors.location_not_available(location, f"{route.namespace}/{route.type}", world.catalogue.regions)
        return replace(call, body=call.body | {"location": location})
    return call


def _check_tags(tags: object) -> None:
    if tags is None:
        return
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise errors.invalid_content("The tags must be an object of strings.")
    if len(tags) > _MOST_TAGS:
        raise ArmError(400, "BadRequest", f"The number of tags specified exceeds the limit of {_MOST_TAGS}.")
