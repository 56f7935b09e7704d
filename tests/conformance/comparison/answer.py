"""An answer without what differs from run to run, and how two answers differ."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.conformance.client import CONTINUATION

HEADERS = ("content-type", "location", "retry-after", CONTINUATION)
"""Those that matter to a client of the API."""

NOTHING = "(nothing)"

_ASIDE = (
    (re.compile(r'  File \\"[^"]*/local/host/[^"]*", line \d+, in \w+\\n(?:    [^\\]*\\n)*'), ""),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "{origin}"),
    (re.compile(r"(taskHub=)Conformance\w+"), r"\1{hub}"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?=Z|\+)"), "{time}.{fraction}"),
    (re.compile(r"(?!2000|2026-01-01)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=Z|\+)"), "{time}"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "{id-with-dashes}"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "{id}"),
)
"""What is put for a host's own frames in a stack, for addresses, times and ids. How these are written is compared."""


_KNOWN_FUNCTIONS = re.compile(r"(?<=functions: )'\w+'(?:, '\w+')*")
"""A list of functions, which Microsoft's engine has in no order."""


@dataclass(frozen=True)
class Answer:
    """A status code, the headers that matter, and the body: JSON or text."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Difference:
    """What two hosts have in one place of their answers to one request."""

    request: str
    place: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        """Say it in lines."""
        return f"{self.request}\n  {self.place}\n    ours    {_short(self.ours)}\n    theirs  {_short(self.theirs)}"


def answer(response: httpx.Response) -> Answer:
    """Return what is compared of an answer."""
    headers = {name: _aside(response.headers[name]) for name in HEADERS if name in response.headers}
    if headers.get(CONTINUATION):
        headers[CONTINUATION] = "{token}"
    text = _aside(response.text)
    try:
        body = json.loads(text) if text else NOTHING
    except ValueError:
        body = text
    return Answer(response.status_code, headers, body)


def differences(request: str, ours: Answer, theirs: Answer) -> list[Difference]:
    """Return where two answers differ."""
    found: list[tuple[str, Any, Any]] = [("status", ours.status, theirs.status)] if ours.status != theirs.status else []
    for name in HEADERS:
        mine, other = (each.headers.get(name, NOTHING) for each in (ours, theirs))
        if mine != other:
            found.append((f"header {name}", mine, other))
    return [Difference(request, *each) for each in (*found, *_within("body", ours.body, theirs.body))]


def _within(place: str, ours: Any, theirs: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield where two JSON values differ, as deep as they are alike."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            yield from _within(f"{place}.{key}", ours.get(key, NOTHING), theirs.get(key, NOTHING))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _within(f"{place}[{number}]", mine, other)
    elif ours != theirs or type(ours) is not type(theirs):
        yield place, ours, theirs


def _aside(text: str) -> str:
    for pattern, name in _ASIDE:
        text = pattern.sub(name, text)
    return _KNOWN_FUNCTIONS.sub(lambda found: ", ".join(sorted(found[0].split(", "))), text)


def _short(value: Any) -> str:
    text = value if value is NOTHING else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 240 else f"{text[:240]}…"
