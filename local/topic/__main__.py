"""`python -m local.topic`: prints one JSON line, {"url": ...}, when ready; its log has a line for each event."""

import argparse
import json
import sys
from pathlib import Path

from local import https
from local.topic.app import create_app


def main() -> None:
    """Serve the topic that the command line describes."""
    parser = argparse.ArgumentParser(prog="python -m local.topic", description="A simulated Event Grid topic.")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0, the default, is any free one")
    parser.add_argument("--certificate", type=Path, required=True, help="PEM file")
    parser.add_argument("--private-key", type=Path, required=True, help="PEM file")
    arguments = parser.parse_args()
    try:
        https.serve(create_app(_show), arguments.certificate, arguments.private_key, arguments.port, _announce)
    except OSError as error:
        sys.exit(f"The topic cannot start: {error}")


def _announce(url: str) -> None:
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()


def _show(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
