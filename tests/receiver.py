"""Somebody's webhook, over HTTPS: keeps what it is sent, and answers as it is told to."""

import asyncio
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local import https
from local.certificates import Certificates


@dataclass
class Receiver:
    """The webhook's owner.

    Attributes:
        url: where it listens.
        posts: headers and body of each POST, in order.
        answers: what the next POSTs are answered; 204 where there is nothing. With a status of 0 nothing is said
            until the sender hangs up.
    """

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.posts]

    async def take(self, request: Request) -> Response:
        self.posts.append((dict(request.headers), await request.body()))
        status, headers = self.answers.popleft() if self.answers else (204, {})
        if status == 0:
            while not await request.is_disconnected():
                await asyncio.sleep(0.05)
        return Response(status_code=status, headers=headers)


@contextmanager
def running_receiver(certificates: Certificates) -> Iterator[Receiver]:
    """A webhook while the block runs."""
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST", "GET"])])
    with https.running(app, certificates.certificate, certificates.private_key) as url:
        receiver.url = f"{url}/hook"
        yield receiver
