"""What a page in a browser may do with the mock's own API, which needs no credential: nothing, unless it is its own.

A browser sends a page's requests to any address that it reaches, with the page's origin. A page whose name has come to
stand for this machine (DNS rebinding) is of the mock's own origin; there, the name in `Host` shows it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ims_mock.contract.errors import ImsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HOSTS = "ims_mock.hosts"
"""Where an environ has the names of our server's host. Under another server nobody knows where it listens."""

_ORIGIN = re.compile(r"(https?)://([^/?#@]+)", re.IGNORECASE)
_PORTS = {"http": "80", "https": "443"}


def with_hosts(app: WSGIApplication, hosts: Iterable[str]) -> WSGIApplication:
    """Return an application for our server, which is reached by these names beside addresses and localhost."""
    names = frozenset(host.lower() for host in hosts)

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[_HOSTS] = names
        return app(environ, start_response)

    return call


def browser_error(environ: WSGIEnvironment) -> ImsError | None:
    """Return 421 for a host that is not the mock's while it listens on loopback, and 403 for another origin's page."""
    host, origin = environ.get("HTTP_HOST"), environ.get("HTTP_ORIGIN")
    if host is not None and _HOSTS in environ and _is_loopback(environ["SERVER_NAME"]):
        name, _ = _split(host, "")
        if not _is_own(name, environ[_HOSTS]):
            reason = f"Host: {name!r} is not a name of this machine; allow the name with --allow-host"
            return ImsError(421, reason=reason)
    if origin is not None and not _is_same(origin, host or ""):
        reason = f"Origin: a page of {origin!r} may not use the mock's own API; send the request without a browser"
        return ImsError(403, reason=reason)
    return None


def _is_own(name: str, hosts: frozenset[str]) -> bool:
    is_known = name == "localhost" or name.endswith(".localhost") or name in hosts
    return is_known or _address(name) is not None


def _is_loopback(name: str) -> bool:
    address = _address(name)
    return address is not None and address.is_loopback


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None


def _is_same(origin: str, host: str) -> bool:
    """Return whether an origin is that of the host that was asked, whichever of http and https a proxy has between."""
    match = _ORIGIN.fullmatch(origin)
    return match is not None and _split(match[2], _PORTS[match[1].lower()]) == _split(host, _PORTS[match[1].lower()])


def _split(host: str, port: str) -> tuple[str, str]:
    """Return the name in a host, as it is compared, and its port or the usual one."""
    name, colon, own = host.rpartition(":")
    if not colon or own.endswith("]"):
        name, own = host, ""
    return name.lower().removesuffix("."), own or port
