"""Paths to handlers.

A route's path is written as ARM documents it, with ``{name}`` for a part and ``{+name}`` for any number of parts. Paths
match without regard to case; what ARM would call the operation follows from the path and the verb.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import errors, forms
from .calls import Answer, Call

if TYPE_CHECKING:
    from .world import World

Handler = Callable[["World", Call], Answer]

_PART = re.compile(r"\{(\+?)(\w+)\}")
_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}


@dataclass(frozen=True)
class Route:
    """One operation: `versions` are the api-versions it accepts, `polls` says that it reads an operation's record.

    What is `public` may be called by everybody of the subscription's tenant; `form` is what a body must look like.
    """

    method: str
    path: str
    handler: Handler
    versions: frozenset[str]
    polls: bool = False
    public: bool = False
    form: forms.Form = None

    @property
    def operation(self) -> str:
        """What ARM calls it: ``Microsoft.Compute/virtualMachines/deallocate/action``."""
        return operation_name(self.method, self.path)

    @property
    def namespace(self) -> str:
        """The resource provider."""
        return self.operation.split("/")[0]

    @property
    def type(self) -> str:
        """The type within the provider: ``virtualMachines/extensions``."""
        return "/".join(self.operation.split("/")[1:-1])


def operation_name(method: str, path: str) -> str:
    """The operation that a verb on a path is, for a template as for a real path."""
    parts = path.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    if "providers" not in lowered:
        kind = "subscriptions/resourceGroups" if len(parts) < 5 else "subscriptions/resources"
        return f"Microsoft.Resources/{kind}/{_VERBS.get(method, method)}"
    last = len(lowered) - 1 - lowered[::-1].index("providers")
    if len(parts) < last + 3 or parts[last + 1].startswith("{"):
        return "/".join(["Microsoft.Resources/subscriptions/providers", *parts[last + 2 :], _VERBS.get(method, method)])
    return "/".join([parts[last + 1], *parts[last + 2 :: 2], _VERBS.get(method, method)])


class Router:
    """All routes, found by path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(_compile(route.path), route) for route in routes]

    def find(self, call: Call) -> tuple[Route, Mapping[str, str]]:
        """The route of a call and the named parts of its path; ArmError names what is not served."""
        verb = "GET" if call.method == "HEAD" else call.method
        matches = [(route, match) for pattern, route in self._routes if (match := pattern.fullmatch(call.path))]
        for wanted in (call.method, verb):
            for route, match in matches:
                if route.method == wanted:
                    return route, match.groupdict()
        raise self._unknown(call, bool(matches))

    def _unknown(self, call: Call, path_exists: bool) -> errors.ArmError:
        operation = operation_name(call.method, call.path)
        if path_exists:
            return errors.method_not_allowed(call.method, operation)
        namespace = operation.split("/")[0]
        if any(route.namespace.lower() == namespace.lower() for _, route in self._routes):
            return errors.unknown_type(namespace, call.query.get("api-version", ""), operation)
        return errors.unknown_namespace(namespace, operation)


def check_version(route: Route, call: Call) -> Call:
    """The call with its api-version, which must be there and be one of the route's."""
    version = call.query.get("api-version", "")
    if not version:
        raise errors.missing_api_version()
    if version in route.versions:
        return replace(call, api_version=version)
    if route.namespace == "Microsoft.Resources" or not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", version):
        raise errors.invalid_api_version(version, route.versions)
    raise errors.no_registered_provider(route.type, version, call.params.get("location", "global"), route.versions)


def expand(template: str, params: Mapping[str, str]) -> str:
    """A template's path with the caller's names in it: ARM's casing of the types, the caller's of the names."""
    return _PART.sub(lambda part: params[part[2]], template)


def _compile(template: str) -> re.Pattern[str]:
    pieces = _PART.split(template)
    text = re.escape(pieces[0])
    for greedy, name, literal in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        text += f"(?P<{name}>{'.+' if greedy else '[^/]+'}){re.escape(literal)}"
    return re.compile(text, re.IGNORECASE)
