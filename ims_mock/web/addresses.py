"""The addresses at which a mock is reached."""

from __future__ import annotations


def root_url(host: str, port: int, *, is_tls: bool) -> str:
    """Return the root of the URLs of a mock that listens on an address, without a slash at its end."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (only compared)
    return f"{'https' if is_tls else 'http'}://{f'[{reached}]' if ':' in reached else reached}:{port}"
