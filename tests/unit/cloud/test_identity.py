"""Which credential a process has."""

import logging
from collections.abc import Iterator

import pytest
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from shared.cloud.identity import credential


@pytest.fixture(name="_fresh", autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    credential.cache_clear()
    yield
    credential.cache_clear()


def test_where_the_platform_offers_an_identity_it_is_the_only_one_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "https://127.0.0.1:1/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    assert isinstance(credential("client-1"), ManagedIdentityCredential)


def test_a_developers_own_sign_in_is_used_elsewhere_and_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert isinstance(credential(None), DefaultAzureCredential)
    assert "signing in as a developer" in caplog.text


def test_a_process_has_one_credential() -> None:
    assert credential(None) is credential(None)
