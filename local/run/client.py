"""A client of the image catalog: what its users do, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

BASE = "/imagemgmt/v1"
POLL_SECONDS = 0.1
"""Against the advice of Retry-After, which is for real time: here a minute may pass in a second."""
PATIENCE = 100
"""How many polls in a row may fail before the operation is given up."""
_TIMEOUT_SECONDS = 30.0
_PAGE_SIZE = 100
_UNDER_WAY = "NotStarted,Running"
ENDED = frozenset(("Succeeded", "Failed", "Canceled"))

Json = dict[str, Any]


class ClientError(Exception):
    """The service refused a request, or did not answer; the text has its words."""


@dataclass(frozen=True)
class Accepted:
    """A request that was accepted: the record it made, and where to ask how it is going."""

    record: Json
    operation_url: str


class CatalogClient:
    """The image catalog at `url`, as one org sees it. Every method raises ClientError."""

    def __init__(self, url: str, org_id: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.org_id = org_id
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=_TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,  # no proxy can reach this machine's loopback
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def url(self, path: str) -> str:
        """Return the absolute URL of something of the org's, such as `images/{id}`."""
        return str(self._http.base_url.join(f"{BASE}/{path}").copy_set_param("org_id", self.org_id))

    async def get(self, path: str) -> Json:
        """Return what is at a path, such as `images/{id}`."""
        return self._json(await self._send("GET", self.url(path)))

    async def put(self, path: str, body: Json) -> Json:
        """Create or replace what is at a path."""
        return self._json(await self._send("PUT", self.url(path), body))

    async def import_image(self, body: Json) -> Accepted:
        """Ask for an import."""
        url = str(self._http.base_url.join(f"{BASE}/images?action=import"))
        response = await self._send("POST", url, body)
        location = response.headers.get("Operation-Location")
        if response.status_code != httpx.codes.ACCEPTED or location is None:
            raise ClientError(f"POST {url} answered {response.status_code}, not 202 with an Operation-Location")
        return Accepted(self._json(response), location)

    async def images(self) -> list[Json]:
        """Return all the org's images."""
        return await self._all(f"images?size={_PAGE_SIZE}", "content")

    async def operations_under_way(self) -> list[Json]:
        """Return the operations that have not ended."""
        return await self._all(f"operations?status={_UNDER_WAY}", "value")

    async def follow(self, operation_url: str) -> AsyncIterator[Json]:
        """Give the operation again and again until it has ended; the last one is how it ended."""
        failures = 0
        while True:
            try:
                operation = self._json(await self._send("GET", operation_url))
            except ClientError:
                failures += 1
                if failures == PATIENCE:
                    raise
            else:
                failures = 0
                yield operation
                if operation["status"] in ENDED:
                    return
            await asyncio.sleep(POLL_SECONDS)

    async def _all(self, path: str, member: str) -> list[Json]:
        items: list[Json] = []
        url: str | None = self.url(path)
        while url is not None:
            page = self._json(await self._send("GET", url))
            items += page[member]
            url = page.get("nextLink")
        return items

    async def _send(self, method: str, url: str, body: Json | None = None) -> httpx.Response:
        try:
            response = await self._http.request(method, url, json=body)
        except httpx.TransportError as error:
            raise ClientError(f"{method} {url} has no answer: {error or type(error).__name__}") from error
        if not response.is_success:
            raise ClientError(f"{method} {url} was refused with {response.status_code}: {response.text}")
        return response

    @staticmethod
    def _json(response: httpx.Response) -> Json:
        try:
            body: Json = response.json()
        except ValueError as error:
            raise ClientError(f"{response.request.url} answered with something other than JSON") from error
        return body
