"""The mock as a user holds it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import Any

import pytest
import requests
from werkzeug.http import HTTP_STATUS_CODES

import ims_mock as package
from ims_mock import Fail, ImsMock, ManualClock, SystemClock
from ims_mock.web.direct import status_line


def test_usable_without_pytest() -> None:
    """Entering serves, leaving stops."""
    with ImsMock() as mock:
        headers = {"X-Auth-Token": mock.token}
        response = requests.post(f"{mock.url}/v2/images", json={"name": "a"}, headers=headers, timeout=10)
        assert mock.images[response.json()["id"]]["owner"] == mock.project_id
        assert len(mock.journal.calls("glance_create_image_metadata")) == 1
        url = mock.url
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_two_mocks_in_one_process() -> None:
    """Each has its own port, images and faults."""
    with ImsMock() as one, ImsMock(seed=2) as two:
        one.faults.add(Fail(503))
        responses = [
            requests.post(f"{mock.url}/v2/images", data="{}", headers={"X-Auth-Token": "t"}, timeout=10).status_code
            for mock in (one, two)
        ]
        assert responses == [503, 201]
        assert (len(one.images), len(two.images)) == (0, 1)


def test_clock_moves_the_mocks_time() -> None:
    """An image is created at the time of the mock's clock."""
    with ImsMock(start=0) as mock:
        mock.clock.advance(60)
        response = requests.post(f"{mock.url}/v2/images", data="{}", headers={"X-Auth-Token": "t"}, timeout=10)
    assert response.json()["created_at"] == "1970-01-01T00:01:00Z"
    assert response.headers["Date"] == "Thu, 01 Jan 1970 00:01:00 GMT"


def test_clock_can_be_given() -> None:
    """A mock takes the clock that it is given."""
    clock = SystemClock()
    given: object = ImsMock(clock=clock).clock
    assert given is clock


@pytest.mark.parametrize("clock", [5, "now", ManualClock, object()])
def test_what_is_no_clock(clock: Any) -> None:
    """The error for a value that is not a clock says what one is."""
    with pytest.raises(ValueError, match=r"clock must be a clock, such as SystemClock\(\), got"):
        ImsMock(clock=clock)


@pytest.mark.parametrize("setting", [{"start": 5}, {"start": 0}, {"speed": 2}])
def test_clock_that_is_given_has_its_own_time(setting: dict[str, Any]) -> None:
    """Where a clock is given, settings of time are rejected instead of ignored, also in a reset."""
    mock = ImsMock(clock=ManualClock(1000))
    for begin in (lambda: ImsMock(clock=ManualClock(1000), **setting), lambda: mock.reset(**setting)):
        with pytest.raises(ValueError, match=f"{next(iter(setting))} must be left out: the time is that of the clock"):
            begin()


def test_what_is_no_http_is_in_the_journal() -> None:
    """A request that the server cannot read has the gateway's body, a reason and an entry."""
    import socket
    from urllib.parse import urlsplit

    with ImsMock() as mock:
        address = urlsplit(mock.url)
        with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as connection:
            connection.sendall(b"GET /v2/images HTTP/1.1\r\n\r\n")
            with connection.makefile("rb") as response:
                text = response.read().decode()
        (entry,) = mock.journal
    assert text.startswith("HTTP/1.1 400")
    assert '"error_code":"APIGW.0201"' in text
    assert (entry.status, entry.path, entry.reason) == (400, "/v2/images", "Host: must be given once")


def test_client_that_hangs_up_half_way(ims_mock: ImsMock) -> None:
    """Half a body creates nothing, and the journal says why."""
    import socket
    from urllib.parse import urlsplit

    address = urlsplit(ims_mock.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as connection:
        connection.sendall(
            b'POST /v2/images HTTP/1.1\r\nHost: a\r\nX-Auth-Token: t\r\nContent-Length: 100\r\n\r\n{"name"'
        )
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as response:
            assert response.readline().startswith(b"HTTP/1.1 400")
    (entry,) = ims_mock.journal
    assert entry.reason == "body: the body ended 93 bytes early"
    assert ims_mock.images == {}


def test_unknown_setting_is_refused() -> None:
    """The error for a slip in a setting names it."""
    settings: dict[str, Any] = {"port_number": 1}
    with pytest.raises(ValueError, match="ims_mock has no setting 'port_number'"):
        ImsMock(**settings)
    for slip, meant in (("prot", "port"), ("clok", "clock"), ("tokn", "token")):
        with pytest.raises(ValueError, match=f"no setting '{slip}'.*; did you mean \"{meant}\""):
            ImsMock(**{slip: 1})  # type: ignore[arg-type]


def test_taken_port_raises_in_the_caller() -> None:
    """A port that is taken is the caller's OSError, and both can be stopped."""
    with ImsMock() as mock:
        port = int(mock.url.rsplit(":", 1)[1])
        second = ImsMock(port=port)
        with pytest.raises(OSError, match="in use"):
            second.start()
        second.stop()


def test_public_names() -> None:
    """Every public name is there, and no other."""
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        attrgetter("nope")(package)


def test_importing_the_package_loads_no_flask() -> None:
    """Importing the package, and the plugin, costs neither Flask nor jsonschema."""
    code = "import ims_mock, sys; print([m for m in ('flask', 'werkzeug', 'jsonschema') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_serving_imports_nothing_more() -> None:
    """Making a mock does not import jsonschema, which takes long; before the first request everything is imported."""
    code = (
        "import sys, http.client, ims_mock\n"
        "mock = ims_mock.ImsMock()\n"
        "print('jsonschema' in sys.modules)\n"
        "with mock:\n"
        "    before = set(sys.modules)\n"
        "    c = http.client.HTTPConnection(mock.url.removeprefix('http://'))\n"
        "    c.request('POST', '/v2/images', '{\"min_disk\": 1}', {'X-Auth-Token': 't'})\n"
        "    print(c.getresponse().status, sorted(set(sys.modules) - before))\n"
        "    c.close()\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["False", "400 []"]


def test_first_create_imports_nothing_heavy() -> None:
    """A mock in a process of its own creates an image without what other requests need, which takes longer to import.

    Its application is there when a request needs it, and its URL is the same.
    """
    heavy = [
        *("flask", "werkzeug", "jsonschema", "referencing", "attr", "http.client", "ssl", "email", "difflib"),
        *("ims_mock.faults.responses", "ims_mock.web.app", "ims_mock.service.control"),
        *("ims_mock.command.environment", "ims_mock.evidence.audit", "ims_mock.service.operations.iam"),
    ]
    code = (
        "import socket, sys, ims_mock.command.cli, ims_mock.command.standalone\n"
        "mock = ims_mock.ImsMock().start(prepared=False)\n"
        "def status_of(line):\n"
        "    with socket.create_connection(('127.0.0.1', int(mock.url.rpartition(':')[2]))) as sock:\n"
        "        sock.sendall(line + b' HTTP/1.1\\r\\nHost: localhost\\r\\nX-Auth-Token: t\\r\\n'\n"
        '                     b\'Connection: close\\r\\nContent-Length: 12\\r\\n\\r\\n{"name":"a"}\')\n'
        "        return sock.makefile('rb').read(12)[-3:].decode()\n"
        f"print(status_of(b'POST /v2/images'), [name for name in {heavy} if name in sys.modules])\n"
        "print(status_of(b'GET /_ims_mock/health'), 'flask' in sys.modules)\n"
        "mock.stop()\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["201 []", "200 True"], done.stderr


def test_application_is_made_once() -> None:
    """Two requests that are the first to need it get the same application."""
    mock = ImsMock()
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: mock.app, range(2))
    assert first is second


@pytest.mark.parametrize("status", [200, 201, 204])
def test_usual_status_lines_are_those_of_werkzeug(status: int) -> None:
    """A status that is written without Werkzeug is written as it would."""
    assert status_line(status) == f"{status} {HTTP_STATUS_CODES[status].upper()}"


@pytest.mark.parametrize("wrong", ["state.json", {}, None])
def test_restore_of_no_snapshot(wrong: Any) -> None:
    """The error for a value that is not a snapshot says what restore takes."""
    with pytest.raises(TypeError, match=r"restore takes what snapshot\(\) or Snapshot.load\(path\) returns, got"):
        ImsMock().restore(wrong)
