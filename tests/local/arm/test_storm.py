"""Storms from the start: by an option of the command, and of `running`."""

import json
import subprocess
import sys

import httpx
import pytest

from local.arm.options import Options
from local.arm.server import running
from tests.local.arm.conftest import FAST, GROUP, LOCATION, Azure, connected

_GROUPS = {"api-version": "2025-04-01"}


def _status(azure: Azure) -> int:
    """A status, or 0 for a connection that was cut."""
    try:
        return azure.raw("GET", f"/subscriptions/{azure.subscription}/resourcegroups", params=_GROUPS).status_code
    except httpx.TransportError:
        return 0


def _statuses(options: Options, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    with running(options) as simulator, connected(simulator, monkeypatch) as azure:
        return [_status(azure) for _ in range(40)]


def test_a_storm_is_repeatable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed, the same storm; another seed, another one; tokens are left alone."""
    first = _statuses(Options(storm=0.5, storm_seed=7), monkeypatch)
    assert _statuses(Options(storm=0.5, storm_seed=7), monkeypatch) == first
    assert _statuses(Options(storm=0.5, storm_seed=8), monkeypatch) != first
    assert 5 < first.count(200) < 35


def test_a_storm_may_reach_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the option, operations fail and are cancelled; without it, what was accepted succeeds."""
    ends = {}
    for reaches in (True, False):
        options = Options(speed=FAST, storm=1.0 if reaches else 0.0, storm_operations=reaches)
        with running(options) as simulator, connected(simulator, monkeypatch) as azure:
            rules = azure.admin.get("/_sim/faults").json()["value"]
            for rule in rules:
                if rule["phase"] == "first":
                    azure.admin.delete(f"/_sim/faults/{rule['id']}")
            azure.group()
            groups = azure.network.network_security_groups
            found = set()
            for number in range(8):
                poller = groups.begin_create_or_update(GROUP, f"n{number}", {"location": LOCATION})
                poller.wait() if not reaches else _ended(poller)
                found.add(poller.status())
            ends[reaches] = found
    assert ends == {True: {"Failed", "Canceled"}, False: {"Succeeded"}}


def _ended(poller: object) -> None:
    with pytest.raises(Exception, match="Storm"):
        poller.result()  # type: ignore[attr-defined]


def test_the_command_takes_a_storm() -> None:
    """PROBABILITY:SEED; what is no probability is refused with a reason."""
    refused = subprocess.run(
        [sys.executable, "-m", "local.arm", "--storm", "2"], capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 2
    assert "between 0 and 1" in refused.stderr
    command = [sys.executable, "-m", "local.arm", "--storm", "0.25:9", "--storm-operations"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this interpreter
        try:
            assert process.stdout is not None
            started = json.loads(process.stdout.readline())
            with httpx.Client(verify=False) as client:  # noqa: S501 - the CA's file is not what this is about
                rules = client.get(f"{started['url']}/_sim/faults").json()["value"]
        finally:
            process.terminate()
    expected = {"action": {"type": "storm"}, "probability": 0.25, "seed": 9, "path": "^/subscriptions/"}
    assert [rule["phase"] for rule in rules] == ["first", "final"]
    assert all(expected.items() <= rule.items() for rule in rules)
