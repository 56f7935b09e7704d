"""`python -m local.arm`: a simulator in a process of its own."""

import argparse
import json
import logging
import signal
import sys
import threading
from pathlib import Path

from .options import Options
from .server import running

_DEFAULTS = Options()
_DESCRIPTION = """A simulator of Azure Resource Manager that the real Azure SDK clients talk to.

When it answers, one line of JSON is printed: {"url": "https://127.0.0.1:PORT", "caFile": "..."}.
Point a client at the url, REQUESTS_CA_BUNDLE at the file, and IDENTITY_ENDPOINT at <url>/msi/token
with any IDENTITY_HEADER. SIGTERM and SIGINT end it."""

_STORM_HELP = "disturb requests by chance: throttling, 500, 503, dropped connections, garbage; 0.05:7 is 5%%, seed 7"


def main() -> None:
    """Run until told to stop."""
    parser = _parser()
    try:
        given = vars(parser.parse_args())
        storm, storm_seed = given.pop("storm")
        options = Options(storm=storm, storm_seed=storm_seed, **given)
    except ValueError as problem:
        parser.error(str(problem))
    logging.basicConfig(stream=sys.stderr, level=options.log_level.upper(), format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(options) as simulator:
        sys.stdout.write(json.dumps({"url": simulator.url, "caFile": str(simulator.ca_file)}) + "\n")
        sys.stdout.flush()
        stop.wait()


def _storm(text: str) -> tuple[float, int]:
    probability, _, seed = text.partition(":")
    return float(probability), int(seed or 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.arm", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--port", type=int, default=_DEFAULTS.port, help="port on 127.0.0.1; 0 takes a free one (default %(default)s)")
    add("--state", type=Path, metavar="FILE", help="SQLite file that survives a restart (default: in memory)")
    add(
        "--speed",
        type=float,
        default=_DEFAULTS.speed,
        help="simulated seconds per second (default %(default)s: a minute in a second)",
    )
    add("--certificate", type=Path, metavar="PEM", help="certificate chain to serve with, for 127.0.0.1")
    add("--private-key", type=Path, metavar="PEM", help="its private key")
    add("--ca-file", type=Path, metavar="FILE", help="where to write the throw-away authority's certificate")
    add("--faults", type=Path, metavar="FILE", help="JSON list of fault rules to start with")
    add("--storm", type=_storm, default=(0.0, 1), metavar="PROBABILITY[:SEED]", help=_STORM_HELP)
    add("--storm-operations", action="store_true", help="in a storm, operations fail and are cancelled as well")
    add("--strict-subscriptions", action="store_true", help="refuse subscription ids that nobody set up")
    add("--throttle", action="store_true", help="enforce Azure's request limits")
    add("--throttle-share", type=float, default=_DEFAULTS.throttle_share, help="of those limits (default: 1)")
    add("--seed", type=int, default=_DEFAULTS.seed, help="makes durations repeatable (default %(default)s)")
    add("--log-level", default=_DEFAULTS.log_level, choices=["debug", "info", "warning", "error"], help="on stderr")
    return parser


if __name__ == "__main__":
    main()
