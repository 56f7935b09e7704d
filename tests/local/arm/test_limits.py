"""Azure's request limits: the headers always, the refusals when they are enforced."""

import pytest

from local.arm.options import Options
from local.arm.server import running
from tests.local.arm.conftest import GROUP, MACHINE, Azure, connected, machine_body

_COMPUTE = {"api-version": "2026-04-01"}
_GROUPS = {"api-version": "2025-04-01"}


def _machine_path(azure: Azure) -> str:
    scope = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute"
    return f"{scope}/virtualMachines/{MACHINE}"


def test_what_is_left_is_told(frozen: Azure) -> None:
    """Writes and the compute provider's own policy count down, and come back with time."""
    frozen.group()
    body = machine_body(frozen.subscription)
    first = frozen.raw("PUT", _machine_path(frozen), params=_COMPUTE, json=body)
    assert (
        first.headers["x-ms-ratelimit-remaining-resource"] == "Microsoft.Compute/PutVM;11,Microsoft.Compute/PutVM;1499"
    )
    frozen.clock(step=600)
    again = frozen.raw("PUT", _machine_path(frozen), params=_COMPUTE, json=body)
    assert again.headers["x-ms-ratelimit-remaining-resource"].startswith("Microsoft.Compute/PutVM;11,")


def test_limits_do_not_hold_unless_told(frozen: Azure) -> None:
    """Tests that are about something else are left alone."""
    frozen.group()
    path = _machine_path(frozen)
    frozen.raw("PUT", path, params=_COMPUTE, json=machine_body(frozen.subscription))
    assert {frozen.raw("GET", path, params=_COMPUTE).status_code for _ in range(50)} == {200}


def test_enforced_limits_refuse_and_recover(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine read too often is refused in the provider's own shape, and readable again after the wait."""
    with running(Options(throttle=True)) as simulator, connected(simulator, monkeypatch) as azure:
        azure.clock(frozen=True)
        azure.group()
        path = _machine_path(azure)
        azure.raw("PUT", path, params=_COMPUTE, json=machine_body(azure.subscription))
        answers = [azure.raw("GET", path, params=_COMPUTE) for _ in range(37)]
        assert [answer.status_code for answer in answers] == [200] * 36 + [429]
        refused = answers[-1]
        assert (refused.json()["code"], refused.json()["details"][0]["target"]) == ("OperationNotAllowed", "GetVM")
        assert refused.headers["x-ms-ratelimit-remaining-resource"] == "Microsoft.Compute/GetVM;0"
        assert int(refused.headers["retry-after-ms"]) > 0
        azure.clock(step=6)
        assert azure.raw("GET", path, params=_COMPUTE).status_code == 200


def test_arms_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond 250 reads at once the front door refuses, for this subscription only."""
    with running(Options(throttle=True)) as simulator, connected(simulator, monkeypatch) as azure:
        azure.clock(frozen=True)
        path = f"/subscriptions/{azure.subscription}/resourcegroups"
        found = [azure.raw("GET", path, params=_GROUPS).status_code for _ in range(252)]
        assert (found.count(200), found[-1]) == (250, 429)
        other = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups"
        assert azure.raw("GET", other, params=_GROUPS).status_code == 200


def test_a_share_of_the_limits_makes_those_of_subscriptions_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fiftieth of 250 reads is five; a machine's own bucket stays as it is."""
    with (
        running(Options(throttle=True, throttle_share=0.02)) as simulator,
        connected(simulator, monkeypatch) as azure,
    ):
        azure.clock(frozen=True)
        azure.group()
        made = azure.raw("PUT", _machine_path(azure), params=_COMPUTE, json=machine_body(azure.subscription))
        left = "Microsoft.Compute/PutVM;11,Microsoft.Compute/PutVM;29"
        assert made.headers["x-ms-ratelimit-remaining-resource"] == left
        path = f"/subscriptions/{azure.subscription}/resourcegroups"
        found = [azure.raw("GET", path, params=_GROUPS).status_code for _ in range(6)]
        assert found == [200] * 5 + [429]


def test_everybody_together_has_fifteen_times_as_much(frozen: Azure) -> None:
    """The headers of the subscription's own bucket, beside those of the principal's."""
    answer = frozen.raw("GET", f"/subscriptions/{frozen.subscription}/resourcegroups", params=_GROUPS)
    own, everyone = (f"x-ms-ratelimit-remaining-subscription-{name}" for name in ("reads", "global-reads"))
    assert (answer.headers[own], answer.headers[everyone]) == ("249", "3749")


def test_listings_of_machines_have_a_limit_of_their_own(frozen: Azure) -> None:
    """Counted for the subscription, not for a machine."""
    frozen.group()
    path = _machine_path(frozen).rpartition("/")[0]
    answer = frozen.raw("GET", path, params=_COMPUTE)
    assert answer.headers["x-ms-ratelimit-remaining-resource"] == "Microsoft.Compute/ListVM;899"


def test_each_region_counts_for_itself(frozen: Azure) -> None:
    """A machine in another region draws from another bucket, also when it is refused."""
    frozen.group()
    left = []
    for name, location in (("east-1", "eastus"), ("east-2", "eastus"), ("west-1", "westus2")):
        path = _machine_path(frozen).rpartition("/")[0] + f"/{name}"
        body = machine_body(frozen.subscription, name, location=location)
        answer = frozen.raw("PUT", path, params=_COMPUTE, json=body)
        left.append(answer.headers["x-ms-ratelimit-remaining-resource"].rpartition(";")[2])
    assert left == ["1499", "1498", "1499"]
