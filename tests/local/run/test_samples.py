"""The sample requests."""

import json
import string
from datetime import date

from local.run.samples import SAMPLES, free_name, new_password, org_id, provider_instance, windows_import

TODAY = date(2026, 11, 23)


def test_an_import_is_ready_to_send() -> None:
    """It has a new name, a password as an array of characters, and the provider instance's org."""
    body = windows_import(["windows-11-20261123-1"], TODAY)

    assert body["streamName"] == "Windows-11-20261123-2"
    password = body["assetDetails"]["vmInfo"]["password"]
    assert all(len(character) == 1 for character in password)
    assert body["orgId"] == org_id()
    assert body["assetDetails"]["data"]["offer"] == "windows-11"


def test_passwords_are_strong_and_never_the_same() -> None:
    """Azure wants three of four classes; all four are there."""
    passwords = {new_password() for _ in range(50)}

    assert len(passwords) == 50
    for password in passwords:
        assert len(password) >= 12
        for alphabet in (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation):
            assert set(alphabet) & set(password)


def test_no_sample_has_a_password() -> None:
    """What is in the repository is a placeholder that says so."""
    sample = json.loads((SAMPLES / "import-windows-11.json").read_text())

    assert sample["assetDetails"]["vmInfo"]["password"] == ["PUT-THE-PASSWORD-HERE,-A-CHARACTER-EACH"]


def test_names_are_counted_on() -> None:
    """The lowest free number is taken, without regard to case."""
    assert free_name("Image", []) == "Image-1"
    assert free_name("Image", ["IMAGE-1", "image-3", "Image-2x"]) == "Image-2"


def test_the_provider_instance_is_in_the_region_of_its_name() -> None:
    """The import's provider instance is the one that is created."""
    assert windows_import([], TODAY)["providerInstanceId"].endswith(provider_instance()["region"])
