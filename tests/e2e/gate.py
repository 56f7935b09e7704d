"""A gate before Table Storage: requests go through it, and some of them are refused, cut off, or lose their answer."""

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_NEVER_SENT = 0
_HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length"})
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: a close is a reset."""


class Trouble(StrEnum):
    """What happens to a request."""

    BUSY = "busy"
    """503 ServerBusy, with a Retry-After."""
    RESET = "reset"
    """The connection is reset before storage has heard of it."""
    LOST = "answer-lost"
    """Storage does it, and the connection is reset before the answer."""


@dataclass
class Gate:
    """The gate's rules, and what came through. Troubled are the requests from `first` to `last`, counted from `arm`."""

    port: int
    connection_string: str = ""
    passed: int = 0
    troubled: int = 0
    _trouble: Trouble | None = None
    _first: int = 0
    _last: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, trouble: Trouble, first: int = 1, last: int | None = None) -> None:
        """Trouble requests by number, from the next one on; without a `last`, all until `disarm`."""
        with self._lock:
            self.passed = self.troubled = 0
            self._trouble, self._first, self._last = trouble, first, last or 10**9

    def disarm(self) -> None:
        """Let everything through."""
        with self._lock:
            self._trouble = None

    def next(self) -> Trouble | None:
        """Count a request, and say what happens to it."""
        with self._lock:
            self.passed += 1
            due = self._trouble is not None and self._first <= self.passed <= self._last
            self.troubled += due
            return self._trouble if due else None


@contextmanager
def gate_before(connection_string: str) -> Iterator[Gate]:
    """A gate before the Table Storage of a connection string; its own leads through it."""
    parts = dict(part.split("=", 1) for part in connection_string.strip(";").split(";"))
    behind = urlsplit(parts["TableEndpoint"])
    gate = Gate(behind.port or 80)
    handler = type("Handler", (_Handler,), {"gate": gate})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    endpoint = f"http://127.0.0.1:{server.server_address[1]}{behind.path}"
    gate.connection_string = connection_string.replace(parts["TableEndpoint"], endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client, and one to storage."""

    gate: Gate
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._storage = http.client.HTTPConnection("127.0.0.1", self.gate.port)

    def finish(self) -> None:
        self._storage.close()
        super().finish()

    def log_message(self, *_: object) -> None:
        pass

    def _pass(self) -> None:
        body = self._body()
        trouble = self.gate.next()
        if trouble is Trouble.RESET:
            self._reset()
            return
        if trouble is Trouble.BUSY:
            error = b'{"odata.error":{"code":"ServerBusy","message":{"lang":"en-US","value":"The server is busy."}}}'
            kind = {"Content-Type": "application/json;odata=minimalmetadata", "x-ms-error-code": "ServerBusy"}
            self._answer(503, kind | {"Retry-After": "1"}, error)
            return
        self._storage.request(self.command, self.path, body, dict(self.headers.items()))
        response = self._storage.getresponse()
        content = response.read()
        self._storage.close()  # it would not wait for long for the next request
        if trouble is Trouble.LOST:
            self._reset()
            return
        self._answer(response.status, dict(response.getheaders()), content)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_MERGE = _pass  # noqa: N815 - named by http.server

    def _body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raise NotImplementedError("the SDK sends no chunks to Table Storage")
        length = int(self.headers.get("Content-Length") or _NEVER_SENT)
        return self.rfile.read(length) if length else None

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        if status != http.client.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close_connection = True
        self.connection.close()
        self.rfile.close()
