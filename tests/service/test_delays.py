"""Slow transitions: an upload that leaves its image queued and saving for a while of the mock's clock."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from ims_mock import BadUpload, ImsError, ImsMock, ManualClock
from ims_mock.faults.stored import BAD_UPLOADS
from ims_mock.service.settings import Settings
from ims_mock.service.snapshots import capture, restore
from ims_mock.state.files import File
from ims_mock.state.life_cycle import saving
from ims_mock.state.store import Store
from tests import stores
from tests.conftest import PAGE, Api

OCTETS = "application/octet-stream"
CONTENT = b"0123456789"
MD5 = "781e5e245d69b566979b86e28d23f2c7"
MEMBER = "another-project"
DELAYS = {"queued": 5, "saving": 60}

# The page's time, and those after it.
IN_5 = "2016-06-02T07:49:53Z"
IN_65 = "2016-06-02T07:50:53Z"


@pytest.fixture
def slow() -> Api:
    """A service whose images are queued for 5 seconds and saving for 60."""
    return Api(delays=DELAYS)


def upload(api: Api, image: dict[str, Any], content: bytes = CONTENT) -> TestResponse:
    """Send the file of an image."""
    return api("PUT", f"/v2/images/{image['id']}/file", content, Content_Type=OCTETS)


def uploaded(api: Api, **attributes: Any) -> dict[str, Any]:
    """Create an image, send its file, and return it as it then is."""
    image = api.create(**attributes)
    assert upload(api, image).status_code == 204
    return shown(api, image)


def shown(api: Api, image: dict[str, Any]) -> dict[str, Any]:
    """Return an image as the service shows it."""
    response: dict[str, Any] = api("GET", f"/v2/images/{image['id']}").get_json()
    return response


def status(api: Api, image: dict[str, Any]) -> str:
    """Return the status of an image as the service shows it."""
    return str(shown(api, image)["status"])


# How long each status lasts


def test_upload_gets_its_response_at_once(slow: Api) -> None:
    """An upload is 204 when the file has come, whatever the image still has to become."""
    image = slow.create()
    assert upload(slow, image).status_code == 204
    assert shown(slow, image) == image


@pytest.mark.parametrize(
    ("delays", "expected"),
    [
        ({"queued": 5, "saving": 60}, ["queued", "queued", "saving", "saving", "active"]),
        ({"saving": 65}, ["saving", "saving", "saving", "saving", "active"]),
        ({"queued": 65}, ["queued", "queued", "queued", "queued", "active"]),
        ({"queued": 0, "saving": 5}, ["saving", "saving", "active", "active", "active"]),
        ({"queued": 0, "saving": 0}, ["active"] * 5),
        ({}, ["active"] * 5),
        ({"queued": 4.5, "saving": 0.5}, ["queued", "queued", "active", "active", "active"]),
    ],
)
def test_statuses_take_their_time(delays: dict[str, float], expected: list[str]) -> None:
    """An image has each status for as long as `delays` says, and not at all for one that it does not name."""
    api = Api(delays=delays)
    image = uploaded(api)
    found = [status(api, image)]
    for seconds in (4, 1, 59, 1):
        api.clock.advance(seconds)
        found.append(status(api, image))
    assert found == expected


def test_delay_that_is_a_fraction(slow: Api) -> None:
    """A status lasts to the very moment: not a thousandth less."""
    image = uploaded(slow)
    slow.clock.advance(4.999)
    assert status(slow, image) == "queued"
    slow.clock.advance(0.001)
    assert status(slow, image) == "saving"


def test_time_stamps_are_of_when_it_was_due(slow: Api) -> None:
    """However late somebody looks, an image has changed and become active when it was due."""
    image = uploaded(slow)
    slow.clock.advance(1000)
    assert shown(slow, image) == {
        **image,
        "status": "active",
        "checksum": MD5,
        "size": 10,
        "__image_size": "10",
        "__root_origin": "file",
        "active_at": IN_65,
        "updated_at": IN_65,
    }


def test_saving_has_its_time_stamp(slow: Api) -> None:
    """An image that has become saving meanwhile says when, and nothing of its file."""
    image = uploaded(slow)
    slow.clock.advance(30)
    assert shown(slow, image) == {**image, "status": "saving", "updated_at": IN_5}


def test_image_that_a_test_adds_with_its_file_is_active_at_once() -> None:
    """What a test adds is as it says, and waits for nothing."""
    mock = ImsMock(delays=DELAYS)
    assert mock.add_image(data=CONTENT)["status"] == "active"


@pytest.mark.parametrize(
    ("delays", "message"),
    [
        ({"active": 5}, 'delays has an unknown member "active"; the known members are queued, saving'),
        ([], "delays must be of type object, got []"),
        ({"queued": -1}, "delays/queued must be at least 0, got -1"),
        ({"saving": "5"}, 'delays/saving must be of type number, got "5"'),
        ({"saving": True}, "delays/saving must be of type number, got true"),
        ({"saving": float("nan")}, "delays/saving: NaN is not a JSON number"),
        ({"saving": float("inf")}, "delays/saving: Infinity is not a JSON number"),
    ],
)
def test_delays_that_cannot_be(delays: Any, message: str) -> None:
    """What is no delay is refused by its name."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        Settings(delays=delays)
    assert str(caught.value).startswith(message)


# When it becomes active


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> tuple[Api, SimpleNamespace]:
    """A service with delays whose clock runs, and the real time, which passes when the test says so."""
    real = SimpleNamespace(passed=0.0, now=lambda: 0.0)
    real.monotonic = lambda: real.passed
    monkeypatch.setattr("ims_mock.state.clock.RealTime", real)
    monkeypatch.setattr("ims_mock.state.waiting.RealTime", real)
    return Api(delays=DELAYS, speed=1.0), real


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v2/images/{}"), ("HEAD", "/v2/images/{}/file"), ("GET", "/v2/images"), ("GET", "/v1.1/images/detail")],
)
def test_whoever_looks_sees_it(running: tuple[Api, SimpleNamespace], method: str, path: str) -> None:
    """With a clock that runs, any request finds what has happened until then."""
    api, real = running
    image = uploaded(api)
    real.passed = 100
    api(method, path.format(image["id"]))
    record = api.images[image["id"]]
    assert (record["status"], record["active_at"], record["updated_at"]) == ("active", IN_65, IN_65)


def test_list_filters_by_what_has_come_about(running: tuple[Api, SimpleNamespace]) -> None:
    """A list of active images has one that has become so just now."""
    api, real = running
    image = uploaded(api)
    real.passed = 64
    assert api("GET", "/v2/images?status=active").get_json()["images"] == []
    real.passed = 65
    assert [item["id"] for item in api("GET", "/v2/images?status=active").get_json()["images"]] == [image["id"]]


def test_mock_images_shows_it() -> None:
    """A test that looks at the images itself sees what has happened, also with a clock that nobody can move."""

    class OwnClock:
        seconds = 0.0

        def now(self) -> float:
            return self.seconds

        def wait(self, seconds: float, is_over: Any) -> None:
            raise AssertionError("nothing here waits")

    clock = OwnClock()
    with ImsMock(clock=clock, delays=DELAYS) as mock:
        image_id = mock.add_image()["id"]
        send(mock, image_id)
        clock.seconds = 6
        assert mock.images[image_id]["status"] == "saving"


def send(mock: ImsMock, image_id: str) -> int:
    """Send the file of an image over a socket, and return the status of the response."""
    connection = http.client.HTTPConnection(urlsplit(mock.url).netloc, timeout=10)
    connection.request(
        "PUT", f"/v2/images/{image_id}/file", CONTENT, {"X-Auth-Token": mock.token, "Content-Type": OCTETS}
    )
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def test_moving_the_clock_lets_it_come_about(slow: Api) -> None:
    """A record that a test has at hand is followed by another at once when the clock is moved."""
    image = uploaded(slow)
    slow.clock.advance(65)
    assert slow.images[image["id"]]["status"] == "active"


def test_control_api_lets_it_come_about(slow: Api) -> None:
    """The clock may be moved by any language, to the same effect."""
    image = uploaded(slow)
    slow("POST", "/_ims_mock/clock", {"advance": 65})
    assert slow.images[image["id"]]["active_at"] == IN_65


def test_waiting_for_active(ims_mock: ImsMock) -> None:
    """A client that polls, and moves the clock where it would sleep, sees each status in its turn."""
    ims_mock.reset(delays={"queued": 2, "saving": 3}, start=PAGE)
    image_id = ims_mock.add_image()["id"]
    assert send(ims_mock, image_id) == 204
    seen: list[str] = []
    connection = http.client.HTTPConnection(urlsplit(ims_mock.url).netloc, timeout=10)
    while "active" not in seen:
        connection.request("GET", f"/v2/images/{image_id}", headers={"X-Auth-Token": ims_mock.token})
        seen.append(json.loads(connection.getresponse().read())["status"])
        ims_mock.clock.advance(1)
    connection.close()
    assert seen == ["queued"] * 2 + ["saving"] * 3 + ["active"]


# Several images, and steps of any size


def test_interleaved_images_change_in_due_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images change in the order of the moments that are due, each with its own time."""
    api = Api(delays=DELAYS)
    order: list[tuple[str, str, str]] = []
    first = uploaded(api, name="first")
    api.clock.advance(2)
    second = uploaded(api, name="second")
    put = api.service.store.images.put

    def noting(image_id: str, image: dict[str, Any]) -> None:
        put(image_id, image)
        order.append((image["name"], image["status"], image["updated_at"]))

    monkeypatch.setattr(api.service.store.images, "put", noting)
    api.clock.advance(1000)
    assert order == [
        ("first", "saving", "2016-06-02T07:49:53Z"),
        ("second", "saving", "2016-06-02T07:49:55Z"),
        ("first", "active", "2016-06-02T07:50:53Z"),
        ("second", "active", "2016-06-02T07:50:55Z"),
    ]
    assert [status(api, image) for image in (first, second)] == ["active", "active"]


def test_at_the_same_moment_the_first_upload_comes_first() -> None:
    """Of two that are due at one moment, that comes first which was planned first."""
    api = Api(delays={"saving": 5})
    images = [uploaded(api, name=name) for name in "abc"]
    assert [item["id"] for item in api.service.store.transitions.values()] == [image["id"] for image in images]
    api.clock.advance(5)
    assert {status(api, image) for image in images} == {"active"}


steps = st.lists(st.integers(0, 400), min_size=1, max_size=8)


@settings(deadline=None)
@given(
    gaps=st.lists(st.integers(0, 300), min_size=1, max_size=5), steps=steps, delays=st.tuples(*[st.integers(0, 99)] * 2)
)
def test_one_large_step_is_many_small_ones(gaps: list[int], steps: list[int], delays: tuple[int, int]) -> None:
    """However a clock gets to a moment, in tenths of seconds too, the images are the same there."""

    def images(steps: list[float]) -> tuple[dict[str, Any], list[Any]]:
        clock = ManualClock(0)
        store = stores.new_store(clock, queued=delays[0] / 10, saving=delays[1] / 10)
        for gap in gaps:
            image = stores.added(store)
            with saving(store, image["id"], "p") as arriving:
                stores.keep_file(store, image["id"], arriving, File([CONTENT]))
            clock.advance(gap / 10)
        for step in steps:
            clock.advance(step)
        return dict(store.images), list(store.transitions.values())

    assert images([step / 10 for step in steps]) == images([sum(steps) / 10])


# In between


def test_file_is_not_there_before_it_is_active(slow: Api) -> None:
    """A download is 204 while the image is queued or saving, and the file once it is active."""
    image = uploaded(slow)
    responses = []
    for seconds in (0, 5, 60):
        slow.clock.advance(seconds)
        responses.append(slow("GET", f"/v2/images/{image['id']}/file"))
    assert [(response.status_code, response.data) for response in responses] == [(204, b""), (204, b""), (200, CONTENT)]


def test_second_upload_while_queued_is_409(slow: Api) -> None:
    """An image that has been given a file takes no other, though it is queued still, and keeps the first."""
    image = uploaded(slow)
    response = upload(slow, image, b"other")
    assert (response.status_code, response.get_json()["error"]["code"]) == (409, "IMG.0046")
    assert (
        response.headers["X-IMS-Mock-Reason"]
        == f"/status: image '{image['id']}' has its file already, or an upload of it is under way; create another image"
    )
    slow.clock.advance(65)
    assert slow("GET", f"/v2/images/{image['id']}/file").data == CONTENT


def test_second_upload_while_saving_is_409(slow: Api) -> None:
    """An image that is saving takes no file, and becomes active with the first when it would have."""
    image = uploaded(slow)
    slow.clock.advance(5)
    response = upload(slow, image, b"other")
    assert response.headers["X-IMS-Mock-Reason"].startswith("/status: an image that is saving cannot become saving")
    slow.clock.advance(60)
    assert (shown(slow, image)["checksum"], shown(slow, image)["active_at"]) == (MD5, IN_65)


def test_delete_while_queued(slow: Api) -> None:
    """A queued image can be deleted, with what it was to become and its file."""
    image = uploaded(slow)
    assert slow("DELETE", f"/v2/images/{image['id']}").status_code == 204
    store = slow.service.store
    assert (len(store.transitions), len(store.files), len(store.uploads)) == (0, 0, 0)
    slow.clock.advance(65)
    assert slow("GET", f"/v2/images/{image['id']}").status_code == 404


def test_delete_while_saving_is_400(slow: Api) -> None:
    """An image that is saving cannot be deleted yet, and becomes active all the same."""
    image = uploaded(slow)
    slow.clock.advance(5)
    response = slow("DELETE", f"/v2/images/{image['id']}")
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0090")
    slow.clock.advance(60)
    assert status(slow, image) == "active"
    assert slow("DELETE", f"/v2/images/{image['id']}").status_code == 204


def test_tags_in_between(slow: Api) -> None:
    """A tag is kept through every status, and the last change is that of becoming active."""
    image = uploaded(slow)
    slow.clock.advance(1)
    assert slow("PUT", f"/v2/images/{image['id']}/tags/a").status_code == 204
    slow.clock.advance(5)
    assert slow("PUT", f"/v2/images/{image['id']}/tags/b").status_code == 204
    slow.clock.advance(59)
    record = shown(slow, image)
    assert (record["status"], record["tags"], record["updated_at"]) == ("active", ["a", "b"], IN_65)


def test_update_in_between(slow: Api) -> None:
    """An update while an image is saving changes what it says, and not what becomes of it."""
    image = uploaded(slow)
    slow.clock.advance(10)
    patch = [{"op": "replace", "path": "/name", "value": "b"}]
    response = slow(
        "PATCH", f"/v2/images/{image['id']}", patch, Content_Type="application/openstack-images-v2.1-json-patch"
    )
    assert (response.status_code, response.get_json()["updated_at"]) == (200, "2016-06-02T07:49:58Z")
    slow.clock.advance(55)
    record = shown(slow, image)
    assert (record["name"], record["status"], record["active_at"]) == ("b", "active", IN_65)


def test_members_in_between(slow: Api) -> None:
    """An image can be shared while it is queued, and its member sees what becomes of it."""
    image = uploaded(slow)
    assert slow("POST", f"/v2/images/{image['id']}/members", {"member": MEMBER}).status_code == 200
    slow.clock.advance(65)
    record = slow("GET", f"/v2/images/{image['id']}", X_Project_Id=MEMBER).get_json()
    assert (record["status"], record["visibility"]) == ("active", "shared")


def test_image_that_a_test_makes_active_itself(slow: Api) -> None:
    """What a test has made of an image stands; what it was to become is passed over."""
    image = uploaded(slow)
    slow.images[image["id"]].update(status="active", name="mine")
    slow.clock.advance(65)
    record = shown(slow, image)
    assert (record["status"], record["name"], "active_at" in record) == ("active", "mine", False)


@pytest.mark.parametrize("broken", [{"status": "unheard of"}, {}])
def test_record_that_a_test_has_broken(slow: Api, broken: dict[str, Any]) -> None:
    """A record without a status that is known becomes nothing, and time goes on."""
    image = uploaded(slow)
    slow.images[image["id"]] = {"id": image["id"], "owner": "p", **broken}
    slow.clock.advance(65)
    assert slow.images[image["id"]].get("status") == broken.get("status")
    assert slow.service.store.transitions == {}


def test_image_that_a_test_takes_out(slow: Api) -> None:
    """What is not there becomes nothing, and time goes on for the others."""
    gone, other = uploaded(slow), uploaded(slow)
    del slow.images[gone["id"]]
    slow.clock.advance(65)
    assert status(slow, other) == "active"
    assert slow("GET", f"/v2/images/{gone['id']}").status_code == 404


def test_image_of_the_id_of_a_deleted_one(slow: Api) -> None:
    """An image that takes the id of one which a test took out does not become what that was to become."""
    image = uploaded(slow)
    del slow.images[image["id"]]
    slow.create(id=image["id"])
    slow.clock.advance(65)
    assert status(slow, image) == "queued"


def test_reset_drops_what_was_to_come(slow: Api) -> None:
    """After a reset an image of the same id waits for its own file."""
    image = uploaded(slow)
    slow.service.reset()
    assert slow.create()["id"] == image["id"]
    slow.clock.advance(65)
    assert status(slow, image) == "queued"


def test_reset_ends_the_delays_of_one_test() -> None:
    """Delays that were set for one test are those of the first settings again after the next reset."""
    api = Api()
    api.service.reset(delays=DELAYS)
    assert uploaded(api)["status"] == "queued"
    api.service.reset()
    assert uploaded(api)["status"] == "active"


# While the file arrives


def new_store(**delays: float) -> tuple[Store, ManualClock, str]:
    """Return a store with delays and one image, its clock, and the image's id."""
    clock = ManualClock(0)
    store = stores.new_store(clock, **delays)
    return store, clock, stores.added(store)["id"]


def break_off(store: Store, image_id: str, meanwhile: Callable[[], None]) -> None:
    """Begin an upload, do something meanwhile, and break it off."""

    def content() -> Iterator[bytes]:
        yield CONTENT
        meanwhile()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), saving(store, image_id, "p"):
        File(content())


def test_image_becomes_saving_while_its_file_arrives() -> None:
    """An image is queued for as long as `delays` says from the beginning of the upload, and saving from its end."""
    store, clock, image_id = new_store(queued=5, saving=60)
    with saving(store, image_id, "p") as arriving:
        clock.advance(20)
        assert store.images[image_id]["status"] == "saving"
        assert store.images[image_id]["updated_at"] == "1970-01-01T00:00:05Z"
        stores.keep_file(store, image_id, arriving, File([CONTENT]))
    clock.advance(60)
    assert store.images[image_id]["active_at"] == "1970-01-01T00:01:20Z"


def test_second_upload_while_the_first_arrives_is_409() -> None:
    """Of two uploads to an image that is queued still the second is refused, and does the first no harm."""
    store, clock, image_id = new_store(queued=5)
    with saving(store, image_id, "p") as arriving:
        with pytest.raises(ImsError, match="has its file already"), saving(store, image_id, "p"):
            raise AssertionError("the second upload has begun")
        stores.keep_file(store, image_id, arriving, File([CONTENT]))
    clock.advance(5)
    assert store.images[image_id]["status"] == "active"


@pytest.mark.parametrize("seconds", [3, 7])
def test_upload_that_breaks_off(seconds: float) -> None:
    """An upload that breaks off leaves the image queued, whether it was saving by then or not, and nothing planned."""
    store, clock, image_id = new_store(queued=5, saving=60)
    break_off(store, image_id, lambda: clock.advance(seconds))
    clock.advance(1000)
    assert (store.images[image_id]["status"], len(store.transitions), len(store.uploads)) == ("queued", 0, 0)


def test_upload_that_breaks_off_unseen() -> None:
    """An image that became saving while nobody looked is queued again by the upload's end, at that time."""
    store, clock, image_id = new_store(queued=5)
    clock.moved = lambda: None
    break_off(store, image_id, lambda: clock.advance(7))
    assert store.images[image_id]["updated_at"] == "1970-01-01T00:00:07Z"


def test_next_upload_after_one_that_broke_off() -> None:
    """An image whose upload has broken off takes the next one, whose own delays count."""
    store, clock, image_id = new_store(queued=5)
    break_off(store, image_id, lambda: None)
    clock.advance(3)
    with saving(store, image_id, "p") as arriving:
        stores.keep_file(store, image_id, arriving, File([CONTENT]))
    clock.advance(4)
    assert store.images[image_id]["status"] == "queued"
    clock.advance(1)
    assert store.images[image_id]["active_at"] == "1970-01-01T00:00:08Z"


def test_delete_while_the_file_arrives() -> None:
    """An image that is queued still can be deleted while its file arrives, whose upload is then 404."""
    store, clock, image_id = new_store(queued=5)

    def content() -> Iterator[bytes]:
        stores.delete(store, image_id)
        yield CONTENT

    with pytest.raises(ImsError) as caught, saving(store, image_id, "p") as arriving:
        stores.keep_file(store, image_id, arriving, File(content()))
    clock.advance(5)
    assert (caught.value.status, len(store.images), len(store.files), len(store.transitions)) == (404, 0, 0, 0)


def test_reset_while_the_file_arrives(ims_mock: ImsMock) -> None:
    """An upload that a reset overtakes is 404, and the image that has its id by then stays as it is."""
    ims_mock.reset(delays=DELAYS)
    image_id = ims_mock.add_image()["id"]
    address = urlsplit(ims_mock.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as connection:
        head = f"PUT /v2/images/{image_id}/file HTTP/1.1\r\nHost: a\r\nX-Auth-Token: t\r\nContent-Type: {OCTETS}\r\n"
        connection.sendall(f"{head}Content-Length: 10\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        ims_mock.reset(delays=DELAYS)
        image = dict(ims_mock.add_image())
        connection.sendall(CONTENT)
        assert connection.recv(1000).startswith(b"HTTP/1.1 404")
    ims_mock.clock.advance(1000)
    assert (image["id"], ims_mock.images[image_id]) == (image_id, image)


# Uploads that come to a bad end


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("killed", ["queued", "saving", "killed", "killed"]),
        ("saving", ["queued", "saving", "saving", "saving"]),
        ("checksum", ["queued", "saving", "active", "active"]),
    ],
)
def test_bad_end_takes_its_time(slow: Api, how: str, expected: list[str]) -> None:
    """An upload that is to end badly has the usual response, and its image takes as long as `delays` says."""
    slow.service.faults.add(BadUpload(how), times=1)
    image = slow.create()
    assert upload(slow, image).status_code == 204
    found = [status(slow, image)]
    for seconds in (5, 60, 1e6):
        slow.clock.advance(seconds)
        found.append(status(slow, image))
    assert found == expected


def test_killed_when_it_was_due(slow: Api) -> None:
    """An image that is killed says when it was, and nothing of a file, of which there is none."""
    slow.service.faults.add(BadUpload("killed"), times=1)
    image = uploaded(slow)
    slow.clock.advance(1000)
    assert shown(slow, image) == {**image, "status": "killed", "updated_at": IN_65}
    assert slow("GET", f"/v2/images/{image['id']}/file").status_code == 204


def test_checksum_of_another_file(slow: Api) -> None:
    """A file whose checksum differs is whole all the same, and the image has another checksum than its bytes."""
    slow.service.faults.add(BadUpload("checksum"), times=1)
    image = uploaded(slow)
    slow.clock.advance(65)
    response = slow("GET", f"/v2/images/{image['id']}/file")
    assert (response.data, shown(slow, image)["size"]) == (CONTENT, 10)
    assert response.headers["Content-MD5"] == shown(slow, image)["checksum"] != MD5


def test_killed_image_can_be_deleted(slow: Api) -> None:
    """What was killed takes no other file, and can be deleted."""
    slow.service.faults.add(BadUpload("killed"), times=1)
    image = uploaded(slow)
    slow.clock.advance(65)
    assert upload(slow, image).status_code == 409
    assert slow("DELETE", f"/v2/images/{image['id']}").status_code == 204


@pytest.mark.parametrize("is_first_bad", [True, False])
def test_refused_upload_does_not_decide_how_the_first_ends(is_first_bad: bool) -> None:
    """An upload ends as its own fault says, whatever the fault of another one to the same image that is rejected."""
    store, _, image_id = new_store()
    bad = store.seen_as(BAD_UPLOADS["killed"])
    first, second = (bad, store) if is_first_bad else (store, bad)
    with saving(first, image_id, "p") as arriving:
        with pytest.raises(ImsError, match="409"), saving(second, image_id, "p"):
            raise AssertionError("the second upload has begun")
        stores.keep_file(first, image_id, arriving, File([CONTENT]))
    assert store.images[image_id]["status"] == ("killed" if is_first_bad else "active")


# How long a deletion takes


def listed(api: Api) -> list[str]:
    """Return the ids of the images that IMS's own API lists."""
    return [image["id"] for image in api("GET", "/v2/cloudimages").get_json()["images"]]


def test_deleted_image_is_listed_until_it_is_gone() -> None:
    """A deletion that takes time is 204 at once, and the list is empty when the time is over."""
    api = Api(delays={"deleting": 5})
    image = uploaded(api)
    assert api("DELETE", f"/v2/images/{image['id']}", {"delete_backup": True}).status_code == 204
    api.clock.advance(4.9)
    assert listed(api) == [image["id"]]
    assert shown(api, image) == image
    assert api("GET", f"/v2/images/{image['id']}/file").data == CONTENT
    api.clock.advance(0.1)
    assert listed(api) == []
    assert api("GET", f"/v2/images/{image['id']}").status_code == 404


def test_deletion_ends_when_it_was_due() -> None:
    """The time of a deletion is that at which the image went, whenever somebody looks."""
    api = Api(delays={"deleting": 5})
    image = uploaded(api)
    api("DELETE", f"/v2/images/{image['id']}")
    api.clock.advance(100)
    gone = api.service.store.deleted[image["id"]]["image"]
    assert (gone["status"], gone["deleted_at"]) == ("deleted", IN_5)


def test_second_deletion_changes_nothing() -> None:
    """Another deletion of an image that is about to go is 204, and the image goes no later for it."""
    api = Api(delays={"deleting": 5})
    image = uploaded(api)
    api("DELETE", f"/v2/images/{image['id']}")
    api.clock.advance(3)
    assert api("DELETE", f"/v1.1/images/{image['id']}").status_code == 200
    api.clock.advance(2)
    assert listed(api) == []


def test_image_of_version_1_goes_later_too() -> None:
    """A deletion with version 1.1 takes as long."""
    api = Api(delays={"deleting": 5})
    image = uploaded(api)
    api("DELETE", f"/v1.1/images/{image['id']}")
    assert listed(api) == [image["id"]]


def test_image_that_is_about_to_go_takes_no_file() -> None:
    """An upload to an image that has been deleted is 404, though the image is still listed."""
    api = Api(delays={"deleting": 5})
    image = api.create()
    api("DELETE", f"/v2/images/{image['id']}")
    assert upload(api, image).status_code == 404
    assert listed(api) == [image["id"]]


@pytest.mark.parametrize("seconds", [0, 6])
def test_upload_that_is_not_over_ends_with_a_deletion(seconds: float) -> None:
    """Nothing comes of a file whose image is deleted before it has become active."""
    api = Api(delays={"queued": 10, "saving": 1, "deleting": 5})
    image = uploaded(api)
    api("DELETE", f"/v2/images/{image['id']}")
    assert api("GET", f"/v2/images/{image['id']}/file").data == b""
    api.clock.advance(seconds)
    assert listed(api) == ([] if seconds else [image["id"]])
    api.clock.advance(100)
    assert (listed(api), dict(api.service.store.files), dict(api.service.store.transitions)) == ([], {}, {})


def test_deletion_is_in_a_snapshot() -> None:
    """A mock that goes back to a snapshot deletes what was about to go then."""
    api = Api(delays={"deleting": 5})
    image = uploaded(api)
    api("DELETE", f"/v2/images/{image['id']}")
    before = capture(api.service)
    api.clock.advance(5)
    restore(api.service, before)
    assert listed(api) == [image["id"]]
    api.clock.advance(5)
    assert listed(api) == []
