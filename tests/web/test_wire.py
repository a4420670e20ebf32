"""Responses that do not leave whole and at once, byte by byte over a socket, and in-process."""

from __future__ import annotations

import http.client
import io
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from ims_mock import (
    Delay,
    Drip,
    Hangup,
    ImsMock,
    LognormalDelay,
    LoseResponse,
    ManualClock,
    Reset,
    Stall,
    Truncate,
)
from ims_mock.evidence.delivery import Delivery
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault
from ims_mock.state.times import parse_time
from ims_mock.web.wire import Connection, deliver, has_gone
from tests.clients.test_faults_raw import FILE, HUNG_UP, TOKEN, new_connection, seen
from tests.conftest import PAGE, Api

# The seconds that a test waits for what comes at once.
PATIENT = 30.0


class WatchedClock(ManualClock):
    """A clock that stands still, and shows when somebody has begun to wait for it."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self.waits = threading.Semaphore(0)

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Wait as the clock does; from the first look at whether it is over, moving the clock ends it."""
        has_begun = False

        def watched() -> bool:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                self.waits.release()
            return is_over()

        super().wait(seconds, watched)


@pytest.fixture
def clock() -> WatchedClock:
    """The clock of the mock `watched`."""
    return WatchedClock()


@pytest.fixture
def watched(clock: WatchedClock) -> Iterator[ImsMock]:
    """A mock of the test's own, with the fixture `clock`."""
    with ImsMock(clock=clock) as mock:
        yield mock


# Waiting


WAITS = [
    Delay(3600, real_time=True),
    LognormalDelay(3600, 0, real_time=True),
    LoseResponse("timeout"),
    Stall(3600),
    Drip(0.001, real_time=True),
]


def create(connection: http.client.HTTPConnection) -> None:
    """Ask for an image, and wait for no response."""
    connection.request("POST", "/v2/images", b'{"name": "a"}', TOKEN)


def ended(threads: set[threading.Thread]) -> bool:
    """Wait until threads have ended; return whether they have."""
    for thread in threads:
        thread.join(PATIENT)
    return bool(threads) and not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("fault", WAITS, ids=str)
def test_client_that_hangs_up_frees_its_thread(watched: ImsMock, clock: WatchedClock, fault: Fault) -> None:
    """Nobody is waited for who has hung up."""
    watched.faults.add(fault)
    before = set(threading.enumerate())
    with closing(new_connection(watched)) as connection:
        create(connection)
        assert clock.waits.acquire(timeout=PATIENT)
        started = set(threading.enumerate()) - before
    assert ended(started)


@pytest.mark.parametrize("fault", WAITS, ids=str)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_mock_that_is_stopped_waits_no_longer(clock: WatchedClock, fault: Fault, tls: bool) -> None:
    """A mock that is stopped in the middle of a wait ends it, and its thread."""
    with ImsMock(clock=clock, tls=tls) as mock:
        mock.faults.add(fault)
        before = set(threading.enumerate())
        with closing(new_connection(mock)) as connection:
            create(connection)
            assert clock.waits.acquire(timeout=PATIENT)
            started = set(threading.enumerate()) - before
            mock.stop()
            assert ended(started)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Delay(3600, real_time=True), "201"),
        (LognormalDelay(3600, 0, real_time=True), "201"),
        (LoseResponse("timeout"), HUNG_UP),
        (Stall(3600), "IncompleteRead b''"),
    ],
    ids=str,
)
def test_moving_the_clock_ends_the_wait(watched: ImsMock, clock: WatchedClock, fault: Fault, outcome: str) -> None:
    """Whoever waits for a clock that stands still has waited when it is moved."""
    watched.faults.add(fault)
    outcomes = []
    with closing(new_connection(watched)) as connection:
        asking = threading.Thread(target=lambda: outcomes.append(seen(connection, "POST", "/v2/images", b"{}")))
        asking.start()
        assert clock.waits.acquire(timeout=PATIENT)
        clock.advance(3600.001)
        asking.join(PATIENT)
    assert outcomes == [outcome]


@pytest.mark.parametrize("fault", WAITS, ids=str)
def test_others_are_served_meanwhile(watched: ImsMock, clock: WatchedClock, fault: Fault) -> None:
    """While one client waits another one gets its response, and sees that the first one's work is done."""
    watched.faults.add(fault, times=1)
    with closing(new_connection(watched)) as first, closing(new_connection(watched)) as second:
        create(first)
        assert clock.waits.acquire(timeout=PATIENT)
        second.request("GET", "/v2/images", headers=TOKEN)
        assert b'"name":"a"' in second.getresponse().read()


def test_drip_comes_in_pieces(watched: ImsMock, clock: WatchedClock) -> None:
    """A dripping response comes piece by piece, as the clock says."""
    watched.faults.add(Drip(0.001, real_time=True))
    pieces = []
    with closing(new_connection(watched)) as connection:
        create(connection)
        response = connection.getresponse()
        for _ in range(8):
            assert clock.waits.acquire(timeout=PATIENT)
            clock.advance(1000)
            pieces.append(response.read1(100))
        response.close()
    assert pieces == [b"{", b'"', b"n", b"a", b"m", b"e", b'"', b":"]


def size_of_a_list(mock: ImsMock) -> int:
    """Read a list, and return how many bytes it has."""
    with closing(new_connection(mock)) as connection:
        connection.request("GET", "/v2/images", headers=TOKEN)
        return len(connection.getresponse().read())


@pytest.mark.ims_mock(start=PAGE)
def test_drip_moves_a_clock_that_stands_still(ims_mock: ImsMock) -> None:
    """A dripping response takes its time on the mock's clock, and none of the client's."""
    ims_mock.faults.add(Drip(10))
    size = size_of_a_list(ims_mock)
    assert ims_mock.clock.now() - parse_time(PAGE) == pytest.approx(size / 10)


@pytest.mark.ims_mock(start=PAGE, speed=100)
def test_drip_waits_for_a_clock_that_runs(ims_mock: ImsMock) -> None:
    """A dripping response takes its time on a clock that runs by itself."""
    ims_mock.faults.add(Drip(100))
    size = size_of_a_list(ims_mock)
    assert ims_mock.clock.now() - parse_time(PAGE) >= size / 100


@pytest.mark.parametrize("rate", [1, 1000, 1e12])
def test_drip_of_a_file_is_whole(ims_mock: ImsMock, rate: float) -> None:
    """A file that drips comes whole, however many pieces it is made of."""
    data = FILE[: 1000 if rate == 1 else 600_000]
    image = ims_mock.add_image(data=data)
    ims_mock.faults.add(Drip(rate))
    with closing(new_connection(ims_mock)) as connection:
        connection.request("GET", f"{image['self']}/file", headers=TOKEN)
        assert connection.getresponse().read() == data


# The body's iterator alone


def bodies(*pieces: bytes) -> Response:
    """Return the response with a file in pieces."""
    return Response(200, {"Content-Length": str(sum(map(len, pieces)))}, b"", content=iter(pieces))


@pytest.mark.parametrize(
    ("rate", "pieces"),
    [(20, [b"ab", b"cd", b"e"]), (9, [b"a", b"b", b"c", b"d", b"e"]), (0.5, [b"a", b"b", b"c", b"d", b"e"])],
)
def test_pieces_of_a_drip(rate: float, pieces: list[bytes]) -> None:
    """Ten pieces leave in a second, of a byte at least, and the clock has moved when the last one has left."""
    clock = ManualClock(0.0)
    sent = list(deliver(Response(200, {}, b"abcde", delivery=Delivery(rate=rate)), None, clock))
    assert sent == [b"", *pieces]
    assert clock.now() == pytest.approx(5 / rate, abs=1e-5)


class LateClock:
    """A clock that runs, and of which every wait is over a second late."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        """Return the seconds that have passed."""
        return self.passed

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Let more time pass than is asked for, unless none is."""
        self.passed += seconds + 1 if seconds else 0


def test_late_waits_of_a_drip_do_not_add_up() -> None:
    """On a busy machine, or with a clock that runs fast, the body takes as long as its rate says."""
    clock = LateClock()
    sent = list(deliver(Response(200, {}, b"a" * 200, delivery=Delivery(rate=10)), None, clock))
    assert (len(sent), b"".join(sent)) == (201, b"a" * 200)
    assert 20 <= clock.now() <= 21.5


def test_cut_takes_no_more_than_it_sends() -> None:
    """The pieces behind the cut are not taken from a file."""
    response = bodies(b"abc", b"def", b"ghi")
    with pytest.raises(http.client.IncompleteRead):
        list(deliver(replace(response, delivery=Delivery("hangup", length=4)), None, ManualClock(0.0)))
    assert response.content is not None
    assert list(response.content) == [b"ghi"]


# In-process


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Reset(), ConnectionResetError),
        (Hangup(), http.client.RemoteDisconnected),
        (LoseResponse(), ConnectionResetError),
        (LoseResponse("hangup"), http.client.RemoteDisconnected),
        (LoseResponse("timeout"), TimeoutError),
    ],
    ids=str,
)
def test_call_without_a_socket_raises(api: Api, method: str, fault: Fault, error: type[Exception]) -> None:
    """Flask's test client raises what a client would see where no response comes, whatever was asked."""
    image_id = api.create()["id"]
    api.service.faults.add(fault)
    with pytest.raises(error) as caught:
        api(method, "/v2/images" if method == "POST" else f"/v2/images/{image_id}", {} if method == "POST" else None)
    assert type(caught.value) is error
    done = 0 if isinstance(fault, (Reset, Hangup)) else {"POST": 1, "DELETE": -1}.get(method, 0)
    assert len(api.images) == 1 + done


@pytest.mark.parametrize(
    ("fault", "partial"), [(Truncate(7), b'{"name"'), (Truncate(0), b""), (Stall(0), b"")], ids=str
)
def test_cut_without_a_socket(api: Api, fault: Fault, partial: bytes) -> None:
    """Flask's test client raises the bytes that have come, and how many are missing."""
    image = api.create()
    size = len(api("GET", image["self"]).data)
    api.service.faults.add(fault)
    with pytest.raises(http.client.IncompleteRead) as caught:
        _ = api("GET", image["self"]).data
    assert (caught.value.partial, caught.value.expected) == (partial, size - len(partial))


def test_stall_without_a_socket(api: Api) -> None:
    """Flask's test client gives up at once, and the clock stays."""
    api.service.faults.add(Stall(3600))
    with pytest.raises(TimeoutError):
        _ = api("GET", "/v2/images").data
    assert api.clock.now() == parse_time(PAGE)


def test_drip_without_a_socket(api: Api) -> None:
    """Flask's test client has the whole response when the clock has been moved."""
    api.service.faults.add(Drip(10))
    size = len(api("GET", "/v2/images").data)
    assert size > 0
    assert api.clock.now() - parse_time(PAGE) == pytest.approx(size / 10)


def test_outer_fault_holds(api: Api) -> None:
    """Of two faults of a response's delivery the outer one decides, and the inner one has what that leaves."""
    api.service.faults.add(Stall(0))
    api.service.faults.add(Drip(10))
    with pytest.raises(http.client.IncompleteRead):
        _ = api("GET", "/v2/images").data
    assert [str(entry.delivery) for entry in api.service.journal] == ["0 bytes were sent, at 10 bytes a second, hangup"]


# The connection alone


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two ends of a connection."""
    one, other = socket.socketpair()
    with one, other:
        yield one, other


@pytest.fixture(params=["poll", "no poll"])
def has_poll(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test with poll, and as on Windows without it."""
    if request.param == "no poll":
        monkeypatch.delattr(select, "poll")


def test_import_needs_no_poll() -> None:
    """The package can be imported where select has neither poll nor its constants, as on Windows."""
    program = """
import select, socketserver
for name in [name for name in dir(select) if "poll" in name.lower()]:
    delattr(select, name)
import ims_mock.mock, ims_mock.command.cli
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.usefixtures("has_poll")
def test_who_is_there_has_not_gone(pair: tuple[socket.socket, socket.socket]) -> None:
    """A client that says nothing, and one without a socket, are there."""
    assert not has_gone(Connection(pair[0], None))
    assert not has_gone(None)


@pytest.mark.usefixtures("has_poll")
def test_who_sends_more_has_not_gone(pair: tuple[socket.socket, socket.socket]) -> None:
    """A client that has sent its next request already is there."""
    pair[1].sendall(b"GET")
    assert not has_gone(Connection(pair[0], None))


@pytest.mark.usefixtures("has_poll")
@pytest.mark.parametrize(
    "end",
    [
        lambda one, other: other.close(),
        lambda one, other: other.shutdown(socket.SHUT_WR),
        lambda one, other: one.shutdown(socket.SHUT_RDWR),
        lambda one, other: one.close(),
    ],
    ids=["closed", "half closed", "shut down here", "closed here"],
)
def test_who_has_closed_has_gone(pair: tuple[socket.socket, socket.socket], end: Callable[..., None]) -> None:
    """A client that has closed its connection, or that the server has closed it to, has gone."""
    end(*pair)
    assert has_gone(Connection(pair[0], None))


def test_what_replaces_a_connection_is_not_inherited(pair: tuple[socket.socket, socket.socket]) -> None:
    """The programs that a test starts have no part in a connection that was reset."""
    Connection(pair[0], None).reset()
    assert not os.get_inheritable(pair[0].fileno())


def test_body_that_cannot_be_drained(pair: tuple[socket.socket, socket.socket]) -> None:
    """A body is left alone where the server gives no way to drop it."""
    body = io.BytesIO(b"abc")
    Connection(pair[0], body).drain()
    assert body.read() == b"abc"


def test_reset_of_the_mock_ends_its_waits(ims_mock: ImsMock) -> None:
    """A request that waits is let go by a reset, and so by the next test."""
    ims_mock.faults.add(Stall(3600))
    connection = http.client.HTTPConnection(urlsplit(ims_mock.url).netloc, timeout=60)
    connection.request("GET", "/v2/images", headers={"X-Auth-Token": "t"})
    response = connection.getresponse()
    ims_mock.reset()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()
