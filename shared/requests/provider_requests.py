"""Reads the body of `PUT /provider-instances/{id}`: into settings, or into everything that is wrong. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.models.provider_instance import ProviderInstance, ProviderInstanceSettings
from shared.requests.fields import check_characters, texts
from shared.requests.findings import Code, Finding, Notes, pointer_to

LONGEST_TEXT = 1024
_READ_ONLY = {
    field.alias
    for name, field in ProviderInstance.model_fields.items()
    if name not in ProviderInstanceSettings.model_fields
}
"""What a client that puts back what it got sends too; it is ignored."""
_CODES = {"missing": Code.REQUIRED, "string_too_long": Code.TOO_LONG, "too_long": Code.TOO_LONG}


def parse_provider_settings(
    body: Mapping[str, Any],
) -> tuple[ProviderInstanceSettings | None, Sequence[Finding]]:
    """Read a body; either there are settings, or findings. A field that nobody knows could be a misspelt one."""
    notes = Notes()
    wanted = {name: value for name, value in body.items() if name not in _READ_ONLY}
    check_characters(wanted, notes)
    for unknown in _unknown(ProviderInstanceSettings, wanted):
        notes.refuse(Code.UNKNOWN_FIELD, "is not a field of a provider instance", pointer_to(*unknown))
    for path, text in texts(wanted):
        if len(text) > LONGEST_TEXT:
            notes.refuse(Code.TOO_LONG, f"must have at most {LONGEST_TEXT} characters", pointer_to(*path))
    try:
        settings = ProviderInstanceSettings.model_validate(wanted)
    except ValidationError as error:
        told = {finding.pointer for finding in notes.findings}
        for found in error.errors(include_input=False, include_url=False, include_context=False):
            code, place = _CODES.get(found["type"], Code.INVALID_VALUE), pointer_to(*found["loc"])
            if place not in told:
                notes.refuse(code, found["msg"].removeprefix("Value error, "), place)
        return None, notes.findings
    return (None if notes.findings else settings), notes.findings


def _unknown(model: type[BaseModel], values: Mapping[str, Any], *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """The paths of the fields that a model, or one inside of it, does not have by that name on the wire."""
    fields = {field.alias: field.annotation for field in model.model_fields.values()}
    for name, value in values.items():
        if name not in fields:
            yield (*path, name)
        elif inner := _model_of(fields[name]):
            for place, item in _objects(value):
                yield from _unknown(inner, item, *path, name, *place)


def _objects(value: Any) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    """A value that is an object, or those of an array, with the way to each."""
    if isinstance(value, dict):
        yield (), value
    elif isinstance(value, list):
        yield from (((index,), item) for index, item in enumerate(value) if isinstance(item, dict))


def _model_of(annotation: Any) -> type[BaseModel] | None:
    candidates = (annotation, *getattr(annotation, "__args__", ()))
    return next((kind for kind in candidates if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
