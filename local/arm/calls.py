"""What crosses the wire: one request as the handlers see it, and the answer they give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request. Names of headers and query are lower-case; `params` are the path's named parts, cased as sent."""

    method: str
    path: str
    base_url: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    operation: str = ""
    api_version: str = ""
    client: Json = field(default_factory=dict)

    @property
    def document(self) -> Json:
        """The body, which a handler reads only after the front door found it to be an object."""
        return dict(self.body or {})

    def url(self, path: str, **query: str) -> str:
        """An absolute URL on the host the caller used."""
        return f"{self.base_url}{path}" + (f"?{urlencode(query)}" if query else "")


@dataclass
class Answer:
    """What to send back: `body` is JSON, ready-made text (`media` says which), or None for an empty one."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media: str = "application/json; charset=utf-8"
