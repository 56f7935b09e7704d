"""Replication: each region's state over simulated time, and what goes wrong on the way."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.local.arm.conftest import GROUP, LOCATION, Azure, code_of

GALLERY, IMAGE, VERSION = "galTest", "windows-11", "1.0.0"
_SOURCE = (
    "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg-golden/providers/Microsoft.Compute"
    "/galleries/galGolden/images/windows-11-desktop/versions/1.0.0"
)
_HOUR = 3600
Status = dict[str, tuple[str, int]]


@pytest.fixture(name="still")
def _still(frozen: Azure) -> Azure:
    """A definition to put versions in, while time stands still."""
    frozen.clock(frozen=False)
    frozen.group()
    frozen.compute.galleries.begin_create_or_update(GROUP, GALLERY, {"location": LOCATION}).result()
    inner = {"osType": "Windows", "osState": "Generalized", "hyperVGeneration": "V2"}
    inner |= {"identifier": {"publisher": "Contoso", "offer": "desktops", "sku": "windows-11"}}  # type: ignore[dict-item]
    body = {"location": LOCATION, "properties": inner}
    frozen.compute.gallery_images.begin_create_or_update(GROUP, GALLERY, IMAGE, body).result()
    frozen.clock(frozen=True)
    return frozen


def _body(*regions: str) -> dict[str, Any]:
    profile = {"targetRegions": [{"name": region} for region in regions]}
    return {"location": LOCATION, "properties": _source() | {"publishingProfile": profile}}


def _source() -> dict[str, Any]:
    return {"storageProfile": {"source": {"id": _SOURCE}}}


def _put(azure: Azure, *regions: str) -> Any:
    versions = azure.compute.gallery_image_versions
    return versions.begin_create_or_update(GROUP, GALLERY, IMAGE, VERSION, _body(*regions), polling=False)


def _patch(azure: Azure, *regions: str) -> None:
    profile = {"targetRegions": [{"name": region} for region in regions]}
    change = {"properties": {"publishingProfile": profile}}
    azure.compute.gallery_image_versions.begin_update(GROUP, GALLERY, IMAGE, VERSION, change, polling=False)


def _version(azure: Azure) -> Any:
    return azure.compute.gallery_image_versions.get(GROUP, GALLERY, IMAGE, VERSION, expand="ReplicationStatus")


def _regions(azure: Azure) -> Status:
    summary = _version(azure).replication_status.summary
    return {each.region: (each.state, each.progress) for each in summary}


def _states(azure: Azure) -> dict[str, str]:
    return {region: state for region, (state, _) in _regions(azure).items()}


def _aggregated(azure: Azure) -> tuple[str, str]:
    version = _version(azure)
    return version.provisioning_state, version.replication_status.aggregated_state


def _region_fault(azure: Azure, region: str, action: dict[str, Any], **rule: Any) -> None:
    azure.fault(action, phase="replication", path=f"{VERSION}/regions/{region}$", **rule)


def test_the_status_comes_on_demand_only(still: Azure) -> None:
    """Without `$expand` there is none."""
    _put(still, "eastus")
    assert still.compute.gallery_image_versions.get(GROUP, GALLERY, IMAGE, VERSION).replication_status is None
    assert _version(still).replication_status.aggregated_state == "InProgress"


def test_the_home_region_comes_first_and_progress_grows(still: Azure) -> None:
    """Other regions wait for it; at the end all have 100 percent, and the operation ends with the last one."""
    _put(still, "westus2", "East US", "westeurope")
    first = _regions(still)
    assert first == {"West US 2": ("Unknown", 0), "East US": ("Replicating", 0), "West Europe": ("Unknown", 0)}
    seen = []
    while _states(still)["East US"] != "Completed":
        seen.append(_regions(still)["East US"][1])
        assert _states(still)["West US 2"] == "Unknown"
        still.clock(step=60)
    assert seen == sorted(seen)
    assert 0 < seen[-1] < 100
    assert _aggregated(still) == ("Creating", "InProgress")
    assert _states(still)["West US 2"] == "Replicating"
    still.clock(step=3 * _HOUR)
    assert set(_regions(still).values()) == {("Completed", 100)}
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_a_shallow_version_is_there_at_once(still: Azure) -> None:
    """Nothing is copied."""
    body = _body("eastus")
    body["properties"]["publishingProfile"]["replicationMode"] = "Shallow"
    versions = still.compute.gallery_image_versions
    versions.begin_create_or_update(GROUP, GALLERY, IMAGE, VERSION, body, polling=False)
    still.clock(step=120)
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_regions_that_are_added_leave_the_others_alone(still: Azure) -> None:
    """What is completed stays so, and serves, while a new region is copied to."""
    _put(still, "eastus")
    still.clock(step=_HOUR)
    _patch(still, "eastus", "westus2")
    assert _states(still) == {"East US": "Completed", "West US 2": "Replicating"}
    assert _aggregated(still) == ("Updating", "InProgress")
    still.clock(step=3 * _HOUR)
    assert _aggregated(still) == ("Succeeded", "Completed")
    _patch(still, "eastus")
    assert _states(still) == {"East US": "Completed"}


def test_a_write_while_regions_are_copied_to(still: Azure) -> None:
    """Takes the operation's place, and does not begin again what is under way."""
    put = _put(still, "eastus", "westus2")
    url = put.polling_method()._initial_response.http_response.headers["Azure-AsyncOperation"]
    still.clock(step=300)
    before = _regions(still)["East US"]
    _patch(still, "eastus", "westeurope")
    ended = still.raw("GET", url).json()
    assert (ended["status"], ended["error"]["code"]) == ("Canceled", "OperationPreempted")
    assert _regions(still) == {"East US": before, "West Europe": ("Unknown", 0)}
    still.clock(step=4 * _HOUR)
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_a_region_that_fails(still: Azure) -> None:
    """The operation fails and names it, the version is left behind as Failed, what is completed stays."""
    _region_fault(still, "westus2", {"type": "regionFails", "message": "Disk on fire."}, count=1)
    put = _put(still, "eastus", "westus2", "westeurope")
    url = put.polling_method()._initial_response.http_response.headers["Azure-AsyncOperation"]
    still.clock(step=5 * _HOUR)
    error = still.raw("GET", url).json()["error"]
    assert error["message"].startswith("Gallery replication jobs failed in one or more regions.")
    assert [(each["target"], each["message"]) for each in error["details"]] == [("West US 2", "Disk on fire.")]
    assert _aggregated(still) == ("Failed", "Failed")
    assert _states(still) == {"East US": "Completed", "West US 2": "Failed", "West Europe": "Completed"}
    summary = {each.region: each for each in _version(still).replication_status.summary}
    assert (summary["West US 2"].details, summary["East US"].details) == ("Disk on fire.", "")
    assert summary["West US 2"].progress < 100


def test_a_failed_region_is_retried_by_a_write(still: Azure) -> None:
    """The same again is enough when the cause has passed."""
    _region_fault(still, "westus2", {"type": "regionFails"}, count=1)
    _put(still, "eastus", "westus2")
    still.clock(step=5 * _HOUR)
    assert _aggregated(still) == ("Failed", "Failed")
    _put(still, "eastus", "westus2")
    assert _states(still) == {"East US": "Completed", "West US 2": "Replicating"}
    still.clock(step=5 * _HOUR)
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_a_failed_region_that_must_be_removed_and_added(still: Azure) -> None:
    """A sticky failure outlives a plain retry, not the region's removal."""
    _region_fault(still, "westus2", {"type": "regionFails", "sticky": True}, count=1)
    _put(still, "eastus", "westus2")
    still.clock(step=5 * _HOUR)
    _patch(still, "eastus", "westus2")
    still.clock(step=_HOUR)
    assert (_states(still)["West US 2"], _aggregated(still)) == ("Failed", ("Failed", "Failed"))
    _patch(still, "eastus")
    still.clock(step=_HOUR)
    assert _aggregated(still) == ("Succeeded", "Completed")
    _patch(still, "eastus", "westus2")
    still.clock(step=5 * _HOUR)
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_a_region_that_turns_out_to_be_completed(still: Azure) -> None:
    """Failed when the operation ends, completed hours later, without anybody's doing."""
    _region_fault(still, "westus2", {"type": "regionFails", "completesAfter": 10 * _HOUR})
    _put(still, "eastus", "westus2")
    still.clock(step=5 * _HOUR)
    assert _aggregated(still) == ("Failed", "Failed")
    still.clock(step=10 * _HOUR)
    assert _version(still).replication_status.aggregated_state == "Completed"


def test_a_region_that_is_stuck(still: Azure) -> None:
    """It stays at its percentage for good; removing it ends the matter."""
    _region_fault(still, "westus2", {"type": "regionStuck", "at": 63}, count=1)
    _put(still, "eastus", "westus2")
    still.clock(step=100 * _HOUR)
    assert _regions(still) == {"East US": ("Completed", 100), "West US 2": ("Replicating", 63)}
    assert _aggregated(still) == ("Creating", "InProgress")
    _patch(still, "eastus")
    still.clock(step=_HOUR)
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_a_region_that_takes_its_time(still: Azure) -> None:
    """`regionLasts` in simulated seconds, counted from the end of the home region."""
    _region_fault(still, "westus2", {"type": "regionLasts", "seconds": 50 * _HOUR})
    _put(still, "eastus", "westus2")
    still.clock(step=49 * _HOUR)
    assert _states(still) == {"East US": "Completed", "West US 2": "Replicating"}
    still.clock(step=3 * _HOUR)
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_a_home_region_that_fails_takes_the_others_with_it(still: Azure) -> None:
    """There is nothing to copy from; writing again heals it."""
    _region_fault(still, "eastus", {"type": "regionFails"}, count=1)
    _put(still, "eastus", "westus2")
    still.clock(step=_HOUR)
    assert _states(still) == {"East US": "Failed", "West US 2": "Failed"}
    _put(still, "eastus", "westus2")
    still.clock(step=5 * _HOUR)
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_an_operation_that_fails_as_a_whole(still: Azure) -> None:
    """A fault on the final phase: what was not completed by then has failed with it."""
    still.fault({"type": "fail", "code": "InternalExecutionError", "message": "Boom."}, phase="final", path=VERSION)
    _put(still, "eastus")
    still.clock(step=_HOUR)
    assert _version(still).provisioning_state == "Failed"


def test_an_operation_that_ends_before_its_time(still: Azure) -> None:
    """A duration set by a fault is the duration of the copying as well."""
    still.fault({"type": "lasts", "seconds": 30}, phase="final", path=VERSION)
    _put(still, "eastus", "westus2")
    still.clock(step=40)
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_a_replica_that_the_safety_profile_keeps(still: Azure) -> None:
    """A region that has the image stays; one that failed may go."""
    body = _body("eastus", "westus2", "westeurope")
    body["properties"]["safetyProfile"] = {"allowDeletionOfReplicatedLocations": False}
    _region_fault(still, "westus2", {"type": "regionFails"})
    versions = still.compute.gallery_image_versions
    versions.begin_create_or_update(GROUP, GALLERY, IMAGE, VERSION, body, polling=False)
    still.clock(step=5 * _HOUR)
    assert code_of(lambda: _patch(still, "eastus", "westus2")) == "OperationNotAllowed"
    _patch(still, "eastus", "westeurope")
    still.clock(step=_HOUR)
    assert _aggregated(still) == ("Succeeded", "Completed")


def test_the_sdk_hears_of_a_failed_replication(azure: Azure) -> None:
    """The poller raises with the operation's own code."""
    azure.group()
    azure.compute.galleries.begin_create_or_update(GROUP, GALLERY, {"location": LOCATION}).result()
    identifier = {"publisher": "Contoso", "offer": "desktops", "sku": "windows-11"}
    inner = {"osType": "Windows", "osState": "Generalized", "identifier": identifier}
    body = {"location": LOCATION, "properties": inner}
    azure.compute.gallery_images.begin_create_or_update(GROUP, GALLERY, IMAGE, body).result()
    _region_fault(azure, "westus2", {"type": "regionFails"})
    versions = azure.compute.gallery_image_versions
    poller = versions.begin_create_or_update(GROUP, GALLERY, IMAGE, VERSION, _body("eastus", "westus2"))
    with pytest.raises(HttpResponseError) as caught:
        poller.result()
    assert caught.value.error is not None
    assert caught.value.error.code == "GalleryReplicationJobsFailed"
    assert "{region:West US 2" in str(caught.value)


@pytest.mark.parametrize(
    "rule",
    [
        {"action": {"type": "regionLasts"}, "phase": "replication"},
        {"action": {"type": "regionStuck"}, "phase": "final"},
        {"action": {"type": "stuck"}, "phase": "replication"},
    ],
)
def test_rules_for_regions_are_checked(azure: Azure, rule: dict[str, Any]) -> None:
    """An action of another phase, or without what it needs, is refused."""
    assert azure.admin.post("/_sim/faults", json=rule).status_code == 400
