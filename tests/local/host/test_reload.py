"""`--reload`: the host starts again when the app changes, and neither supervisor nor host is ever left alone."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local.host import reload
from tests.local.host.conftest import DEADLINE_SECONDS, POLL_SECONDS, ROOT, Process, connected

WriteApp = Callable[..., Path]
Start = Callable[..., Process]

BODY = """
import os

@app.route(route="word")
def word(req) -> str:
    return "{word}"

@app.orchestration_trigger(context_name="context")
def waits(context):
    event = yield context.wait_for_external_event("Go")
    return ["{word}", event]
"""


def eventually(met: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not met():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


def answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=DEADLINE_SECONDS)
    except httpx.TransportError:
        return False
    return True


def edit(folder: Path, old: str, new: str) -> None:
    script = folder / "function_app.py"
    script.write_text(script.read_text().replace(old, new))


def word(url: str) -> str:
    return httpx.get(f"{url}/api/word", timeout=DEADLINE_SECONDS).text


def test_a_change_brings_new_code_to_the_same_port_and_orchestrations_go_on(
    process: Start, write_app: WriteApp
) -> None:
    folder = write_app(BODY.format(word="one"))
    supervisor = process(folder, "--port", "0", "--reload")
    url = supervisor.ready()["url"]
    assert word(url) == "one"
    with connected(url) as hub:
        instance_id = hub.start("waits")
        hub.until(instance_id, lambda status: status["runtimeStatus"] == "Running")
    edit(folder, "one", "two")
    assert supervisor.ready()["url"] == url
    assert word(url) == "two"
    with connected(url) as hub:
        hub.event(instance_id, "Go", 1)
        assert hub.completed(instance_id)["output"] == ["two", 1]
    assert "Changed: function_app.py" in supervisor.log.read_text()


def test_code_that_does_not_compile_is_named_and_the_next_change_mends_it(process: Start, write_app: WriteApp) -> None:
    folder = write_app(BODY.format(word="one") + "def (\n")
    supervisor = process(folder, "--port", "0", "--reload")
    eventually(lambda: "starts again at the next change" in supervisor.log.read_text())
    assert "SyntaxError" in supervisor.log.read_text()
    edit(folder, "def (\n", "")
    assert word(supervisor.ready()["url"]) == "one"


def test_a_module_in_a_new_folder_is_watched(process: Start, write_app: WriteApp) -> None:
    folder = write_app(BODY.format(word="one"))
    supervisor = process(folder, "--port", "0", "--reload")
    url = supervisor.ready()["url"]
    (folder / "parts").mkdir()
    (folder / "parts" / "words.py").write_text('WORD = "two"\n')
    assert supervisor.ready()["url"] == url
    (folder / "parts" / "words.py").write_text('WORD = "three"\n')
    assert supervisor.ready()["url"] == url


def test_ctrl_c_ends_both_in_order(write_app: WriteApp, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.host", "--app", str(write_app(BODY.format(word="one"))), "--port", "0"]
    log = tmp_path / "log"
    with log.open("wb") as stream:
        supervisor = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--reload"], cwd=ROOT, stdout=subprocess.PIPE, stderr=stream, start_new_session=True
        )
    try:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline()
        os.killpg(supervisor.pid, signal.SIGINT)  # what a terminal does
        assert supervisor.wait(DEADLINE_SECONDS) == 0
        assert supervisor.stdout.read() == b""  # so nobody else has it open
        assert "Stopped" in log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        supervisor.kill()
        supervisor.wait()
        assert supervisor.stdout is not None
        supervisor.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_the_host_ends_with_a_supervisor_that_is_killed(process: Start, write_app: WriteApp) -> None:
    supervisor = process(write_app(BODY.format(word="one")), "--port", "0", "--reload")
    url = supervisor.ready()["url"]
    assert answers(url)
    supervisor.signal(signal.SIGKILL)
    supervisor.wait()
    eventually(lambda: not answers(url))


def test_what_is_wrong_for_good_ends_the_supervisor(process: Start, write_app: WriteApp, tmp_path: Path) -> None:
    folder, state = write_app(BODY.format(word="one")), tmp_path / "shared.sqlite"
    process(folder, "--port", "0", state=state).ready()
    second = process(folder, "--port", "0", "--reload", state=state)
    assert second.wait() == 2
    assert "another host is using the state file" in second.log.read_text()


def test_only_folders_of_the_app_are_watched_and_only_files_that_matter(tmp_path: Path) -> None:
    for name in ("src/deep", ".git", ".venv", ".local", "node_modules/x", "src/__pycache__", "env/lib"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "module.py").touch()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    for name in ("function_app.py", "host.json", "local.settings.json", "README.md", "state.sqlite", "other.json"):
        (tmp_path / name).touch()
    folders = reload._folders(tmp_path)
    assert [str(folder.relative_to(tmp_path)) for folder in folders] == [".", "src", "src/deep"]
    assert {str(path.relative_to(tmp_path)) for path in reload._stamps(folders)} == {
        "function_app.py",
        "host.json",
        "local.settings.json",
        "src/deep/module.py",
    }


@pytest.fixture(name="listener")
def _listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_a_host_that_does_not_stop_is_killed(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket, tmp_path: Path
) -> None:
    host = reload._Host([], listener)
    deaf, ready = "import signal, time; signal.signal(15, signal.SIG_IGN)", tmp_path / "ready"
    host._command = [sys.executable, "-c", f"{deaf}; open({str(ready)!r}, 'w').close(); time.sleep(60)"]
    monkeypatch.setattr(reload, "STOP_SECONDS", 0.1)
    host.start()
    process = host._process
    assert process is not None
    eventually(ready.exists)
    host.stop()
    assert process.returncode == -signal.SIGKILL
