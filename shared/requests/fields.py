"""Reading the fields of a JSON object one by one, noting everything that is wrong instead of stopping. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from shared.requests.findings import Code, Notes, one_of, pointer_to

E = TypeVar("E", bound=StrEnum)

ORG_ID = re.compile(r"[A-Za-z0-9._:@-]{1,128}")
"""What an org id may be: safe in URLs and as a partition key, so that no layer has to escape it."""
STREAM_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What an image may be called."""
_LINE_BREAKS = "\t\n\r"
_BOOLEANS: Mapping[str, bool] = {"true": True, "false": False}


class Fields:
    """The fields of one JSON object; each that is asked for counts as known. null is as good as absent.

    Every reader returns None (or the default) where a field is absent or wrong; what is wrong is in `notes`.
    """

    def __init__(self, values: Mapping[str, Any], notes: Notes, *path: str) -> None:
        self._values = values
        self._notes = notes
        self._path = path
        self._known: set[str] = set()

    def pointer(self, *names: str) -> str:
        """Where a field, or one below it, is in the body."""
        return pointer_to(*self._path, *names)

    def refuse(self, name: str, code: Code, message: str, *, below: tuple[str, ...] = ()) -> None:
        """Note that a field, or what is `below` it, makes the request unacceptable."""
        self._notes.refuse(code, message, self.pointer(name, *below))

    def tolerate(self, name: str, code: Code, message: str) -> None:
        """Note that a field is odd."""
        self._notes.tolerate(code, message, self.pointer(name))

    def any(self, name: str, *, required: bool = False) -> Any:
        """A field of whatever type."""
        self._known.add(name)
        value = self._values.get(name)
        if required and value in (None, ""):
            self.refuse(name, Code.REQUIRED, "is required")
            return None
        return value

    def text(
        self,
        name: str,
        *,
        longest: int = 256,
        required: bool = False,
        pattern: re.Pattern[str] | None = None,
        rule: str = "",
    ) -> str | None:
        """A text; an empty one is as good as absent. `rule` says in words what `pattern` demands."""
        value = self.any(name, required=required)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.refuse(name, Code.INVALID_VALUE, "must be a string")
        elif len(value) > longest:
            self.refuse(name, Code.TOO_LONG, f"must have at most {longest} characters")
        elif pattern and not pattern.fullmatch(value):
            self.refuse(name, Code.INVALID_VALUE, rule)
        else:
            return value
        return None

    def choice(self, name: str, kind: type[E], *, required: bool = False, any_case: bool = False) -> E | None:
        """A value of an enum; with `any_case`, odd letter case is tolerated."""
        value = self.any(name, required=required)
        if value is None or value == "":
            return None
        if value in list(kind):
            return kind(value)
        if any_case and isinstance(value, str) and value.upper() in list(kind):
            self.tolerate(name, Code.LETTER_CASE, f"is spelt {value.upper()}")
            return kind(value.upper())
        self.refuse(name, Code.INVALID_VALUE, one_of(list(kind)))
        return None

    def flag(self, name: str) -> bool | None:
        """A boolean; "true" and "false" as strings are tolerated."""
        value = self.any(name)
        if isinstance(value, str) and value.lower() in _BOOLEANS:
            self.tolerate(name, Code.BOOLEAN_AS_STRING, "should be a boolean, not a string")
            return _BOOLEANS[value.lower()]
        if value is None or isinstance(value, bool):
            return value
        self.refuse(name, Code.INVALID_VALUE, "must be true or false")
        return None

    def number(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number."""
        value = self.any(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.refuse(name, Code.INVALID_VALUE, f"must be a whole number from {least} to {most}")
            return None
        return value

    def elements(self, name: str, *, most: int) -> Sequence[Any] | None:
        """The elements of an array."""
        value = self.any(name)
        if value is None:
            return None
        if not isinstance(value, list):
            self.refuse(name, Code.INVALID_VALUE, "must be an array")
        elif len(value) > most:
            self.refuse(name, Code.TOO_LONG, f"must have at most {most} elements")
        else:
            return value
        return None

    def within(self, name: str, index: int, element: Mapping[str, Any]) -> "Fields":
        """The fields of an object that is an element of an array."""
        return Fields(element, self._notes, *self._path, name, str(index))

    def given(self, name: str) -> bool:
        """Whether a field holds anything; does not count as asking for it."""
        return self._values.get(name) not in (None, "")

    def object(self, name: str, *, required: bool = False) -> "Fields":
        """The fields of an object; of an empty one where it is absent or wrong."""
        value = self.any(name, required=required)
        if value is not None and not isinstance(value, dict):
            self.refuse(name, Code.INVALID_VALUE, "must be an object")
        return Fields(value if isinstance(value, dict) else {}, self._notes, *self._path, name)

    def raw(self) -> Mapping[str, Any]:
        """All fields, as they were sent."""
        return self._values

    def unknown(self) -> list[str]:
        """The names of the fields that nobody asked for."""
        return [name for name in self._values if name not in self._known]

    def tolerate_unknown(self) -> None:
        """Note each field that nobody asked for."""
        for name in self.unknown():
            self.tolerate(name, Code.UNKNOWN_FIELD, "is not a field of this API, and is ignored")


def check_characters(
    body: Any,
    notes: Notes,
    *,
    line_breaks_in: frozenset[str] = frozenset(),
    joined: tuple[str, ...] | None = None,
) -> None:
    """Note every text, and every name of a field, that holds a control character or half of a surrogate pair.

    Line breaks and tabs may stand in the top-level fields `line_breaks_in`. The array at `joined` is one text in
    pieces: halves may stand in them, and whoever joins them looks whether they make a whole.
    """
    for path, text in texts(body):
        allowed = _LINE_BREAKS if path and path[0] in line_breaks_in else ""
        is_piece = joined is not None and path[:-1] == joined
        categories = ("Cc",) if is_piece else ("Cc", "Cs")
        if any(unicodedata.category(character) in categories and character not in allowed for character in text):
            notes.refuse(
                Code.FORBIDDEN_CHARACTER, "must not hold control characters or broken Unicode", pointer_to(*path)
            )


def join(pieces: Sequence[str]) -> str:
    """One text from its pieces: two halves of a surrogate pair, each in a piece of its own, are one character."""
    return "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def has_broken_unicode(text: str) -> bool:
    """Whether a text holds half of a surrogate pair."""
    return any(unicodedata.category(character) == "Cs" for character in text)


def texts(value: Any, *path: str | int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in a JSON value, names of fields included, with the path to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name), name
            yield from texts(item, *path, name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, *path, index)
