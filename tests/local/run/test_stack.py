"""The settings that the services get."""

import json
from pathlib import Path

import pytest

from local.run.stack import ROOT, host_settings, inherited_environment


def test_settings_for_the_real_azure_do_not_reach_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own credentials have no place in a local run; the rest of the environment has."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "real")
    monkeypatch.setenv("IDENTITY_ENDPOINT", "real")
    monkeypatch.setenv("EDITOR", "ed")

    environment = inherited_environment()

    assert "real" not in environment.values()
    assert environment["EDITOR"] == "ed"


def test_no_proxy_stands_between_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is added to what a developer has excluded already."""
    monkeypatch.setenv("NO_PROXY", "example.com")

    assert inherited_environment()["NO_PROXY"] == "example.com,127.0.0.1,localhost"


def test_the_sample_settings_are_those_of_a_run() -> None:
    """`func start` with local.settings.sample.json has the same settings, on the usual ports."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    settings = host_settings(
        "UseDevelopmentStorage=true",
        "https://127.0.0.1:7443",
        "https://127.0.0.1:7444",
        Path(".local/certificates/bundle.pem"),
        "https://127.0.0.1:7445",
    )

    assert sample == settings
