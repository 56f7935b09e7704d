"""Galleries and image definitions: names, what is fixed, what must be empty."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.local.arm.conftest import GROUP, LOCATION, Azure, code_of

GALLERY, IMAGE = "galTest", "windows-11"
_IDENTIFIER = {"publisher": "Contoso", "offer": "windows-11", "sku": "desktop"}


def definition_body(**changes: Any) -> dict[str, Any]:
    """A definition for Windows; `changes` replace members of `properties`, None removes one."""
    inner = {
        "osType": "Windows",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "identifier": _IDENTIFIER,
        "features": [{"name": "SecurityType", "value": "TrustedLaunchSupported"}],
    } | changes
    return {"location": LOCATION, "properties": {name: value for name, value in inner.items() if value is not None}}


def _gallery(azure: Azure, name: str = GALLERY, **inner: Any) -> Any:
    azure.group()
    body = {"location": LOCATION, "tags": {"made": "by test"}, "properties": inner}
    return azure.compute.galleries.begin_create_or_update(GROUP, name, body).result()


def _image(azure: Azure, name: str = IMAGE, **changes: Any) -> Any:
    images = azure.compute.gallery_images
    return images.begin_create_or_update(GROUP, GALLERY, name, definition_body(**changes)).result()


def test_the_life_of_a_gallery(azure: Azure) -> None:
    """Created behind an operation of its own kind, read, listed, changed, deleted."""
    made = _gallery(azure, description="Mine")
    assert (made.provisioning_state, made.location, made.description) == ("Succeeded", LOCATION, "Mine")
    assert made.identifier.unique_name == f"{azure.subscription}-GALTEST"
    assert [each.name for each in azure.compute.galleries.list_by_resource_group(GROUP)] == [GALLERY]
    assert {each.name for each in azure.compute.galleries.list()} == {GALLERY, "galDesktops"}
    change = {"tags": {"a": "b"}, "properties": {"description": "Yours"}}
    changed = azure.compute.galleries.begin_update(GROUP, GALLERY, change).result()
    assert (changed.tags, changed.description) == ({"a": "b"}, "Yours")
    azure.compute.galleries.begin_delete(GROUP, GALLERY).result()
    assert code_of(lambda: azure.compute.galleries.get(GROUP, GALLERY)) == "ResourceNotFound"


def test_operations_of_galleries_are_polled_at_a_place_of_their_own(azure: Azure) -> None:
    """`capsOperations`, where others have `operations`."""
    azure.group()
    path = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute/galleries/g"
    answer = azure.raw("PUT", path, params={"api-version": "2026-03-03"}, json={"location": LOCATION})
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Creating")
    assert f"/locations/{LOCATION}/capsOperations/" in answer.headers["Azure-AsyncOperation"]


@pytest.mark.parametrize("name", ["gal-test", "gal test", ".gal", "gal.", "_gal", "g" * 81])
def test_a_gallery_name_that_breaks_the_rule(azure: Azure, name: str) -> None:
    """No dash, no other sign at the ends, 80 characters at most."""
    assert code_of(lambda: _gallery(azure, name)) == "InvalidParameter"


@pytest.mark.parametrize("name", ["img test", "-img", "img.", "i" * 81])
def test_a_definition_name_that_breaks_the_rule(azure: Azure, name: str) -> None:
    """A dash is allowed, but not at the ends."""
    _gallery(azure)
    assert code_of(lambda: _image(azure, name)) == "InvalidParameter"


def test_the_life_of_a_definition(azure: Azure) -> None:
    """Created, read with what Azure adds, listed, changed where it may change, deleted."""
    _gallery(azure)
    plan = {"name": "plan", "publisher": "seller", "product": "offer"}
    made = _image(azure, purchasePlan=plan)
    assert (made.provisioning_state, made.os_type, made.architecture) == ("Succeeded", "Windows", "x64")
    assert made.purchase_plan.product == "offer"
    assert [each.name for each in azure.compute.gallery_images.list_by_gallery(GROUP, GALLERY)] == [IMAGE]
    change = {"tags": {"a": "b"}, "properties": {"description": "New"}}
    changed = azure.compute.gallery_images.begin_update(GROUP, GALLERY, IMAGE, change).result()
    assert (changed.description, changed.tags, changed.hyper_v_generation) == ("New", {"a": "b"}, "V2")
    azure.compute.gallery_images.begin_delete(GROUP, GALLERY, IMAGE).result()
    assert list(azure.compute.gallery_images.list_by_gallery(GROUP, GALLERY)) == []


def test_a_definition_needs_its_gallery(azure: Azure) -> None:
    """ParentResourceNotFound."""
    azure.group()
    assert code_of(lambda: _image(azure)) == "ParentResourceNotFound"


@pytest.mark.parametrize(
    "change",
    [
        {"osType": None},
        {"osState": None},
        {"identifier": None},
        {"osType": "BeOS"},
        {"osState": "Used"},
        {"hyperVGeneration": "V3"},
        {"architecture": "mips"},
        {"architecture": "Arm64", "hyperVGeneration": "V1", "features": None},
        {"identifier": {"publisher": "Contoso", "offer": "x"}},
        {"identifier": {"publisher": "Contoso", "offer": "x", "sku": "dot."}},
        {"purchasePlan": {"name": "only"}},
        {"features": [{"name": "Colour", "value": "red"}]},
        {"features": [{"name": "SecurityType", "value": "Loose"}]},
        {"features": [{"name": "SecurityType", "value": "TrustedLaunch"}], "hyperVGeneration": "V1"},
        {"recommended": {"vCPUs": {"min": 8, "max": 4}}},
        {"endOfLifeDate": "tomorrow"},
    ],
)
def test_a_definition_that_is_wrong(azure: Azure, change: dict[str, Any]) -> None:
    """What is missing or has no legal value is refused."""
    _gallery(azure)
    assert code_of(lambda: _image(azure, **change)) == "InvalidParameter"


@pytest.mark.parametrize(
    "change",
    [
        {"osType": "Linux"},
        {"osState": "Specialized"},
        {"hyperVGeneration": "V1", "features": None},
        {"architecture": "Arm64"},
        {"identifier": _IDENTIFIER | {"sku": "other"}},
        {"purchasePlan": {"name": "a", "publisher": "b", "product": "c"}},
        {"features": [{"name": "SecurityType", "value": "Standard"}]},
    ],
)
def test_what_is_fixed_on_a_definition(azure: Azure, change: dict[str, Any]) -> None:
    """PropertyChangeNotAllowed, and writing the same again is fine."""
    _gallery(azure)
    _image(azure)
    assert _image(azure).provisioning_state == "Succeeded"
    with pytest.raises(HttpResponseError) as caught:
        _image(azure, **change)
    assert caught.value.error is not None
    assert (caught.value.status_code, caught.value.error.code) == (409, "PropertyChangeNotAllowed")
    assert "Changing property 'galleryImage.properties." in str(caught.value)


def test_features_change_where_that_was_allowed(azure: Azure) -> None:
    """`allowUpdateImage` opens them."""
    _gallery(azure)
    _image(azure)
    features = [{"name": "SecurityType", "value": "TrustedLaunch"}]
    assert _image(azure, features=features, allowUpdateImage=True).features[0].value == "TrustedLaunch"


def test_an_identifier_belongs_to_one_definition(azure: Azure) -> None:
    """Publisher, offer and sku are unique within a gallery."""
    _gallery(azure)
    _image(azure)
    assert code_of(lambda: _image(azure, "another")) == "Conflict"
    assert _image(azure, "another", identifier=_IDENTIFIER | {"sku": "other"}).name == "another"


@pytest.mark.parametrize(("version", "generation", "security"), [("2023-07-03", "V1", None), ("2026-03-03", "V2", "T")])
def test_defaults_that_came_with_an_api_version(
    azure: Azure, version: str, generation: str, security: str | None
) -> None:
    """Since 2025-03-03 a definition that says nothing is of generation 2 and supports Trusted Launch."""
    gallery = _gallery(azure)
    body = definition_body(hyperVGeneration=None, features=None)
    made = azure.raw("PUT", f"{gallery.id}/images/i", params={"api-version": version}, json=body).json()["properties"]
    found = {each["name"]: each["value"] for each in made.get("features", [])}
    expected = {"SecurityType": "TrustedLaunchSupported"} if security else {}
    assert (made["hyperVGeneration"], found) == (generation, expected)


def test_a_gallery_that_is_not_empty_stays(azure: Azure) -> None:
    """Definitions first, then the gallery."""
    _gallery(azure)
    _image(azure)
    assert code_of(lambda: azure.compute.galleries.begin_delete(GROUP, GALLERY)) == "CannotDeleteResource"


def test_how_many_there_may_be_is_a_setting(azure: Azure) -> None:
    """A quota for each subscription and region, set over the admin endpoint."""
    azure.settings(quotas={"eastus/galleries": 2, "galleryImages": 1})
    _gallery(azure)
    assert code_of(lambda: _gallery(azure, "galThird")) == "QuotaExceeded"
    _image(azure)
    taken = _IDENTIFIER | {"sku": "other"}
    assert code_of(lambda: _image(azure, "another", identifier=taken)) == "QuotaExceeded"


def test_what_is_not_simulated_is_said(azure: Azure) -> None:
    """Soft deletion."""
    assert code_of(lambda: _gallery(azure, softDeletePolicy={"isSoftDeleteEnabled": True})) == "NotSimulated"


def test_a_write_can_fail_at_its_end(azure: Azure) -> None:
    """The gallery is left behind as Failed, and writing it again heals it."""
    azure.fault({"type": "fail", "code": "InternalExecutionError"}, phase="final", path=f"{GALLERY}$", count=1)
    assert code_of(lambda: _gallery(azure)) == "InternalExecutionError"
    assert azure.compute.galleries.get(GROUP, GALLERY).provisioning_state == "Failed"
    assert _gallery(azure).provisioning_state == "Succeeded"
