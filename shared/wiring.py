"""The one place that chooses implementations, and builds each of them once in a process.

The Azure SDKs cost seconds to import on a cold start, so each is imported when it is first needed: accepting a
request touches tables and Key Vault, never the management SDKs.
"""

import os
from collections.abc import Mapping

from shared.cloud.importing import once
from shared.delivery.outbox import Outbox
from shared.names import Sink
from shared.ports.azure import GalleryProvider, ImageProvider
from shared.ports.catalog import CatalogStore
from shared.ports.events import EventSink
from shared.ports.inventory import Inventory
from shared.ports.secrets import SecretStore
from shared.settings import Settings


@once
def settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: naming every setting that is missing or wrong.
    """
    return Settings.from_environment(os.environ)


@once
def catalog() -> CatalogStore:
    """Azure Table Storage."""
    from shared.cloud.storage.tables import TableCatalogStore

    return TableCatalogStore.from_settings(settings())


@once
def secrets() -> SecretStore:
    """Azure Key Vault."""
    from shared.cloud.key_vault import KeyVaultSecretStore

    return KeyVaultSecretStore.from_settings(settings())


@once
def images() -> ImageProvider:
    """Azure Resource Manager."""
    from shared.cloud.arm.image_provider import AzureImageProvider

    return AzureImageProvider.from_settings(settings())


@once
def galleries() -> GalleryProvider:
    """Azure Resource Manager, for galleries."""
    from shared.cloud.arm.gallery_provider import AzureGalleryProvider

    return AzureGalleryProvider.from_settings(settings())


@once
def outbox() -> Outbox:
    """The events that wait for the receivers of the settings."""
    return Outbox(settings().event_sinks)


@once
def sinks() -> Mapping[Sink, EventSink]:
    """Who takes our events, by name: nobody, an Event Grid topic, a webhook, or both."""
    chosen = settings()
    built: dict[Sink, EventSink] = {}
    if chosen.event_grid_topic_endpoint is not None:
        from shared.cloud.event_grid import EventGridSink

        built[Sink.EVENT_GRID] = EventGridSink.from_settings(chosen)
    if chosen.event_webhook_url is not None:
        from shared.cloud.webhook import WebhookSink

        built[Sink.WEBHOOK] = WebhookSink.from_settings(chosen)
    return built


@once
def inventory() -> Inventory:
    """Azure Resource Manager, for what is in it."""
    from shared.cloud.arm.inventory import AzureInventory

    return AzureInventory.from_settings(settings())
