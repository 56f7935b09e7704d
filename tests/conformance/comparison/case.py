"""What is sent to both hosts."""

from dataclasses import dataclass
from urllib.parse import unquote

JSON = "application/json"

WHOLE = "showHistory=true&showHistoryOutput=true"
"""Asks a status for all that there is."""


@dataclass(frozen=True)
class Case:
    """One request, and what is made before it and looked at after it.

    `path` is below the API of Durable Functions. In it `{id}` is an instance's id, which is the same on both hosts;
    `state` says what there is of the instance before the request. `ends` is the status that the instance must reach
    after the request; then its status with its whole history is compared, too.

    `content` is the body, of the media type `kind`; None is no body, "" for `kind` no Content-Type.
    """

    method: str
    path: str
    state: str = ""
    content: str | None = None
    kind: str = JSON
    ends: str = ""
    token: str | None = None
    """The continuation token of the request."""

    @property
    def name(self) -> str:
        """Say what is asked, in a line."""
        path = unquote(self.path).replace("{id}", f"<{self.state or 'new'}>")
        token = "" if self.token is None else f"token={self.token!r}"
        body = [] if self.content is None else [self.kind or "untyped", repr(self.content)]
        return " ".join(filter(None, [self.method, repr(path)[1:-1], *body, token]))

    @property
    def only_looks(self) -> bool:
        """Whether it changes nothing, so that cases may share an instance."""
        return self.method == "GET"
