"""What `connect` raises for wrong arguments, and for servers that are no mock: the tables of docs/connect.md."""

from __future__ import annotations

import datetime
import http.server
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from ims_mock import ImsMock, connect
from ims_mock.remote.connection import NoMockError
from ims_mock.remote.mock import RemoteMock
from tests.remote.test_connect import asked


@pytest.mark.parametrize("name", ["host", "port", "clock", "tls", "allow_hosts"])
def test_what_a_server_alone_has(world: RemoteMock, name: str) -> None:
    """What only a mock with a server of its own can be given raises TypeError, which names it."""
    given: dict[str, Any] = {name: "x"}
    calls: list[Callable[[], object]] = [
        lambda: connect(world._root.root, "b", **given),
        lambda: world.world("b", **given),
        lambda: world.reset(**given),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=f"{name} is for a mock with a server of this process; use ImsMock"):
            call()


@pytest.mark.parametrize("value", [Decimal(3), {"a"}, datetime.datetime(2026, 1, 1), float("nan"), b"x"])
def test_values_that_json_does_not_have(mock: ImsMock, value: Any) -> None:
    """An attribute that is no JSON raises ValueError, which names the attribute."""
    with pytest.raises(ValueError, match=r"^/note: "):
        mock.add_image(note=value)
    with pytest.raises(ValueError, match="id"):
        mock.add_server(id=value)


def test_value_deep_in_a_document(world: RemoteMock) -> None:
    """The place of the value is named, also where a value contains itself."""
    with pytest.raises(ValueError, match=r"/users/1/name: must be made of JSON types, got \"Decimal\('3'\)\""):
        world.accounts.add({"users": [{"name": "a"}, {"name": Decimal(3)}]})
    around: list[Any] = []
    around.append(around)
    with pytest.raises(ValueError, match="must be made of JSON types"):
        world.accounts.add({"users": around})


@pytest.mark.parametrize(
    ("given", "text"),
    [({"data": "x"}, "data must be bytes, got str"), ({"members": ["x"]}, "members must be a mapping")],
)
def test_file_and_members(mock: ImsMock, given: dict[str, Any], text: str) -> None:
    """A file that is no bytes, and members that are no mapping, raise TypeError."""
    with pytest.raises(TypeError, match=text):
        mock.add_image(**given)


def test_added_image_writes_through(mock: ImsMock) -> None:
    """What `add_image` returns is the image itself: an edit of it is not lost."""
    image = mock.add_image(name="web")
    image["name"] = "new"
    assert mock.images[image["id"]]["name"] == "new"


@pytest.mark.parametrize("key", [5, None, ("a",)])
def test_keys_that_are_no_text(mock: ImsMock, key: Any) -> None:
    """No record has a key that is no text, which is an error of a dict."""
    for records in (mock.images, mock.jobs):
        with pytest.raises(KeyError):
            records[key]
        with pytest.raises(KeyError):
            del records[key]
        assert (records.get(key, "none"), key in records, records.pop(key, "none")) == ("none", False, "none")


def test_long_name_behind_that_of_a_world(server: ImsMock) -> None:
    """A name that is too long behind that of its world is refused with the reason; the longest one is taken."""
    with connect(server.url, world="shop-ci") as mock:
        mock.world("b" * 55)
        assert "shop-ci-" + "b" * 55 in server.worlds
        text = 'name must have at most 55 characters, because its name on the server begins with "shop-ci-"'
        with pytest.raises(ValueError, match=text):
            mock.world("b" * 56)


def test_names_of_worlds(mock: ImsMock) -> None:
    """A wrong name raises ValueError, and one that no world has raises KeyError, which names the known ones."""
    for name in (float("nan"), 7, "A"):
        with pytest.raises(ValueError, match="name must be 1 to 63 lower-case letters"):
            mock.world(name)  # type: ignore[arg-type]
    mock.world("b")
    with pytest.raises(KeyError, match=r'no world has the name .*"x.*"; the known ones are default, b'):
        mock.delete_world("x")
    for name in ("\ud800", "x" * 100_000):
        with pytest.raises(KeyError, match="no world has the name"):
            mock.delete_world(name)


def test_wrong_reset_changes_nothing(mock: ImsMock) -> None:
    """A reset with a wrong setting raises ValueError first; the worlds are still there."""
    mock.world("b").add_image(name="web")
    with pytest.raises(ValueError, match="auth must be"):
        mock.reset(auth="x")  # type: ignore[arg-type]
    assert len(mock.world("b").images) == 1


@pytest.mark.parametrize("key", ["x" * 100_000, "\ud800", "a/b", "", "..", "a?b#%2F"])
def test_keys_of_any_text(mock: ImsMock, key: str) -> None:
    """A key that no image has raises KeyError, whatever a URL can have."""
    assert key not in mock.images
    uses: list[Callable[[], object]] = [lambda: mock.images[key], lambda: mock.images.pop(key)]
    for use in uses:
        with pytest.raises(KeyError):
            use()


def test_keys_that_a_url_cannot_have(server: ImsMock) -> None:
    """A record with such a key is read, and a write of it raises ValueError."""
    with connect(server.url) as there:
        for key in ("x" * 100_000, "a/b", ""):
            server.images[key] = {**server.add_image(name="web"), "id": key}
            assert there.images[key]["name"] == "web"
            with pytest.raises(ValueError, match="a key must be text that can be one part of the path"):
                there.images[key]["name"] = "new"
            with pytest.raises(ValueError, match="a key must be text that can be one part of the path"):
                del there.images[key]
    server.reset()


@pytest.mark.parametrize("world", [None, "r"])
@pytest.mark.parametrize("left", [["cn-north-4"], ["cn-north-4", "cn-east-3"]])
def test_region_that_is_gone_is_named(server: ImsMock, world: str | None, left: list[str]) -> None:
    """What is held of a removed region raises ConnectionError, loses no write, and makes no world of its name."""
    with connect(server.url, world=world, regions=["cn-north-4", "cn-south-1"]) as north:
        south = north.region("cn-south-1")
        assert south.url == f"{north.url}/~cn-south-1"
        assert asked(south).status_code == 200
        with pytest.raises(KeyError, match="nothing"):
            south.images["nothing"]
        north.reset(regions=left)
        uses: list[Callable[[], object]] = [
            lambda: len(south.images),
            lambda: south.add_image(name="lost"),
            lambda: south.faults.add("503"),
            lambda: south.images["nothing"],
        ]
        for use in uses:
            with pytest.raises(ConnectionError, match=r"the region cn-south-1 was removed; get it again with region\("):
                use()
        assert "cn-south-1" not in server.worlds
        # The test has sent none of these requests.
        assert (north.journal.unmatched(), server.journal.unmatched()) == ([], [])
    server.reset()


def test_regions_know_each_other(server: ImsMock) -> None:
    """A region has the names of all, and is the same object until a reset."""
    with connect(server.url, world="r", regions=["cn-north-4", "cn-south-1"]) as north:
        south = north.region("cn-south-1")
        assert south.region("cn-south-1") is south
        assert list(south.regions) == ["cn-north-4", "cn-south-1"]
        assert south.region("cn-north-4") is north
        south.add_image(name="south")
        north.reset(regions=["cn-north-4", "cn-south-1"])
        assert len(north.region("cn-south-1").images) == 0
        north.region("cn-south-1").add_image(name="last")
    assert [image["name"] for image in north.region("cn-south-1").images.values()] == ["last"]


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"ca": b"garbage"}, ValueError, "ca must be a certificate in PEM"),
        ({"ca": b"\xff"}, ValueError, "ca must be a certificate in PEM"),
        (
            {"ca": "nowhere.pem"},
            ValueError,
            "ca must be the path of a file with .*, got nowhere.pem: No such",
        ),
        ({"ca": 7}, TypeError, "ca must be a certificate in PEM as bytes, or the path of a file, got 7"),
        ({"idle": -1}, ValueError, "idle must be a number of seconds above 0"),
        ({"world": 7}, ValueError, "name must be 1 to 63"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_arguments_of_connect(server: ImsMock, given: Any, error: type[Exception], text: str, scheme: str) -> None:
    """A wrong argument is named, whatever the scheme of the URL."""
    if scheme == "https" and "ca" not in given:
        given = {"ca": None, **given}
    with pytest.raises(error, match=text):
        connect(server.url.replace("http", scheme if given.get("ca") else "http"), **given)


def test_urls() -> None:
    """What is no URL of a server is named, and what to do with the path of a world."""
    for url in (7, None, b"http://127.0.0.1:1"):
        with pytest.raises(ValueError, match="url: must be the root of a server"):
            connect(url)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='; give world="ci" for its world'):
        connect("http://127.0.0.1:1/~ci")
    with pytest.raises(ValueError, match="; a server behind a path cannot be used"):
        connect("http://127.0.0.1:1/mock")


class Other(http.server.BaseHTTPRequestHandler):
    """A server that is no mock of this version: its `text` and `status` are the server's."""

    def do_GET(self) -> None:
        """Respond with the text."""
        status, text = self.server.reply  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (200, b"<html>", "is no ims_mock: .* give the URL at which a mock listens"),
        (401, b'{"error":{"code":"other","message":"no"}}', "is no ims_mock: /_ims_mock/connection has the status 401"),
        (400, b'{"error":{"code":[],"message":"no"}}', "is no ims_mock"),
        (400, b'{"error":{}}', "is no ims_mock"),
        (200, b"{}", "is no ims_mock: it does not say which version"),
        (200, b"[]", "is no ims_mock: it does not say which version"),
        (200, b"null", "is no ims_mock: it does not say which version"),
        (404, b'{"error":{"code":"not_found","message":"no"}}', "too old for this client.*install the same version"),
        (200, b'{"control":"1","version":"0.0.1"}', "is ims_mock 0.0.1, and this client is .*install the same version"),
    ],
)
def test_other_servers_are_named(status: int, text: bytes, error: str) -> None:
    """A server of another kind or version is refused, with what to do."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Other)
    server.reply = (status, text)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    with pytest.raises(NoMockError, match=error):
        connect(f"http://127.0.0.1:{server.server_port}")
    thread.join()
    server.server_close()
