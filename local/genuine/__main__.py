"""Run a function app on Microsoft's Durable Functions engine, on this machine: `python -m local.genuine --app DIR`."""

import argparse
import asyncio
import json
import logging
import os
import platform
import sys
import warnings
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from local.genuine import program
from local.genuine.errors import StateUnusable
from local.genuine.host import Host, Setup
from local.genuine.hub import hub_of
from local.host import log
from local.host.app import loaded
from local.host.command_line import app_folder, port, stop_on_signals
from local.host.errors import HostError, ImportFailed
from local.host.settings import app_settings, read_host_json
from local.host.storage import DEFAULT_CONNECTION
from local.host.traces import rendered

DEFAULT_PORT = 7071
DEFAULT_STATE = Path(".local") / "genuine-hub"

EXIT_FAILED = 1
EXIT_CANNOT_START = 2

DESCRIPTION = """\
Run an Azure Functions app (Python v2 model) on Microsoft's own Durable Functions engine, on this machine.

The engine, its management API and the Event Grid webhook are Microsoft's; routes, timers and queues are the local
host's. It listens on 127.0.0.1 only. docs/conformance.md says how to get the program with the engine in it.
"""

EPILOG = """\
output:
  When the host answers: one line of JSON on stdout, {"url": ..., "taskHub": ...}. Everything else goes to stderr.

environment:
  AzureWebJobsStorage  where the engine keeps its state: a storage account or Azurite
  GENUINE_HOST         the program with the engine (default: the one in .tools)
  MAX_POLL             how long an idle engine waits before it looks into its queues again, as hh:mm:ss.f
                       (default: host.json's maxQueuePollingInterval)
  TRACES               a file to which the engine's spans are appended, a line of JSON each
"""

logger = logging.getLogger("local.genuine")


def main(arguments: list[str] | None = None) -> int:
    """Run the host until a signal stops it; returns the exit status."""
    options = _parser().parse_args(arguments)
    log.configure(options.log_level, sys.stderr)
    # The SDK warns of each event that comes early. Nothing of the SDK is changed here, so the warnings are silenced.
    warnings.filterwarnings("ignore", module=r"azure\.(durable_functions|functions)\.")
    try:
        return _run(app_folder(options.app), options)
    except HostError as exc:
        trace = f"{rendered(exc.__cause__)}\n" if isinstance(exc, ImportFailed) and exc.__cause__ else ""
        sys.stderr.write(f"{trace}error: {exc}\n")
        return EXIT_CANNOT_START


def _run(directory: Path, options: argparse.Namespace) -> int:
    with ExitStack() as stack:
        stack.enter_context(app_settings(directory))
        if not os.environ.get(DEFAULT_CONNECTION):
            raise StateUnusable(f"{DEFAULT_CONNECTION} is not set; the engine keeps its state in that storage account")
        settings = read_host_json(directory)
        app = stack.enter_context(loaded(directory))
        hub = hub_of(options.state or directory / DEFAULT_STATE, settings.task_hub)
        host = Host(app, settings, Setup(program.find(), hub, options.instance, options.port))
        stop_on_signals(host.stop)
        logger.info("Starting %s on the task hub %s", directory, hub)
        asyncio.run(host.run(partial(_announce, hub)))
        logger.info("Stopped")
    status = EXIT_FAILED if host.has_failed else 0
    # Python would wait for the threads of functions that are still running, for as long as they take.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.genuine",
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
        help="the file with the name of the task hub; hosts with the same file share a hub, a new one is an empty hub "
        f"(default: {DEFAULT_STATE} in DIR)",
    )
    option(
        "--instance",
        default=platform.node(),
        metavar="NAME",
        help="the host's name among those that share a hub; no two of them may have the same (default: the machine's)",
    )
    option("--log-level", choices=log.LEVELS, default="info", help="the least that is logged (default: info)")
    return parser


def _announce(hub: str, url: str) -> None:
    logger.info("Ready at %s. Ctrl-C stops the host", url)
    sys.stdout.write(json.dumps({"url": url, "taskHub": hub}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
