"""A simulator that goes away and comes back: the state file, and a process of its own."""

import json
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from local.arm.options import Options
from local.arm.server import Simulator, running
from tests.local.arm.conftest import GROUP, MACHINE, PASSWORD, Azure, connected, machine_body

_ROOT = Path(__file__).parents[3]


def test_a_restart_in_the_middle_of_an_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Resources, settings and the operation in flight are as they were, and the operation still ends."""
    state = tmp_path / "state.db"
    with running(Options(state=state, speed=1)) as simulator, connected(simulator, monkeypatch) as azure:
        azure.clock(frozen=True, step=1_000_000)
        azure.group()
        azure.settings(quotas={"cores": 7})
        url = _begin(azure)
        subscription, port = azure.subscription, simulator.url.rsplit(":", 1)[-1]
    assert PASSWORD.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    with (
        running(Options(state=state, speed=1, port=int(port))) as simulator,
        connected(simulator, monkeypatch) as azure,
    ):
        azure.subscription = subscription
        assert azure.compute.virtual_machines.get(GROUP, MACHINE).provisioning_state == "Creating"
        assert azure.raw("GET", url).json()["status"] == "InProgress"
        azure.clock(step=600)
        assert azure.raw("GET", url).json()["status"] == "Succeeded"
        assert azure.agent() == "Ready"
        usages = {usage.name.value: usage.limit for usage in azure.compute.usage.list("eastus")}
        assert usages["cores"] == 7


def test_time_goes_on_while_the_simulator_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for Azure: what was under way has ended when the simulator is back."""
    state = tmp_path / "state.db"
    options = Options(state=state, speed=1_000_000)
    with running(Options(state=state, speed=1)) as simulator, connected(simulator, monkeypatch) as azure:
        azure.group()
        _begin(azure)
        subscription = azure.subscription
        azure.clock(speed=1_000_000)
    with running(options) as simulator, connected(simulator, monkeypatch) as azure:
        azure.subscription = subscription
        assert azure.compute.virtual_machines.get(GROUP, MACHINE).provisioning_state == "Succeeded"


def test_without_a_file_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulator in memory begins anew."""
    subscription = ""
    for _ in range(2):
        with running() as simulator, connected(simulator, monkeypatch) as azure:
            subscription = subscription or azure.subscription
            azure.subscription = subscription
            assert not azure.resources.resource_groups.check_existence(GROUP)
            azure.group()


def test_subscriptions_can_be_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then an id that nobody set up is not found."""
    with running(Options(strict_subscriptions=True)) as simulator, connected(simulator, monkeypatch) as azure:
        answer = azure.raw(
            "GET", f"/subscriptions/{azure.subscription}/resourcegroups", params={"api-version": "2025-04-01"}
        )
        assert answer.json()["error"]["code"] == "SubscriptionNotFound"


def test_the_process_tells_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    """One line of JSON when ready, exit code 0 on SIGTERM; a fault file is in force; stdout has nothing else."""
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"action": {"type": "error", "status": 418, "code": "Teapot"}, "path": "teapot"}]))
    with _process("--faults", str(faults), "--ca-file", str(tmp_path / "ca.pem")) as (process, ready):
        assert ready["caFile"] == str(tmp_path / "ca.pem")
        context = ssl.create_default_context(cafile=ready["caFile"])
        answer = httpx.get(ready["url"] + "/subscriptions/teapot", verify=context)
        assert answer.status_code == 418
        assert httpx.get(ready["url"] + "/_sim/clock", verify=context).json()["speed"] == 60
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=20)
        assert (process.returncode, rest) == (0, "")


def test_a_certificate_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a certificate and its key nothing is made, and the certificate's own authority is what to trust."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key, ca = (tmp_path / name for name in ("chain.pem", "key.pem", "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    options = Options(certificate=chain, private_key=key, ca_file=ca)
    with running(options) as simulator, connected(simulator, monkeypatch) as azure:
        assert next(iter(azure.resources.resource_groups.list())).name == "rg-desktops"


@pytest.mark.parametrize("options", [{"speed": 0}, {"certificate": Path("c.pem")}])
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    """Refused before anything starts."""
    with pytest.raises(ValueError, match=r"speed|certificate"):
        Options(**options)


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the caller was told is in the file, whatever happens to the process."""
    state = tmp_path / "state.db"
    with _process("--state", str(state), "--ca-file", str(tmp_path / "ca.pem")) as (process, ready):
        with connected(Simulator(ready["url"], Path(ready["caFile"])), monkeypatch) as azure:
            subscription = azure.subscription
            azure.group("rg-kept")
        process.kill()
        process.communicate(timeout=20)
    with running(Options(state=state)) as simulator, connected(simulator, monkeypatch) as azure:
        azure.subscription = subscription
        assert azure.resources.resource_groups.check_existence("rg-kept")


def _begin(azure: Azure) -> str:
    """Start a machine's creation, and return the URL that polls it."""
    path = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute/virtualMachines"
    body = machine_body(azure.subscription)
    made = azure.raw("PUT", f"{path}/{MACHINE}", params={"api-version": "2026-04-01"}, json=body)
    return str(made.headers["Azure-AsyncOperation"])


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    """A file that this simulator cannot read is told at once, and left alone."""
    state = tmp_path / "state.db"
    with closing(sqlite3.connect(state)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(ValueError, match="version 99"), running(Options(state=state)):
        pass


@contextmanager
def _process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "local.arm", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "REQUESTS_CA_BUNDLE"}
    process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()
