"""Texts that a function returns: what the real host reads in them, and how it writes that again."""

import pytest

from local.host.returned import of_text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("", ""),
        (" ", ""),
        ('"quoted"', "quoted"),
        ("5", "5"),
        ("1.50", "1.5"),
        ("2.0", "2"),
        ("true", "True"),
        ("null", ""),
        ("NaN", "NaN"),
        ("{broken", "{broken"),
        ("{}", "{}"),
        (
            '{"a":[1,{"b":null}],"c":"\\u00fc"}',
            '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": "ü"\n}',
        ),
        ('{"status": 404}', '{\n  "status": 404\n}'),
    ],
)
def test_json_is_written_anew_and_all_is_plain_text(text: str, written: str) -> None:
    response = of_text(text)
    assert bytes(response.body).decode() == written
    assert (response.status_code, response.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert response.headers["content-length"] == str(len(written.encode()))


@pytest.mark.parametrize(
    ("text", "status", "body"),
    [
        ('{"body": "b"}', 200, b"b"),
        ('{"Body": {"a": 1}, "statusCode": 404}', 404, b'{"a":1}'),
        ('{"body": null, "status": "204"}', 204, b""),
        ('{"body": "b", "status": true}', 200, b"b"),
        ('{"body": "b", "status": "soon", "headers": "none"}', 200, b"b"),
    ],
)
def test_an_object_with_a_body_is_a_whole_response(text: str, status: int, body: bytes) -> None:
    response = of_text(text)
    assert (response.status_code, bytes(response.body)) == (status, body)


def test_its_headers_are_set() -> None:
    response = of_text('{"body": "<p>", "headers": {"content-type": "text/html", "X-Number": 7}}')
    assert (response.headers["content-type"], response.headers["x-number"]) == ("text/html", "7")
