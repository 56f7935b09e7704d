"""Where the hosts under test are: given by their URLs, or started for the session. All that knows about a host."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from local.azurite import running_azurite
from tests import functions_host

APPS = Path(__file__).parent / "apps"
NAMES = sorted(folder.name for folder in APPS.iterdir() if (folder / "host.json").exists())
ROOT = Path(__file__).parents[2]

STOP_SECONDS = 20.0

KEY_HEADER = "x-functions-key"

SERVED = frozenset({"durable", "control", "triggers"}) if functions_host.IS_GENUINE else frozenset(NAMES)
"""The apps that say something of the host: HTTP functions have the local host's answers on Microsoft's engine, too."""


class NotAnApp(Exception):
    """No app of this suite answers at a URL."""


def route_prefix(app: str) -> str:
    """Return the beginning of the paths of an app's functions, with slashes around it."""
    host = json.loads((APPS / app / "host.json").read_text())
    prefix = host.get("extensions", {}).get("http", {}).get("routePrefix", "api")
    return f"/{prefix}/" if prefix else "/"


def found(urls: Iterable[str], key: str) -> dict[str, str]:
    """Ask each host which app it runs; returns the URLs by app, and raises NotAnApp."""
    return {_app_at(url, key): url.rstrip("/") for url in urls}


def _app_at(url: str, key: str) -> str:
    headers = {KEY_HEADER: key} if key else {}
    for app in NAMES:
        try:
            response = httpx.get(f"{url.rstrip('/')}{route_prefix(app)}conformance", headers=headers, timeout=30)
        except httpx.HTTPError as exc:
            raise NotAnApp(f"{url} does not answer: {exc}") from exc
        if response.status_code == 200 and response.text == app:
            return app
    raise NotAnApp(f"{url} runs none of the apps in tests/conformance/apps: {', '.join(NAMES)}")


@contextmanager
def started(app: str, folder: Path, module: str = functions_host.MODULE) -> Iterator[str]:
    """Run a host with an app, in a process of its own: the one that the tests run on, or another; yields its URL."""
    log = folder / "host.log"
    options = ["--app", str(APPS / app), "--port", "0", "--state", str(folder / "state.sqlite")]
    command = [sys.executable, "-m", module, *options]
    with _storage(module) as storage, log.open("wb") as stderr:
        environment = os.environ | {"PYTHONWARNINGS": "error"} | storage
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, env=environment
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, log.read_text()
            yield json.loads(line)["url"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOP_SECONDS) == 0, log.read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()


@contextmanager
def _storage(module: str) -> Iterator[dict[str, str]]:
    """Give the settings of the storage that a host keeps its state in; the local host has a file."""
    if module != functions_host.GENUINE:
        yield {}
        return
    with running_azurite() as azurite:
        yield {"AzureWebJobsStorage": azurite.connection_string, "CONFORMANCE_PACE": "10", **functions_host.SETTINGS}
