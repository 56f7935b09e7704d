"""A throw-away certificate authority, and a server certificate for 127.0.0.1 and localhost.

The Azure SDKs refuse to send tokens over plain HTTP, so what stands in for Azure speaks HTTPS. The authority's
private key is never written: nothing else can be signed with it.
"""

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

LIFETIME = timedelta(days=365)
RENEW_BEFORE = timedelta(days=7)
"""A certificate is replaced this long before it ends, so that it does not end during a run."""
HOSTS = ("localhost", "127.0.0.1")
BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Where Python's HTTP clients look for certificate authorities."""


@dataclass(frozen=True)
class Certificates:
    """PEM files: a server's certificate and private key, the authority, and all the authorities to trust."""

    certificate: Path
    private_key: Path
    authority: Path
    bundle: Path


def ensure_certificates(folder: Path) -> Certificates:
    """Return the certificates in `folder`, made anew if they are missing, broken or about to end.

    The bundle is always written anew: ours, certifi's and the machine's own authorities, so that whatever works
    without REQUESTS_CA_BUNDLE and SSL_CERT_FILE works with them set to it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = Certificates(*(folder / name for name in ("server.pem", "server.key", "authority.pem", "bundle.pem")))
    if not _usable(files):
        _issue(files)
    files.bundle.write_bytes(b"\n".join([files.authority.read_bytes(), *_known_authorities()]))
    return files


def _usable(files: Certificates) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        private_key = load_pem_private_key(files.private_key.read_bytes(), password=None)
        certificate.verify_directly_issued_by(authority)
    except (OSError, ValueError, TypeError):
        return False
    ends = certificate.not_valid_after_utc
    return certificate.public_key() == private_key.public_key() and ends - RENEW_BEFORE > datetime.now(UTC)


def _issue(files: Certificates) -> None:
    authority = trustme.CA(organization_name="image catalog, this machine only")
    server = authority.issue_cert(*HOSTS, not_after=datetime.now(UTC) + LIFETIME)
    files.private_key.unlink(missing_ok=True)
    descriptor = os.open(files.private_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(server.private_key_pem.bytes())
    authority.cert_pem.write_to_path(files.authority)
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))


def _known_authorities() -> list[bytes]:
    """Return the PEM contents of certifi's, the system's and the environment's authorities, each once."""
    system = ssl.get_default_verify_paths()
    chosen = [os.environ.get(variable) for variable in BUNDLE_VARIABLES]
    files = dict.fromkeys([certifi.where(), system.cafile, system.openssl_cafile, *chosen])
    return list(dict.fromkeys(Path(file).read_bytes() for file in files if file and Path(file).is_file()))
