"""`/_sim/events`: who is told of what happens."""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..world import World
from . import handshake, hooks


def routes(world: World) -> list[Route]:
    """The paths of this part of the admin endpoint."""
    handlers = _Hooks(world)
    return [
        Route("/_sim/events", handlers.listing, methods=["GET"]),
        Route("/_sim/events/{name}", handlers.put, methods=["PUT"]),
        Route("/_sim/events/{name}", handlers.delete, methods=["DELETE"]),
        Route("/_sim/events/{name}/validate", handlers.validate, methods=["GET", "POST"]),
    ]


class _Hooks:
    """The handlers."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def listing(self, _request: Request) -> Response:
        """All hooks, with what became of their events."""
        outbox = self._world.outbox
        found = [hook.shown() | {"waiting": outbox.waiting(hook.name)} for hook in outbox.hooks.values()]
        return JSONResponse({"value": found})

    async def put(self, request: Request) -> Response:
        """Set a hook up, in place of one with this name, after it has proved that it wants events."""
        name = str(request.path_params["name"])
        try:
            hook = hooks.parse(name, await request.json(), secrets.token_hex(16))
            url = str(request.url.replace(path=f"/_sim/events/{name}/validate", query=f"code={hook.code}"))
            # What it has to be proved by may arrive while its answer is still awaited.
            with self._world.store.transaction():
                self._world.outbox.remove(name)
                self._world.outbox.save(hook)
            proved = await handshake.prove(hook, url, self._world.stamp())
        except ValueError as problem:
            with self._world.store.transaction():
                self._world.outbox.remove(name)
            return JSONResponse({"error": str(problem)}, 400)
        if proved == hooks.READY:
            self._accept(hook)
        return JSONResponse(hook.shown(), 201)

    async def delete(self, request: Request) -> Response:
        """Forget a hook with what is on its way to it."""
        with self._world.store.transaction():
            self._world.outbox.remove(str(request.path_params["name"]))
        return Response(status_code=204)

    async def validate(self, request: Request) -> Response:
        """The proof by hand: whoever has the code wants the events."""
        hook = self._world.outbox.hooks.get(str(request.path_params["name"]))
        given = request.query_params.get("code", "")
        if hook is None or not secrets.compare_digest(given, hook.code):
            return JSONResponse({"error": "there is no hook with this name and code"}, 404)
        self._accept(hook)
        return JSONResponse(hook.shown())

    def _accept(self, hook: hooks.Hook) -> None:
        hook.state = hooks.READY
        with self._world.store.transaction():
            self._world.outbox.save(hook)
