"""Which images a caller wants to see: from query parameters, or from the `search` that existing clients send."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import azure.functions as func

from shared.models.image import Image
from shared.requests.fields import STREAM_NAME
from shared.requests.findings import one_of
from shared.requests.problems import bad_parameter
from shared.states.enums import GpuType, OsType, SourceType
from shared.states.statuses import StreamStatus
from triggers.http.answers import parameter

_SEARCHABLE: Mapping[str, tuple[str, ...] | None] = {
    "name": None,
    "os": None,
    "multiSession": ("true", "false"),
    "osType": tuple(OsType),
    "sourceType": tuple(SourceType),
    "gpuType": tuple(GpuType),
    "sourceStreamId": None,
    "sourceVersionId": None,
    "status": tuple(StreamStatus),
}
"""The fields of `search`, and the values they may have."""
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "status": ("status",),
    "os": ("os",),
    "osType": ("osType", "os_type"),
    "gpuType": ("gpuType", "gpu_type"),
}
_VALUE_OF: Mapping[str, Callable[[Image], str | None]] = {
    "name": lambda image: image.name,
    "os": lambda image: image.os,
    "multiSession": lambda image: str(image.multi_session).lower(),
    "osType": lambda image: image.os_type,
    "sourceType": lambda image: image.source_type,
    "gpuType": lambda image: image.gpu_type,
    "sourceStreamId": lambda image: image.source_stream_id,
    "sourceVersionId": lambda image: image.source_version_id,
    "status": lambda image: image.status,
}
_TERM = re.compile(r"(?P<field>[A-Za-z]+)\s+\$(?P<operator>eq|in)\s+(?P<value>\S.*)", re.DOTALL)
_AND = re.compile(r"\s+AND\s+(?=[A-Za-z]+\s+\$(?:eq|in)\s)")
_MOST_VALUES = 15
"""Table Storage allows a filter some 15 comparisons."""


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """What images must be like.

    Attributes:
        equals: field to the values it may have.
        name_prefix: what the name must begin with, in any letter case.
    """

    equals: Mapping[str, Sequence[str]]
    name_prefix: str | None = None

    @property
    def stored(self) -> Mapping[str, Sequence[str]]:
        """What the store itself can filter by: texts."""
        return {field: values for field, values in self.equals.items() if field != "multiSession"}

    @property
    def names(self) -> Sequence[str] | None:
        """The names that are wanted, in lower case and in order, each once; None if any name will do.

        Without those that no image can have. `admits` looks at the letter case.
        """
        names = self.equals.get("name")
        return None if names is None else sorted({name.lower() for name in names if STREAM_NAME.fullmatch(name)})

    def admits(self, image: Image) -> bool:
        """Whether an image is wanted."""
        begins = image.name.lower().startswith((self.name_prefix or "").lower())
        return begins and all(_VALUE_OF[field](image) in values for field, values in self.equals.items())


def image_filter(req: func.HttpRequest) -> ImageFilter:
    """Read the filter of a request; `Refused` names the parameter that is wrong."""
    equals: dict[str, Sequence[str]] = {}
    for field, names in _PARAMETERS.items():
        if value := parameter(req, *names):
            equals[field] = _checked(field, (value,), names[0])
    for field, values in _search(parameter(req, "search") or "").items():
        if field in equals:
            raise bad_parameter("search", f"{field} is a parameter already")
        equals[field] = values
    if sum(map(len, equals.values())) > _MOST_VALUES:
        raise bad_parameter("search", f"must name at most {_MOST_VALUES} values")
    return ImageFilter(equals, parameter(req, "name"))


def _search(search: str) -> Mapping[str, Sequence[str]]:
    """`field $eq value` or `field $in a,b`; several are joined by AND."""
    found: dict[str, Sequence[str]] = {}
    for text in _AND.split(search.strip()) if search.strip() else ():
        term = _TERM.fullmatch(text.strip())
        if term is None:
            raise bad_parameter("search", "must be like: status $eq AVAILABLE, or: name $in a,b")
        field, value = term["field"], term["value"].strip()
        if field not in _SEARCHABLE or field in found:
            raise bad_parameter("search", f"can name once each of: {', '.join(_SEARCHABLE)}")
        values = [value] if term["operator"] == "eq" else [part.strip() for part in value.split(",")]
        found[field] = _checked(field, values, "search")
    return found


def _checked(field: str, values: Sequence[str], name: str) -> Sequence[str]:
    allowed = _SEARCHABLE[field]
    if allowed is not None and not set(values) <= set(allowed):
        raise bad_parameter(name, f"{field} {one_of(allowed)}")
    return values
