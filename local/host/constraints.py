"""Constraints of route parameters, `{name:int:min(1)}`: what ASP.NET offers, as checks of a value's text."""

import re
from collections.abc import Callable

Check = Callable[[str], bool]

_NUMBER = r"(?:\d[\d,]*(?:\.\d*)?|\.\d+)"
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_PATTERNS = {
    "alpha": r"[A-Za-z]*",
    "bool": r"(?i:true|false)",
    "datetime": r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?",
    "decimal": rf"[+-]?{_NUMBER}",
    "double": rf"[+-]?{_NUMBER}(?:[eE][+-]?\d+)?",
    "float": rf"[+-]?{_NUMBER}(?:[eE][+-]?\d+)?",
    "guid": rf"[0-9a-fA-F]{{32}}|{_GUID}|\{{{_GUID}\}}|\({_GUID}\)",
    "required": r".+",
}
_INTEGER = re.compile(r"[+-]?\d{1,19}")
_FILE = re.compile(r"\.+[^.]")
"""A value names a file if its last segment has a dot, and something after it."""

_INTEGER_BITS = {"int": 31, "long": 63}


def check(name: str, arguments: str) -> Check:
    """Return the check of one constraint; raises ValueError for an unknown name or unusable arguments.

    The names ignore case.
    """
    name = name.lower()
    if name in _PATTERNS:
        return _whole(re.compile(_PATTERNS[name]))
    if name in _INTEGER_BITS:
        limit = 1 << _INTEGER_BITS[name]
        return lambda value: _integer(value, -limit, limit - 1)
    if name in ("file", "nonfile"):
        return lambda value: (_FILE.search(value.rpartition("/")[2]) is not None) == (name == "file")
    if name == "regex":
        pattern = re.compile(arguments.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
        return lambda value: pattern.search(value) is not None
    return _bounded(name, [int(argument) for argument in arguments.split(",")])


def _bounded(name: str, bounds: list[int]) -> Check:
    low, high = bounds[0], bounds[-1]
    far = (1 << 63) - 1
    match name, len(bounds):
        case "length", 1 | 2:
            return lambda value: low <= len(value) <= high
        case "minlength", 1:
            return lambda value: len(value) >= low
        case "maxlength", 1:
            return lambda value: len(value) <= high
        case "min", 1:
            return lambda value: _integer(value, low, far)
        case "max", 1:
            return lambda value: _integer(value, -far - 1, high)
        case "range", 2:
            return lambda value: _integer(value, low, high)
    raise ValueError(f"there is no constraint {name} with {len(bounds)} arguments")


def _whole(pattern: re.Pattern[str]) -> Check:
    return lambda value: pattern.fullmatch(value) is not None


def _integer(value: str, low: int, high: int) -> bool:
    return _INTEGER.fullmatch(value) is not None and low <= int(value) <= high
