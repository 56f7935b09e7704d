"""Serves the vault over HTTPS: for a process of its own, and inside a test's process."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import https
from local.vault.app import create_app
from local.vault.store import SecretStore


@dataclass(frozen=True)
class VaultFiles:
    """Where the vault keeps its state and its key, and the PEM files that it serves HTTPS with."""

    state: Path
    key_file: Path
    certificate: Path
    private_key: Path


def serve(files: VaultFiles, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is called with the URL when clients can connect. 0 is any port."""
    with closing(SecretStore(files.state, files.key_file)) as store:
        https.serve(create_app(store), files.certificate, files.private_key, port, announce)


@contextmanager
def running_vault(files: VaultFiles, port: int = 0) -> Iterator[str]:
    """Serve in a thread while the block runs, and give it the URL."""
    with (
        closing(SecretStore(files.state, files.key_file)) as store,
        https.running(create_app(store), files.certificate, files.private_key, port) as url,
    ):
        yield url
