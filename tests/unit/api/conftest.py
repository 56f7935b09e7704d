"""The API of one org, over fakes of the ports."""

from collections.abc import Iterator

import pytest

from shared import wiring
from shared.settings import Settings
from tests.builders import provider_instance
from tests.fakes import FakeCatalogStore, FakeImageProvider, FakeSecretStore
from tests.unit.api.client import Api
from triggers.http.queue_places import queues
from triggers.routes import image_sources


@pytest.fixture(name="settings")
def _settings() -> Settings:
    return Settings(key_vault_url="https://vault.example")


@pytest.fixture(name="api")
def _api(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Api]:
    """The API of an org that has a provider instance and nothing else."""
    api = Api(FakeCatalogStore(provider_instance()), FakeSecretStore(), FakeImageProvider())
    monkeypatch.setattr(wiring, "settings", lambda: settings)
    monkeypatch.setattr(wiring, "catalog", lambda: api.catalog)
    monkeypatch.setattr(wiring, "secrets", lambda: api.secrets)
    monkeypatch.setattr(wiring, "outbox", lambda: api.outbox)
    monkeypatch.setattr(wiring, "images", lambda: api.images)
    image_sources.offers.forget()
    queues.forget()
    yield api
    image_sources.offers.forget()
    queues.forget()
