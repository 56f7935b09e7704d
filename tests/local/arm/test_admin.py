"""The rest of the simulator's own endpoint."""

import pytest

from local.arm.frontdoor import FrontDoor
from tests.local.arm.conftest import GROUP, LOCATION, Azure, until


def test_calls_are_counted_without_their_contents(azure: Azure) -> None:
    """Verb, path and status; counters by operation; no query, no body, no header."""
    start = azure.admin.get("/_sim/calls").json()["last"]
    azure.group()
    azure.network.network_security_groups.begin_create_or_update(GROUP, "n", {"location": LOCATION}).result()
    document = azure.admin.get("/_sim/calls", params={"path": azure.subscription, "after": start}).json()
    assert document["calls"][0]["method"] == "PUT"
    assert document["calls"][0]["status"] == 201
    assert all("?" not in call["path"] for call in document["calls"])
    assert document["counts"]["Microsoft.Network/networkSecurityGroups/write"] >= 1
    assert "Bearer" not in str(document)


def test_calls_can_be_forgotten(azure: Azure) -> None:
    """Counting begins anew."""
    azure.group()
    assert azure.admin.delete("/_sim/calls").status_code == 204
    assert azure.admin.get("/_sim/calls").json()["calls"] == []


def test_the_inventory_shows_tags_and_states(azure: Azure) -> None:
    """All that a test needs to find what was left behind."""
    azure.group()
    found = azure.inventory()[f"/subscriptions/{azure.subscription}/resourcegroups/{GROUP}"]
    assert (found["tags"], found["provisioningState"]) == ({"made": "by test"}, "Succeeded")


def test_a_bug_of_the_simulator_is_told_as_such(
    azure: Azure, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 with a reason in JSON, a traceback in the log, and the next request works."""

    def broken(*_: object) -> None:
        raise AttributeError("a bug")

    azure.credential.get_token("https://management.azure.com/.default")
    with monkeypatch.context() as patch:
        patch.setattr(FrontDoor, "handle", broken)
        answer = azure.raw("GET", f"/subscriptions/{azure.subscription}/resourcegroups")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "InternalServerError")
    until(lambda: "AttributeError: a bug" in caplog.text)
    azure.group()


def test_settings_have_known_members_only(azure: Azure) -> None:
    """A misspelt setting is refused."""
    path = f"/_sim/subscriptions/{azure.subscription}"
    assert azure.admin.patch(path, json={"quota": {}}).status_code == 400
    assert azure.admin.put(path + "/terms", json={"publisher": "p"}).status_code == 400
    assert azure.admin.get(path).json()["tenant"] == "00000000-0000-0000-0000-0000000000aa"
