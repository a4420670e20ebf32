"""What a page asks again and again: what has changed, and what is new."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ims_mock import Fail, ImsMock
from ims_mock.service import feed as module
from ims_mock.service.feed import MOST_WAITING, Seen, _never, _Place
from tests.conftest import Api

PROJECT = "a" * 32


def changes(api: Api, **query: Any) -> dict[str, Any]:
    """Return what the feed says."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    document: dict[str, Any] = api("GET", f"/_ims_mock/changes?{text}").get_json()
    return document


CHANGES: dict[str, tuple[set[str], Callable[[Api], object]]] = {
    "a request": ({"journal"}, lambda api: api("GET", "/v2/images")),
    "an image": ({"images"}, lambda api: api("POST", "/_ims_mock/images", {"name": "a"})),
    "an image by a request": ({"journal", "images"}, lambda api: api.create()),
    "a rule": ({"rules"}, lambda api: api("POST", "/_ims_mock/faults", "503")),
    "a rule is removed": ({"rules"}, lambda api: api("DELETE", "/_ims_mock/faults")),
    "the clock is moved": ({"clock"}, lambda api: api.clock.advance(1)),
    "the clock runs": ({"clock"}, lambda api: api.clock.run(2)),
    "a denial": ({"accounts"}, lambda api: api("POST", "/_ims_mock/denials", {"action": "ims:images:create"})),
    "an account": ({"accounts"}, lambda api: api.service.accounts.add({"projects": [{"name": "web"}]})),
    "a snapshot": ({"snapshots"}, lambda api: api("POST", "/_ims_mock/snapshots", {"name": "a"})),
    "the journal is cleared": ({"journal"}, lambda api: api("DELETE", "/_ims_mock/journal")),
}


@pytest.mark.parametrize(("parts", "change"), CHANGES.values(), ids=CHANGES)
def test_each_change_is_seen_in_its_part(api: Api, parts: set[str], change: Callable[[Api], object]) -> None:
    """What has changed has another text in the feed, and nothing else has."""
    before = changes(api)
    change(api)
    after = changes(api)
    assert {name for name, state in after["parts"].items() if state != before["parts"][name]} == parts
    assert after["cursor"] != before["cursor"]


def test_what_there_is_is_counted(api: Api) -> None:
    """The feed has how many requests, images, jobs, rules and snapshots there are."""
    api.create()
    api("GET", "/v2/images")
    api("POST", "/_ims_mock/faults", "503")
    api("POST", "/_ims_mock/snapshots", {"name": "a"})
    assert changes(api)["counts"] == {"requests": 2, "images": 1, "jobs": 0, "rules": 1, "snapshots": 1}


def test_hits_are_a_change_of_the_rules(api: Api) -> None:
    """A rule that fires is another rule for whoever shows its hits."""
    api.service.faults.add(Fail(503), operation="glance_list_images")
    before = changes(api)
    api("GET", "/v2/images")
    assert changes(api)["parts"]["rules"] != before["parts"]["rules"]


@pytest.mark.parametrize("change", [change for _, change in CHANGES.values()], ids=CHANGES)
def test_each_change_wakes_who_waits(api: Api, change: Callable[[Api], object]) -> None:
    """A page that waits hears of each change at once."""
    feed, signal = api.service.feed, api.service.store.signal
    cursor = changes(api)["cursor"]
    looked = threading.Semaphore(0)
    look = feed._cursor

    def counted(*arguments: Any) -> str:
        looked.release()
        return look(*arguments)

    vars(feed)["_cursor"] = counted
    thread = threading.Thread(target=feed.wait, args=(cursor, "page", 60))
    thread.start()
    assert looked.acquire(timeout=10)
    change(api)
    thread.join(10)
    assert (thread.is_alive(), signal.waiting) == (False, 0)


def test_looking_changes_nothing(api: Api) -> None:
    """What a page asks is in no journal, moves no clock, and is no look at a job or a rule."""
    api.service.faults.add(Fail(503))
    image = api("POST", "/_ims_mock/images", {"name": "a"}).get_json()
    before = changes(api)
    for path in ("images", f"images/{image['id']}", "requests", "jobs", "faults", "clock", "accounts", "snapshots"):
        assert api("GET", f"/_ims_mock/{path}").status_code == 200
    assert changes(api) == before


def test_without_a_wait_the_state_is_shown_at_once(api: Api) -> None:
    """Whoever does not ask for a wait gets the same cursor again."""
    first = changes(api)
    assert changes(api, after=first["cursor"]) == first


def test_waiting_pages_are_bounded(api: Api) -> None:
    """One page more than may wait has its response at once, and is asked to come again later."""
    feed = api.service.feed
    feed._waiting = {f"page {number}": _Place(_never) for number in range(MOST_WAITING)}
    cursor = changes(api)["cursor"]
    assert changes(api, after=cursor, wait=25, page="another")["is_busy"] is True
    assert len(feed._waiting) == MOST_WAITING


def test_who_hangs_up_gives_its_place_to_the_next() -> None:
    """Where all places are taken, those of clients that have closed the connection are free, and nobody waits there."""
    with ImsMock() as mock:
        feed, signal = mock.service.feed, mock.service.store.signal
        cursor = feed.wait("", "", 0)[0]
        clients = [
            http.client.HTTPConnection(mock.url.removeprefix("http://"), timeout=10) for _ in range(MOST_WAITING)
        ]
        for number, client in enumerate(clients):
            client.request("GET", f"/_ims_mock/changes?wait=25&after={cursor}&page={number}")
        signal.wait(lambda: len(feed._waiting) == MOST_WAITING, 20)
        assert feed.wait("another", "next", 25)[2] is True
        for client in clients:
            client.close()
        assert feed.wait("another", "next", 25)[2] is False
        assert feed._waiting == {}


def test_a_page_waits_once(api: Api) -> None:
    """A page that asks again, as after a reload, ends its own wait from before."""
    feed = api.service.feed
    cursor = changes(api)["cursor"]
    first = threading.Thread(target=feed.wait, args=(cursor, "page", 60))
    first.start()
    second = threading.Thread(target=feed.wait, args=(cursor, "page", 60))
    second.start()
    api.create()
    for thread in (first, second):
        thread.join(10)
    assert not first.is_alive()
    assert not second.is_alive()
    assert feed._waiting == {}


def test_a_wait_too_long_is_400(api: Api) -> None:
    """No page waits longer than 25 seconds at once."""
    response = api("GET", "/_ims_mock/changes?wait=26")
    assert (response.status_code, response.get_json()["error"]["message"]) == (400, "/wait: must be at most 25, got 26")


def test_stop_ends_the_waits() -> None:
    """A mock that stops keeps nobody waiting, and leaves no thread behind."""
    mock = ImsMock().start()
    signal = mock.service.store.signal
    connection = http.client.HTTPConnection(mock.url.removeprefix("http://"), timeout=10)
    cursor = mock.service.feed.wait("", "", 0)[0]
    woken = threading.Event()
    give = mock.service.feed._cursor

    def look(*arguments: Any) -> str:
        woken.set()
        return give(*arguments)

    vars(mock.service.feed)["_cursor"] = look
    connection.request("GET", f"/_ims_mock/changes?wait=25&after={cursor}")
    assert woken.wait(10)
    mock.stop()
    assert signal.waiting == 0
    connection.close()


def listed(api: Api, kind: str, after: str = "", limit: int = 1000) -> dict[str, Any]:
    """Return what the list of requests or of images has since a cursor."""
    document: dict[str, Any] = api("GET", f"/_ims_mock/{kind}?limit={limit}&after={after}").get_json()
    return document


def in_pieces(api: Api, kind: str) -> list[dict[str, Any]]:
    """Return the records of a list, which is asked for in pieces of two."""
    records: list[dict[str, Any]] = []
    piece: dict[str, Any] = {"cursor": "", "has_more": True}
    while piece["has_more"]:
        piece = listed(api, kind, piece["cursor"], 2)
        assert len(piece[kind]) <= 2
        records += piece[kind]
    return records


def test_only_new_requests(api: Api) -> None:
    """Behind a cursor there are the requests that have come since."""
    api.create()
    first = listed(api, "requests")
    api("GET", "/v2/images")
    second = listed(api, "requests", first["cursor"])
    assert ([row["number"] for row in first["requests"]], first["is_whole"]) == ([1], True)
    assert ([row["number"] for row in second["requests"]], second["is_whole"]) == ([2], False)
    assert listed(api, "requests", second["cursor"])["requests"] == []


def test_requests_in_pieces(api: Api) -> None:
    """Many requests come in pieces, each once."""
    for _ in range(5):
        api("GET", "/v2/images")
    assert [row["number"] for row in in_pieces(api, "requests")] == [1, 2, 3, 4, 5]


def test_a_request_that_had_no_response_comes_again(api: Api) -> None:
    """What was listed while it was being done is listed again once it has its status."""
    api("GET", "/v2/images")
    (entry,) = api.service.journal
    cursor = listed(api, "requests")["cursor"]
    api.service.journal.record(entry)
    assert [row["number"] for row in listed(api, "requests", cursor)["requests"]] == [1]


@pytest.mark.parametrize("after", ["x", "-", "x-1.1", "{instance}-9.1", "{instance}-1.999", "{instance}-1.x"])
def test_a_cursor_of_another_time_begins_again(api: Api, after: str) -> None:
    """A cursor of another mock, or from before a clearing, gets all that there is."""
    api.create()
    found = listed(api, "requests", after.format(instance=api.service.feed.instance))
    assert (found["is_whole"], len(found["requests"])) == (True, 1)


def test_a_cleared_journal_begins_again(api: Api) -> None:
    """After a clearing a cursor from before gets the requests that came since, as all that there are."""
    api.create()
    cursor = listed(api, "requests")["cursor"]
    api.service.journal.clear()
    api.create()
    found = listed(api, "requests", cursor)
    assert (found["is_whole"], [row["number"] for row in found["requests"]]) == (True, [1])


def test_what_is_not_kept_any_more_is_said() -> None:
    """A journal that keeps three requests says which is the oldest of them."""
    api = Api(journal_size=3)
    for _ in range(5):
        api("GET", "/v2/images")
    found = listed(api, "requests")
    assert (found["received"], found["oldest"], len(found["requests"])) == (5, 3, 3)


def test_a_row_has_who_what_and_why(api: Api) -> None:
    """A row has the caller, the operation, the status and the reason, and no body."""
    api("POST", "/v2/images", {"min_disk": 39}, X_Auth_Token=api.service.identity.new_token_for("demo"))
    (row,) = listed(api, "requests")["requests"]
    assert (row["caller"], row["operation"], row["status"]) == ("demo", "glance_create_image_metadata", 400)
    assert row["reason"].startswith("/min_disk: must be at least 40, got 39")
    assert not [name for name in row if "body" in name or "headers" in name]


def test_one_request_in_full(api: Api) -> None:
    """A request has its bodies and headers, with its credential masked."""
    api("POST", "/v2/images", {"name": "a"}, X_Auth_Token="my-own-token")
    response = api("GET", "/_ims_mock/requests/1")
    assert response.get_json()["request_body"] == '{"name": "a"}'
    assert "my-own-token" not in response.text


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "9" * 5000])
def test_a_request_that_is_not_kept_is_404(api: Api, number: str) -> None:
    """The error says which requests there are."""
    api.create()
    response = api("GET", f"/_ims_mock/requests/{number}")
    assert response.status_code == 404
    assert response.get_json()["error"]["message"].endswith("; the known ones are 1 to 1")


def test_only_changed_images(api: Api) -> None:
    """Behind a cursor there are the images that were added or changed, and the ids of those that are gone."""
    ids = [api.create(name=name)["id"] for name in "abcd"]
    first = listed(api, "images")
    assert [image["id"] for image in first["images"]] == ids
    del api.images[ids[0]]
    api.images[ids[2]]["name"] = "changed"
    second = listed(api, "images", first["cursor"])
    assert [(image["id"], image["name"]) for image in second["images"]] == [(ids[2], "changed")]
    assert (second["removed"], second["is_whole"]) == ([ids[0]], False)


def test_images_of_every_project_with_members_and_size(api: Api) -> None:
    """A row has whose the image is, how many it is shared with, and how large its file is."""
    api("POST", "/_ims_mock/images", {"owner": PROJECT, "data": "MDEy", "members": {"b" * 32: "accepted"}})
    (image,) = listed(api, "images")["images"]
    assert (image["owner"], image["members"], image["size"], image["status"]) == (PROJECT, 1, 3, "active")


def test_a_new_member_is_a_change(api: Api) -> None:
    """An image that is shared with one project more comes again."""
    image = api("POST", "/_ims_mock/images", {"data": "MDEy", "members": {"b" * 32: "accepted"}}).get_json()
    cursor = listed(api, "images")["cursor"]
    assert api("POST", f"/v2/images/{image['id']}/members", {"member": "c" * 32}).status_code == 200
    assert [row["members"] for row in listed(api, "images", cursor)["images"]] == [2]


def test_images_in_pieces(api: Api) -> None:
    """Many images come in pieces, each once."""
    ids = [api.create()["id"] for _ in range(5)]
    assert [image["id"] for image in in_pieces(api, "images")] == ids


def test_whoever_missed_too_much_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more records are gone than are remembered, an old cursor gets all records."""
    monkeypatch.setattr(module, "MOST_REMOVED", 1)
    seen = Seen("x")
    records = {name: (name,) for name in "abc"}
    cursor = seen.page(records, "", 10).cursor
    page = seen.page({"c": records["c"]}, cursor, 10)
    assert (page.is_whole, page.removed, page.records) == (True, [], [("c", ("c",))])


def test_one_image_in_full(api: Api) -> None:
    """An image has all its attributes, its members, and the first bytes of its file."""
    image = api("POST", "/_ims_mock/images", {"data": "MDEyMzQ=", "members": {"b" * 32: "pending"}}).get_json()
    found = api("GET", f"/_ims_mock/images/{image['id']}?bytes=3").get_json()
    assert found["image"] == api.images[image["id"]]
    assert [member["member_id"] for member in found["members"]] == ["b" * 32]
    assert (found["file"]["first"], found["file"]["size"]) == ("MDEy", 5)


def test_an_image_without_a_file(api: Api) -> None:
    """An image to which nothing was uploaded has no first bytes."""
    assert api("GET", f"/_ims_mock/images/{api.create()['id']}").get_json()["file"] is None


def test_an_unknown_image_is_404(api: Api) -> None:
    """The error names the images that there are."""
    image_id = api.create()["id"]
    response = api("GET", "/_ims_mock/images/nothing")
    assert response.status_code == 404
    assert response.get_json()["error"]["message"] == f'no image has the id "nothing"; the known ones are {image_id}'


def test_a_restarted_mock_is_another_one(api: Api) -> None:
    """Each mock has an id of its own in the feed, and a reset keeps it."""
    first = changes(api)["instance"]
    api.service.reset()
    assert changes(api)["instance"] == first
    assert changes(Api())["instance"] != first


def test_only_ascii_digits_are_a_number(api: Api) -> None:
    """Digits of another script are no number of a request, and no cursor."""
    api("GET", "/v2/images")
    assert api("GET", "/_ims_mock/requests/%D9%A1").status_code == 404
    cursor = api("GET", "/_ims_mock/requests").get_json()["cursor"]
    before, _, number = cursor.rpartition(".")
    other = chr(ord("\u0660") + int(number))
    assert api("GET", f"/_ims_mock/requests?after={cursor}").get_json()["is_whole"] is False
    assert api("GET", f"/_ims_mock/requests?after={before}.{other}").get_json()["is_whole"] is True
