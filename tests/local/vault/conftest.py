"""A running vault, and the real Key Vault client for it."""

import base64
import json
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.keyvault.secrets import SecretClient

from local.certificates import Certificates, ensure_certificates
from local.vault import VaultFiles, running_vault

AUDIENCE = "https://vault.azure.net"


class StaticCredential:
    """A credential that has one token."""

    def __init__(self, token: str) -> None:
        self._token = AccessToken(token, int(time.time()) + 3600)

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return self._token


@pytest.fixture(name="certificates", scope="session")
def _certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return ensure_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(name="vault_files")
def _vault_files(tmp_path: Path, certificates: Certificates) -> VaultFiles:
    return VaultFiles(
        tmp_path / "vault.sqlite", tmp_path / "vault.key", certificates.certificate, certificates.private_key
    )


@pytest.fixture(name="vault_url")
def _vault_url(vault_files: VaultFiles) -> Iterator[str]:
    with running_vault(vault_files) as url:
        yield url


@pytest.fixture(name="make_token")
def _make_token() -> Callable[..., str]:
    """Return a function that makes an unsigned token for `audience`, valid for `lifetime` seconds."""

    def make_token(audience: str = AUDIENCE, lifetime: int = 3600) -> str:
        claims = json.dumps({"aud": audience, "exp": int(time.time()) + lifetime}).encode()
        return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}."

    return make_token


@pytest.fixture(name="connect_to")
def _connect_to(certificates: Certificates, make_token: Callable[..., str]) -> Iterator[Callable[..., SecretClient]]:
    """Return a function that connects the real client to a URL, with a token from `make_token`."""
    opened = []

    def connect(url: str, **token: Any) -> SecretClient:
        client = SecretClient(
            url,
            StaticCredential(make_token(**token)),
            verify_challenge_resource=False,
            connection_verify=str(certificates.authority),
            retry_total=0,
        )
        opened.append(client)
        return client

    yield connect
    for client in opened:
        client.close()


@pytest.fixture(name="client")
def _client(vault_url: str, connect_to: Callable[..., SecretClient]) -> SecretClient:
    return connect_to(vault_url)


@pytest.fixture(name="get")
def _get(vault_url: str, certificates: Certificates) -> Iterator[Callable[..., httpx.Response]]:
    """Return a function that sends a GET for a path, with a token or without."""
    with httpx.Client(base_url=vault_url, verify=ssl.create_default_context(cafile=certificates.authority)) as client:

        def get(path: str, token: str | None = None) -> httpx.Response:
            return client.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})

        yield get
