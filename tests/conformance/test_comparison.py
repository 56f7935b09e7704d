"""The comparison of two hosts: what it takes for a difference, and what is listed."""

import re
from pathlib import Path

import httpx
import pytest

from tests.conformance.comparison import histories, instances, many
from tests.conformance.comparison.answer import answer, differences
from tests.conformance.comparison.known import KNOWN, table

DOCS = Path(__file__).parents[2] / "docs" / "conformance.md"


def differ(ours: httpx.Response, theirs: httpx.Response) -> list[tuple[str, object, object]]:
    return [(each.place, each.ours, each.theirs) for each in differences("it", answer(ours), answer(theirs))]


def test_ids_times_and_addresses_are_left_aside() -> None:
    ours = {"id": "0" * 32, "at": "2026-12-01T04:00:00Z", "url": "http://127.0.0.1:1/x?taskHub=Conformance1"}
    theirs = {"id": "a" * 32, "at": "2027-01-02T05:06:07Z", "url": "http://127.0.0.1:2/x?taskHub=ConformanceTwo"}
    assert differ(httpx.Response(200, json=ours), httpx.Response(200, json=theirs)) == []


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("0" * 32, "00000000-0000-0000-0000-000000000000"),
        ("2026-12-01T04:00:00Z", "2026-12-01T04:00:00.5Z"),
        ("2026-12-01T04:00:00Z", "2026-12-01T04:00:00+00:00"),
        (1, True),
        (1, "1"),
        (None, ""),
        ([1], [1, 2]),
        ({}, None),
    ],
)
def test_how_they_are_written_is_not(ours: object, theirs: object) -> None:
    assert [place for place, *_ in differ(httpx.Response(200, json=[ours]), httpx.Response(200, json=[theirs]))] == [
        "body[0]"
    ]


def test_status_headers_and_each_place_of_a_body_count() -> None:
    ours = httpx.Response(200, json={"a": {"b": [1, 2]}, "c": 1}, headers={"retry-after": "5", "date": "now"})
    theirs = httpx.Response(202, json={"a": {"b": [1, 3]}, "d": 1}, headers={"location": "there"})
    assert differ(ours, theirs) == [
        ("status", 200, 202),
        ("header location", "(nothing)", "there"),
        ("header retry-after", "5", "(nothing)"),
        ("body.a.b[1]", 2, 3),
        ("body.c", 1, "(nothing)"),
        ("body.d", "(nothing)", 1),
    ]


def test_the_known_functions_have_no_order() -> None:
    one, other = ({"Message": f"the known entity functions: {names}."} for names in ("'a', 'b'", "'b', 'a'"))
    assert differ(httpx.Response(400, json=one), httpx.Response(400, json=other)) == []


def test_what_is_listed_is_what_the_documentation_says() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")


def test_what_is_listed_is_about_requests_that_are_sent() -> None:
    cases = [*many.purges(), *instances.cases(), *many.cases(), *histories.cases()]
    names = [name for case in cases for name in (case.name, f"{case.name}, then its status")]
    assert [each.what for each in KNOWN if not any(re.fullmatch(each.requests, name) for name in names)] == []


def test_the_hosts_own_frames_are_left_out_of_a_stack() -> None:
    def raised(by: str) -> httpx.Response:
        frames = (
            f'  File "/x/local/host/{by}.py", line 1, in call\n    return it\n           ^^\n  File "/x/app.py", line 2'
        )
        return httpx.Response(200, json={"output": f"Stack: {frames}"})

    assert differ(raised("one"), raised("other")) == []
    assert answer(raised("one")).body == {"output": 'Stack:   File "/x/app.py", line 2'}
