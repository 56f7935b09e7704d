"""Which ports the services get: the usual ones, or free ones where those are taken."""

import json
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

HOST = "127.0.0.1"
USUAL = {"host": 7071, "arm": 7443, "vault": 7444, "topic": 7445, "blob": 10000, "queue": 10001, "table": 10002}
_KEPT = "arm"
"""Operations under way have absolute URLs of Resource Manager in their state, so it comes back where it was."""


def choose_ports(memory: Path, *, usual: bool = True) -> dict[str, int]:
    """Return a free port for each name in USUAL, the usual one if it is free and wanted.

    `memory` is a JSON file that remembers Resource Manager's port.
    """
    wanted = {name: port if usual else 0 for name, port in USUAL.items()}
    ports = free_ports({**wanted, **_remembered(memory)})
    memory.write_text(json.dumps({_KEPT: ports[_KEPT]}))
    return ports


def free_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """Return the wanted port for each name, or another free one where it is taken."""
    with ExitStack() as held:  # all at once, so that none is given out twice
        return {name: held.enter_context(_bound(port)).getsockname()[1] for name, port in wanted.items()}


def _bound(port: int) -> socket.socket:
    for candidate in (port, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port just left is free
        try:
            listener.bind((HOST, candidate))
            # Bound is not yet refused to others that reuse addresses; listening is.
            listener.listen(1)
        except OSError:
            listener.close()
        else:
            return listener
    raise OSError(f"no free port on {HOST}")


def _remembered(memory: Path) -> dict[str, int]:
    try:
        return {_KEPT: int(json.loads(memory.read_text())[_KEPT])}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}
