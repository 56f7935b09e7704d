"""Run a function app on this machine: `python -m local.host --app DIR`."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from local.host import log
from local.host.app import App, loaded
from local.host.durable.store import claimed
from local.host.errors import HostError
from local.host.keys import key_file, open_keys
from local.host.listing import listing
from local.host.server import Host, RunningHost, listen
from local.host.settings import HostSettings, app_settings, read_host_json

DEFAULT_PORT = 7071
DEFAULT_STATE = Path(".local") / "host.sqlite"

EXIT_FAILED = 1
EXIT_CANNOT_START = 2

logger = logging.getLogger("local.host")


def main(arguments: list[str] | None = None) -> int:
    """Run the host until a signal stops it; returns the exit status."""
    options = _parser().parse_args(arguments)
    log.configure(options.log_level, sys.stderr)
    directory = options.app.resolve()
    try:
        with ExitStack() as stack:
            stack.enter_context(app_settings(directory))
            settings = read_host_json(directory)
            app = stack.enter_context(loaded(directory))
            state = options.state or directory / DEFAULT_STATE
            stack.enter_context(claimed(state))
            keys = open_keys(key_file(state), app) if options.auth else None
            host = Host(app, settings, state, listen(options.port), keys)
            _stop_on_signals(host)
            logger.info("Starting %s with the state in %s", directory, state)
            if options.auth:
                logger.info("Requests need a key from %s", key_file(state))
            asyncio.run(host.run(partial(_announce, app, settings)))
            logger.info("Stopped")
    except HostError as exc:
        sys.stderr.write(f"error: {exc}\n")
        return EXIT_CANNOT_START
    except Exception:
        logger.exception("The host has failed")
        return EXIT_FAILED
    status = EXIT_FAILED if host.has_failed else 0
    if host.has_abandoned:
        # Python would wait for the threads of functions that are still running, for as long as they take.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(status)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.host",
        description="Run an Azure Functions app (Python v2 model) with Durable Functions on this machine.",
    )
    parser.add_argument("--app", type=Path, default=Path(), metavar="DIR", help="the app's folder (default: this one)")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help=f"port on 127.0.0.1, 0 for a free one (default: {DEFAULT_PORT})"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help=f"SQLite file of the task hub (default: {DEFAULT_STATE} in the app)"
    )
    parser.add_argument(
        "--auth",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="ask for access keys, which are made once and kept beside the state file, in FILE.keys.json "
        "(default: every request may do everything)",
    )
    parser.add_argument("--log-level", choices=log.LEVELS, default="info", help="default: info")
    return parser


def _stop_on_signals(host: Host) -> None:
    """Stop on the first signal; a second one ends the process at once."""

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        host.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _announce(app: App, settings: HostSettings, host: RunningHost) -> None:
    """Tell whoever started the host that it answers: one line of JSON on stdout, and in the log what it runs."""
    logger.info("%s", listing(app, settings.route_prefix, host.url))
    logger.info("Ready at %s. Ctrl-C stops the host", host.url)
    sys.stdout.write(json.dumps({"url": host.url, "taskHub": host.task_hub}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
