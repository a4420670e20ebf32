"""The addresses at which a mock is reached."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from ims_mock.contract.problems import wrong_setting

_NAME = re.compile(r"[^\s/:?#@\[\]]+")


def root_url(host: str, port: int, *, is_tls: bool) -> str:
    """Return the root of the URLs of a mock that listens on an address, without a slash at its end."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (only compared)
    return f"{'https' if is_tls else 'http'}://{f'[{reached}]' if ':' in reached else reached}:{port}"


def checked_host(host: Any) -> str:
    """Return a host to listen on; raise InvalidError for what is none."""
    if isinstance(host, str) and (_NAME.fullmatch(host) or _is_ipv6(host)):
        return host
    hint = "an address or a name of this machine, such as 127.0.0.1; 0.0.0.0 or :: is every interface"
    raise wrong_setting("host", "format", f"must be {hint}, got {host!r}", host)


def checked_port(port: Any) -> int:
    """Return a port to listen on; raise InvalidError for what is none."""
    if isinstance(port, int) and not isinstance(port, bool) and 0 <= port <= 65535:
        return port
    raise wrong_setting("port", "range", f"must be a whole number from 0 to 65535, got {port!r}", port)


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
