"""Run a function app on this machine: `python -m local.host --app DIR`."""

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from local.host import log
from local.host.app import App, loaded
from local.host.command_line import app_folder, port, stop_on_signals
from local.host.durable.store import claimed
from local.host.durable.timers import EarlyTimers, ExactTimers
from local.host.errors import HostError, ImportFailed
from local.host.keys import key_file, open_keys
from local.host.listing import listing
from local.host.server import Host, RunningHost, listen
from local.host.settings import HostSettings, app_settings, read_host_json
from local.host.traces import rendered

DEFAULT_PORT = 7071
DEFAULT_STATE = Path(".local") / "host.sqlite"
RELOAD = "--reload"

EXIT_FAILED = 1
EXIT_CANNOT_START = 2
EXIT_INTERRUPTED = 130

DESCRIPTION = """\
Run an Azure Functions app (Python v2 model) with Durable Functions on this machine.

Needs no Functions host and no .NET, and storage only for queues and timers. Orchestrations are kept in one SQLite file,
and go on where they were when the host starts again, however it ended. It listens on 127.0.0.1 only.
"""

EPILOG = f"""\
examples:
  python -m local.host                             the app in this folder, on port {DEFAULT_PORT}
  python -m local.host --app ../my-app --reload    start again whenever a file of the app changes
  python -m local.host --port 0 --log-level debug  on a free port, with everything that the host has to say

output:
  When the host answers: one line of JSON on stdout, {{"url": ..., "taskHub": ...}}. Everything else goes to stderr.

environment:
  App settings are environment variables, with the Values of local.settings.json underneath. The host itself reads
  PYTHON_SCRIPT_FILE_NAME         the app's script (default: function_app.py)
  PYTHON_THREADPOOL_THREAD_COUNT  threads for functions that are not async (default: Python's own)
  WEBSITE_SITE_NAME               the task hub's name if host.json has none
  NO_COLOR, FORCE_COLOR           no colour on a terminal, or colour in a file too
  WATCHFILES_FORCE_POLLING        with --reload: look for changes instead of waiting for them (network drives)

exit status:
  0  stopped by Ctrl-C or SIGTERM; a second one ends it at once
  1  it failed while it ran, and the log says why
  2  it could not start, and the last line on stderr says why (with --reload, only what a change of files cannot mend)
"""

logger = logging.getLogger("local.host")


def main(arguments: list[str] | None = None) -> int:
    """Run the host until a signal stops it; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    log.configure(options.log_level, sys.stderr)
    try:
        directory = app_folder(options.app)
        state = options.state or directory / DEFAULT_STATE
        if options.reload:
            return _run_again_and_again(directory, state, options.port, [each for each in given if each != RELOAD])
        return _run(directory, state, options)
    except HostError as exc:
        trace = f"{rendered(exc.__cause__)}\n" if isinstance(exc, ImportFailed) and exc.__cause__ else ""
        sys.stderr.write(f"{trace}error: {exc}\n")
        return EXIT_CANNOT_START
    except KeyboardInterrupt:  # while the app was imported
        return EXIT_INTERRUPTED
    except Exception:
        logger.exception("The host has failed")
        return EXIT_FAILED


def _run(directory: Path, state: Path, options: argparse.Namespace) -> int:
    with ExitStack() as stack:
        stack.enter_context(app_settings(directory))
        settings = read_host_json(directory)
        app = stack.enter_context(loaded(directory))
        stack.enter_context(claimed(state))
        listener = listen(options.port) if options.listener_fd is None else socket.socket(fileno=options.listener_fd)
        keys = open_keys(key_file(state), app) if options.auth else None
        host = Host(app, settings, state, listener, keys, EarlyTimers() if options.early_timers else ExactTimers())
        stop_on_signals(host.stop)
        logger.info("Starting %s with the state in %s", directory, state)
        if keys is not None:
            logger.info("Requests need a key from %s", key_file(state))
        asyncio.run(host.run(partial(_announce, app, settings)))
        logger.info("Stopped")
    status = EXIT_FAILED if host.has_failed else 0
    if host.has_abandoned:
        # Python would wait for the threads of functions that are still running, for as long as they take.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(status)
    return status


def _run_again_and_again(directory: Path, state: Path, port: int, arguments: list[str]) -> int:
    # Takes a library that only development needs.
    from local.host.reload import supervise

    with claimed(state):  # only to say now that another host has it; the host that runs will hold it
        pass
    stop = threading.Event()
    with listen(port) as listener:
        stop_on_signals(stop.set)
        supervise(directory, arguments, listener, stop)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.host",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    option = parser.add_argument
    option("--app", type=Path, default=Path(), metavar="DIR", help="the app's folder (default: this one)")
    option("--port", type=port, default=DEFAULT_PORT, help=f"0 for a free one (default: {DEFAULT_PORT})")
    option(
        "--state",
        type=Path,
        metavar="FILE",
        help=f"the SQLite file with the orchestrations; delete it to forget them (default: {DEFAULT_STATE} in DIR)",
    )
    option("--log-level", choices=log.LEVELS, default="info", help="the least that is logged (default: info)")
    option(
        RELOAD,
        action="store_true",
        help="start again when *.py, host.json or local.settings.json change in DIR (default: no)",
    )
    option(
        "--auth",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="ask for access keys, which are made once and kept beside the state file, in FILE.keys.json "
        "(default: every request may do everything)",
    )
    option(
        "--early-timers",
        action="store_true",
        help="let durable timers ring up to a second early and in any order within it, as Microsoft's engine does "
        "(default: no)",
    )
    option("--listener-fd", type=int, help=argparse.SUPPRESS)
    return parser


def _announce(app: App, settings: HostSettings, host: RunningHost) -> None:
    """Tell whoever started the host that it answers: one line of JSON on stdout, and in the log what it runs."""
    logger.info("%s", listing(app, settings.route_prefix, host.url))
    logger.info("Ready at %s. Ctrl-C stops the host", host.url)
    sys.stdout.write(json.dumps({"url": host.url, "taskHub": host.task_hub}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
