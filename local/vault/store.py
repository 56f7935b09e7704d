"""The vault's secrets: versions in SQLite, each value encrypted with AES-GCM.

The key lies in a file of its own that only its owner can read. A value is bound to its name and version, so that
rows cannot be exchanged.
"""

import json
import os
import secrets
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local.vault.errors import DeletedSecretNotFound, NameIsDeleted, SecretDisabled, SecretNotFound

RETENTION_SECONDS = 90 * 24 * 3600
"""For how long a deleted secret could be recovered: Key Vault's default. Nothing is purged by itself here."""
_NONCE_BYTES = 12
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS versions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL COLLATE NOCASE,
    version TEXT NOT NULL UNIQUE,
    value BLOB NOT NULL,
    properties TEXT NOT NULL,
    created INTEGER NOT NULL,
    deleted_at INTEGER
);
CREATE INDEX IF NOT EXISTS versions_by_name ON versions (name, sequence);
"""


class VaultKeyError(Exception):
    """The key file does not fit the state file."""


@dataclass(frozen=True)
class Properties:
    """What a client says of a secret besides its value; times in seconds since 1970."""

    enabled: bool = True
    content_type: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    not_before: int | None = None
    expires: int | None = None


@dataclass(frozen=True)
class Secret:
    """One version of a secret; times as in Properties.

    `value` is not in its representation, so it cannot slip into a log.
    """

    name: str
    version: str
    value: str = field(repr=False)
    properties: Properties
    created: int
    deleted_at: int | None = None


class SecretStore:
    """Secrets in the SQLite file `state`, under the key in `key_file`; both are made if absent.

    May be used from several threads. Raises VaultKeyError when the key is not the one that the state was written with.
    """

    def __init__(self, state: Path, key_file: Path) -> None:
        state.parent.mkdir(parents=True, exist_ok=True)
        self._cipher = AESGCM(_read_or_make_key(key_file))
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(state, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(_SCHEMA)
        try:
            self._read("SELECT * FROM versions LIMIT 1")
        except InvalidTag as error:
            self._connection.close()
            raise VaultKeyError(f"{key_file} is not the key that {state} was written with") from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def set(self, name: str, value: str, properties: Properties) -> Secret:
        """Add a version. Raises NameIsDeleted."""
        secret = Secret(name, secrets.token_hex(16), value, properties, int(time.time()))
        sealed = self._seal(secret)
        with self._lock, self._connection as connection:
            if self._read("SELECT * FROM versions WHERE name = ? AND deleted_at IS NOT NULL", name):
                raise NameIsDeleted(name)
            connection.execute(
                "INSERT INTO versions (name, version, value, properties, created) VALUES (?, ?, ?, ?, ?)",
                (name, secret.version, sealed, json.dumps(vars(properties)), secret.created),
            )
        return secret

    def get(self, name: str, version: str = "") -> Secret:
        """Return a version, the newest if none is named. Raises SecretNotFound (deleted ones too), SecretDisabled."""
        secret = next((secret for secret in reversed(self.versions(name)) if version in ("", secret.version)), None)
        if secret is None:
            raise SecretNotFound(f"{name}/{version}" if version else name)
        if not secret.properties.enabled:
            raise SecretDisabled
        return secret

    def versions(self, name: str) -> list[Secret]:
        """Return a secret's versions, oldest first; none if it does not exist or is deleted."""
        with self._lock:
            return self._read("SELECT * FROM versions WHERE name = ? AND deleted_at IS NULL ORDER BY sequence", name)

    def newest(self) -> list[Secret]:
        """Return the newest version of every secret that is not deleted, by name."""
        with self._lock:
            return self._read(
                "SELECT *, MAX(sequence) FROM versions WHERE deleted_at IS NULL GROUP BY name ORDER BY name"
            )

    def delete(self, name: str) -> Secret:
        """Delete a secret, all its versions; it keeps its name until it is purged. Raises SecretNotFound."""
        with self._lock, self._connection as connection:
            marked = connection.execute(
                "UPDATE versions SET deleted_at = ? WHERE name = ? AND deleted_at IS NULL", (int(time.time()), name)
            )
        if marked.rowcount == 0:
            raise SecretNotFound(name)
        return self.get_deleted(name)

    def get_deleted(self, name: str) -> Secret:
        """Return the newest version of a deleted secret. Raises DeletedSecretNotFound."""
        for secret in self.deleted():
            if secret.name.lower() == name.lower():
                return secret
        raise DeletedSecretNotFound(name)

    def deleted(self) -> list[Secret]:
        """Return the newest version of every deleted secret, by name."""
        with self._lock:
            return self._read(
                "SELECT *, MAX(sequence) FROM versions WHERE deleted_at IS NOT NULL GROUP BY name ORDER BY name"
            )

    def purge(self, name: str) -> None:
        """Remove a deleted secret for good. Raises DeletedSecretNotFound."""
        with self._lock, self._connection as connection:
            removed = connection.execute("DELETE FROM versions WHERE name = ? AND deleted_at IS NOT NULL", (name,))
        if removed.rowcount == 0:
            raise DeletedSecretNotFound(name)

    def _read(self, query: str, *parameters: str) -> list[Secret]:
        return [self._secret(row) for row in self._connection.execute(query, parameters)]

    def _secret(self, row: sqlite3.Row) -> Secret:
        name, version = row["name"], row["version"]
        value = self._open(name, version, row["value"])
        return Secret(
            name, version, value, Properties(**json.loads(row["properties"])), row["created"], row["deleted_at"]
        )

    def _seal(self, secret: Secret) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.value.encode(), _bound_to(secret.name, secret.version))

    def _open(self, name: str, version: str, sealed: bytes) -> str:
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return self._cipher.decrypt(nonce, ciphertext, _bound_to(name, version)).decode()


def _bound_to(name: str, version: str) -> bytes:
    return f"{name}/{version}".encode()


def _read_or_make_key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    key = AESGCM.generate_key(bit_length=256)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(key)
    return key
