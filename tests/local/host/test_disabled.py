"""Functions that an app setting disables."""

import logging

import httpx
import pytest

from local.host.server import running
from tests.local.host.conftest import APPS


@pytest.mark.parametrize("setting", ["AzureWebJobs.guarded.Disabled", "AzureWebJobs__guarded__Disabled"])
@pytest.mark.parametrize(("value", "disabled"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_a_setting_disables_a_function(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, disabled: bool
) -> None:
    monkeypatch.setenv(setting, value)
    with running(APPS / "keys") as host:
        assert httpx.get(f"{host.url}/api/guarded").status_code == (404 if disabled else 200)
        assert httpx.get(f"{host.url}/api/other").status_code == 200


def test_a_disabled_function_is_there_for_the_master_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobs.guarded.Disabled", "True")
    with running(APPS / "keys", auth=True) as host:
        assert host.keys is not None
        expected = {host.keys.master: 200, host.keys.host["default"]: 404, "wrong": 401}
        url = f"{host.url}/api/guarded"
        assert {key: httpx.get(url, params={"code": key}).status_code for key in expected} == expected


def test_a_disabled_orchestrator_is_not_run(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("AZUREWEBJOBS_FLOW_DISABLED", "1")
    with running(APPS / "keys") as host, caplog.at_level(logging.CRITICAL):
        response = httpx.post(
            f"{host.url}/runtime/webhooks/durabletask/orchestrators/flow?timeout=10&pollingInterval=0.01"
        )
        assert response.json()["runtimeStatus"] == "Failed"
        assert "is disabled" in response.json()["output"]
