"""How much memory worlds take: the estimate against what Python counts, and the bound by it."""

from __future__ import annotations

import gc
import logging
import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from ims_mock.contract.errors import ImsError
from ims_mock.contract.sizes import LEAST
from ims_mock.evidence.journal import MAX_BODY
from ims_mock.service import snapshots
from ims_mock.service.catalogue import add_image
from ims_mock.service.memory import IDLE, MAX_STEP, estimate
from ims_mock.service.region_choice import Asked
from ims_mock.service.service import Service
from ims_mock.service.world import World
from ims_mock.service.worlds import Worlds
from ims_mock.state.files import MAX_IN_MEMORY
from tests.conftest import Api

FILE_OF_OBS = {"name": "image", "image_url": "bucket:a.qcow2", "os_version": "CentOS 7.6 64bit", "min_disk": 40}


def add(api: Api, count: int, **attributes: Any) -> None:
    """Add images without requests."""
    for number in range(count):
        add_image(api.service.store, api.service.auth.project_id, {"name": f"image-{number}", **attributes})


def create(api: Api) -> None:
    """Create images by requests, with bodies of any length."""
    for number in range(400):
        api("POST", "/v2/images", {"name": f"image-{number}", "description": "d" * (number % 900)})


def list_all(api: Api) -> None:
    """List images, whose responses are large."""
    add(api, 100)
    for number in range(200):
        api("GET", "/v2/images?limit=100", X_Number=str(number))


def begin_jobs(api: Api) -> None:
    """Begin jobs."""
    for _ in range(200):
        assert api("POST", "/v2/cloudimages/action", FILE_OF_OBS).status_code == 200


def add_files(api: Api) -> None:
    """Add images with files, some of which are too large for memory."""
    for size in (0, 1000, 200_000, MAX_IN_MEMORY, MAX_IN_MEMORY + 1) * 3:
        add_image(api.service.store, api.service.auth.project_id, {"name": "web"}, data=bytes(size))


def take_snapshots(api: Api) -> None:
    """Take snapshots between which half of the images change."""
    add(api, 1000, tags=[f"key-{number}=value" for number in range(5)])
    for number in range(4):
        api.service.snapshots[str(number)] = snapshots.capture(api.service)
        for image_id in list(api.images)[::2]:
            api.images[image_id]["name"] = f"changed-{number}"


@pytest.mark.parametrize("fill", [create, list_all, begin_jobs, add_files, take_snapshots, lambda api: add(api, 2000)])
@pytest.mark.slow
def test_estimate_is_near_the_truth(fill: Callable[[Api], None]) -> None:
    """What a world takes is estimated within a factor of 1.35 of what Python has allocated for it."""
    fill(Api())  # What is loaded or compiled when it is first needed is of no world.
    api = Api()
    before = estimate(api.service)
    gc.collect()
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        fill(api)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - start
    finally:
        tracemalloc.stop()
    estimated = estimate(api.service) - before
    assert taken / 1.35 < estimated < taken * 1.35


def test_estimate_of_nothing() -> None:
    """A world that has nothing takes what an idle one takes."""
    assert IDLE <= estimate(Service()) < IDLE + 2000


def new_worlds(*names: str, memory: int = LEAST) -> Worlds:
    """Return worlds with those names, bounded to so much memory."""
    worlds = Worlds(Service())
    for name in names:
        worlds.make(name)
    worlds.limit(1000, None, memory)
    return worlds


def ask(worlds: Worlds, path: str, **headers: str) -> None:
    """Let a request choose its world."""
    worlds.choose(Asked(path, "127.0.0.1", {name.replace("_", "-"): value for name, value in headers.items()}))


def fill(world: World | None, size: int) -> None:
    """Let a world have a file of so many bytes, which it keeps in memory."""
    assert world is not None
    add_image(world.service.store, "p", {"name": "web"}, data=bytes(size))
    world.weight.is_sure = False


def names(worlds: Worlds) -> list[str]:
    """Return the names of the worlds."""
    return [world.name for world in worlds]


def use(worlds: Worlds, path: str) -> None:
    """Send requests until the worlds have been looked at."""
    for _ in range(LEAST // 64 // 8192 + 2):
        ask(worlds, path)


def test_longest_unused_worlds_go_beyond_the_bound(caplog: pytest.LogCaptureFixture) -> None:
    """Beyond the bound the longest unused worlds are removed, no more than have to be, and the log says it."""
    worlds = new_worlds("a", "b", "c")
    for name in ("a", "b"):
        fill(worlds.find(name), 450_000)
    use(worlds, "/~c/v2/images")
    assert names(worlds) == ["default", "a", "b", "c"]
    ask(worlds, "/~a/v2/images")
    fill(worlds.find("c"), 450_000)
    with caplog.at_level(logging.WARNING, "ims_mock"):
        use(worlds, "/~c/v2/images")
    assert names(worlds) == ["default", "a", "c"]
    (message,) = caplog.messages
    assert re.fullmatch("world b is removed as the longest unused: it takes 4[67].*KiB, and all may take 1MiB", message)


def test_worlds_that_stay_beyond_the_bound(caplog: pytest.LogCaptureFixture) -> None:
    """The default world, locked ones and the one that a request is for stay; the log says once that it is too much."""
    worlds = new_worlds("b")
    worlds.make("a", is_locked=True)
    for name in ("default", "a", "b"):
        fill(worlds.find(name), 500_000)
    with caplog.at_level(logging.WARNING, "ims_mock"):
        for _ in range(3):
            use(worlds, "/~b/v2/images")
        assert names(worlds) == ["default", "b", "a"]
        assert len(caplog.messages) == 1
        assert "the worlds that stay take about 1.5MiB, and may take 1MiB (--max-memory)" in caplog.text
        use(worlds, "/v2/images")
        assert names(worlds) == ["default", "a"]
        worlds.default.service.store.files.records.clear()
        with worlds.default.service.store.transaction() as store:
            store.images.clear()
        worlds.default.weight.is_sure = False
        use(worlds, "/v2/images")
        caplog.clear()
        fill(worlds.default, 700_000)
        use(worlds, "/v2/images")
        use(worlds, "/v2/images")
    assert [message.partition(" take")[0] for message in caplog.messages] == ["the worlds that stay"]


def test_default_world_alone_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """Where the default world alone takes more than it may, the log says so; requests are served."""
    worlds = new_worlds()
    fill(worlds.default, MAX_IN_MEMORY)
    with caplog.at_level(logging.WARNING, "ims_mock"):
        use(worlds, "/v2/images")
        use(worlds, "/v2/images")
    assert len(caplog.messages) == 1
    assert "raise this bound, or reset or delete a world; the largest is default" in caplog.text


def test_lower_bound_of_memory_counts_at_once() -> None:
    """Worlds are removed when the bound is set; None bounds nothing."""
    worlds = new_worlds("a", "b", memory=10 * LEAST)
    for name in ("a", "b"):
        fill(worlds.find(name), 700_000)
    worlds.limit(1000, None)
    assert names(worlds) == ["default", "a", "b"]
    worlds.limit(1000, None, "1MiB")
    assert names(worlds) == ["default", "b"]


def test_world_with_a_request_on_its_way_stays() -> None:
    """A world in which a request is under way is not removed for the memory that it takes."""
    worlds = new_worlds("a", "b")
    busy = worlds.find("a")
    assert busy is not None
    api = Api()
    api("GET", "/v2/images")
    busy.service.journal.open(next(iter(api.service.journal)), [])
    for name in ("a", "b"):
        fill(worlds.find(name), 700_000)
    use(worlds, "/v2/images")
    assert names(worlds) == ["default", "a"]


def test_requests_count_until_they_are_measured() -> None:
    """What requests can have added counts, by their announced or their greatest length, until a world is measured."""
    worlds = new_worlds("a", memory=100 * MAX_STEP)
    world = worlds.find("a")
    assert world is not None
    known = world.weight.measure()
    ask(worlds, "/~a/v2/images", Content_Length="1000")
    assert world.weight.most == known + 8192 + 1000
    for header in ({"Content_Length": "9" * 30}, {"Transfer_Encoding": "chunked"}):
        before = world.weight.most
        ask(worlds, "/~a/v2/images", **header)
        assert world.weight.most == before + 8192 + MAX_IN_MEMORY
    ask(worlds, "/~a/_ims_mock/state")
    assert not world.weight.is_sure
    assert world.weight.most == known


def test_measured_again_only_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world that is as it was is not estimated again."""
    world = World("a", Service())
    estimates = iter([7, 8])
    monkeypatch.setattr("ims_mock.service.memory.estimate", lambda _: next(estimates))
    assert [world.weight.measure(), world.weight.measure()] == [7, 7]
    fill(world, 10)
    world.service.snapshots["a"] = snapshots.capture(world.service)
    assert [world.weight.measure(), world.weight.measure()] == [8, 8]


def test_removed_world_is_asked_for_again() -> None:
    """A request for a world that was removed for its memory makes a new one."""
    worlds = new_worlds("a")
    fill(worlds.find("a"), MAX_IN_MEMORY)
    use(worlds, "/v2/images")
    assert names(worlds) == ["default"]
    ask(worlds, "/~a/v2/images")
    found = worlds.find("a")
    assert found is not None
    assert len(found.service.store.images) == 0
    with pytest.raises(ImsError):
        ask(worlds, f"/~{'A' * MAX_BODY}/")
