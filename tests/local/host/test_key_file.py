"""The file of the access keys: what it outlives, who may read it, and that nothing else shows a key."""

import json
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from local.host.errors import StateError
from local.host.keys import key_file
from local.host.server import running
from tests.local.host.conftest import APPS, Process


def test_without_auth_nothing_is_asked_for_and_no_link_has_a_key(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    with running(APPS / "keys", state=state) as host:
        assert host.keys is None
        for path in (
            "/api/guarded",
            "/api/only-admin",
            "/runtime/webhooks/durabletask/instances/",
            "/admin/host/status",
        ):
            assert httpx.get(f"{host.url}{path}").status_code == 200
        assert "code=" not in httpx.post(f"{host.url}/api/start/flow").text
    assert not key_file(state).exists()


def test_keys_survive_a_restart_and_are_for_their_owner_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    path = key_file(state)
    with running(APPS / "keys", state=state, auth=True) as host:
        first = host.keys
    path.chmod(0o644)
    document = json.loads(path.read_text())
    document["functions"]["guarded"]["mine"] = "a key of my own"
    del document["functions"]["other"]
    path.write_text(json.dumps(document))
    with running(APPS / "keys", state=state, auth=True) as host:
        second = host.keys
        headers = {"x-functions-key": "a key of my own"}
        assert httpx.get(f"{host.url}/api/guarded", headers=headers).status_code == 200
        assert httpx.get(f"{host.url}/api/other", headers=headers).status_code == 401
    assert first is not None
    assert second is not None
    assert (second.master, second.host, second.system) == (first.master, first.host, first.system)
    assert second.functions["other"]["default"] != first.functions["other"]["default"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"masterKey": "", "functionKeys": {}, "systemKeys": {}, "functions": {}}',
        '{"masterKey": "k", "functionKeys": {"default": ""}, "systemKeys": {}, "functions": {}}',
        '{"masterKey": "k", "functionKeys": {}, "systemKeys": {}, "functions": {"guarded": "sesame"}}',
    ],
)
def test_a_file_that_holds_no_keys_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    state = tmp_path / "state.sqlite"
    key_file(state).write_text(content)
    with (
        pytest.raises(StateError, match="delete it for new keys") as refused,
        running(APPS / "keys", state=state, auth=True),
    ):
        raise AssertionError("it runs")
    assert "sesame" not in str(refused.value)


def test_the_log_says_where_the_keys_are_and_never_what_they_are(
    process: Callable[..., Process], tmp_path: Path, apps: Path
) -> None:
    state = tmp_path / "state.sqlite"
    host = process(apps / "keys", "--port", "0", "--auth", "--log-level", "debug", state=state)
    url = host.ready()["url"]
    document = json.loads(key_file(state).read_text())
    master, system = document["masterKey"], document["systemKeys"]["durabletask_extension"]
    assert httpx.get(f"{url}/api/guarded").status_code == 401
    assert httpx.get(f"{url}/api/guarded", params={"code": master}).status_code == 200
    assert httpx.post(f"{url}/api/start/flow").status_code == 202
    host.signal(signal.SIGTERM)
    assert host.wait() == 0
    log = host.log.read_text()
    assert str(key_file(state)) in log
    assert master not in log
    assert system not in log
