"""Sockets of the work where a response will not come: their timeouts are over at once, and the clock has moved."""

from __future__ import annotations

import select
import selectors
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any
from weakref import WeakSet

from ims_mock.state.real import RealTime
from ims_mock.sweep.waits import Waits

_GLANCE = 0.0005
"""Real seconds between two looks at whether something has come, or will not come."""

_GRACE = 0.03
"""Real seconds after which a client that is not seen to wait is taken for one without a timeout."""

SHORT, LESS_SHORT = 0.05, 0.25
"""Real seconds that stand for a timeout where a socket's wait cannot be seen, and on a machine that is busy."""

_PATIENT = 5.0
"""Real seconds for which a client that has set a timeout is waited for, however busy the machine is."""

_ORDER = 0.25
"""Real seconds in which the mock takes what one connection has sent before another one sends more."""


@dataclass
class Silence:
    """A connection on which nothing will come for so many `seconds`, and what its client does about it.

    It `is_waited_for` by a client without a timeout, or with a longer one; a client with a shorter one `has_given_up`.
    `is_over` says whether the client is gone.
    """

    seconds: float
    is_over: Callable[[], bool]
    is_waited_for: bool = False
    has_given_up: bool = False


class Sockets:
    """What the work's blocking sockets do in virtual time.

    What is sent over several connections reaches the mock in the order in which it was sent: `is_taking` says whether
    the mock has something left to read, or to do with what it has read.

    Where the mock is silent on a connection, the client's `recv` is one of the `waits`, and raises TimeoutError when as
    much time has passed as its timeout says. `port` is that of the mock, `timeout` is the last one of a socket whose
    wait cannot be seen, as with TLS: `short` real seconds stand for it. `has_guessed` is whether a client that was not
    seen to wait was taken for one that does. `has_closed` is whether the work has closed a connection. `busy` are
    connections of the mock's threads from which something was taken, until they wait for more: before they take it, it
    is unread.
    """

    def __init__(self, waits: Waits, is_of_work: Callable[[], bool]) -> None:
        self._waits = waits
        self._is_of_work = is_of_work
        self._silences: list[Silence] = []
        self.port = 0
        self.timeout: float | None = None
        self.short: float | None = None
        self.has_guessed = self.has_closed = False
        self.busy: WeakSet[socket.socket] = WeakSet()
        self.is_taking: Callable[[], bool] = lambda: False
        self._last: socket.socket | None = None

    def begin(self, short: float | None) -> None:
        """Begin a run; responses will not come in it where `short` is given."""
        self.timeout, self.short = None, short
        self.has_guessed = self.has_closed = False

    def hold(self, seconds: float, is_over: Callable[[], bool], is_current: Callable[[], bool]) -> float:
        """Wait in a thread of the mock until its client gives up, and return the seconds that are still to pass.

        `is_over` says whether the client is gone, `is_current` whether the run is still the same one.
        """
        connection: socket.socket | None = getattr(is_over, "sock", None)
        silence = Silence(seconds, is_over)
        self._silences.append(silence)
        if connection is not None:
            self.busy.discard(connection)
        begin = RealTime.monotonic()
        try:
            while is_current() and not silence.is_waited_for and not is_over():
                is_seen = self._waits.has_connections or self.timeout is not None
                patience = _PATIENT if is_seen else _GRACE + (self.short or SHORT)
                if not silence.has_given_up and RealTime.monotonic() > begin + patience:
                    self.has_guessed = True
                    break
                RealTime.sleep(_GLANCE)
        finally:
            # First: the mock still ends the connection, and time does not jump to another end before it has.
            if connection is not None:
                self.busy.add(connection)
            self._silences.remove(silence)
        if silence.is_waited_for:
            return max(silence.seconds, 0.0)
        if silence.has_given_up:
            return 0.0
        return min(silence.seconds, self.timeout or silence.seconds) if is_over() else silence.seconds

    def pass_time(self, seconds: float) -> None:
        """Note that so much time passes: in it, clients of the mock give up, or it closes their connections."""
        for silence in list(self._silences):
            silence.seconds -= seconds
            silence.has_given_up = True
            silence.is_waited_for = silence.is_waited_for or silence.seconds <= 0

    @property
    def is_busy(self) -> bool:
        """Return whether the mock has taken something from a connection, and does not wait for more."""
        try:
            # One over which there is TLS now is none any more.
            return any(connection.fileno() >= 0 for connection in list(self.busy))
        except RuntimeError:
            # It is changed in this moment.
            return True

    @property
    def silences(self) -> list[float]:
        """After how many seconds each connection is closed on which nothing comes, and whose client is still there.

        That a client is gone, the mock sees a moment later; until then it does something.
        """
        return [silence.seconds for silence in list(self._silences) if not _is_gone(silence)]

    def patches(self) -> list[tuple[Any, str, Callable[..., Any]]]:
        """Return what is replaced: a class, the name of its method, and what does it in its place."""
        return [
            (socket.socket, "close", self._closing(socket.socket.close)),
            (socket.socket, "send", self._sending(socket.socket.send)),
            (socket.socket, "sendall", self._sending(socket.socket.sendall)),
            (ssl.SSLSocket, "send", self._sending(ssl.SSLSocket.send)),
            (socket.socket, "recv", self._reading(socket.socket.recv)),
            (socket.socket, "recv_into", self._reading(socket.socket.recv_into)),
            (ssl.SSLSocket, "read", self._reading(ssl.SSLSocket.read)),
        ]

    def _closing(self, real: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
        def close(connection: socket.socket) -> None:
            self.has_closed = self.has_closed or self._is_of_work()
            real(connection)
            self.busy.discard(connection)

        return close

    def _sending(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def send(connection: socket.socket, *args: Any, **kwargs: Any) -> Any:
            if not _is_of_mock():
                if self._last not in (None, connection):
                    until = RealTime.monotonic() + _ORDER
                    while self.is_taking() and RealTime.monotonic() < until:
                        RealTime.sleep(_GLANCE)
                self._last = connection
            return real(connection, *args, **kwargs)

        return send

    def _reading(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def read(connection: socket.socket, *args: Any, **kwargs: Any) -> Any:
            if _is_of_mock():
                if connection.gettimeout() != 0:
                    self._await_client(connection)
                return real(connection, *args, **kwargs)
            found = (
                real(connection, *args, **kwargs)
                if self.short is None
                else self._read(real, connection, *args, **kwargs)
            )
            if self._last is connection:
                self._last = None
            return found

        return read

    def _read(self, real: Callable[..., Any], connection: socket.socket, *args: Any, **kwargs: Any) -> Any:
        """Read what comes; raise TimeoutError where nothing will before the socket's timeout."""
        timeout = connection.gettimeout()
        until = float("inf") if timeout is None else RealTime.monotonic() + timeout
        while True:
            self._await_mock(connection, timeout)
            if not timeout or not isinstance(connection, ssl.SSLSocket):
                return real(connection, *args, **kwargs)
            # What has come is perhaps no data, but TLS's own, and the wait for more cannot be seen.
            self.timeout = timeout
            connection.settimeout(min(timeout, self.short or timeout))
            try:
                return real(connection, *args, **kwargs)
            except TimeoutError:
                if RealTime.monotonic() > until:
                    raise
            finally:
                connection.settimeout(timeout)

    def _await_client(self, connection: socket.socket) -> None:
        """Return when the mock can read something; from then on it is busy until it waits for more."""
        self.busy.discard(connection)
        if not _has_rest(connection):
            with _Selector() as selector:
                selector.register(connection, selectors.EVENT_READ)
                if not selector.select(connection.gettimeout()):
                    raise TimeoutError("timed out")
        self.busy.add(connection)

    def _await_mock(self, connection: socket.socket, timeout: float | None) -> None:
        """Return when something has come; raise TimeoutError where nothing will before the socket's timeout."""
        is_plain = connection.family in (socket.AF_INET, socket.AF_INET6)
        if timeout == 0 or not is_plain or _has_rest(connection) or not self._is_of_work():
            return
        with _Selector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            if not self._waits.wait(selector.select, timeout, lambda: not self.is_of_mock(connection)):
                raise _timed_out(connection)

    def is_of_mock(self, connection: socket.socket) -> bool:
        """Return whether a connection of the work is one to the mock, or the pair by which a loop wakes itself."""
        with suppress(OSError):
            peer = connection.getpeername()
            return not peer or (isinstance(peer, tuple) and peer[1] == self.port)
        return False


def _is_gone(silence: Silence) -> bool:
    # The mock may close the connection in this moment.
    with suppress(OSError, ValueError):
        return silence.is_over()
    return True


def _timed_out(connection: socket.socket) -> TimeoutError:
    return TimeoutError("The read operation timed out" if isinstance(connection, ssl.SSLSocket) else "timed out")


def _is_of_mock() -> bool:
    """Return whether what was called on a socket was called by the mock's server."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") in ("socket", "ssl", "socketserver"):
        frame = frame.f_back
    return frame is not None and str(frame.f_globals.get("__name__")).startswith("ims_mock.web.")


def _has_rest(connection: socket.socket) -> bool:
    """Return whether there is something that the system has given and nobody has read."""
    return isinstance(connection, ssl.SSLSocket) and connection.pending() > 0


# An epoll is a file of its own, which a read is too short for.
_Selector = selectors.PollSelector if hasattr(select, "poll") else selectors.SelectSelector
