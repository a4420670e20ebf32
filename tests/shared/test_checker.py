"""The checker of the chaos test finds what is planted: each kind of a lost, changed or doubled record."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ims_mock import Fail, ImsMock
from tests.shared.chaos import FIRED, TIMES, Client, History, check_end
from tests.shared.chaos_worlds import ADVANCE, Guest, check_worlds
from tests.shared.redis_server import RedisServer


@pytest.fixture
def mock() -> Iterator[ImsMock]:
    """A mock with the rule of the chaos test."""
    with ImsMock(jobs={"*": 0}, journal_size=1000) as server:
        server.faults.add(Fail(400, code=FIRED), operation="list_tags", times=TIMES, optional=True)
        yield server


def worked(mock: ImsMock) -> History:
    """Return the history of a client that has done each kind of operation once, and two creates."""
    history = History()
    client = Client(mock.url, 0, history)
    client.create()
    client.upload()
    client.create()
    client.rename()
    client.begin_job()
    client.look_at_tags()
    assert (len(history.images), len(history.jobs), history.fired) == (2, 1, 1)
    return history


def test_checker_is_content_with_a_mock_that_is_right(mock: ImsMock) -> None:
    """Where nothing is planted, nothing is wrong."""
    history = worked(mock)
    assert [*history.problems, *check_end(mock.url, history)] == []


def lose_image(mock: ImsMock, history: History) -> None:
    """Lose an image that was acknowledged."""
    del mock.images[next(iter(history.images))]


def undo_name(mock: ImsMock, history: History) -> None:
    """Undo a change of a name."""
    mock.images[list(history.images)[-1]]["name"] = "as before"


def change_file(mock: ImsMock, history: History) -> None:
    """Let an image have the file of another upload."""
    image_id = next(one for one, image in history.images.items() if image.files != {None})
    history.images[image_id].files = {"another digest"}


def bring_back(mock: ImsMock, history: History) -> None:
    """Have an image that a client has deleted."""
    next(iter(history.images.values())).is_gone = True


def add_unknown(mock: ImsMock, history: History) -> None:
    """Have an image that nobody has made."""
    mock.add_image(name="unknown")


def count_too_little(mock: ImsMock, history: History) -> None:
    """Let a rule fire once more than it has hits."""
    history.fired += 1


def lose_job(mock: ImsMock, history: History) -> None:
    """Lose a job."""
    history.jobs.append("0" * 32)


def lose_image_of_job(mock: ImsMock, history: History) -> None:
    """Lose the image that a job has made."""
    del mock.images[next(one for one in mock.images if one not in history.images)]


def lose_entry(mock: ImsMock, history: History) -> None:
    """Lose the entry of a request."""
    history.requests["f" * 32] = 200


def change_status(mock: ImsMock, history: History) -> None:
    """Have another status in the journal than the client has seen."""
    history.requests[next(iter(history.requests))] = 204


PLANTED: list[tuple[Callable[[ImsMock, History], None], str]] = [
    (lose_image, "is missing"),
    (undo_name, "is 'as before'"),
    (change_file, "has another file than was sent"),
    (bring_back, "and should be"),
    (add_unknown, "images are there that nobody knows of"),
    (count_too_little, "and was seen 61 times"),
    (lose_job, "is None"),
    (lose_image_of_job, "has made no image of its own"),
    (lose_entry, "0 times"),
    (change_status, "1 times"),
]


@pytest.mark.parametrize(("plant", "found"), PLANTED)
def test_checker_finds_at_the_end(mock: ImsMock, plant: Callable[[ImsMock, History], None], found: str) -> None:
    """Each planted fault is named."""
    history = worked(mock)
    plant(mock, history)
    assert found in "; ".join(check_end(mock.url, history))


def test_client_finds_an_id_that_is_given_out_twice(mock: ImsMock) -> None:
    """After a reset a seed gives the same ids again, to images and to requests."""
    history = worked(mock)
    mock.reset()
    Client(mock.url, 1, history).create()
    assert "two images have the id" in "; ".join(history.problems)


def test_client_finds_that_it_does_not_read_what_it_has_written(mock: ImsMock) -> None:
    """A client misses its image in a show, in a list and in a read of the file."""
    history = History()
    client = Client(mock.url, 0, history)
    client.create()
    client.upload()
    (image_id,) = history.images
    history.images[image_id].files = {"another digest"}
    client.read()
    del mock.images[image_id]
    client.look_at_list()
    client.check(image_id)
    found = "; ".join(history.problems)
    assert "has another file than was sent" in found
    assert "a list lacks" in found
    assert f"{image_id} is gone" in found


@pytest.fixture
def guest(mock: ImsMock) -> tuple[Guest, History]:
    """A client that has made an image with a file in its world."""
    history = History()
    guest = Guest(mock.url, 0, history)
    guest.work()
    guest.create()
    guest.upload()
    guest.look()
    assert guest.kept is not None
    assert len(guest.kept.images) == 1
    assert history.problems == []
    return guest, history


def test_guest_finds_what_is_not_as_it_has_left_it(mock: ImsMock, guest: tuple[Guest, History]) -> None:
    """A client with a world of its own finds one more image, another file, and a move of the clock that was not its."""
    client, history = guest
    assert client.kept is not None
    mock.worlds[client.world].add_image(name="unknown")
    mock.worlds[client.world].clock.advance(ADVANCE)
    client.look()
    name = next(iter(client.kept.images))
    client.kept.images[name] = ("name", "another digest")
    client.read()
    found = "; ".join(history.problems)
    assert "and should have" in found
    assert "the clock shows" in found
    assert "is another one" in found


def test_guest_finds_what_a_restored_snapshot_lacks(mock: ImsMock, guest: tuple[Guest, History]) -> None:
    """After a restore the world has exactly what it had when the snapshot was taken."""
    client, history = guest
    client.save()
    client.create()
    client.restore()
    assert history.problems == []
    world = mock.worlds[client.world]
    del world.images[next(iter(world.images))]
    client.look()
    assert "and should have" in "; ".join(history.problems)


def test_checker_finds_keys_of_deleted_worlds(
    mock: ImsMock, guest: tuple[Guest, History], running: RedisServer
) -> None:
    """What the store keeps of a world that is gone is named, unless it goes by itself."""
    running.client.flushall()
    assert list(check_worlds(mock.url, running.client, [guest[0]])) == []
    running.client.set("ims_mock:{guest-0.1}:file:a", "x", ex=1000)
    assert list(check_worlds(mock.url, running.client, [])) == []
    running.client.set("ims_mock:{guest-0.1}:log", "x")
    (found,) = check_worlds(mock.url, running.client, [])
    assert "1 keys of deleted worlds, such as ['ims_mock:{guest-0.1}:log']" in found
