"""The launcher and its program: they start together, end together, and keep out of the way of others."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from local.child import Child
from tests.conformance.hosts import APPS
from tests.e2e.stack import ROOT, wait_until
from tests.functions_host import SETTINGS

HUB = "/runtime/webhooks/durabletask"

Launch = Callable[..., Child]


@pytest.fixture(name="launch")
def _launch(azurite: str, tmp_path: Path) -> Iterator[Launch]:
    """Starts launchers; those that are left end with the test."""
    children: list[Child] = []

    def launch(state: str, *options: str, port: int = 0) -> Child:
        name = f"launcher-{len(children)}"
        command = [sys.executable, "-m", "local.genuine", "--app", str(APPS / "durable"), "--port", str(port)]
        environment = os.environ | {"AzureWebJobsStorage": azurite, **SETTINGS}
        child = Child(name, [*command, "--state", str(tmp_path / state), *options], tmp_path, cwd=ROOT, env=environment)
        child.start()
        children.append(child)
        return child

    yield launch
    for child in children:
        child.stop()


def announced(launcher: Child) -> dict[str, str]:
    wait_until(lambda: launcher.output_lines() or launcher.exit_status is not None, "the launcher to start")
    assert launcher.exit_status is None, launcher.log_tail()
    [line] = launcher.output_lines()
    about: dict[str, str] = json.loads(line)
    return about


def engine_of(launcher: Child) -> psutil.Process:
    [engine] = psutil.Process(launcher.pid).children()
    assert engine.name() == "genuine-host"
    return engine


def echo(url: str, text: str) -> None:
    """Run an orchestration to its end, or see what an earlier one came to."""
    started = httpx.post(f"{url}{HUB}/orchestrators/echo", json={"text": text})
    assert started.status_code == 202, started.text
    status = started.json()["statusQueryGetUri"]
    wait_until(lambda: httpx.get(status).json()["runtimeStatus"] == "Completed", "the echo")


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_stopped_in_order_both_end_well(launch: Launch) -> None:
    launcher = launch("hub")
    echo(announced(launcher)["url"], "hello")
    engine = engine_of(launcher)
    launcher.stop()
    assert launcher.exit_status == 0, launcher.log_tail()
    assert is_gone(engine)


def test_the_engines_own_events_do_not_get_in_the_way(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be written to the pipe that has its address."""
    monkeypatch.setenv("ENGINE_EVENTS", "1")
    echo(announced(launch("hub"))["url"], "hello")


def test_one_that_is_stopped_while_it_starts_ends_at_once_and_announces_nothing(launch: Launch) -> None:
    launcher = launch("hub")
    wait_until(lambda: psutil.Process(launcher.pid).children(), "the engine to begin")
    engine = psutil.Process(launcher.pid).children()[0]
    launcher.stop()
    assert launcher.exit_status == 0, launcher.log_tail()
    assert launcher.output_lines() == []
    assert is_gone(engine)


def test_the_engine_dies_with_its_launcher(launch: Launch) -> None:
    launcher = launch("hub")
    announced(launcher)
    engine = engine_of(launcher)
    os.kill(launcher.pid, signal.SIGKILL)
    wait_until(lambda: is_gone(engine), "the engine's end")


def test_both_die_with_the_process_that_started_them(azurite: str, tmp_path: Path) -> None:
    script = (
        "import sys, os, time; from pathlib import Path; from local.child import Child\n"
        "child = Child('launcher', sys.argv[2:], Path(sys.argv[1])); child.start(); print(child.pid, flush=True)\n"
        "time.sleep(600)"
    )
    launcher = [sys.executable, "-m", "local.genuine", "--app", str(APPS / "durable"), "--port", "0"]
    command = [sys.executable, "-c", script, str(tmp_path), *launcher, "--state", str(tmp_path / "hub")]
    environment = os.environ | {"AzureWebJobsStorage": azurite}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as parent:  # noqa: S603 - ours
        assert parent.stdout is not None
        both = [psutil.Process(int(parent.stdout.readline()))]
        wait_until(lambda: (tmp_path / "launcher.out").read_text(), "the launcher to start")
        both += both[0].children()
        assert len(both) == 2
        parent.kill()
    wait_until(lambda: all(map(is_gone, both)), "their end")


def test_an_engine_that_dies_ends_the_launcher(launch: Launch) -> None:
    launcher = launch("hub")
    announced(launcher)
    engine_of(launcher).kill()
    wait_until(lambda: launcher.exit_status is not None, "the launcher's end")
    assert launcher.exit_status == 1
    assert "engine has ended" in launcher.log_tail()


def test_hubs_of_different_files_know_nothing_of_each_other_and_a_hub_outlives_its_host(launch: Launch) -> None:
    first, second = launch("one"), launch("two")
    urls = [announced(each)["url"] for each in (first, second)]
    echo(urls[0], "mine")
    assert [len(httpx.get(f"{url}{HUB}/instances").json()) for url in urls] == [1, 0]
    os.kill(first.pid, signal.SIGKILL)
    again = announced(launch("one"))
    assert len(httpx.get(f"{again['url']}{HUB}/instances").json()) == 1


def test_hosts_with_the_same_file_share_a_hub(launch: Launch) -> None:
    hosts = [launch("hub", "--instance", name) for name in ("a", "b")]
    about = [announced(each) for each in hosts]
    assert about[0]["taskHub"] == about[1]["taskHub"]
    echo(about[0]["url"], "for both")
    assert all(len(httpx.get(f"{each['url']}{HUB}/instances").json()) == 1 for each in about)


def test_a_taken_port_is_named(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        launcher = launch("hub", port=port)
        wait_until(lambda: launcher.exit_status is not None, "the launcher's end")
    assert launcher.exit_status == 2
    assert f"error: Microsoft's engine did not start on port {port}" in launcher.log_tail(1)
