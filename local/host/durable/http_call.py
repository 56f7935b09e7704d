"""call_http: one HTTP request, answered in one call.

The extension polls a 202 with timers and further activities, whose ids the SDK does not count; after that the two
disagree about every id. Here the polling happens inside the one activity, so that the ids agree.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import httpx

TIMEOUT_SECONDS = 100.0
"""What .NET's HttpClient gives a request."""

POLL_SECONDS = 30.0
"""Between looks at a 202 that does not say when to come back."""


class CallFailed(Exception):
    """There was no answer; the text says why, without headers or content."""


async def call(request: dict[str, Any]) -> dict[str, Any]:
    """Perform {method, uri, content, headers, tokenSource}; returns {statusCode, headers, content}.

    A 202 with a Location is followed until it is something else, as the extension does. Raises CallFailed.
    """
    headers = dict(request.get("headers") or {})
    method, url = str(request["method"]), str(request["uri"])
    content = request.get("content")
    if content is not None:
        headers.setdefault("Content-Type", "application/json")
    if request.get("tokenSource"):
        headers["Authorization"] = f"Bearer {await asyncio.to_thread(_token, request['tokenSource']['resource'])}"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=True) as client:
            answer = await client.request(method, url, headers=headers, content=content)
            while answer.status_code == HTTPStatus.ACCEPTED and "location" in answer.headers:
                await asyncio.sleep(_retry_after(answer))
                headers.pop("Content-Type", None)
                answer = await client.get(answer.url.join(answer.headers["location"]), headers=headers)
    except Exception as exc:
        # Not httpx's errors alone: headers, URLs and contents are the app's, and fail in many ways.
        raise CallFailed(f"{method} {_shown(url)}: {type(exc).__name__}: {exc}") from exc
    return {"statusCode": answer.status_code, "headers": dict(answer.headers), "content": answer.text}


def _shown(url: str) -> str:
    """Return a URL without what may be secret in it."""
    try:
        return str(httpx.URL(url).copy_with(query=None, userinfo=b""))
    except httpx.InvalidURL:
        return "a URL that is none"


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else POLL_SECONDS


def _token(resource: str) -> str:
    """Return a token of the app's managed identity, or of whoever is logged in on this machine. Blocks."""
    # Takes a moment to import, and few apps need it.
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import DefaultAzureCredential

    try:
        with DefaultAzureCredential() as credential:
            return credential.get_token(f"{resource.rstrip('/')}/.default").token
    except ClientAuthenticationError as exc:
        raise CallFailed(f"no token for {resource}: {exc.message}") from exc
