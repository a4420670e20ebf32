"""Worlds of a mock in the process of the test, by the names that the mock itself has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf, nan
from typing import Any

import pytest
import requests

from ims_mock import Fail, ImsMock, Snapshot


def test_world_has_what_a_mock_has(ims_mock: ImsMock) -> None:
    """Images, rules, journal, clock, accounts and snapshots of a world are its own, and so are URL and token."""
    world = ims_mock.world("team-a", region="cn-south-1", start=0)
    started = ims_mock.clock.now()
    assert (world.url, world.token) == (f"{ims_mock.url}/~team-a", f"{ims_mock.token}-team-a")
    assert world.accounts.region == "cn-south-1"
    image = world.add_image(name="web")
    before = world.snapshot()
    world.faults.add(Fail(503), operation="glance_list_images", times=1)
    statuses = [
        requests.get(f"{world.url}/v2/images", headers={"X-Auth-Token": world.token}, timeout=10).status_code
        for _ in range(2)
    ]
    assert statuses == [503, 200]
    world.clock.advance(60)
    del world.images[image["id"]]
    assert [entry.status for entry in world.journal.calls("glance_list_images")] == [503, 200]
    assert [str(difference) for difference in before.compare(world.snapshot())] == [
        f"image 'web' {image['id']} was removed"
    ]
    assert (len(ims_mock.images), list(ims_mock.journal), list(ims_mock.faults)) == (0, [], [])
    assert (world.clock.now(), ims_mock.clock.now() - started) == (60, 0)


def test_worlds_by_name(ims_mock: ImsMock) -> None:
    """A name is of one world; it is listed beside the default one, which is the mock, until it is deleted."""
    world = ims_mock.world("a")
    world.add_image(name="web")
    assert len(ims_mock.world("a").images) == 1
    assert list(ims_mock.worlds) == ["default", "a"]
    assert ims_mock.worlds["default"] is ims_mock is ims_mock.world("default")
    with pytest.raises(ValueError, match="the world a exists; delete or reset it"):
        ims_mock.world("a", auth="strict")
    ims_mock.delete_world("a")
    assert list(ims_mock.worlds) == ["default"]
    assert len(ims_mock.world("a").images) == 0
    with pytest.raises(KeyError):
        ims_mock.delete_world("b")


def test_reset_of_a_mock_removes_worlds(ims_mock: ImsMock) -> None:
    """A reset of the mock removes its other worlds, but for those that are locked; a reset of one changes no other."""
    ims_mock.world("a").add_image(name="web")
    ims_mock.world("b", locked=True).add_image(name="web")
    ims_mock.world("b").reset(auth="strict")
    assert (len(ims_mock.world("a").images), len(ims_mock.world("b").images)) == (1, 0)
    ims_mock.world("b").add_image(name="web")
    ims_mock.reset()
    assert list(ims_mock.worlds) == ["default", "b"]
    assert len(ims_mock.world("b").images) == 1
    ims_mock.delete_world("b")


@pytest.mark.parametrize("kind", ["world", "region"])
def test_what_is_held_of_a_removed_world_says_so(kind: str) -> None:
    """A view that is held of a world or a region raises where a write would be lost, and says how to get another."""
    with ImsMock(regions=["cn-north-4", "cn-south-1"]) as mock:
        name = "cn-south-1" if kind == "region" else "a"
        part = mock.region(name) if kind == "region" else mock.world(name)
        image = part.add_image(name="web", tags=["a"])
        images, faults, accounts = part.images, part.faults, part.accounts
        mock.reset(regions=[])
        writes: list[Callable[[], object]] = [
            lambda: part.add_image(name="lost"),
            lambda: images.update({"x": {"id": "x"}}),
            lambda: images.pop(image["id"]),
            lambda: images.clear(),
            lambda: list(images.values()),
            lambda: image.update(name="lost"),
            lambda: image["tags"].append("lost"),
            lambda: faults.add(Fail(503)),
        ]
        if kind == "world":  # The accounts of a region are those of the whole mock.
            writes += [lambda: accounts.remove_user("demo"), lambda: accounts.add({"users": []})]
        for write in writes:
            with pytest.raises(ValueError, match=rf"the {kind} {name} was removed; get it again with ims_mock.{kind}"):
                write()


def test_work_of_a_world_is_swept(ims_mock: ImsMock) -> None:
    """A sweep of a world makes requests fail in it, and in no other world."""
    world = ims_mock.world("a")

    def work() -> None:
        requests.get(f"{world.url}/v2/images", headers={"X-Auth-Token": world.token}, timeout=10).raise_for_status()

    report = world.sweep(work, allowed=[requests.RequestException], only=["status"])
    assert len(report.rows) > 3
    report.assert_survives()
    assert not list(ims_mock.journal)


def test_number_of_worlds_is_limited() -> None:
    """There are as many worlds as `limit_worlds` says, the default one included."""
    mock = ImsMock()
    mock.limit_worlds(1)
    with pytest.raises(ValueError, match="the default world is the only one that there may be"):
        mock.world("a")
    mock.limit_worlds(2, idle=3600)
    mock.world("a")
    mock.world("b")
    assert list(mock.worlds) == ["default", "b"]
    mock.limit_worlds(1)
    assert list(mock.worlds) == ["default"]
    mock.limit_worlds(3)
    for name in ("a", "b"):
        mock.world(name).add_image(name="web", data=bytes(600_000))
    mock.limit_worlds(memory="1MiB")
    assert list(mock.worlds) == ["default", "b"]
    with pytest.raises(ValueError, match="memory must be a size"):
        mock.limit_worlds(memory="much")
    mock.limit_worlds(memory=None)
    for name in "cdef":
        mock.world(name)
    assert list(mock.worlds) == ["default", "e", "f"], "a bound that is not given stays"


def test_credentials_of_a_removed_world(ims_mock: ImsMock) -> None:
    """A token or an access key of a world that is gone is rejected with 401 elsewhere, whatever `auth` says."""
    ims_mock.reset(auth="off")
    gone = ims_mock.world("gone", auth="strict")
    token, access = gone.token, next(iter(gone.service.accounts.users.values())).access
    ims_mock.delete_world("gone")
    signed = f"SDK-HMAC-SHA256 Access={access}, SignedHeaders=host, Signature={'0' * 64}"
    for headers in ({"X-Auth-Token": token}, {"Authorization": signed, "X-Sdk-Date": "20260101T000000Z"}):
        response = requests.post(f"{ims_mock.url}/v2/images", json={"name": "x"}, headers=headers, timeout=10)
        assert response.status_code == 401, response.text
        assert (
            "is of the world gone, which was removed, and this is another one" in response.headers["X-IMS-Mock-Reason"]
        )
    assert len(ims_mock.images) == 0
    again = ims_mock.world("gone")
    listed = requests.get(f"{ims_mock.url}/v2/images", headers={"X-Auth-Token": again.token}, timeout=10)
    assert listed.status_code == 200


def test_world_is_used_until_its_last_request_has_ended(ims_mock: ImsMock) -> None:
    """A world is unused since its last request has ended, and not since that began."""
    world = ims_mock.world("busy", idle=1000)
    image_id = world.add_image(name="x")["id"]
    closed = world.service.journal.closed_at

    def late() -> Iterator[bytes]:
        yield b"x"
        # As if it took long.
        busy = ims_mock._worlds.find("busy")
        assert busy is not None
        busy.used_at -= 2000
        yield b"y"

    media = {"X-Auth-Token": world.token, "Content-Type": "application/octet-stream"}
    url = f"{world.url}/v2/images/{image_id}/file"
    assert requests.put(url, data=late(), headers=media, timeout=10).status_code == 204
    assert world.service.journal.closed_at > closed
    assert "busy" in ims_mock.worlds


@pytest.mark.parametrize(
    ("most", "idle"), [(0, None), (True, None), (1.5, None), (2, 0), (2, -1), (2, "1"), (2, True), (2, nan), (2, inf)]
)
def test_wrong_limits_of_worlds(most: Any, idle: Any) -> None:
    """A limit that cannot be is refused, and says what it must be."""
    with pytest.raises(ValueError, match=r"(most must be a whole number|idle must be a number of seconds above 0)"):
        ImsMock().limit_worlds(most, idle)


@pytest.mark.parametrize(("source", "target"), [("a", "b"), ("default", "a"), ("a", "default"), ("a", "own")])
def test_state_of_another_world(ims_mock: ImsMock, source: str, target: str) -> None:
    """A state that is loaded into another world brings images and users, but nothing that gives access to its own."""
    ims_mock.world("a")
    ims_mock.world("b")
    ims_mock.world("own", token="own-token")
    there, here = ims_mock.worlds[source], ims_mock.worlds[target]
    there.add_image(name="web")
    foreign = [there.token, there.new_token()]
    keys, own = there.new_temporary_credentials(), (here.token, here.accounts.default_user)
    here.restore(Snapshot.from_json(there.snapshot().to_json()))
    assert [image["name"] for image in here.images.values()] == ["web"]
    assert (here.token, here.accounts.default_user) == own
    assert keys["access"] not in here.service.store.temporary_credentials
    for world, tokens in ((here, foreign), (there, [here.token])):
        for token in tokens:
            response = requests.get(f"{world.url}/v2/images", headers={"X-Auth-Token": token}, timeout=10)
            assert response.status_code == (200 if world.url == ims_mock.url else 401)


def test_removed_world() -> None:
    """What is written to a world that was removed is refused, and says how to have it again."""
    with ImsMock() as mock:
        first = mock.world("a")
        mock.world("b")
        mock.limit_worlds(most=2)
        for write in (
            lambda: first.add_image(name="lost"),
            lambda: first.faults.add(Fail(503)),
            lambda: first.images.clear(),
            lambda: first.clock.advance(1),
            first.reset,
        ):
            with pytest.raises(ValueError, match=r"the world a was removed; get it again with ims_mock.world\('a'\)"):
                write()


def test_world_with_options_of_its_own(ims_mock: ImsMock) -> None:
    """A world takes a bound of its own, and nothing but true or false for locked."""
    ims_mock.world("short", idle=60)
    assert ims_mock._worlds.find("short").idle == 60  # type: ignore[union-attr]
    for wrong in ("x", 0, None):
        with pytest.raises(ValueError, match="locked must be true or false"):
            ims_mock.world("z", locked=wrong)  # type: ignore[arg-type]
