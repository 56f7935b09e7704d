"""Disks and snapshots, through the SDK."""

from typing import Any

import pytest

from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, WINDOWS_11, Azure, code_of, machine_body, until

Json = dict[str, Any]
_IMAGE = "/subscriptions/x/Providers/Microsoft.Compute/Locations/eastus/Publishers/{publisher}/ArtifactTypes/VMImage"
_IMAGE += "/Offers/{offer}/Skus/{sku}/Versions/latest"

_UNKNOWN = _IMAGE.format(publisher="a", offer="b", sku="c")


def _body(option: str, **inner: Any) -> Json:
    data = {"createOption": option} | inner.pop("data", {})
    return {"location": inner.pop("location", LOCATION), "properties": {"creationData": data} | inner}


def _disk(azure: Azure, name: str = "disk", option: str = "Empty", **inner: Any) -> Any:
    if option == "Empty":
        inner = {"diskSizeGB": 64} | inner
    return azure.compute.disks.begin_create_or_update(GROUP, name, _body(option, **inner)).result()


def _snapshot(azure: Azure, source: str, name: str = "snap") -> Any:
    body = _body("Copy", data={"sourceResourceId": source}, incremental=True)
    return azure.compute.snapshots.begin_create_or_update(GROUP, name, body).result()


def _os_disk(azure: Azure) -> str:
    return str(azure.compute.virtual_machines.get(GROUP, MACHINE).storage_profile.os_disk.managed_disk.id)


def _attached(azure: Azure, disk: str, **changes: Any) -> Json:
    """The body of a machine that boots from a disk that is there."""
    body = machine_body(azure.subscription, "clone", **changes)
    del body["properties"]["osProfile"]
    os_disk = {"createOption": "Attach", "osType": "Windows", "managedDisk": {"id": disk}, "deleteOption": "Delete"}
    body["properties"]["storageProfile"] = {"osDisk": os_disk}
    return body


def _data(lun: int, option: str = "Empty", **more: Any) -> Json:
    return {"lun": lun, "createOption": option} | ({"diskSizeGB": 32} if option == "Empty" else {}) | more


def test_an_empty_disk_from_creation_to_deletion(azure: Azure) -> None:
    """PUT, GET, LIST and DELETE, with the members that a GET adds."""
    azure.group()
    made = _disk(azure)
    assert (made.provisioning_state, made.disk_state, made.disk_size_gb) == ("Succeeded", "Unattached", 64)
    assert made.sku.name == "Standard_LRS"
    assert made.unique_id
    assert [each.name for each in azure.compute.disks.list_by_resource_group(GROUP)] == ["disk"]
    assert [each.name for each in azure.compute.disks.list()] == ["disk"]
    azure.compute.disks.begin_delete(GROUP, "disk").result()
    assert list(azure.compute.disks.list()) == []


def test_a_write_is_202_and_polled_among_the_disk_operations(azure: Azure) -> None:
    """201 is what the SDK rejects; the URLs are those of DiskOperations."""
    azure.group()
    path = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute/disks/disk"
    answer = azure.raw("PUT", path, params={"api-version": "2026-03-02"}, json=_body("Empty", diskSizeGB=4))
    assert answer.status_code == 202
    assert "/locations/eastus/DiskOperations/" in answer.headers["Azure-AsyncOperation"]
    assert "/locations/eastus/DiskOperations/" in answer.headers["Location"]
    assert "monitor=true" in answer.headers["Location"]


def test_a_disk_grows_and_never_shrinks(azure: Azure) -> None:
    """PATCH changes size, storage and tags."""
    azure.group()
    _disk(azure)
    change = {"sku": {"name": "Premium_LRS"}, "tags": {"a": "b"}, "properties": {"diskSizeGB": 128}}
    changed = azure.compute.disks.begin_update(GROUP, "disk", change).result()
    assert (changed.disk_size_gb, changed.sku.name, changed.tags) == (128, "Premium_LRS", {"a": "b"})
    smaller = {"properties": {"diskSizeGB": 64}}
    code = code_of(lambda: azure.compute.disks.begin_update(GROUP, "disk", smaller))
    assert code == "PropertyChangeNotAllowed"


def test_a_machine_is_cloned_through_a_snapshot(azure: Azure) -> None:
    """Snapshot of the disk, disk of the snapshot, machine of the disk: it boots, and keeps no account of its own."""
    azure.ready_machine()
    snapshot = _snapshot(azure, _os_disk(azure))
    assert (snapshot.incremental, snapshot.os_type, snapshot.disk_size_gb) == (True, "Windows", 127)
    disk = _disk(azure, "clone-os", "Copy", data={"sourceResourceId": snapshot.id})
    assert (disk.hyper_v_generation, disk.disk_state) == ("V2", "Unattached")
    machines = azure.compute.virtual_machines
    clone = machines.begin_create_or_update(GROUP, "clone", _attached(azure, disk.id)).result()
    assert clone.provisioning_state == "Succeeded"
    assert clone.os_profile is None
    assert clone.storage_profile.image_reference is None
    until(lambda: azure.agent("clone") == "Ready")
    assert azure.compute.disks.get(GROUP, "clone-os").disk_state == "Attached"
    machines.begin_delete(GROUP, "clone").result()
    assert not any("clone" in key for key in azure.inventory())


def test_a_disk_of_a_deallocated_machine_is_reserved(azure: Azure) -> None:
    """Its state follows from the machine's power."""
    azure.machine()
    azure.compute.virtual_machines.begin_deallocate(GROUP, MACHINE).result()
    assert azure.compute.disks.get(GROUP, f"{MACHINE}-os").disk_state == "Reserved"


def test_a_disk_of_a_platform_image_boots(azure: Azure) -> None:
    """FromImage brings system, generation and, if there is one, plan."""
    azure.group()
    disk = _disk(azure, "d", "FromImage", data={"imageReference": {"id": _IMAGE.format(**WINDOWS_11)}})
    assert (disk.os_type, disk.disk_size_gb) == ("Windows", 127)
    body = _attached(azure, disk.id)
    assert azure.compute.virtual_machines.begin_create_or_update(GROUP, "clone", body).result().vm_id


def test_one_machine_holds_a_disk(azure: Azure) -> None:
    """Attaching what another one holds, and deleting what one holds, are conflicts."""
    azure.machine()
    disk = _os_disk(azure)
    machines = azure.compute.virtual_machines
    code = code_of(lambda: machines.begin_create_or_update(GROUP, "clone", _attached(azure, disk)))
    assert code == "ConflictingUserInput"
    assert code_of(lambda: azure.compute.disks.begin_delete(GROUP, f"{MACHINE}-os")) == "OperationNotAllowed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"osProfile": {"computerName": "clone", "adminUsername": "someone"}}, "InvalidParameter"),
        ({"imageReference": WINDOWS_11}, "InvalidParameter"),
        ({"disk": "empty"}, "InvalidParameter"),
        ({"disk": "missing"}, "NotFound"),
    ],
)
def test_what_cannot_boot_is_refused(azure: Azure, change: Json, code: str) -> None:
    """An account or an image beside the disk, a disk without a system, a disk that is not there."""
    azure.group()
    empty = _disk(azure, "empty")
    disk = _disk(azure, "d", "FromImage", data={"imageReference": {"id": _IMAGE.format(**WINDOWS_11)}})
    named = change.get("disk", "d")
    body = _attached(azure, {"empty": empty.id, "d": disk.id}.get(named, disk.id + "-missing"))
    body["properties"] |= {"osProfile": change["osProfile"]} if "osProfile" in change else {}
    if "imageReference" in change:
        body["properties"]["storageProfile"]["imageReference"] = change["imageReference"] | {"version": "latest"}
    assert code_of(lambda: azure.compute.virtual_machines.begin_create_or_update(GROUP, "clone", body)) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_body("Empty"), "InvalidParameter"),
        (_body("Copy"), "InvalidParameter"),
        (_body("Copy", data={"sourceResourceId": "nonsense"}), "InvalidParameter"),
        (_body("FromImage"), "InvalidParameter"),
        (_body("FromImage", data={"imageReference": {"id": _UNKNOWN}}), "PlatformImageNotFound"),
        (_body("Upload", diskSizeGB=4), "NotSimulated"),
        ({"location": LOCATION, "properties": {"diskSizeGB": 4}}, "InvalidParameter"),
    ],
)
def test_what_cannot_become_a_disk_is_refused(azure: Azure, body: Json, code: str) -> None:
    """No size, no source, no such source, no such way."""
    azure.group()
    assert code_of(lambda: azure.compute.disks.begin_create_or_update(GROUP, "d", body)) == code


def test_a_copy_has_room_for_its_source_and_stays_in_its_region(azure: Azure) -> None:
    """Smaller, elsewhere, or of nothing: each is refused."""
    azure.group()
    source = {"sourceResourceId": _disk(azure).id}
    begin = azure.compute.disks.begin_create_or_update
    assert code_of(lambda: begin(GROUP, "c", _body("Copy", data=source, diskSizeGB=4))) == "InvalidParameter"
    assert code_of(lambda: begin(GROUP, "c", _body("Copy", data=source, location="westus2"))) == "InvalidParameter"
    missing = {"sourceResourceId": source["sourceResourceId"] + "-missing"}
    assert code_of(lambda: begin(GROUP, "c", _body("Copy", data=missing))) == "NotFound"


def test_access_is_granted_and_taken_back(azure: Azure) -> None:
    """The signature is the result of the operation, and protects the disk from deletion while it is in force."""
    azure.group()
    _disk(azure)
    disks = azure.compute.disks
    granted = disks.begin_grant_access(GROUP, "disk", {"access": "Read", "durationInSeconds": 86_400}).result()
    assert granted.access_sas.startswith("https://")
    assert disks.get(GROUP, "disk").disk_state == "ActiveSAS"
    assert code_of(lambda: disks.begin_delete(GROUP, "disk")) == "OperationNotAllowed"
    disks.begin_revoke_access(GROUP, "disk").result()
    assert disks.get(GROUP, "disk").disk_state == "Unattached"
    disks.begin_delete(GROUP, "disk").result()


def test_the_disk_of_a_running_machine_is_not_given_away(azure: Azure) -> None:
    """Access needs a machine that is deallocated; a snapshot does not."""
    azure.machine()
    grant = azure.compute.disks.begin_grant_access
    wanted = {"access": "Read", "durationInSeconds": 60}
    assert code_of(lambda: grant(GROUP, f"{MACHINE}-os", wanted)) == "OperationNotAllowed"
    azure.compute.virtual_machines.begin_deallocate(GROUP, MACHINE).result()
    assert grant(GROUP, f"{MACHINE}-os", wanted).result().access_sas


def test_snapshots_live_like_disks(azure: Azure) -> None:
    """PATCH, LIST, access and DELETE."""
    azure.group()
    snapshots = azure.compute.snapshots
    _snapshot(azure, _disk(azure).id)
    assert snapshots.begin_update(GROUP, "snap", {"tags": {"a": "b"}}).result().tags == {"a": "b"}
    assert [each.name for each in snapshots.list_by_resource_group(GROUP)] == ["snap"]
    wanted = {"access": "Read", "durationInSeconds": 60}
    assert snapshots.begin_grant_access(GROUP, "snap", wanted).result().access_sas
    snapshots.begin_revoke_access(GROUP, "snap").result()
    snapshots.begin_delete(GROUP, "snap").result()
    assert list(snapshots.list()) == []


def test_a_failed_copy_stays_behind(azure: Azure) -> None:
    """The disk is Failed, and cannot be attached or copied."""
    azure.group()
    azure.fault({"type": "fail", "code": "InternalOperationError"}, phase="final", method="PUT", path="/disks/disk$")
    assert code_of(lambda: _disk(azure)) == "InternalOperationError"
    found = azure.compute.disks.get(GROUP, "disk")
    assert found.provisioning_state == "Failed"
    assert code_of(lambda: _snapshot(azure, found.id)) == "Conflict"


def test_data_disks_come_and_go_with_a_machine(azure: Azure) -> None:
    """Created with it, attached and detached by a change, and deleted or left as their deleteOption says."""
    azure.group()
    body = machine_body(azure.subscription)
    body["properties"]["storageProfile"]["dataDisks"] = [_data(0, name="d0", deleteOption="Delete")]
    machines = azure.compute.virtual_machines
    made = machines.begin_create_or_update(GROUP, MACHINE, body).result()
    assert [(each.lun, each.name) for each in made.storage_profile.data_disks] == [(0, "d0")]
    spare = _disk(azure, "spare")
    disks = [each.as_dict() for each in made.storage_profile.data_disks]
    disks.append(_data(1, "Attach", managedDisk={"id": spare.id}))
    change = {"properties": {"storageProfile": {"dataDisks": disks}}}
    changed = machines.begin_update(GROUP, MACHINE, change).result()
    assert [each.name for each in changed.storage_profile.data_disks] == ["d0", "spare"]
    assert azure.compute.disks.get(GROUP, "spare").managed_by.endswith(f"/{MACHINE}")
    change["properties"]["storageProfile"]["dataDisks"] = disks[:1]
    machines.begin_update(GROUP, MACHINE, change).result()
    assert azure.compute.disks.get(GROUP, "spare").disk_state == "Unattached"
    machines.begin_delete(GROUP, MACHINE).result()
    assert [each.name for each in azure.compute.disks.list()] == ["spare"]


@pytest.mark.parametrize(
    ("disks", "code"),
    [
        ([_data(0), _data(0)], "InvalidParameter"),
        ([_data(64)], "InvalidParameter"),
        ([{"createOption": "Empty", "lun": 0}], "InvalidParameter"),
        ([_data(0, "Attach")], "InvalidParameter"),
        ([_data(0, "FromImage")], "NotSimulated"),
        ([_data(0, name=f"{MACHINE}-os")], "ConflictingUserInput"),
    ],
)
def test_data_disks_that_cannot_be(azure: Azure, disks: list[Json], code: str) -> None:
    """One disk at a LUN, LUNs up to 63, a size or a source, and a name that is free."""
    azure.group()
    body = machine_body(azure.subscription)
    body["properties"]["storageProfile"]["dataDisks"] = disks
    assert code_of(lambda: azure.compute.virtual_machines.begin_create_or_update(GROUP, MACHINE, body)) == code


def test_a_new_machine_does_not_take_a_disk_that_is_there(azure: Azure) -> None:
    """FromImage with the name of an existing disk is a conflict, not a replacement."""
    azure.group()
    _disk(azure, f"{MACHINE}-os")
    body = machine_body(azure.subscription)
    code = code_of(lambda: azure.compute.virtual_machines.begin_create_or_update(GROUP, MACHINE, body))
    assert code == "ConflictingUserInput"
