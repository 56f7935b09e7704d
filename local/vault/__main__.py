"""`python -m local.vault`: prints one JSON line, {"url": ...}, when ready, and serves until it is stopped."""

import argparse
import json
import sys
from pathlib import Path

from local.vault.server import VaultFiles, serve
from local.vault.store import VaultKeyError


def main() -> None:
    """Serve the vault that the command line describes."""
    parser = argparse.ArgumentParser(prog="python -m local.vault", description="A simulated Key Vault for secrets.")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0, the default, is any free one")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file for the encrypted secrets")
    parser.add_argument("--key-file", type=Path, required=True, help="file for the key they are encrypted with")
    parser.add_argument("--certificate", type=Path, required=True, help="PEM file")
    parser.add_argument("--private-key", type=Path, required=True, help="PEM file")
    arguments = parser.parse_args()
    files = VaultFiles(arguments.state, arguments.key_file, arguments.certificate, arguments.private_key)
    try:
        serve(files, arguments.port, _announce)
    except (OSError, VaultKeyError) as error:
        sys.exit(f"The vault cannot start: {error}")


def _announce(url: str) -> None:
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
