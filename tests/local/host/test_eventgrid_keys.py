"""The Event Grid webhook asks for its system key, and knows nothing of a disabled function."""

import httpx
import pytest

from local.host.server import running
from tests.local.host.test_eventgrid import EVENT, WEBHOOK, Seen, app_of

HEADERS = {"aeg-event-type": "Notification"}


def test_the_webhook_asks_for_its_system_key() -> None:
    seen = Seen()
    with running(app_of(seen), auth=True) as host:
        assert host.keys is not None
        expected = {
            "": 401,
            host.keys.of_extension("durabletask"): 401,
            host.keys.host["default"]: 401,
            host.keys.of_extension("eventgrid"): 202,
            host.keys.master: 202,
        }
        for key, code in expected.items():
            query = {"functionName": "keep", "code": key}
            response = httpx.post(f"{host.url}{WEBHOOK}", params=query, json=[EVENT], headers=HEADERS)
            assert response.status_code == code
    assert len(seen.events) == 2


def test_a_disabled_function_is_unknown_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobs.keep.Disabled", "true")
    seen = Seen()
    with running(app_of(seen)) as host:
        url = f"{host.url}{WEBHOOK}"
        assert httpx.post(url, params={"functionName": "keep"}, json=[EVENT], headers=HEADERS).status_code == 404
    assert seen.events == []
