"""Reads that are behind the truth."""

from typing import Any

import pytest

from tests.local.arm.conftest import GROUP, LOCATION, Azure, code_of


def _nsg(azure: Azure) -> None:
    azure.network.network_security_groups.begin_create_or_update(GROUP, "nsg", {"location": LOCATION}, polling=False)


def _listed(azure: Azure) -> list[str]:
    return [str(each.name) for each in azure.network.network_security_groups.list(GROUP)]


def test_a_new_resource_is_missing_for_a_while(frozen: Azure) -> None:
    """A GET finds nothing until the lag is over; the resource is there all the same."""
    frozen.group()
    frozen.settings(lag={"get": 30, "list": 0})
    _nsg(frozen)
    get = frozen.network.network_security_groups.get
    assert code_of(lambda: get(GROUP, "nsg")) == "ResourceNotFound"
    assert _listed(frozen) == ["nsg"]
    assert any(key.endswith("/nsg") for key in frozen.inventory())
    frozen.clock(step=29)
    assert code_of(lambda: get(GROUP, "nsg")) == "ResourceNotFound"
    frozen.clock(step=2)
    assert get(GROUP, "nsg").name == "nsg"


@pytest.mark.parametrize("scope", ["type", "group", "subscription"])
def test_listings_lack_what_is_new(frozen: Azure, scope: str) -> None:
    """Every listing, while a GET finds it; what was there before stays in them."""
    frozen.group()
    listing: Any = {
        "type": lambda: _listed(frozen),
        "group": lambda: [each.name for each in frozen.resources.resources.list_by_resource_group(GROUP)],
        "subscription": lambda: [each.name for each in frozen.resources.resources.list()],
    }[scope]
    before = listing()
    frozen.settings(lag={"get": 0, "list": 60})
    _nsg(frozen)
    assert listing() == before
    assert frozen.network.network_security_groups.get(GROUP, "nsg").name == "nsg"
    frozen.clock(step=61)
    assert listing() == [*before, "nsg"]


def test_what_is_written_again_is_not_new(frozen: Azure) -> None:
    """An update does not make a resource disappear."""
    frozen.group()
    _nsg(frozen)
    frozen.clock(step=3600)
    frozen.settings(lag={"get": 30, "list": 30})
    _nsg(frozen)
    assert frozen.network.network_security_groups.get(GROUP, "nsg").name == "nsg"
    assert _listed(frozen) == ["nsg"]


def test_writes_see_the_truth(frozen: Azure) -> None:
    """What a GET does not find yet can be referred to, written and deleted."""
    frozen.group()
    frozen.settings(lag={"get": 1000, "list": 1000})
    _nsg(frozen)
    frozen.clock(step=60)
    groups = frozen.network.network_security_groups
    again = groups.begin_create_or_update(GROUP, "nsg", {"location": LOCATION}, polling=False)
    assert again.polling_method() is not None
    frozen.clock(step=60)
    groups.begin_delete(GROUP, "nsg", polling=False)
    frozen.clock(step=60)
    assert not any(key.endswith("/nsg") for key in frozen.inventory())


@pytest.mark.parametrize("lag", [{"get": -1, "list": 0}, {"get": 1}, "long", {"get": "1", "list": 0}])
def test_a_lag_is_two_numbers(azure: Azure, lag: Any) -> None:
    """Anything else is refused when it is set."""
    path = f"/_sim/subscriptions/{azure.subscription}"
    assert azure.admin.patch(path, json={"lag": lag}).status_code == 400
