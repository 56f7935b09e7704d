"""The form of a request: which JSON type each member must have, checked before a handler reads it.

A form is written like the document it describes: a type for a value, a list of one form for an array, an object of
forms for an object. Members that a form does not name are left alone, and null stands for a member that is not there.
"""

from typing import Any

from .errors import ArmError

# str, int, float, bool or object (anything), [Form], or {member: Form}.
Form = Any

_NAMES = {str: "String", int: "Int32", float: "Double", bool: "Boolean"}


def check(value: Any, form: Form, path: str = "") -> None:
    """Refuse a value that has not the form; ArmError says where."""
    if value is None or form is object:
        return
    match form:
        case dict():
            if not isinstance(value, dict):
                raise _misshapen(value, "Object", path)
            for name, inner in form.items():
                check(value.get(name), inner, f"{path}.{name}" if path else name)
        case [inner]:
            if not isinstance(value, list):
                raise _misshapen(value, "Array", path)
            for index, element in enumerate(value):
                if element is None:
                    raise _misshapen(element, "Object", f"{path}[{index}]")
                check(element, inner, f"{path}[{index}]")
        case _:
            if not _fits(value, form):
                raise _misshapen(value, _NAMES[form], path)


def without_nulls(value: Any) -> Any:
    """A document without the members that are null: for ARM they are not there."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def _fits(value: Any, wanted: type) -> bool:
    # In JSON true is no number, and 1 is as good as 1.0.
    if isinstance(value, bool):
        return wanted is bool
    return isinstance(value, (int, float) if wanted is float else wanted)


def _misshapen(value: Any, wanted: str, path: str) -> ArmError:
    kind = "null" if value is None else type(value).__name__
    return ArmError(
        400,
        "InvalidRequestContent",
        "The request content was invalid and could not be deserialized: "
        f"'Error converting a value of type {kind} to type {wanted}. Path '{path}'.'",
    )
