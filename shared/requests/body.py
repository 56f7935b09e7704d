"""From the bytes of a request to a JSON object, within limits that keep every later step safe. Pure."""

import json
import math
import re
from typing import Any, NoReturn

from shared.requests.findings import Code, Finding
from shared.requests.problems import Problem, Refused

LARGEST_BODY = 64 * 1024
"""In bytes; the largest body a client has reason to send is a hundredth of that."""
DEEPEST_NESTING = 32
_LONGEST_NUMBER = 20
"""Characters: enough for any 64-bit integer."""
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# A whole string, also one that never ends, or a bracket: one pass, no way back.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def read_object(body: bytes, content_type: str | None = None, content_encoding: str | None = None) -> dict[str, Any]:
    """The JSON object in a body; `content_type` and `content_encoding` are the headers' values.

    Raises:
        Refused: with a 400, 413 or 415 that says what is wrong with the body as a whole.
    """
    _check_headers(content_type, content_encoding)
    if len(body) > LARGEST_BODY:
        _refuse(413, Code.PAYLOAD_TOO_LARGE, f"The body is larger than {LARGEST_BODY} bytes.")
    if not body.strip():
        _refuse(
            400, Code.EMPTY_BODY, "The body is empty. Send it with a Content-Length header: a chunked body gets lost."
        )
    value = _parse(_decode(body))
    if not isinstance(value, dict):
        _refuse(400, Code.INVALID_JSON, "The body must be a JSON object.")
    return value


def _check_headers(content_type: str | None, content_encoding: str | None) -> None:
    if content_encoding and content_encoding.strip().lower() != "identity":
        _refuse(415, Code.UNSUPPORTED_ENCODING, "A compressed body is not supported: send it without Content-Encoding.")
    if content_type is None:
        return
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type != "application/json":
        _refuse(415, Code.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON: send Content-Type: application/json.")
    charsets = [part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset")]
    if any(charset not in ("utf-8", "utf8") for charset in charsets):
        _refuse(415, Code.UNSUPPORTED_ENCODING, "The body must be encoded in UTF-8.")


def _decode(body: bytes) -> str:
    if body.startswith(_UTF16_MARKS) or b"\x00" in body[:4]:
        _refuse(415, Code.UNSUPPORTED_ENCODING, "The body is in UTF-16 or UTF-32: encode it in UTF-8.")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(415, Code.UNSUPPORTED_ENCODING, f"The body is not valid UTF-8 at byte {error.start}.")


def _parse(text: str) -> Any:
    _check_nesting(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        _refuse(400, Code.INVALID_JSON, f"Not JSON: {error.msg}, at line {error.lineno}, column {error.colno}.")


def _check_nesting(text: str) -> None:
    """Counts brackets outside of strings, since the parser itself would fall over a deep nesting."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        if depth > DEEPEST_NESTING:
            _refuse(400, Code.INVALID_JSON, f"The body is nested deeper than {DEEPEST_NESTING} levels.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        _refuse(400, Code.INVALID_JSON, "An object in the body names a key twice.")
    return found


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        _refuse(400, Code.INVALID_JSON, f"A number in the body has more than {_LONGEST_NUMBER} characters.")
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse(400, Code.INVALID_JSON, "A number in the body is too large.")
    return number


def _constant(text: str) -> NoReturn:
    _refuse(400, Code.INVALID_JSON, f"{text} is not JSON.")


def _refuse(status: int, code: Code, detail: str) -> NoReturn:
    raise Refused(Problem(status, code, detail, (Finding(code, detail, pointer=""),)))
