"""Whatever bytes arrive, there is an answer that says what is wrong with them."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.requests.body import LARGEST_BODY, read_object
from shared.requests.problems import Problem, Refused
from tests.unit.api.client import Api, copy_body, import_body, parse


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "EMPTY_BODY"),
        (b" \r\n ", 400, "EMPTY_BODY"),
        (b"{" + b" " * LARGEST_BODY + b"}", 413, "PAYLOAD_TOO_LARGE"),
        (b"nonsense", 400, "INVALID_JSON"),
        (b'{"a": 1', 400, "INVALID_JSON"),
        (b'{"a": 1, "a": 2}', 400, "INVALID_JSON"),
        (b'{"a": {"b": 1, "b": 1}}', 400, "INVALID_JSON"),
        (b'{"a": NaN}', 400, "INVALID_JSON"),
        (b'{"a": -Infinity}', 400, "INVALID_JSON"),
        (b'{"a": 1e999}', 400, "INVALID_JSON"),
        (b'{"a": 123456789012345678901}', 400, "INVALID_JSON"),
        (b'{"a": ' + b"9" * 6000 + b"}", 400, "INVALID_JSON"),
        (b"[" * 30000, 400, "INVALID_JSON"),
        (b'{"a":' * 10000, 400, "INVALID_JSON"),
        (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", 400, "INVALID_JSON"),
        (b'"' + b'\\"' * 30000, 400, "INVALID_JSON"),
        (b"[]", 400, "INVALID_JSON"),
        (b'"text"', 400, "INVALID_JSON"),
        (b"null", 400, "INVALID_JSON"),
        (b'{"a": "\xff"}', 415, "UNSUPPORTED_ENCODING"),
        (b'{"a": "\xed\xa0\x80"}', 415, "UNSUPPORTED_ENCODING"),
        ('{"a": 1}'.encode("utf-16"), 415, "UNSUPPORTED_ENCODING"),
        ('{"a": 1}'.encode("utf-16-be"), 415, "UNSUPPORTED_ENCODING"),
        ('{"a": 1}'.encode("utf-32"), 415, "UNSUPPORTED_ENCODING"),
    ],
)
def test_a_body_that_can_not_be_read_is_told_why(api: Api, body: bytes, status: int, code: str):
    answer = api.post(body)

    assert (answer.status, answer.json["code"], answer.headers["x-ms-error-code"]) == (status, code, code)
    assert answer.findings == {(code, "")}


def test_an_empty_body_is_told_about_chunked_requests(api: Api):
    """The Functions host hands a body without Content-Length on as an empty one."""
    assert "Content-Length" in api.post(b"").json["detail"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Content-Type": "text/plain"}, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": ""}, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "application/json; charset=utf-16"}, "UNSUPPORTED_ENCODING"),
        ({"Content-Encoding": "gzip"}, "UNSUPPORTED_ENCODING"),
    ],
)
def test_other_formats_are_refused(api: Api, headers: dict[str, str], code: str):
    answer = api.post(import_body(), headers)

    assert (answer.status, answer.json["code"]) == (415, code)


@pytest.mark.parametrize(
    "headers", [{"Content-Type": 'Application/JSON; Charset="UTF-8"'}, {"Content-Encoding": "identity"}]
)
def test_the_right_format_may_be_spelt_in_any_way(api: Api, headers: dict[str, str]):
    assert api.post(import_body(), headers).status == 202


def test_a_byte_order_mark_is_read_over():
    assert read_object(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_siblings_are_no_nesting():
    body = {"a": [[[]], {"b": {}}] * 40}

    assert read_object(json.dumps(body).encode()) == body


def test_brackets_in_strings_are_no_nesting():
    body = {"a": "[{" * 100, "b": '\\"[['}

    assert read_object(json.dumps(body).encode()) == body


def _read(body: bytes) -> dict[str, Any] | Problem:
    try:
        return read_object(body)
    except Refused as refused:
        return refused.problem


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_an_object_or_a_problem(body: bytes):
    found = _read(body)

    assert isinstance(found, dict) or 400 <= found.status < 500


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


_COPY = "copy-existing-image"
_DETAILS = ["data", "options", "type", "assetType", "vmInfo", "x"]
_FIELDS = [*import_body(), "isMultiSession", "markers", "sourceStreamId", "sourceVersionId", "x"]
_COPY_DATA = ["imageVersionId", "id", "subscriptionId", "resourceGroup", "gallery", "image", "version", "tenantId", "x"]
_COPY_OPTIONS = ["regions", "replicationMode", "endOfLifeDate", "excludeFromLatest", "createPublicIp", "x"]
_REGIONS = st.lists(st.dictionaries(st.sampled_from(["name", "replicaCount", "storageAccountType", "x"]), _JSON))


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_values_are_a_request_or_findings(values: dict[str, Any], copies: bool, strict: bool):
    body, action = (copy_body(), _COPY) if copies else (import_body(), "import")
    parsed = parse(body | values, action=action, strict=strict)

    assert (parsed.request is None) == bool(parsed.findings)


@given(st.sampled_from(_DETAILS), _JSON, st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_asset_details_are_a_request_or_findings(name: str, value: Any, copies: bool):
    body, action = (copy_body(), _COPY) if copies else (import_body(), "import")
    parsed = parse(body | {"assetDetails": body["assetDetails"] | {name: value}}, action=action)

    assert (parsed.request is None) == bool(parsed.findings)


@given(
    st.dictionaries(st.sampled_from(_COPY_DATA), _JSON),
    st.dictionaries(st.sampled_from(_COPY_OPTIONS), _JSON | _REGIONS),
)
@settings(max_examples=300, deadline=None)
def test_any_source_and_target_of_a_copy_are_a_request_or_findings(data: dict[str, Any], options: dict[str, Any]):
    parsed = parse(copy_body(assetDetails={"data": data, "options": options}), action=_COPY)

    assert (parsed.request is None) == bool(parsed.findings)
