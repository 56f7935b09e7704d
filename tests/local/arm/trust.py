"""Every answer that a test's clients get from the simulator's ARM, kept for the check against the specifications.

Answers are taken where they reach the client: in the pipeline of the SDK, and in the plain HTTP client.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy

from tests.local.arm.specifications import Answer

# Of the test that runs; a set, because what is polled answers the same many times.
ANSWERS: dict[Answer, None] = {}
_ARM = "/subscriptions/"


class Recorder(SansIOHTTPPolicy[Any, Any]):
    """A policy that keeps the answers of one SDK client."""

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Keep an answer, read to its end: the first one of a long-running operation comes as a stream."""
        answer = response.http_response
        content = answer.read() if hasattr(answer, "read") else answer.body()
        sent = request.http_request
        _record(sent.method, sent.url, answer.status_code, answer.headers, content.decode("utf-8", "replace"))


def record_raw(response: httpx.Response) -> None:
    """Keep an answer of the plain HTTP client."""
    text = response.read().decode("utf-8", "replace")
    _record(response.request.method, str(response.request.url), response.status_code, response.headers, text)


def _record(method: str, url: str, status: int, headers: Mapping[str, str], text: str) -> None:
    parts = urlsplit(url)
    # A base URL and an id may both bring a slash.
    path = "/" + "/".join(filter(None, parts.path.split("/")))
    if path.lower().startswith(_ARM):
        lowered = {name.lower(): value for name, value in headers.items()}
        ANSWERS[Answer(method, path, status, Headers(lowered), text, parts.query)] = None


class Headers(dict[str, str]):
    """Headers that tell answers apart by their names only: values are times and ids."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and frozenset(self) == frozenset(other)
