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

from local.host.__main__ import EXIT_CANNOT_START
from tests.local.host.conftest import ROOT, Process

WriteApp = Callable[..., Path]


def run(*options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.host", *map(str, options)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603


def test_help_explains_the_options() -> None:
    done = run("--help")
    assert done.returncode == 0
    for option in ("--app", "--port", "--state", "--auth", "--log-level", "--reload"):
        assert f"  {option}" in done.stdout
    for default in ("this one", "7071", ".local/host.sqlite", "info"):
        assert f"(default: {default}" in " ".join(done.stdout.split())
    for part in ("examples:", "environment:", "exit status:", "NO_COLOR"):
        assert part in done.stdout
    assert "--listener-fd" not in done.stdout


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


@pytest.mark.parametrize(
    ("body", "frames", "error"),
    [
        ("def f():\n    1 / 0\n\nf()\n", ["function_app.py", "function_app.py"], "ZeroDivisionError: division by zero"),
        ("import no_such_module\n", ["function_app.py"], "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def (\n", ["function_app.py"], "SyntaxError: invalid syntax"),
        ("raise SystemExit(3)\n", ["function_app.py"], "SystemExit: 3"),
    ],
)
def test_an_app_that_cannot_be_imported_shows_its_own_frames_once_and_one_message(
    write_app: WriteApp, tmp_path: Path, body: str, frames: list[str], error: str
) -> None:
    done = run("--app", write_app(body), "--port", "0", "--state", tmp_path / "s.sqlite")
    assert done.returncode == EXIT_CANNOT_START
    lines = done.stderr.splitlines()
    assert [Path(line.split('"')[1]).name for line in lines if line.startswith("  File ")] == frames
    assert lines[-1].startswith("error: ")
    assert lines[-1].endswith(f"function_app.py cannot be imported: {error}")
    assert lines[-2] == error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "70000"], "'70000' is no port"),
        (["--port", "http"], "'http' is no port"),
        (["--log-level", "loud"], "invalid choice: 'loud'"),
        (["--relode"], "unrecognized arguments: --relode"),
        (["--app", "/no/such/folder"], "there is no folder /no/such/folder"),
        (["--app", __file__], "is a file; --app takes the folder"),
        (["--app", "/no/such/folder", "--reload"], "there is no folder /no/such/folder"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(options: list[str], message: str) -> None:
    done = run(*options)
    assert done.returncode == EXIT_CANNOT_START
    assert message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("reload", [[], ["--reload"]])
def test_a_state_file_that_is_none_is_named(apps: Path, tmp_path: Path, reload: list[str]) -> None:
    for state in (tmp_path, Path(__file__) / "below.sqlite"):
        done = run("--app", apps / "web", "--port", "0", "--state", state, *reload)
        assert done.returncode == EXIT_CANNOT_START
        assert done.stderr.startswith(f"error: the state file {state} ")
        assert done.stderr.count("\n") == 1


def test_a_file_that_is_no_database_is_left_alone(apps: Path, tmp_path: Path) -> None:
    state = tmp_path / "notes.txt"
    state.write_text("something dear to somebody\n" * 100)
    done = run("--app", apps / "web", "--port", "0", "--state", state)
    assert done.returncode == EXIT_CANNOT_START
    assert "cannot be used: file is not a database" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert state.read_text() == "something dear to somebody\n" * 100


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"extensions": []}, "extensions in host.json is not a JSON object"),
        ({"extensions": {"durableTask": {"maxConcurrentActivityFunctions": "many"}}}, "is 'many', not a number"),
    ],
)
def test_a_host_json_of_the_wrong_kinds_is_named(
    write_app: WriteApp, document: dict[str, object], message: str
) -> None:
    done = run("--app", write_app("", document), "--port", "0")
    assert done.returncode == EXIT_CANNOT_START
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_start_lists_functions_with_their_urls_and_says_when_it_is_ready(
    process: Callable[..., Process], write_app: WriteApp
) -> None:
    body = """
@app.route(route="things/{id}", methods=["POST", "GET"])
def things(req) -> str: ...

@app.activity_trigger(input_name="x", activity="Other")
def work(x): ...
"""
    host = process(write_app(body), "--port", "0")
    url = host.ready()["url"]
    lines = [" ".join(line.split()) for line in host.log.read_text().splitlines()]
    assert f"things [GET,POST] {url}/api/things/{{id}}" in lines
    assert "work activityTrigger called Other" in lines
    assert lines[-1].endswith(f"Ready at {url}. Ctrl-C stops the host")


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
