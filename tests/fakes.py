"""The ports of `shared.ports`, in memory: what orchestration and API tests run against instead of Azure.

The contract tests hold them to the behaviour of the real thing. Each can be told to fail, see `tests.scripted`.
"""

from shared.errors.services import SecretMissing
from tests.fake_catalog import FakeCatalogStore
from tests.fake_galleries import FakeGalleryProvider
from tests.fake_images import FOUND_FACTS, FakeImageProvider, offered_image
from tests.fake_inventory import FakeInventory
from tests.scripted import Scripted, answer

__all__ = [
    "FOUND_FACTS",
    "FakeCatalogStore",
    "FakeGalleryProvider",
    "FakeImageProvider",
    "FakeInventory",
    "FakeSecretStore",
    "offered_image",
]


class FakeSecretStore(Scripted):
    """A SecretStore in a dictionary."""

    def __init__(self, **secrets: str) -> None:
        super().__init__()
        self.secrets = dict(secrets)

    def put(self, name: str, value: str) -> None:
        lost = self.enter("put")
        self.secrets[name] = value
        answer(None, lost)

    def get(self, name: str) -> str:
        lost = self.enter("get")
        if name not in self.secrets:
            raise SecretMissing(f"there is no secret {name}")
        return answer(self.secrets[name], lost)

    def delete(self, name: str) -> None:
        lost = self.enter("delete")
        self.secrets.pop(name, None)
        answer(None, lost)
