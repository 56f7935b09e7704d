"""Starts and stops Azurite.

Disk mode is not durable against a kill: Azurite writes its files every five seconds and on SIGTERM. So SIGTERM is
what it gets, also when the process that started it is killed.
"""

import re
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from local.azurite.node import find_node
from local.child import Child

SCRIPT = Path(__file__).resolve().parent / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
ACCOUNT = "devstoreaccount1"
# The development account and key that every Azurite has; published in its documentation.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
START_SECONDS = 60.0
"""Normally half a second; a cold disk on a busy machine takes many times that."""
POLL_SECONDS = 0.02
_LISTENING = re.compile(r"Azurite (?P<service>\w+) service is successfully listening at \S+:(?P<port>\d+)$")


class AzuriteError(Exception):
    """Azurite is not installed, or did not start; the text says what to do or what it said."""


class Ports(NamedTuple):
    """The three services' ports on 127.0.0.1; 0 lets the system choose a free one."""

    blob: int = 0
    queue: int = 0
    table: int = 0


@dataclass(frozen=True)
class Azurite:
    """A running Azurite."""

    ports: Ports

    @property
    def connection_string(self) -> str:
        """What `AzureWebJobsStorage` and the storage SDKs take."""
        endpoints = "".join(
            f"{service}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};"
            for service, port in zip(("Blob", "Queue", "Table"), self.ports, strict=True)
        )
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints}"


class AzuriteProcess:
    """Azurite as a child process, in steps: `start()`, `poll()` until it answers, `stop()`.

    For callers that do something else meanwhile; the others use `running_azurite`. `location` holds the data, None
    keeps them in memory. `outputs` and `keep_fds` are local.child.Child's. Raises AzuriteError if not installed.
    """

    def __init__(
        self, outputs: Path, location: Path | None = None, ports: Ports | None = None, keep_fds: Sequence[int] = ()
    ) -> None:
        self.child = Child(
            "azurite",
            _command(location, ports or Ports()),
            outputs,
            keep_fds=keep_fds,
            on_parent_death=signal.SIGTERM,
        )

    def start(self) -> None:
        """Start it; call it from the main thread (see local.tether)."""
        self.child.start()

    def poll(self) -> Azurite | None:
        """Return the running Azurite, None while it is starting. Raises AzuriteError if it has ended."""
        ended = self.child.exit_status
        if ended is not None:
            raise AzuriteError(f"Azurite ended with status {ended}: {self.child.log_tail()}")
        matches = [match for line in self.child.output_lines() if (match := _LISTENING.match(line))]
        found = {match["service"].lower(): int(match["port"]) for match in matches}
        return Azurite(Ports(**found)) if len(found) == len(Ports._fields) else None

    def stop(self) -> None:
        """Let it write its data and end."""
        self.child.stop()


@contextmanager
def running_azurite(location: Path | None = None, ports: Ports | None = None) -> Iterator[Azurite]:
    """Run Azurite while the block runs; its arguments are AzuriteProcess's.

    Raises AzuriteError if it is not installed, ends, or does not answer within START_SECONDS.
    """
    with tempfile.TemporaryDirectory(prefix="azurite-") as outputs:
        process = AzuriteProcess(Path(outputs), location, ports)
        process.start()
        try:
            yield _wait(process)
        finally:
            process.stop()


def _wait(process: AzuriteProcess) -> Azurite:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        azurite = process.poll()
        if azurite is not None:
            return azurite
        time.sleep(POLL_SECONDS)
    raise AzuriteError(f"Azurite does not answer after {START_SECONDS:.0f} s: {process.child.log_tail()}")


def _command(location: Path | None, ports: Ports) -> list[str]:
    node = find_node()
    if node is None or not SCRIPT.exists():
        raise AzuriteError("Azurite is not installed: run `make setup`")
    where = ["--inMemoryPersistence"] if location is None else ["--location", str(location)]
    numbers = ["--blobPort", str(ports.blob), "--queuePort", str(ports.queue), "--tablePort", str(ports.table)]
    # The SDKs are often ahead of the API versions that Azurite knows by name.
    flags = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    return [str(node.executable), str(SCRIPT), *where, *numbers, *flags]
