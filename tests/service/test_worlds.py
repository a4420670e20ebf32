"""Worlds without a server: which one a request is for, how many there may be, and what each has of its own."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest

from ims_mock.contract.errors import ImsError
from ims_mock.evidence.journal import Entry
from ims_mock.service.missing import ConflictError, NotFoundError
from ims_mock.service.region_choice import Asked
from ims_mock.service.service import Service
from ims_mock.service.settings import Settings
from ims_mock.service.worlds import Worlds
from ims_mock.state.clock import ManualClock, SystemClock
from ims_mock.state.collections import Access
from ims_mock.state.ids import new_image_id, new_token
from ims_mock.state.real import RealTime
from ims_mock.web.app import create_app
from tests.conftest import Api
from tests.identity.test_permissions import new_image

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
    with pytest.raises(NotFoundError, match='no world has the name "nobody"; the known ones are default, ci'):
        worlds.delete("nobody")


def test_lower_limit_removes_worlds_at_once(watch: Stopwatch, caplog: pytest.LogCaptureFixture) -> None:
    """A lower number removes the longest unused worlds down to it, one by one in the log, and no locked one."""
    worlds = Worlds(Service())
    for name in ("a", "b", "c", "d"):
        watch.seconds += 1
        worlds.make(name, is_locked=name == "a")
    with caplog.at_level(logging.WARNING, "ims_mock"):
        worlds.limit(3, None)
    assert [world.name for world in worlds] == ["default", "a", "d"]
    assert caplog.messages == [f"world {name} is removed as the longest unused: there may be 3" for name in ("b", "c")]
    worlds.limit(1, None)
    assert [world.name for world in worlds] == ["default", "a"]
    worlds.limit(3, 10)
    watch.seconds += 5
    worlds.make("e")
    watch.seconds += 3
    worlds.limit(3, 2)
    assert [world.name for world in worlds] == ["default", "a"]


def test_world_with_a_request_on_its_way_is_in_use(watch: Stopwatch) -> None:
    """A world in which a request is under way is not unused, however long that takes, and the last to be removed."""
    worlds = new_worlds("a", "b", "c", idle=60)
    (_, a, b, _) = worlds
    for world in (a, b):
        world.service.journal.open(Entry("1", 0, "PUT", "/", None), [])
    watch.seconds = 61
    assert [world.name for world in worlds] == ["default", "a", "b"]
    chosen(worlds, "/~a/v2/images")
    worlds.limit(2, None)
    assert [world.name for world in worlds] == ["default", "a"]


def test_looking_for_unused_worlds_changes_nothing(watch: Stopwatch) -> None:
    """Where no world is removed, what was found out of credentials stays known."""
    worlds = new_worlds("a", idle=60)
    before = Access.version
    for seconds in (10, 59, 60):
        watch.seconds = seconds
        chosen(worlds, "/v2/images")
    assert Access.version == before
    watch.seconds = 61
    chosen(worlds, "/v2/images")
    assert Access.version != before


def test_request_that_a_removal_overtakes() -> None:
    """A request in a world that is removed meanwhile is 503 and says why, whatever it has found in the empty world."""
    worlds = new_worlds("ci")
    world = worlds.find("ci")
    assert world is not None
    api = Api()
    api.service, api._client = world.service, create_app(world.service).test_client()
    image_id = new_image(api)

    class Overtaken(io.BytesIO):
        """A body during whose reading the world is removed."""

        def read(self, size: int | None = -1, /) -> bytes:
            if worlds.find("ci") is not None:
                worlds.delete("ci")
            return super().read(size)

    headers = {"X-Auth-Token": "t", "Content-Type": "application/octet-stream"}
    path = f"/v2/images/{image_id}/file"
    responses = [
        api._client.open(path, method="PUT", input_stream=Overtaken(b"{}"), content_length=2, headers=headers),
        api("GET", f"/v2/images/{image_id}"),
        api("POST", "/v2/images", {"name": "web"}),
    ]
    for response in responses:
        assert response.status_code == 503
        reason = "the world ci was removed while this request was on its way; send it again"
        assert response.headers["X-IMS-Mock-Reason"] == reason
    assert (len(world.service.store.images), len(world.service.journal)) == (0, 0)


def test_removed_world_waits_no_more() -> None:
    """Who waits in a world by its clock, or for a change, waits no more once it is removed."""
    worlds = new_worlds("ci")
    world = worlds.find("ci")
    assert world is not None
    store = world.service.store
    waits = [
        threading.Thread(target=store.clock.wait, args=(3600, lambda: False)),
        threading.Thread(target=store.signal.wait, args=(lambda: False, 3600)),
    ]
    for thread in waits:
        thread.start()
    while not store.signal.waiting:
        pass
    worlds.delete("ci")
    for thread in waits:
        thread.join(timeout=60)
        assert not thread.is_alive()


def test_many_threads_make_choose_and_remove(watch: Stopwatch) -> None:
    """Eight threads that make, choose, limit, reset, list and delete worlds meet no error but those that are meant."""
    worlds = Worlds(Service(), most=4, idle=5)
    unexpected: list[BaseException] = []

    def work(number: int) -> None:
        draw = Random(number)
        for _ in range(150):
            name = draw.choice("abcdef")
            acts: list[Callable[[], object]] = [
                partial(worlds.make, name),
                partial(worlds.delete, name),
                partial(chosen, worlds, f"/~{name}/v2/images"),
                partial(chosen, worlds, "/v2/images", X_Auth_Token=f"ims-mock-token-{name}"),
                partial(worlds.limit, draw.randint(2, 5), draw.choice([None, 1, 5])),
                lambda: [world.service.reset() for world in worlds],  # type: ignore[func-returns-value]
                worlds.clear,
            ]
            watch.seconds += 0.01
            try:
                draw.choice(acts)()
            except (ConflictError, NotFoundError):
                pass
            except BaseException as error:
                unexpected.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not unexpected
    assert len(worlds) <= 5


def test_token_that_two_worlds_have_names_none() -> None:
    """A token, or a key, that two worlds have is one of the default world."""
    worlds = Worlds(Service())
    for name in ("a", "b"):
        worlds.make(name, {"token": "same"})
    assert chosen(worlds, X_Auth_Token="same") == ("default", "")
    assert worlds.owner_of("same", "") is None
