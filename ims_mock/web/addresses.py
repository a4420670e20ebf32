"""The addresses at which a mock is reached."""

from __future__ import annotations

from typing import Any


def root_url(host: str, port: int, *, is_tls: bool) -> str:
    """Return the root of the URLs of a mock that listens on an address, without a slash at its end."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (only compared)
    return f"{'https' if is_tls else 'http'}://{f'[{reached}]' if ':' in reached else reached}:{port}"


def checked_host(host: Any) -> str:
    """Return a host to listen on; raise ValueError for what is none."""
    if not isinstance(host, str) or not host or "/" in host:
        hint = "an address or a name of this machine, such as 127.0.0.1; 0.0.0.0 or :: is every interface"
        raise ValueError(f"host must be {hint}, got {host!r}")
    return host
