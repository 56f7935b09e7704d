"""Access keys: who is let in with which, and what is handed out with them."""

from collections.abc import Iterator

import httpx
import pytest

from local.host.keys import Keys
from local.host.server import RunningHost, running
from tests.local.host.conftest import APPS

DURABLE = "/runtime/webhooks/durabletask/instances/"
STATUS = "/admin/host/status"


@pytest.fixture(name="host", scope="module")
def _host() -> Iterator[RunningHost]:
    with running(APPS / "keys", auth=True) as host:
        yield host


@pytest.fixture(name="keys")
def _keys(host: RunningHost) -> Keys:
    assert host.keys is not None
    return host.keys


def named(keys: Keys) -> dict[str, str]:
    return {
        "none": "",
        "wrong": keys.master[:-1] + "~",
        "master": keys.master,
        "host": keys.host["default"],
        "own": keys.functions["guarded"]["default"],
        "other": keys.functions["other"]["default"],
        "durable": keys.of_extension("durabletask"),
        "eventgrid": keys.of_extension("eventgrid"),
    }


@pytest.mark.parametrize(
    ("path", "code", "letting_in"),
    [
        ("/api/open", 200, {"none", "wrong", "master", "host", "own", "other", "durable", "eventgrid"}),
        ("/api/guarded", 200, {"master", "host", "own"}),
        ("/api/only-admin", 200, {"master"}),
        (DURABLE, 200, {"master", "durable"}),
        ("/runtime/webhooks/unknown/x", 404, {"master"}),
        (STATUS, 200, {"master"}),
    ],
)
def test_each_level_is_opened_by_its_keys(
    host: RunningHost, keys: Keys, path: str, code: int, letting_in: set[str]
) -> None:
    for name, key in named(keys).items():
        for request in ({"headers": {"X-Functions-Key": key}}, {"params": {"Code": key}}):
            response = httpx.get(f"{host.url}{path}", **request)  # type: ignore[arg-type] # either of the two
            assert response.status_code == (code if name in letting_in else 401), (name, request)
            assert name in letting_in or response.content == b""


def test_the_header_goes_before_the_query(host: RunningHost, keys: Keys) -> None:
    url = f"{host.url}/api/guarded"
    right, wrong = keys.host["default"], "wrong"
    assert httpx.get(url, params={"code": right}, headers={"x-functions-key": wrong}).status_code == 401
    assert httpx.get(url, params={"code": wrong}, headers={"x-functions-key": right}).status_code == 200


def test_what_there_is_not_needs_no_key_to_be_missed(host: RunningHost) -> None:
    assert httpx.get(f"{host.url}/api/nothing").status_code == 404


def test_the_links_of_a_start_bring_their_key(host: RunningHost, keys: Keys) -> None:
    """To whoever calls the function, and to whoever starts by the API: each link works as it is."""
    system = keys.of_extension("durabletask")
    by_function = httpx.post(f"{host.url}/api/start/flow").json()
    by_api = httpx.post(f"{host.url}/runtime/webhooks/durabletask/orchestrators/flow", params={"code": system}).json()
    for links in (by_function, by_api):
        assert all(value.endswith(f"code={system}") for name, value in links.items() if name != "id")
        running = httpx.get(links["statusQueryGetUri"])
        assert running.status_code == 202
        assert httpx.get(running.headers["location"]).status_code == 202
        event = links["sendEventPostUri"].replace("{eventName}", "Go")
        assert httpx.post(event, json=1).status_code == 202


def test_a_client_binding_brings_the_system_key_alone(host: RunningHost, keys: Keys) -> None:
    shown = httpx.get(f"{host.url}/api/binding").text
    assert shown.count(f"code={keys.of_extension('durabletask')}") == len(shown.split()) - 1
    assert keys.master not in shown


def test_no_two_keys_are_alike_and_none_needs_escaping(keys: Keys) -> None:
    every = [keys.master, *keys.host.values(), *keys.system.values()]
    every += [key for each in keys.functions.values() for key in each.values()]
    assert len(set(every)) == len(every)
    assert all(len(key) > 50 and httpx.URL("/", params={"code": key}).query.decode() == f"code={key}" for key in every)


def test_keys_do_not_show_themselves(keys: Keys) -> None:
    assert repr(keys) == "Keys()"
