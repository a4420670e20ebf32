"""Worlds without a server: which one a request is for, how many there may be, and what each has of its own."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from ims_mock.contract.errors import ImsError
from ims_mock.service.missing import ConflictError
from ims_mock.service.service import Service
from ims_mock.service.settings import Settings
from ims_mock.service.worlds import Asked, Worlds
from ims_mock.state.clock import ManualClock, SystemClock
from ims_mock.state.ids import new_image_id, new_token
from ims_mock.state.real import RealTime

SIGNED = "SDK-HMAC-SHA256 Access={}, SignedHeaders=host, Signature=" + "0" * 64


def new_worlds(*names: str, **bounds: Any) -> Worlds:
    """Return worlds with those names beside the default one."""
    worlds = Worlds(Service(Settings(token="own")), **bounds)
    for name in names:
        worlds.make(name)
    return worlds


def chosen(worlds: Worlds, path: str = "/v2/images", host: str = "127.0.0.1:9292", **headers: str) -> tuple[str, str]:
    """Return the name of the world that a request is for, and what of its path names it."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    world, root = worlds.choose(Asked(path, host, fields))
    return world.name, root


class Stopwatch:
    """A monotonic clock that stands still."""

    seconds = 0.0

    def __call__(self) -> float:
        """Return its time."""
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """What worlds take for real time."""
    stopwatch = Stopwatch()
    monkeypatch.setattr(RealTime, "monotonic", staticmethod(stopwatch))
    return stopwatch


@pytest.mark.parametrize(
    ("path", "host", "headers", "expected"),
    [
        ("/v2/images", "127.0.0.1:9292", {}, ("default", "")),
        ("/~ci/v2/images", "127.0.0.1:9292", {}, ("ci", "/~ci")),
        ("/~ci", "127.0.0.1", {}, ("ci", "/~ci")),
        ("/~default/v2/images", "gw.localhost", {}, ("default", "/~default")),
        ("/v2/images", "ci.localhost:9292", {}, ("ci", "")),
        ("/v2/images", "CI.LOCALHOST.", {}, ("ci", "")),
        ("/v2/images", "localhost:9292", {}, ("default", "")),
        ("/v2/images", "ims.ci.localhost", {}, ("default", "")),
        ("/v2/images", "ci.localhost.example", {}, ("default", "")),
        ("/v2/images", "127.0.0.1", {"X_Ims_Mock_World": "gw"}, ("gw", "")),
        ("/v2/images", "127.0.0.1", {"X_Auth_Token": "own-gw"}, ("gw", "")),
        ("/v2/images", "127.0.0.1", {"X_Auth_Token": "any"}, ("default", "")),
        ("/v2/images", "127.0.0.1", {"Authorization": SIGNED.format("demo-gw-ak")}, ("gw", "")),
        ("/v2/images", "127.0.0.1", {"Authorization": SIGNED.format("demo-ak")}, ("default", "")),
        ("/v2/images", "127.0.0.1", {"X_Auth_Token": "any", "Authorization": SIGNED.format("demo-gw-ak")}, None),
        # The first that says something wins.
        ("/~ci/v2/images", "gw.localhost", {"X_Ims_Mock_World": "gw", "X_Auth_Token": "own-gw"}, ("ci", "/~ci")),
        ("/v2/images", "ci.localhost", {"X_Ims_Mock_World": "gw", "X_Auth_Token": "own-gw"}, ("ci", "")),
        ("/v2/images", "127.0.0.1", {"X_Ims_Mock_World": "ci", "X_Auth_Token": "own-gw"}, ("ci", "")),
        ("/v2/images", "127.0.0.1", {"X_Auth_Token": "own-ci", "X_Project_Id": "1" * 32}, ("ci", "")),
        # A project that two worlds have is of neither.
        ("/v2/images", "127.0.0.1", {"X_Project_Id": "1" * 32}, ("gw", "")),
        (f"/v1/{'1' * 32}/jobs/7", "127.0.0.1", {}, ("gw", "")),
        ("/v2/images", "127.0.0.1", {"X_Project_Id": "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"}, ("default", "")),
    ],
)
def test_what_names_a_world(path: str, host: str, headers: dict[str, str], expected: tuple[str, str] | None) -> None:
    """A path, a host, a header, a credential or a project names a world, the first of them that does."""
    worlds = new_worlds("ci")
    worlds.make("gw", {"project_id": "1" * 32})
    assert chosen(worlds, path, host, **headers) == (expected or ("default", ""))


def test_world_is_made_when_it_is_asked_for() -> None:
    """A name that no world has is a new one, with the settings of the server."""
    worlds = Worlds(Service(Settings(region="cn-south-1")))
    assert not worlds.has_named
    assert chosen(worlds, "/~new-1/v2/images") == ("new-1", "/~new-1")
    assert worlds.has_named
    made = worlds.find("new-1")
    assert made is not None
    assert made.service.settings.region == "cn-south-1"
    assert [world.name for world in worlds] == ["default", "new-1"]


@pytest.mark.parametrize("name", ["", "CI", "-a", "a-", "a_b", "a.b", "é", "a" * 64, "..", "%63i"])
def test_what_is_no_name(name: str) -> None:
    """A name is one that a host could have; the reason says so."""
    with pytest.raises(ImsError, match="name must be 1 to 63 lower-case letters") as error:
        chosen(Worlds(Service()), f"/~{name}/v2/images")
    assert error.value.status == 404
    with pytest.raises(ValueError, match="name must be 1 to 63 lower-case letters"):
        Worlds(Service()).make(name)


def test_names_are_unique() -> None:
    """A name that is in use, also that of the default world, is a conflict."""
    worlds = new_worlds("ci")
    for name in ("ci", "default"):
        with pytest.raises(ConflictError, match="exists"):
            worlds.make(name)


def test_worlds_share_nothing_but_the_first_settings() -> None:
    """Ids follow from the seed, so that they are the same in each world; tokens and keys are of one world alone."""
    worlds = new_worlds("ci")
    made = worlds.find("ci")
    assert made is not None
    first, ci = worlds.default.service, made.service
    assert new_image_id(first.store) == new_image_id(ci.store)
    assert new_token(first.store) != new_token(ci.store)
    assert (first.accounts.default_user.access, ci.accounts.default_user.access) == ("demo-ak", "demo-ci-ak")
    assert (first.auth.token, ci.auth.token) == ("own", "own-ci")
    assert first.store.clock is not ci.store.clock
    ci.accounts.add({"users": [{"name": "it", "roles": {"demo": ["reader"]}}]})
    ci.accounts.add({"users": [{"name": "i t", "access": "given", "roles": {"demo": ["reader"]}}]})
    assert (ci.accounts.users["it"].access, ci.accounts.users["i t"].access) == ("it-ci-ak", "given")
    ci.reset()
    assert (ci.auth.token, ci.accounts.default_user.access) == ("own-ci", "demo-ci-ak")


def test_settings_of_a_world() -> None:
    """What is given for a world goes before what the server has, also its token; a reset goes back to both."""
    worlds = Worlds(Service(Settings(region="cn-south-1", auth="strict")))
    made = worlds.make("ci", {"auth": "off", "token": "given"})
    assert (made.service.settings.region, made.service.settings.auth, made.service.auth.token) == (
        *("cn-south-1", "off"),
        "given",
    )
    made.service.reset(auth="lenient")
    made.service.reset()
    assert made.service.settings.auth == "off"
    with pytest.raises(ValueError, match="ims_mock has no setting 'auht'"):
        worlds.make("other", {"auht": "off"})
    assert worlds.find("other") is None


def test_clock_of_a_world() -> None:
    """A clock that can be moved is of one world, and the machine's is of all."""
    clock = ManualClock(1000)
    moved = Worlds(Service(clock=clock)).make("ci").service.store.clock
    assert moved is not clock
    assert isinstance(moved, ManualClock)
    assert moved.now() == 1000
    system = SystemClock()
    assert Worlds(Service(clock=system)).make("ci").service.store.clock is system


def test_longest_unused_world_goes_first(watch: Stopwatch, caplog: pytest.LogCaptureFixture) -> None:
    """Where there are as many as there may be, the longest unused world is removed, and the log says it."""
    worlds = Worlds(Service(), most=4)
    removed = []
    worlds.removed = lambda world: removed.append(world.name)
    for name in ("a", "b", "c"):
        watch.seconds += 1
        worlds.make(name)
    watch.seconds += 1
    chosen(worlds, "/~a/v2/images")
    with caplog.at_level(logging.WARNING, "ims_mock"):
        worlds.make("d")
    assert ([world.name for world in worlds], removed) == (["default", "a", "c", "d"], ["b"])
    assert "world b is removed as the longest unused: there may be 4" in caplog.text


def test_locked_worlds_stay(watch: Stopwatch) -> None:
    """A locked world is not removed for another one, and not because it is unused; without space, making one fails."""
    worlds = Worlds(Service(), most=3, idle=10)
    worlds.make("a", is_locked=True)
    worlds.make("b", is_locked=True)
    watch.seconds = 100
    with pytest.raises(ConflictError, match="there are 3 worlds, as many as there may be, and all are locked"):
        worlds.make("c")
    with pytest.raises(ImsError, match="all are locked") as error:
        chosen(worlds, "/~c/v2/images")
    assert error.value.status == 503
    assert [world.name for world in worlds] == ["default", "a", "b"]


def test_unused_worlds_end(watch: Stopwatch, caplog: pytest.LogCaptureFixture) -> None:
    """A world that no request was for in so many real seconds is removed, and the log says it."""
    worlds = new_worlds("a", "b", idle=60)
    watch.seconds = 50
    chosen(worlds, "/~a/v2/images")
    watch.seconds = 61
    with caplog.at_level(logging.WARNING, "ims_mock"):
        assert [world.name for world in worlds] == ["default", "a"]
    assert "world b is removed: nobody has used it for 60 seconds" in caplog.text
    watch.seconds = 111
    assert len(list(worlds)) == 1
    assert not worlds.has_named
    assert chosen(worlds, "/~a/v2/images") == ("a", "/~a")


def test_unused_world_ends_by_the_next_request(watch: Stopwatch) -> None:
    """A request finds no world that was unused for too long, whether or not anybody has listed them."""
    worlds = new_worlds("a", idle=60)
    before = worlds.find("a")
    watch.seconds = 61
    chosen(worlds, "/~a/v2/images")
    assert worlds.find("a") is not before
    watch.seconds = 122
    chosen(worlds, "/v2/images")
    assert worlds.find("a") is None


def test_deleted_world_is_gone() -> None:
    """A world that is deleted and asked for again is a new one; the default one stays."""
    worlds = new_worlds("ci")
    before = worlds.find("ci")
    worlds.delete("ci")
    assert worlds.find("ci") is None
    chosen(worlds, "/~ci/v2/images")
    assert worlds.find("ci") is not before
    with pytest.raises(ConflictError, match="the default world cannot be deleted"):
        worlds.delete("default")
    with pytest.raises(KeyError):
        worlds.delete("nobody")


def test_token_that_two_worlds_have_names_none() -> None:
    """A token, or a key, that two worlds have is one of the default world."""
    worlds = Worlds(Service())
    for name in ("a", "b"):
        worlds.make(name, {"token": "same"})
    assert chosen(worlds, X_Auth_Token="same") == ("default", "")
    assert worlds.owner_of("same", "") is None
