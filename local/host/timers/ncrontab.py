"""The language of NCRONTAB, which is not that of cron: reads an expression into the values of each field.

Six fields, seconds first; with five, the second is 0. A field is `*`, a value, a range, a step of one of them, or a
list of these. Day of month and day of week must both match. Steps from a value go to the end (`10/20`), and ranges may
be written backwards (`5-1` is `1-5`). Months and days of the week have English names or any beginning of one. Sunday
is 0. What other crons know besides, `?`, `L`, `W`, `#` and 7 for Sunday, is not NCRONTAB.
"""

from dataclasses import dataclass

_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday"


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    @property
    def all(self) -> frozenset[int]:
        return frozenset(range(self.least, self.most + 1))


_KINDS = (
    _Kind("second", 0, 59),
    _Kind("minute", 0, 59),
    _Kind("hour", 0, 23),
    _Kind("day", 1, 31),
    _Kind("month", 1, 12, tuple(_MONTHS.lower().split())),
    _Kind("day of the week", 0, 6, tuple(_DAYS.lower().split())),
)

_TIME_FIELDS = 3
"""Seconds, minutes, hours."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The values of the six fields, seconds first."""

    values: tuple[frozenset[int], ...]

    @property
    def is_interval(self) -> bool:
        """Whether it goes on through the day, rather than meaning certain times of day.

        Two values in a row of a time field make it so, as the timer extension has it.
        """
        return any(value + 1 in values for values in self.values[:_TIME_FIELDS] for value in values)

    @property
    def is_frequent(self) -> bool:
        """Whether it is due more than once in every minute."""
        whole = all(values == kind.all for values, kind in zip(self.values[1:], _KINDS[1:], strict=True))
        return whole and len(self.values[0]) > 1

    def __str__(self) -> str:
        """Write it with lists and `*` only, which every cron understands in the same way."""
        pairs = zip(self.values, _KINDS, strict=True)
        return " ".join("*" if values == kind.all else ",".join(map(str, sorted(values))) for values, kind in pairs)


def parse(text: str) -> Fields:
    """Read an expression; raises ValueError with a sentence that says what is wrong."""
    fields = text.split()
    if len(fields) == len(_KINDS) - 1:
        fields.insert(0, "0")
    if len(fields) != len(_KINDS):
        raise ValueError(f"it has {len(fields)} fields, not six or five")
    return Fields(tuple(_values(field, kind) for field, kind in zip(fields, _KINDS, strict=True)))


def _values(field: str, kind: _Kind) -> frozenset[int]:
    try:
        return frozenset[int]().union(*(_range(item, kind) for item in field.split(",")))
    except ValueError as exc:
        raise ValueError(f"its {kind.name} is {field!r}: {exc}") from None


def _range(item: str, kind: _Kind) -> range:
    span, slash, step = item.partition("/")
    if slash and not _is_number(step):
        raise ValueError(f"{step!r} is not a step")
    first, dash, last = span.partition("-")
    if span == "*":
        low, high = kind.least, kind.most
    elif dash:
        low, high = sorted((_value(first, kind), _value(last, kind)))
    else:
        low = _value(span, kind)
        high = kind.most if slash else low
    return range(low, high + 1, max(int(step or 1), 1))


def _value(text: str, kind: _Kind) -> int:
    if _is_number(text):
        number = int(text)
        if kind.least <= number <= kind.most:
            return number
        raise ValueError(f"{number} is not within {kind.least} to {kind.most}")
    for number, name in enumerate(kind.names, kind.least):
        if text and name.startswith(text.lower()):
            return number
    raise ValueError(f"{text!r} is not a value of it")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
