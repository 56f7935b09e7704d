"""The host's own endpoints with keys, of disabled functions, and its front page."""

import httpx
import pytest

from local.host.server import RunningHost, running
from tests.local.host.test_admin import app_of


def code(host: RunningHost, method: str, path: str, key: str) -> int:
    response = httpx.request(method, f"{host.url}{path}", headers={"x-functions-key": key}, json={"input": ""})
    return response.status_code


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/admin/host/status", 200),
        ("GET", "/admin/functions", 200),
        ("GET", "/admin/functions/work", 200),
        ("POST", "/admin/functions/work", 400),
        ("POST", "/Admin/functions/nobody", 404),
    ],
)
def test_the_master_key_alone_opens_them(method: str, path: str, expected: int) -> None:
    with running(app_of(), auth=True) as host:
        assert host.keys is not None
        for key in ("", "wrong", host.keys.host["default"], host.keys.of_extension("durabletask")):
            assert code(host, method, path, key) == 401
        assert code(host, method, path, host.keys.master) == expected


def test_a_disabled_function_is_listed_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobs.Read_order.Disabled", "true")
    with running(app_of()) as host:
        listed = httpx.get(f"{host.url}/admin/functions").json()
    assert [each["name"] for each in listed if each["isDisabled"]] == ["Read_order"]


def test_the_root_has_a_page_that_a_setting_takes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(app_of()) as host:
        page = httpx.get(host.url)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        monkeypatch.setenv("AzureWebJobsDisableHomepage", "true")
        assert httpx.get(host.url).status_code == 204
