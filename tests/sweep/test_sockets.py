"""Sockets of the work in virtual time: what waits for a response that will not come, and what nobody waits for."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from ims_mock import ImsMock
from ims_mock.sweep import sockets
from ims_mock.sweep.runs import Run
from ims_mock.sweep.sockets import Sockets
from ims_mock.sweep.waits import Waits

STALL = "glance_list_images: stall(120)"
LOST = "glance_list_images: lose_response(timeout)"

Asked = Callable[[], Any]


def connect(mock: ImsMock, timeout: float | None) -> http.client.HTTPConnection:
    """Return a connection to a mock, over TLS where it has that."""
    address = urlsplit(mock.url)
    assert address.hostname
    if address.scheme == "http":
        return http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
    context = ssl.create_default_context(cadata=mock.ca_pem.decode())
    return http.client.HTTPSConnection(address.hostname, address.port, timeout=timeout, context=context)


def listed(mock: ImsMock, connection: http.client.HTTPConnection) -> bytes:
    """Return the list of images."""
    connection.request("GET", "/v2/images", headers={"X-Auth-Token": mock.token})
    return connection.getresponse().read()


def run_of(mock: ImsMock, work: Callable[[], Any], plan: str) -> Run:
    """Return the run of some work under one plan."""
    return mock.sweep(work, allowed=[OSError, http.client.HTTPException], plan=plan).rows[0].run


def once(mock: ImsMock, timeout: float | None) -> Asked:
    """Return work that asks once over a connection of its own."""

    def work() -> bytes:
        with closing(connect(mock, timeout)) as connection:
            return listed(mock, connection)

    return work


@pytest.mark.parametrize("plan", [STALL, LOST])
def test_timeout_is_over_at_once(ims_mock: ImsMock, plan: str) -> None:
    """A client with a timeout gives up when that is over, with the error that it always gets."""
    run = run_of(ims_mock, once(ims_mock, 9.5), plan)
    assert run.failure is not None
    assert run.failure.kind is TimeoutError
    assert run.failure.text == "TimeoutError: timed out"
    assert run.slept == 9.5


def test_mock_ends_what_has_a_longer_timeout(ims_mock: ImsMock) -> None:
    """The mock closes a stalled connection before the timeout, and the body is cut."""
    run = run_of(ims_mock, once(ims_mock, 600), STALL)
    assert run.failure is not None
    assert run.failure.kind is http.client.IncompleteRead
    assert run.slept == 120


def test_client_without_a_timeout_waits_for_the_mock(ims_mock: ImsMock) -> None:
    """It waits as long as the connection is stalled."""
    run = run_of(ims_mock, once(ims_mock, None), STALL)
    assert run.failure is not None
    assert run.failure.kind is http.client.IncompleteRead
    assert run.slept == 120


def test_client_without_a_timeout_hangs_where_nothing_comes(ims_mock: ImsMock) -> None:
    """A response that never comes lets it wait for ever."""
    assert run_of(ims_mock, once(ims_mock, None), LOST).hung == "it waited for more than 120 s"


def test_each_read_has_its_own_timeout(ims_mock: ImsMock) -> None:
    """A client that reads on after a timeout waits for another one."""

    def work() -> int:
        connection = connect(ims_mock, 7)
        try:
            with suppress(TimeoutError):
                return len(listed(ims_mock, connection))
            assert connection.sock is not None
            with pytest.raises(TimeoutError):
                connection.sock.recv(1)
            return 0
        finally:
            connection.close()

    assert run_of(ims_mock, work, LOST).slept == 14


def test_timeout_can_change(ims_mock: ImsMock) -> None:
    """The timeout that counts is the one that the socket has when it reads."""

    def work() -> bytes:
        connection = connect(ims_mock, 600)
        connection.connect()
        assert connection.sock is not None
        connection.sock.settimeout(3)
        try:
            return listed(ims_mock, connection)
        finally:
            connection.close()

    assert run_of(ims_mock, work, LOST).slept == 3


def test_other_connections_meet_no_timeout(ims_mock: ImsMock) -> None:
    """While one thread waits in vain, a connection of another one gets its responses, and no time passes there."""
    sizes: list[int] = []

    def work() -> None:
        silent, other = connect(ims_mock, 30), connect(ims_mock, 30)
        sizes.clear()
        silent.request("GET", "/v2/images", headers={"X-Auth-Token": ims_mock.token})
        thread = threading.Thread(target=lambda: sizes.extend(len(listed(ims_mock, other)) for _ in range(20)))
        thread.start()
        thread.join()
        try:
            silent.getresponse().read()
        finally:
            silent.close()
            other.close()

    run = run_of(ims_mock, work, f"{LOST} x1")
    assert run.failure is not None
    assert run.failure.kind is TimeoutError
    assert run.slept == 30
    assert len(sizes) == 20


def test_timeouts_over_tls() -> None:
    """A socket with TLS reads below Python; its timeout is a short one, and counts whole."""
    with ImsMock(tls=True) as mock:
        run = run_of(mock, once(mock, 9.5), LOST)
    assert run.failure is not None
    assert run.failure.kind is TimeoutError
    assert run.slept == 9.5


def test_sockets_are_as_before_after_a_sweep(ims_mock: ImsMock) -> None:
    """Nothing of what a sweep replaces stays."""
    names = ("send", "sendall", "close", "recv", "recv_into", "accept")
    before = [getattr(socket.socket, name) for name in names]
    run_of(ims_mock, once(ims_mock, 5), LOST)
    assert [getattr(socket.socket, name) for name in names] == before


def test_request_that_nobody_waits_for_is_seen(ims_mock: ImsMock) -> None:
    """A client that sends a request and ends has sent it: every run has it, however slow the mock is to read."""

    def work() -> None:
        connection = connect(ims_mock, 5)
        headers = {"X-Auth-Token": ims_mock.token, "Content-Type": "application/json"}
        connection.request("POST", "/v2/images", b'{"name": "web"}', headers)
        connection.close()

    report = ims_mock.sweep(work, pairs=0)
    assert report.unsteady == []
    assert len(report.rows) > 20
    assert {len(row.requests) for row in report.rows} == {1}


def test_connections_keep_their_order(ims_mock: ImsMock) -> None:
    """What is sent first is there first, though it comes over another connection, and nobody waits for it."""

    def work() -> list[str]:
        headers = {"X-Auth-Token": ims_mock.token, "Content-Type": "application/json"}
        with closing(connect(ims_mock, 5)) as other:
            for number in range(10):
                with closing(connect(ims_mock, 5)) as one:
                    one.request("POST", "/v2/images", b'{"name": "web %d"}' % number, headers)
                names = [image["name"] for image in json.loads(listed(ims_mock, other))["images"]]
                assert len(names) == number + 1
        return names

    assert ims_mock.sweep(work, only=["*: 409*"]).unsteady == []


def test_silence_is_none_where_the_client_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time does not jump to the end of a silence that nobody waits for, also where the mock is slow to see that."""
    monkeypatch.setattr(sockets, "_GLANCE", 0.2)
    gone, work = threading.Event(), Sockets(Waits(lambda *_: None, lambda: 0.0), lambda: False)
    work.timeout = 10.0
    mock = threading.Thread(target=work.hold, args=(3600.0, gone.is_set, lambda: True))
    mock.start()
    while not work.silences:
        assert mock.is_alive()
    assert work.silences == [3600.0]
    gone.set()
    assert work.silences == []
    mock.join()


class Client:
    """A client that waits, as the mock sees it over its own socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def __call__(self) -> bool:
        """Return that the client has not gone."""
        return False


def test_mock_is_busy_until_a_silent_connection_is_closed() -> None:
    """Where the mock ends a silence, no time passes before its connection is closed, however slow the mock is."""
    work = Sockets(Waits(lambda *_: None, lambda: 0.0), lambda: False)
    own, other = socket.socketpair()
    with own, other:
        mock = threading.Thread(target=work.hold, args=(120.0, Client(own), lambda: True))
        mock.start()
        while not work.silences:
            assert mock.is_alive()
        assert not work.is_busy
        work.pass_time(120.0)
        mock.join()
        assert work.is_busy
        own.close()
        assert not work.is_busy


class Mock:
    """A mock that is silent on a connection from 0 s to 120 s; what it does next, it has done when somebody has looked.

    In `begins` it becomes silent after a look, in `ends` it closes the connection after one.
    """

    def __init__(self) -> None:
        self.passed = 0.0
        self.begins, self.ends = [True], [True]

    def jump(self, seconds: float, _taken: float) -> None:
        """Let time pass."""
        self.passed += seconds

    def is_busy(self) -> bool:
        """Return whether it works on a response, or on the end of the connection."""
        is_ending = self.passed >= 120 and not self.ends
        return bool(self.begins and self.begins.pop()) or is_ending

    def silences(self) -> list[float]:
        """Return how long it is silent."""
        left = [] if self.begins else [120 - self.passed]
        self.begins.clear()
        if self.passed >= 120 and self.ends:
            self.ends.clear()
            return []
        return left

    def has_closed(self, _seconds: float) -> bool:
        """Return whether the client sees the end of the connection."""
        return self.passed >= 120 and not self.ends


def test_time_does_not_jump_over_a_silence_that_begins_or_ends() -> None:
    """What becomes silent or ends between two looks of a client, which may wait longer, is not missed."""
    mock = Mock()
    waits = Waits(mock.jump, lambda: mock.passed)
    waits.is_busy, waits.silences = mock.is_busy, mock.silences
    waits.begin()
    assert waits.wait(mock.has_closed, 600)
    assert mock.passed == 120
