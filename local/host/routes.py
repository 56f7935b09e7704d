"""Routes of HTTP triggers: ASP.NET attribute templates, tried in the order of the functions' names.

There is no precedence of the more specific route: the first match wins, as on the real host.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from local.host.app import Function
from local.host.constraints import Check, check
from local.host.errors import AppError

RESERVED = ("admin", "runtime")
"""What no function's own route may begin with, whatever prefix stands before it."""

_TOKEN = re.compile(r"\{(?P<parameter>(?:[^{}]|\{\{|\}\})+)\}|(?P<literal>[^{}]+)")
_PARAMETER = re.compile(
    r"(?P<rest>\*{0,2})(?P<name>[A-Za-z_]\w*)(?P<constraints>(?::.*?)?)"
    r"(?:(?P<optional>\?)|=(?P<default>[^()?]*))?"
)
_CONSTRAINT = re.compile(r":(?P<name>\w+)(?:\((?P<arguments>.*?)\)(?=:|$))?")


@dataclass(frozen=True, slots=True)
class Route:
    """One function's route: its template, that as a pattern, its parameters, its methods."""

    function: Function
    template: str
    pattern: re.Pattern[str]
    parameters: "_Parameters"
    methods: frozenset[str]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the route parameters if a request falls to this route; absent optional ones are left out."""
        if self.methods and method not in self.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = {name: value for name, value in found.groupdict().items() if value}
        values = {**self.parameters.defaults, **values}
        return values if self.parameters.allow(values) else None


@dataclass(frozen=True, slots=True)
class _Parameters:
    """What a template says of its parameters: checks of their values, and the values of those that are left out."""

    checks: list[tuple[str, Check]] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)

    def allow(self, values: Mapping[str, str]) -> bool:
        return all(name not in values or passes(values[name]) for name, passes in self.checks)


def build(functions: Iterable[Function], prefix: str) -> tuple[Route, ...]:
    """Build the routes of HTTP functions given in order of name; raises AppError for an unusable route."""
    routes: list[Route] = []
    for function in functions:
        route = _route(function, prefix)
        for other in routes:
            overlap = not route.methods or not other.methods or route.methods & other.methods
            if overlap and other.template.lower() == route.template.lower():
                raise AppError(f"functions {other.function.name} and {function.name} share the route {route.template}")
        routes.append(route)
    return tuple(routes)


def decoded_path(raw_path: bytes) -> str:
    """Return a path as routes match it: `/a/b`, decoded but for an escaped slash; the root is empty."""
    text = raw_path.decode("latin-1").replace("%2f", "%2F").replace("%2F", "%252F")
    return "/".join(("", unquote(text).strip("/"))).rstrip("/")


def template_of(function: Function, prefix: str) -> str:
    """Return the template of an HTTP function's route, the prefix before it."""
    declared = str(function.trigger.properties.get("route") or function.name).strip("/")
    return "/".join(part for part in (prefix, declared) if part)


def _route(function: Function, prefix: str) -> Route:
    template, own = template_of(function, prefix), template_of(function, "")
    if own.lower().startswith(RESERVED):
        raise AppError(f"function {function.name}: the route {own} begins as those do that the host keeps for itself")
    parameters = _Parameters()
    try:
        pattern = "".join(_pattern(segment, parameters) for segment in _segments(template))
    except (ValueError, re.error) as exc:
        raise AppError(f"function {function.name}: the route {template} cannot be used: {exc}") from exc
    methods = frozenset(str(method).upper() for method in function.trigger.properties.get("methods") or ())
    return Route(function, template, re.compile(pattern, re.IGNORECASE), parameters, methods)


def _segments(template: str) -> Iterator[list[re.Match[str]]]:
    """Split a template at its slashes, except those inside a parameter's braces."""
    segment: list[re.Match[str]] = []
    position = 0
    while position < len(template):
        if template[position] == "/":
            yield segment
            segment, position = [], position + 1
            continue
        end = template.find("/", position) if template[position] != "{" else -1
        token = _TOKEN.match(template, position, end if end >= 0 else len(template))
        if token is None:
            raise ValueError(f"braces do not match at {template[position:]!r}")
        segment.append(token)
        position = token.end()
    if segment:
        yield segment


def _pattern(segment: list[re.Match[str]], parameters: _Parameters) -> str:
    if len(segment) == 1 and segment[0]["parameter"]:
        name, optional, rest = _parameter(segment[0]["parameter"], parameters)
        value = f"/(?P<{name}>{'.*' if rest else '[^/]+'})"
        return f"(?:{value})?" if optional or rest else value
    parts = ["/"]
    for token in segment:
        if token["literal"]:
            parts.append(re.escape(token["literal"]))
            continue
        name, optional, rest = _parameter(token["parameter"], parameters)
        if optional or rest:
            raise ValueError(f"{name} must be the whole segment to be optional or to take the rest")
        parts.append(f"(?P<{name}>[^/]+?)")
    return "".join(parts)


def _parameter(text: str, parameters: _Parameters) -> tuple[str, bool, bool]:
    """Read `*name:constraint(…)?` or `name=default`; returns its name, whether optional, whether the rest."""
    found = _PARAMETER.fullmatch(text)
    if found is None:
        raise ValueError(f"{{{text}}} is not a parameter this host understands")
    position, constraints = 0, found["constraints"]
    while position < len(constraints):
        constraint = _CONSTRAINT.match(constraints, position)
        if constraint is None:
            raise ValueError(f"{constraints!r} is not a list of constraints")
        parameters.checks.append((found["name"], check(constraint["name"], constraint["arguments"] or "")))
        position = constraint.end()
    if found["default"]:
        parameters.defaults[found["name"]] = found["default"]
    return found["name"], bool(found["optional"] or found["default"]), bool(found["rest"])
