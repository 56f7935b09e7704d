"""The command: what it prints, and how it ends."""

import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from local.host.__main__ import EXIT_CANNOT_START, EXIT_FAILED
from tests.local.host.conftest import ROOT, Process

WriteApp = Callable[..., Path]


def run(*options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.host", *map(str, options)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603


def test_help_explains_the_options() -> None:
    done = run("--help")
    assert done.returncode == 0
    for option in ("--app", "--port", "--state", "--auth", "--log-level"):
        assert option in done.stdout


def test_one_line_on_stdout_says_where_the_host_answers(process: Callable[..., Process], apps: Path) -> None:
    host = process(apps / "web", "--port", "0")
    announced = host.ready()
    assert announced["taskHub"] == "TestHubName"
    assert httpx.get(f"{announced['url']}/admin/host/status").json()["state"] == "Running"
    host.signal(signal.SIGINT)
    assert host.wait() == 0
    log = host.log.read_text()
    assert "Stopped" in log
    assert "\x1b" not in log


def test_a_taken_port_is_named(apps: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("--app", apps / "web", "--port", str(port), "--state", tmp_path / "s.sqlite")
    assert done.returncode == EXIT_CANNOT_START
    assert f"error: port {port} on 127.0.0.1 is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_file_belongs_to_one_host(process: Callable[..., Process], apps: Path, tmp_path: Path) -> None:
    state = tmp_path / "shared.sqlite"
    process(apps / "web", "--port", "0", state=state).ready()
    done = run("--app", apps / "web", "--port", "0", "--state", state)
    assert done.returncode == EXIT_CANNOT_START
    assert "another host is using the state file" in done.stderr


def test_a_state_file_of_another_version_is_refused(apps: Path, tmp_path: Path) -> None:
    state = tmp_path / "old.sqlite"
    with sqlite3.connect(state) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    done = run("--app", apps / "web", "--port", "0", "--state", state)
    assert done.returncode == EXIT_CANNOT_START
    assert "has version 99" in done.stderr


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    done = run("--app", tmp_path, "--port", "0")
    assert done.returncode == EXIT_CANNOT_START
    assert "host.json" in done.stderr


def test_an_app_that_cannot_be_imported_shows_its_traceback_once(write_app: WriteApp, tmp_path: Path) -> None:
    done = run("--app", write_app("1 / 0\n"), "--port", "0", "--state", tmp_path / "s.sqlite")
    assert done.returncode == EXIT_FAILED
    assert done.stderr.count("Traceback") == 1
    assert "ZeroDivisionError" in done.stderr


def test_settings_of_the_app_reach_its_code(
    process: Callable[..., Process], write_app: WriteApp, tmp_path: Path
) -> None:
    body = 'import os\n@app.route(route="seen")\ndef seen(req) -> str:\n    return os.environ["MY_SETTING"]\n'
    folder = write_app(body, settings={"Values": {"MY_SETTING": "from the file"}})
    url = process(folder, "--port", "0").ready()["url"]
    assert httpx.get(f"{url}/api/seen").text == "from the file"


@pytest.mark.parametrize("level", ["info", "error"])
def test_the_log_goes_to_stderr_from_its_level_upwards(process: Callable[..., Process], apps: Path, level: str) -> None:
    host = process(apps / "web", "--port", "0", "--log-level", level)
    httpx.get(f"{host.ready()['url']}/v1/only-get")
    host.signal(signal.SIGTERM)
    assert host.wait() == 0
    assert ("GET /v1/only-get" in host.log.read_text()) == (level == "info")
