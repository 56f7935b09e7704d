"""Lengths of time as .NET writes them, which is how host.json and timer triggers write them."""

import re
from datetime import timedelta

_CLOCK = r"(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]?\d)(?::(?P<seconds>[0-5]?\d(?:\.\d{1,7})?))?"
_FORMS = tuple(
    re.compile(form) for form in (r"(?P<days>\d+)", rf"(?:(?P<days>\d+)\.)?{_CLOCK}", rf"(?P<days>\d+):{_CLOCK}")
)


def parse(text: str) -> timedelta | None:
    """Read `d`, `[d.]hh:mm[:ss[.f]]` or `d:hh:mm[:ss[.f]]`; None for anything else.

    As in .NET, `24:00:00` is 24 days: its first number is too large for hours.
    """
    for form in _FORMS:
        match = form.fullmatch(text.strip())
        if match is not None:
            parts = {unit: float(number) for unit, number in match.groupdict().items() if number}
            try:
                return timedelta(**parts)
            except OverflowError:
                return None
    return None
