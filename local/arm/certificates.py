"""The certificate that the simulator serves HTTPS with: the caller's, or one of a throw-away authority."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from .options import Options

_NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Certificate:
    """PEM files: the certificate chain, its private key, and what a client must trust."""

    chain: Path
    key: Path
    ca: Path


@contextmanager
def certificate(options: Options) -> Iterator[Certificate]:
    """The certificate to serve with; temporary files live as long as the simulator."""
    if options.certificate and options.private_key:
        yield Certificate(options.certificate, options.private_key, options.ca_file or options.certificate)
        return
    with tempfile.TemporaryDirectory(prefix="arm-simulator-") as folder:
        authority = trustme.CA(organization_name="ARM simulator, throw-away")
        issued = authority.issue_cert(*_NAMES)
        chain, key = Path(folder) / "chain.pem", Path(folder) / "key.pem"
        for index, part in enumerate(issued.cert_chain_pems):
            part.write_to_path(chain, append=index > 0)
        issued.private_key_pem.write_to_path(key)
        ca = options.ca_file or Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(ca)
        yield Certificate(chain, key, ca)
