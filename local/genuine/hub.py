"""Which task hub belongs to a state file.

The engine keeps its state in storage, under the name of a task hub, and hubs of one storage account know nothing of
each other. So the state file of this launcher holds that name: a new file is an empty hub, and hosts with the same file
share one.
"""

import os
import re
import tempfile
import uuid
from pathlib import Path

from local.genuine.errors import StateUnusable

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}")
"""Letters and digits, a letter first, 3 to 45: the documentation of Durable Functions, "Task hubs"."""

_UNIQUE = 12
_LONGEST = 45


def hub_of(state: Path, usual: str) -> str:
    """Return the hub that a state file names; one that is not there is made, with a new hub named after the `usual`.

    Raises StateUnusable for a file of another program, and for a place where there can be none.
    """
    try:
        if not state.exists():
            _make(state, usual)
        name = state.read_text(errors="replace").strip()
    except OSError as exc:
        raise StateUnusable(f"{state} cannot be used as the state file: {exc.strerror}") from exc
    if not _NAME.fullmatch(name):
        raise StateUnusable(f"{state} does not name a task hub; another program may have made it: choose another file")
    return name


def _make(state: Path, usual: str) -> None:
    """Write the file whole, unless another host has just done so."""
    letters = re.sub(r"^[^A-Za-z]+|[^A-Za-z0-9]", "", usual) or "Hub"
    name = f"{letters[: _LONGEST - _UNIQUE]}{uuid.uuid4().hex[:_UNIQUE]}"
    state.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=state.parent) as file:
        file.write(f"{name}\n")
        file.flush()
        try:
            os.link(file.name, state)
        except FileExistsError:
            return
