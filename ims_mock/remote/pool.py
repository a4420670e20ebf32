"""Connections to one server, kept for the next request, by any thread."""

from __future__ import annotations

import os
import ssl
import weakref
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult

from ims_mock.state.real import RealTime, new_lock

IDLE = 5.0
"""Real seconds after which a connection is not used again, before the server may have closed it."""

TIMEOUT = 60.0
"""Real seconds that a response may take."""

_Kept = list[tuple[HTTPConnection, float]]


class Pool:
    """Connections to the server of a URL; with `trust`, over TLS."""

    def __init__(self, parts: SplitResult, trust: ssl.SSLContext | None) -> None:
        self._host, self._port, self._trust = parts.hostname or "", parts.port, trust
        self._lock = new_lock()
        self._kept: _Kept = []
        self._process = os.getpid()
        weakref.finalize(self, _close_all, self._kept)

    def request(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a request, and return status and body; again where the server had closed the connection that was kept.

        Raises OSError or HTTPException where there is no response.
        """
        connection = self._take()
        while connection is not None:
            try:
                return self._exchange(connection, method, target, body, headers)
            except (ConnectionError, HTTPException):
                # All that are kept are as old, or older. On a new one, what was sent may have been carried out.
                self.close()
                connection = None
        return self._exchange(self._new(), method, target, body, headers)

    def _exchange(
        self, connection: HTTPConnection, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            with self._lock:
                self._kept.append((connection, RealTime.monotonic()))
        return response.status, content

    def _new(self) -> HTTPConnection:
        if self._trust is not None:
            return HTTPSConnection(self._host, self._port, timeout=TIMEOUT, context=self._trust)
        return HTTPConnection(self._host, self._port, timeout=TIMEOUT)

    def _take(self) -> HTTPConnection | None:
        """Return a connection that was used a moment ago; None where there is none."""
        if self._process != os.getpid():
            # A child of a fork has copies of the connections of its parent.
            self.close()
            self._process = os.getpid()
        with self._lock:
            if self._kept:
                connection, used_at = self._kept.pop()
                if RealTime.monotonic() - used_at < IDLE:
                    return connection
                connection.close()
                _close_all(self._kept)
        return None

    def close(self) -> None:
        """Close the connections that are kept; the next request makes another."""
        with self._lock:
            _close_all(self._kept)


def _close_all(kept: _Kept) -> None:
    while kept:
        kept.pop()[0].close()
