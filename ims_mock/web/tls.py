"""HTTPS: a certificate of one's own, or a throw-away authority's. The latter needs the extra `tls`."""

from __future__ import annotations

import platform
import ssl
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from ims_mock.state.real import new_lock

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 (only compared)


MAX_CERTIFICATES = 256
"""Most certificates that an authority keeps."""


@dataclass(frozen=True)
class Tls:
    """What a server needs for HTTPS; `ca_pem` is the certificate of its authority, b"" for one that clients know."""

    context: ssl.SSLContext
    ca_pem: bytes = b""


class Authority:
    """A throw-away authority, which exists as long as this process, and makes a certificate for any host on demand.

    Raises ImportError, saying what to install, without the library trustme.
    """

    def __init__(self, extra: str = "tls") -> None:
        try:
            import trustme
        except ImportError:
            raise ImportError(
                f"HTTPS with a throw-away certificate needs trustme: pip install 'ims_mock[{extra}]'"
            ) from None
        self._authority = trustme.CA()
        self._lock = new_lock()
        self._made: OrderedDict[str, Tls] = OrderedDict()

    @property
    def pem(self) -> bytes:
        """The certificate of the authority, in PEM."""
        return self._authority.cert_pem.bytes()

    def issue(self, *hosts: str) -> Tls:
        """Return a new certificate for hosts; raise ValueError for a host that no certificate can have."""
        certificate = self._authority.issue_cert(*hosts)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(context)
        return Tls(context, self.pem)

    def for_host(self, host: str) -> Tls:
        """Return the certificate for a host, made when it is first asked for; MAX_CERTIFICATES are kept."""
        with self._lock:
            if host not in self._made:
                self._made[host] = self.issue(host)
            self._made.move_to_end(host)
            while len(self._made) > MAX_CERTIFICATES:
                self._made.popitem(last=False)
            return self._made[host]


def throw_away(host: str) -> Tls:
    """Return a certificate for a host and for loopback, from an authority that exists as long as this process.

    Where the server listens on every address, the certificate is for the machine's own name too. Raises
    ImportError as Authority does, and ValueError for a host that no certificate can have.
    """
    authority = Authority()
    own = [platform.node()] if host in _EVERYWHERE else [host]
    try:
        return authority.issue(*dict.fromkeys((*filter(None, own), "localhost", "127.0.0.1", "::1")))
    except ValueError as error:
        raise ValueError(f"no certificate can be made for the host {host!r}: {error}; use --cert and --key") from None


def from_files(certificate: Path, key: Path) -> Tls:
    """Return a certificate from files in PEM, the authorities behind it in the first; raise OSError with both names."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        what = (
            error.strerror if not isinstance(error, ssl.SSLError) else "they must be a certificate and its key, in PEM"
        )
        raise OSError(f"cannot use {certificate} and {key} for HTTPS: {what}") from None
    return Tls(context)


def known_authorities(own: Path) -> bytes:
    """Return the certificates, in PEM, of the authorities that this machine trusts; b"" where they are in no file.

    SSL_CERT_FILE names that file, unless it is the mock's `own`.
    """
    file = ssl.get_default_verify_paths().cafile
    if file is None or (own.exists() and own.samefile(file)):
        return b""
    return Path(file).read_bytes()


def verifying(authority: Path | None) -> ssl.SSLContext:
    """Return what verifies the certificates of hosts, by the authorities of this machine and one more from a file.

    Raises OSError, naming the file, where it cannot be read or has no certificates in PEM.
    """
    context = ssl.create_default_context()
    if authority is not None:
        try:
            context.load_verify_locations(authority)
        except OSError as error:
            what = error.strerror if not isinstance(error, ssl.SSLError) else "it has no certificates in PEM"
            raise OSError(f"--upstream-ca: cannot use {authority}: {what}") from None
    return context
