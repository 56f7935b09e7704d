"""The certificates that what stands in for Azure serves with."""

import socket
import ssl
import stat
import threading
from datetime import timedelta
from pathlib import Path

import certifi
import pytest

from local import certificates as module
from local.certificates import Certificates, ensure_certificates


def handshake(files: Certificates, host: str) -> None:
    """Connect over TLS, trusting the bundle. Raises ssl.SSLError."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.private_key)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs, server.wrap_socket(theirs, server_side=True):
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=files.bundle)
    with ours, client.wrap_socket(ours, server_hostname=host):
        thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_clients_that_trust_the_bundle_accept_the_server(tmp_path: Path, host: str) -> None:
    """Both names of this machine are in the certificate."""
    handshake(ensure_certificates(tmp_path), host)


def test_the_bundle_has_the_public_authorities_too(tmp_path: Path) -> None:
    """Whatever else a process talks to goes on working."""
    bundle = ensure_certificates(tmp_path).bundle.read_bytes()

    assert Path(certifi.where()).read_bytes() in bundle


def test_only_the_owner_can_read_the_private_key(tmp_path: Path) -> None:
    """The mode is 0600 from the first byte."""
    assert stat.S_IMODE(ensure_certificates(tmp_path).private_key.stat().st_mode) == 0o600


def test_certificates_are_kept_while_they_are_valid(tmp_path: Path) -> None:
    """A second call changes nothing."""
    before = ensure_certificates(tmp_path).certificate.read_bytes()

    assert ensure_certificates(tmp_path).certificate.read_bytes() == before


@pytest.mark.parametrize("broken", ["server.pem", "server.key", "authority.pem"])
def test_broken_certificates_are_made_anew(tmp_path: Path, broken: str) -> None:
    """A file that is cut short does not stop a run."""
    ensure_certificates(tmp_path)
    (tmp_path / broken).write_text("-----BEGIN")

    handshake(ensure_certificates(tmp_path), "localhost")


def test_certificates_that_end_soon_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that would end during a run is replaced before it."""
    monkeypatch.setattr(module, "LIFETIME", module.RENEW_BEFORE - timedelta(hours=1))
    old = ensure_certificates(tmp_path).certificate.read_bytes()
    monkeypatch.undo()

    assert ensure_certificates(tmp_path).certificate.read_bytes() != old
