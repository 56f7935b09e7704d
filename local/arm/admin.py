"""The simulator's own endpoint, `/_sim`: time, faults, what exists, what was asked, how subscriptions are set."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import consistency
from .authorization import admin as access
from .calls import Json
from .events import admin as events
from .journal import Journal
from .subscriptions import DEFAULT_SUBSCRIPTION, new_settings, terms_key
from .world import World

_CLOCK_MEMBERS = {"speed", "frozen", "step"}
_SETTINGS = set(new_settings(DEFAULT_SUBSCRIPTION)) - {"assignments"}


def routes(world: World, journal: Journal) -> list[Route]:
    """All paths of the admin endpoint."""
    handlers = _Admin(world, journal)
    table: list[tuple[str, str, Callable[..., object]]] = [
        ("GET", "/_sim/clock", handlers.get_clock),
        ("POST", "/_sim/clock", handlers.set_clock),
        ("GET", "/_sim/faults", handlers.list_faults),
        ("POST", "/_sim/faults", handlers.add_faults),
        ("DELETE", "/_sim/faults", handlers.clear_faults),
        ("DELETE", "/_sim/faults/{rule:int}", handlers.clear_faults),
        ("GET", "/_sim/calls", handlers.list_calls),
        ("DELETE", "/_sim/calls", handlers.clear_calls),
        ("GET", "/_sim/inventory", handlers.inventory),
        ("GET", "/_sim/subscriptions/{subscription}", handlers.get_settings),
        ("PATCH", "/_sim/subscriptions/{subscription}", handlers.patch_settings),
        ("DELETE", "/_sim/subscriptions/{subscription}", handlers.reset),
        ("PUT", "/_sim/subscriptions/{subscription}/terms", handlers.set_terms),
    ]
    return (
        [Route(path, handler, methods=[method]) for method, path, handler in table]
        + access.routes(world)
        + events.routes(world)
    )


class _Admin:
    """The handlers; all run on the event loop, between two requests to ARM."""

    def __init__(self, world: World, journal: Journal) -> None:
        self._world, self._journal = world, journal

    async def get_clock(self, _request: Request) -> Response:
        """The simulated moment, the pace, and how to read them."""
        return JSONResponse(self._clock())

    async def set_clock(self, request: Request) -> Response:
        """Step, freeze, continue, change the pace; what became due is applied before the answer."""
        document = await request.json()
        if not isinstance(document, dict) or not set(document) <= _CLOCK_MEMBERS:
            return _refused(f"the members are {sorted(_CLOCK_MEMBERS)}")
        try:
            self._world.clock.set(**document)
        except (TypeError, ValueError) as problem:
            return _refused(str(problem))
        with self._world.store.transaction():
            self._world.save_clock()
        self._world.settle()
        return JSONResponse(self._clock())

    async def list_faults(self, _request: Request) -> Response:
        """All rules with what they matched and did."""
        return JSONResponse({"value": [rule.document() for rule in self._world.faults.rules]})

    async def add_faults(self, request: Request) -> Response:
        """Add one rule or a list of them."""
        document = await request.json()
        try:
            wanted = document if isinstance(document, list) else [document]
            rules = [self._world.faults.add(each) for each in wanted]
        except (ValueError, AttributeError) as problem:
            return _refused(str(problem))
        return JSONResponse({"value": [rule.document() for rule in rules]}, 201)

    async def clear_faults(self, request: Request) -> Response:
        """Remove one rule, or all."""
        self._world.faults.clear(request.path_params.get("rule"))
        return Response(status_code=204)

    async def list_calls(self, request: Request) -> Response:
        """The calls after `after` whose path contains `path`, and counters by operation."""
        query = request.query_params
        return JSONResponse(self._journal.document(query.get("path", ""), int(query.get("after", "0"))))

    async def clear_calls(self, _request: Request) -> Response:
        """Forget the calls."""
        self._journal.clear()
        return Response(status_code=204)

    async def inventory(self, request: Request) -> Response:
        """Everything that exists, in one subscription or in all: id, type, location, tags, state."""
        self._world.settle()
        wanted = request.query_params.get("subscription")
        subscriptions = [wanted] if wanted else self._world.store.subscriptions()
        found = [resource for each in subscriptions for resource in self._world.store.select(each)]
        return JSONResponse(
            {
                "value": [
                    {"id": each.id, "type": each.kind, "location": each.location, "provisioningState": each.state}
                    | {"tags": each.body.get("tags", {})}
                    for each in found
                ]
            }
        )

    async def get_settings(self, request: Request) -> Response:
        """How a subscription is set."""
        with self._world.store.transaction():
            return JSONResponse(self._world.settings(_subscription(request)))

    async def patch_settings(self, request: Request) -> Response:
        """Change members of a subscription's settings; `quotas` are merged, the others replaced."""
        document = await request.json()
        if not isinstance(document, dict) or not set(document) <= _SETTINGS:
            return _refused(f"the members are {sorted(_SETTINGS)}")
        if "lag" in document and not consistency.is_lag(document["lag"]):
            return _refused("lag is {get, list}, each in simulated seconds")
        with self._world.store.transaction():
            settings = self._world.settings(_subscription(request))
            quotas = settings["quotas"] | document.get("quotas", {})
            settings |= document | {"quotas": quotas}
            self._world.store.save_subscription(_subscription(request), settings)
        return JSONResponse(settings)

    async def reset(self, request: Request) -> Response:
        """Take a subscription back to its seeds, with all settings."""
        with self._world.store.transaction():
            self._world.store.forget_subscription(_subscription(request))
            self._world.settings(_subscription(request))
        return Response(status_code=204)

    async def set_terms(self, request: Request) -> Response:
        """Accept or take back the terms of a plan: {publisher, offer, plan, accepted}."""
        document: Json = await request.json()
        try:
            key = terms_key(document["publisher"], document["offer"], document["plan"])
            accepted = bool(document["accepted"])
        except (KeyError, TypeError) as problem:
            return _refused(f"publisher, offer, plan and accepted are needed: {problem}")
        with self._world.store.transaction():
            settings = self._world.settings(_subscription(request))
            settings["terms"][key] = accepted
            self._world.store.save_subscription(_subscription(request), settings)
        return Response(status_code=204)

    def _clock(self) -> Json:
        clock = self._world.clock
        return {"now": clock.now(), "stamp": clock.stamp(clock.now()), "speed": clock.speed, "frozen": clock.frozen}


def _subscription(request: Request) -> str:
    return str(request.path_params["subscription"])


def _refused(reason: str) -> Response:
    return JSONResponse({"error": reason}, 400)
