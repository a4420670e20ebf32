"""How the suite speaks HTTP: by http.client, so that nothing is between the wire and the judge.

Clients of other makers follow redirects, unpack bodies, join headers and retry, and the suite is to see what was sent.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ims_mock.state.real import RealTime

_IDLE = 2.0
"""Seconds after which a connection is not used again, since the service may have closed it."""

_TIMEOUT = 120.0
"""Seconds for which a response is waited for."""

_BUSY = 429
_TRIES = 6
"""How often a request is sent that the gateway has throttled."""


class UnreachableError(Exception):
    """The endpoint cannot be reached, or is no URL."""


@dataclass(frozen=True)
class Received:
    """A response as it came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever the case of its name; None where there is none."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)


class Connection:
    """A connection to one endpoint, which is opened when it is needed."""

    def __init__(self, endpoint: str, ca_file: str = "") -> None:
        try:
            parts = urlsplit(endpoint)
            is_url = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # What is no address, or no port.
            is_url = False
        if not is_url:
            raise UnreachableError(f"must be http:// or https:// with a host, got {endpoint!r}")
        self.base_path = parts.path.rstrip("/")
        self.host = parts.netloc.rpartition("@")[2]
        self._is_tls = parts.scheme == "https"
        self._ca_file = ca_file
        self._open: http.client.HTTPConnection | None = None
        self._used_at = 0.0

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Received:
        """Send a request and return its response; a throttled one is sent again, later, a few times."""
        for count in range(_TRIES):
            received = self._send(method, target, headers, body)
            if received.status != _BUSY or count == _TRIES - 1:
                break
            after = received.header("Retry-After") or ""
            RealTime.sleep(min(float(after) if after.isdigit() else 2.0**count, 60.0))
        return received

    def _send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Received:
        try:
            connection = self._connected()
            # Without one of its own, http.client sends a length for some methods alone.
            length = {"Content-Length": str(len(body))} if body or method not in ("GET", "HEAD", "DELETE") else {}
            connection.request(method, target, body or None, {**headers, **length})
            response = connection.getresponse()
            received = Received(response.status, tuple(response.getheaders()), response.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            text = f"{method} {target}: no whole response came: {error or type(error).__name__}"
            raise UnreachableError(text) from error
        except BaseException:
            self.close()  # After Ctrl-C it would bring the response to this request with the next one.
            raise
        self._used_at = RealTime.monotonic()
        return received

    def open(self) -> None:
        """Open the connection; raise UnreachableError where nobody is there, or not who is trusted."""
        try:
            self._connected().connect()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise UnreachableError(f"{self.host} cannot be reached: {error}") from error
        self._used_at = RealTime.monotonic()

    def _connected(self) -> http.client.HTTPConnection:
        if self._open is not None and RealTime.monotonic() - self._used_at > _IDLE:
            self.close()
        if self._open is None:
            self._open = self._new()
        return self._open

    def _new(self) -> http.client.HTTPConnection:
        proxy = "" if proxy_bypass(self.host) else getproxies().get("https" if self._is_tls else "http", "")
        options: dict[str, Any] = {"timeout": _TIMEOUT}
        if self._is_tls:
            options["context"] = ssl.create_default_context(cafile=self._ca_file or None)
        kind = http.client.HTTPSConnection if self._is_tls else http.client.HTTPConnection
        if not proxy:
            return kind(self.host, **options)
        connection = kind(urlsplit(proxy).netloc.rpartition("@")[2], **options)
        connection.set_tunnel(self.host)
        return connection

    def close(self) -> None:
        """Close the connection, if it is open."""
        if self._open is not None:
            with suppress(OSError):
                self._open.close()
            self._open = None
