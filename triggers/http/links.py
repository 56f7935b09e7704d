"""Absolute URLs of our own resources, as the caller reaches us."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

import azure.functions as func

from shared.models.operation import Operation

ROOT = "imagemgmt/v1"
_OF_LISTS = frozenset({"size", "name", "search", "status", "os", "osType", "os_type", "gpuType", "gpu_type"})
"""The parameters that choose what a list holds. No others are repeated: one of them may be a function key."""
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the links of one answer.

    Attributes:
        origin: scheme and host, such as https://images.example.com.
        org_id: the org, which every link names.
    """

    origin: str
    org_id: str

    @classmethod
    def of(cls, req: func.HttpRequest, org_id: str) -> Self:
        """The links of an answer to a request."""
        return cls(origin(req), org_id)

    def to(self, *path: str) -> str:
        """The URL of a resource."""
        return f"{self.origin}/{ROOT}/{'/'.join(quote(part, safe='') for part in path)}?{urlencode(self._org)}"

    @property
    def _org(self) -> dict[str, str]:
        return {"org_id": self.org_id}

    def image(self, image_id: str) -> str:
        """The URL of an image."""
        return self.to("images", image_id)

    def operation(self, operation_id: str) -> str:
        """The URL of an operation."""
        return self.to("operations", operation_id)

    def of_operation(self, operation: Operation) -> Mapping[str, str]:
        """The `links` of an operation; `retry`, to be POSTed to, while it takes one."""
        image_id = operation.image_id
        links = {"image": self.image(image_id), "history": self.to("images", image_id, "history")}
        retry = {"retry": self.to("operations", operation.id, "retry")} if operation.retry_until else {}
        return links | retry

    def next_page(self, req: func.HttpRequest, continuation: str | None) -> str | None:
        """The URL of the page after this one, or None where this is the last."""
        if continuation is None:
            return None
        kept = {name: value for name, value in req.params.items() if name in _OF_LISTS}
        parameters = {**kept, **self._org, "continuation": continuation}
        return f"{self.origin}{quote(urlsplit(req.url).path)}?{urlencode(parameters)}"


def origin(req: func.HttpRequest) -> str:
    """Scheme and host as the caller sees them: App Service ends TLS, and says so in X-Forwarded headers."""
    url = urlsplit(req.url)
    scheme = _first(req, "X-Forwarded-Proto").lower()
    host = _first(req, "X-Forwarded-Host")
    scheme = scheme if scheme in ("http", "https") else url.scheme or "https"
    return f"{scheme}://{host if _HOST.fullmatch(host) else url.netloc}"


def _first(req: func.HttpRequest, header: str) -> str:
    return str(req.headers.get(header, "")).partition(",")[0].strip()
