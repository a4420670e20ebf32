"""HTTPS: a certificate of one's own, or a throw-away authority's. The latter needs the extra `tls`."""

from __future__ import annotations

import platform
import ssl
from dataclasses import dataclass
from pathlib import Path

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 (only compared)


@dataclass(frozen=True)
class Tls:
    """What a server needs for HTTPS; `ca_pem` is the certificate of its authority, b"" for one that clients know."""

    context: ssl.SSLContext
    ca_pem: bytes = b""


def throw_away(host: str) -> Tls:
    """Return a certificate for a host and for loopback, from an authority that exists as long as this process.

    Where the server listens on every address, the certificate is for the machine's own name too. Raises
    ImportError, saying what to install, without the library trustme, and ValueError for a host that no certificate can
    have.
    """
    try:
        import trustme
    except ImportError:
        raise ImportError("HTTPS with a throw-away certificate needs trustme: pip install 'ims_mock[tls]'") from None
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own = [platform.node()] if host in _EVERYWHERE else [host]
    try:
        certificate = authority.issue_cert(*dict.fromkeys((*filter(None, own), "localhost", "127.0.0.1", "::1")))
    except ValueError as error:
        raise ValueError(f"no certificate can be made for the host {host!r}: {error}; use --cert and --key") from None
    certificate.configure_cert(context)
    return Tls(context, authority.cert_pem.bytes())


def from_files(certificate: Path, key: Path) -> Tls:
    """Return a certificate from files in PEM, the authorities behind it in the first; raise OSError with both names."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        what = error.strerror if not isinstance(error, ssl.SSLError) else "they are no certificate and its key in PEM"
        raise OSError(f"cannot take {certificate} and {key} for HTTPS: {what}") from None
    return Tls(context)
