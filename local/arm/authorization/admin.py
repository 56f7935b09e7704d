"""The part of `/_sim` that is about access: who has which role where, and which applications there are."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .. import login
from ..calls import Json
from ..errors import ArmError
from ..ids import GUID, same
from ..world import World
from . import model, roles

_ASSIGNMENTS = "/_sim/subscriptions/{subscription}/assignments"
_APPLICATION = "/_sim/applications/{client}"


def routes(world: World) -> list[Route]:
    """The paths."""
    handlers = _Access(world)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("GET", _ASSIGNMENTS, handlers.list_assignments),
        ("POST", _ASSIGNMENTS, handlers.assign),
        ("DELETE", _ASSIGNMENTS, handlers.revoke),
        ("PUT", _APPLICATION, handlers.register),
        ("DELETE", _APPLICATION, handlers.forget),
    ]
    return [Route(path, handler, methods=[method]) for method, path, handler in table]


class _Access:
    """The handlers; all run on the event loop, between two requests to ARM."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def list_assignments(self, request: Request) -> Response:
        """The assignments of a subscription."""
        with self._world.store.transaction():
            return JSONResponse({"value": model.existing(self._world, _subscription(request))})

    async def assign(self, request: Request) -> Response:
        """Give a role: {principalId, role, scope}; `role` is a name or an id, `scope` the subscription if absent."""
        document = await request.json()
        if not isinstance(document, dict) or set(document) - {"principalId", "role", "scope"}:
            return _refused("the members are principalId, role and scope")
        role, principal = roles.find(str(document.get("role"))), str(document.get("principalId"))
        scope = str(document.get("scope") or _subscription(request))
        if role is None or not GUID.fullmatch(principal):
            return _refused(f"principalId is a GUID, role one of {', '.join(role.name for role in roles.ROLES)}")
        if not (scope.lower() + "/").startswith(_subscription(request).lower() + "/"):
            return _refused("scope is not in the subscription")
        self._world.settle()
        try:
            with self._world.store.transaction():
                assignment = model.assign(self._world, scope, role, principal)
        except ArmError as problem:
            return _refused(str(problem))
        return JSONResponse(assignment, 201)

    async def revoke(self, request: Request) -> Response:
        """Take the roles away that fit `principalId`, `role` and `scope`; all, if none is named."""
        query = request.query_params
        role = roles.find(query["role"]) if "role" in query else None
        wanted = {name: query[name] for name in ("principalId", "scope") if name in query}
        wanted |= {"role": role.id if role else query["role"]} if "role" in query else {}
        self._world.settle()
        with self._world.store.transaction():
            found = model.existing(self._world, _subscription(request))
            names = [each["name"] for each in found if _fits(each, wanted)]
            model.revoke(self._world, str(request.path_params["subscription"]), names)
        return Response(status_code=204)

    async def register(self, request: Request) -> Response:
        """Make an application known: {tenants, secret, trusts}; answers with its object id in each tenant."""
        document = await request.json()
        try:
            with self._world.store.transaction():
                return JSONResponse(login.register(self._world, str(request.path_params["client"]), document))
        except (TypeError, AttributeError, ValueError) as problem:
            return _refused(str(problem))

    async def forget(self, request: Request) -> Response:
        """Make an application unknown."""
        with self._world.store.transaction():
            login.forget(self._world, str(request.path_params["client"]))
        return Response(status_code=204)


def _fits(assignment: Json, wanted: dict[str, str]) -> bool:
    return all(same(str(assignment[name]), value) for name, value in wanted.items())


def _subscription(request: Request) -> str:
    return f"/subscriptions/{request.path_params['subscription']}"


def _refused(reason: str) -> Response:
    return JSONResponse({"error": reason}, 400)
