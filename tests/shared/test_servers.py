"""Several servers with one state respond as one mock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from ims_mock import Delay, Fail, ImsMock, Stale, Throttle
from tests.shared.conftest import Start, sharing_of, state_of
from tests.shared.redis_server import RedisServer

IMAGE = {"name": "web", "__os_version": "CentOS 7.6 64bit"}
Pair = tuple[ImsMock, ImsMock]


def ask(mock: ImsMock, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    """Send a request; a body that is neither bytes nor yields them is sent as JSON."""
    sent = {"X-Auth-Token": "any", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if body is not None and not isinstance(body, (bytes, Iterator)):
        body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
    return requests.request(method, mock.url + path, data=body, headers=sent, timeout=60)


def create(mock: ImsMock, name: str = "web") -> str:
    """Create an image, and return its id."""
    response = ask(mock, "POST", "/v2/images", {**IMAGE, "name": name})
    assert response.status_code == 201, response.text
    image_id: str = response.json()["id"]
    return image_id


def control(mock: ImsMock, method: str, path: str, body: Any = None) -> Any:
    """Ask the control API, and return the document of its response."""
    response = requests.request(method, f"{mock.url}/_ims_mock/{path}", json=body, timeout=60)
    assert response.status_code < 300, response.text
    return response.json() if response.content else None


def test_image_of_one_is_there_in_the_other(pair: Pair) -> None:
    """What one server has acknowledged, the other shows, changes and deletes; then it is gone in both."""
    first, second = pair
    image_id = create(first)
    assert ask(second, "GET", f"/v2/images/{image_id}").json()["name"] == "web"
    patch = [{"op": "replace", "path": "/name", "value": "db"}]
    media = "application/openstack-images-v2.1-json-patch"
    changed = requests.patch(
        f"{second.url}/v2/images/{image_id}",
        data=json.dumps(patch),
        headers={"Content-Type": media, "X-Auth-Token": "any"},
        timeout=60,
    )
    assert changed.status_code == 200, changed.text
    assert ask(first, "GET", f"/v2/images/{image_id}").json()["name"] == "db"
    assert ask(second, "DELETE", f"/v2/images/{image_id}").status_code == 204
    assert [ask(mock, "GET", f"/v2/images/{image_id}").status_code for mock in pair] == [404, 404]


def test_new_server_has_what_there_is(start: Start) -> None:
    """A server that starts later has images in their order, jobs, files, rules with hits, clock, snapshots, journal."""
    first = start(seed=7, jobs={"*": 60})
    names = [f"n{number}" for number in range(5)]
    ids = [create(first, name) for name in names]
    ask(first, "DELETE", f"/v2/images/{ids[2]}")
    upload = ask(first, "PUT", f"/v2/images/{ids[0]}/file", b"x" * 600_000, Content_Type="application/octet-stream")
    assert upload.status_code == 204
    ask(first, "POST", "/v2/cloudimages/action", {"name": "w", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"})
    control(first, "POST", "faults", {"fault": {"kind": "fail", "status": 503}, "operation": "glance_list_images"})
    assert ask(first, "GET", "/v2/images").status_code == 503
    control(first, "POST", "snapshots", {"name": "early"})
    control(first, "POST", "clock", {"advance": 90})
    control(first, "POST", "denials", {"action": "ims:images:delete"})
    second = start(seed=9)
    assert state_of(second) == state_of(first)
    assert control(second, "GET", "faults") == control(first, "GET", "faults")
    assert control(second, "GET", "snapshots") == {"snapshots": ["early"]}
    assert control(second, "GET", "denials") == control(first, "GET", "denials")
    assert ask(second, "GET", f"/v2/images/{ids[0]}/file").content == b"x" * 600_000
    paths = [entry["path"] for entry in control(second, "GET", "requests")["requests"]]
    assert paths[:5] == ["/v2/images"] * 5
    assert paths[5] == f"/v2/images/{ids[2]}"


def test_seed_gives_the_ids_of_one_server(start: Start) -> None:
    """The ids of images and jobs follow from the seed, whichever server draws them, as in a mock that is alone."""
    first, second = start(seed="s"), start()
    drawn = [create(mock) for mock in (first, second, second, first)]
    with ImsMock(seed="s") as alone:
        assert drawn == [create(alone) for _ in range(4)]


def test_rule_fires_as_often_as_it_says(pair: Pair) -> None:
    """Of requests to both servers at once, a rule with `times` rejects exactly so many, and counts them."""
    first, second = pair
    image_id = create(first)
    rule = {"fault": {"kind": "fail", "status": 503}, "operation": "glance_show_image", "times": 20, "skip": 5}
    control(second, "POST", "faults", rule)
    with ThreadPoolExecutor(8) as pool:
        asked = [(first, second)[number % 2] for number in range(80)]
        statuses = list(pool.map(lambda mock: ask(mock, "GET", f"/v2/images/{image_id}").status_code, asked))
    assert (statuses.count(503), statuses.count(200)) == (20, 60)
    assert [control(mock, "GET", "faults")["faults"][0]["hits"] for mock in pair] == [20, 20]


def test_rule_of_python_counts_in_all(pair: Pair) -> None:
    """A rule that Python has armed in one server fires in the other, and `hits` of its object counts that."""
    first, second = pair
    with first.faults.add(Fail(503), operation="glance_list_images", times=1) as rule:
        assert ask(second, "GET", "/v2/images").status_code == 503
        assert ask(first, "GET", "/v2/images").status_code == 200
        assert rule.hits == 1
    assert not control(second, "GET", "faults")["faults"]


def test_bucket_of_a_throttle_is_of_all(pair: Pair) -> None:
    """Requests to both servers take from one bucket of tokens."""
    first, second = pair
    first.faults.add(Throttle(3, per=60), operation="glance_list_images")
    statuses = [ask(mock, "GET", "/v2/images").status_code for mock in (first, second, first, second, first)]
    assert statuses == [200, 200, 200, 429, 429]


def test_chances_follow_from_the_seed_for_all(start: Start) -> None:
    """A rule with a probability fires for the same requests as in a mock that is alone."""
    first, second = start(seed=3), start()
    rule = {"fault": {"kind": "fail", "status": 503}, "operation": "glance_list_images", "probability": 0.5}
    control(first, "POST", "faults", rule)
    statuses = [ask((first, second)[number % 2], "GET", "/v2/images").status_code for number in range(12)]
    with ImsMock(seed=3) as alone:
        control(alone, "POST", "faults", rule)
        assert statuses == [ask(alone, "GET", "/v2/images").status_code for _ in range(12)]
    assert len(set(statuses)) == 2


def test_stale_read_of_what_another_has_written(pair: Pair) -> None:
    """A rule for stale reads hides what another server has written since."""
    first, second = pair
    image_id = create(first)
    first.faults.add(Stale(reads=1), operation="glance_show_image")
    assert ask(second, "GET", f"/v2/images/{image_id}").status_code == 200
    assert ask(second, "DELETE", f"/v2/images/{image_id}").status_code == 204
    assert [ask(first, "GET", f"/v2/images/{image_id}").status_code for _ in range(2)] == [200, 404]


def test_clock_is_one(pair: Pair) -> None:
    """Moving the clock of one server moves that of the other, by hand, by a delay, and while it runs."""
    first, second = pair
    first.clock.advance(50)
    assert control(second, "GET", "clock")["time"] == "2016-06-02T07:50:38Z"
    second.faults.add(Delay(10), operation="glance_list_images")
    ask(second, "GET", "/v2/images")
    assert control(first, "GET", "clock")["time"] == "2016-06-02T07:50:48Z"
    second.clock.run(1000)
    assert control(first, "GET", "clock")["speed"] == 1000
    first.clock.freeze()
    assert control(second, "GET", "clock") == control(first, "GET", "clock")


def test_job_ends_once(start: Start) -> None:
    """A job that is due is ended by whichever server looks first, and made one image."""
    first, second = start(jobs={"*": 60}), start()
    body = {"name": "w", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"}
    job_id = ask(first, "POST", "/v2/cloudimages/action", body).json()["job_id"]
    path = f"/v1/{first.project_id}/jobs/{job_id}"
    assert ask(second, "GET", path).json()["status"] != "SUCCESS"
    first.clock.advance(61)
    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(lambda mock: ask(mock, "GET", path).json(), (first, second) * 4))
    assert {job["status"] for job in shown} == {"SUCCESS"}
    assert len({job["entities"]["image_id"] for job in shown}) == 1
    assert [image["name"] for image in ask(second, "GET", "/v2/images").json()["images"]] == ["w"]


def test_wait_for_the_clock_of_another(pair: Pair) -> None:
    """A response that waits for the clock of one server leaves when the other one moves it."""
    first, second = pair
    control(first, "POST", "clock", {"run": 0.001})
    first.faults.add(Delay(3600), operation="glance_list_images")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, first, "GET", "/v2/images")
        clock = first.clock
        while not clock.waiting:
            pass
        control(second, "POST", "clock", {"advance": 3601})
        assert waiting.result(timeout=60).status_code == 200


def test_page_hears_of_another_server(pair: Pair) -> None:
    """Who waits at one server hears of a change by another, and a cursor of one server is good at the other."""
    first, second = pair
    cursor = control(first, "GET", "changes")["cursor"]
    assert control(second, "GET", f"changes?after={cursor}")["cursor"] == cursor
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(control, first, "GET", f"changes?after={cursor}&wait=25")
        while not first.service.store.signal.waiting:
            pass
        create(second)
        reported = waiting.result(timeout=60)
    assert reported["counts"]["images"] == 1
    assert reported["cursor"] != cursor
    requests_of = control(first, "GET", "requests")
    assert control(second, "GET", f"requests?after={requests_of['cursor']}")["requests"] == []


def test_nothing_is_reported_where_nobody_waits(start: Start, running: RedisServer) -> None:
    """A server hears of changes while somebody waits for them there, and of no others: that would cost each request."""
    first = start()
    with running.client as client:
        create(first)
        assert client.pubsub_channels() == []
        with ThreadPoolExecutor(1) as pool:
            cursor = control(first, "GET", "changes")["cursor"]
            waiting = pool.submit(control, first, "GET", f"changes?after={cursor}&wait=25")
            while not client.pubsub_channels():
                pass
            assert client.pubsub_numpat() == 0
            create(first)
            waiting.result(timeout=60)


def test_journal_is_one(pair: Pair) -> None:
    """Each request is in the journal once, in the order in which they took effect, and clearing one clears both."""
    first, second = pair
    mark = second.journal.mark()
    for number in range(6):
        create(pair[number % 2], f"n{number}")
    entries = list(second.journal)
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [json.loads(entry.request_body)["name"] for entry in entries] == [f"n{number}" for number in range(6)]
    assert {entry.status for entry in entries} == {201}
    assert len({entry.request_id for entry in entries}) == 6
    assert second.journal.since(mark)[0] == 6
    assert [entry.path for entry in first.journal.assert_called("glance_create_image_metadata", times=6)]
    control(first, "DELETE", "journal")
    assert list(second.journal) == []
    create(second)
    assert [entry.number for entry in first.journal] == [1]


def test_reset_is_of_all(pair: Pair) -> None:
    """A reset of one server, with settings, is one of the other: images, files, rules, snapshots and settings."""
    first, second = pair
    image_id = create(first)
    ask(first, "PUT", f"/v2/images/{image_id}/file", b"x", Content_Type="application/octet-stream")
    control(first, "POST", "snapshots", {"name": "s"})
    first.faults.add(Fail(503))
    control(second, "POST", "reset", {"auth": "strict", "seed": 5, "explain": True})
    assert ask(first, "GET", "/v2/images").status_code == 401
    assert control(first, "GET", "settings") == control(second, "GET", "settings")
    assert control(first, "GET", "settings")["seed"] == 5
    assert state_of(first) == state_of(second)
    assert not first.faults
    assert control(first, "GET", "snapshots") == {"snapshots": []}


def test_snapshot_of_one_is_restored_by_the_other(pair: Pair) -> None:
    """A snapshot has the files of images, also of those that were deleted since."""
    first, second = pair
    image_id = create(first)
    ask(first, "PUT", f"/v2/images/{image_id}/file", b"kept", Content_Type="application/octet-stream")
    control(first, "POST", "snapshots", {"name": "s"})
    ask(second, "DELETE", f"/v2/images/{image_id}")
    control(second, "POST", "snapshots/s/restore")
    assert [ask(mock, "GET", f"/v2/images/{image_id}/file").content for mock in pair] == [b"kept", b"kept"]


def test_token_of_one_is_known_to_the_other(start: Start) -> None:
    """A token that one server issues is accepted by the other, and once it is revoked there, by none."""
    first, second = start(auth="strict"), start()
    token = control(first, "POST", "tokens", {})["token"]
    assert ask(second, "GET", "/v2/images", X_Auth_Token=token).status_code == 200
    revoked = ask(second, "DELETE", "/v3/auth/tokens", X_Auth_Token=token, X_Subject_Token=token)
    assert revoked.status_code == 204
    assert ask(first, "GET", "/v2/images", X_Auth_Token=token).status_code == 401


def test_work_of_many_at_once(pair: Pair) -> None:
    """Eight clients create, show at the other server, and delete; none misses its own write, and both agree."""
    first, second = pair

    def work(number: int) -> list[str]:
        mine, other = (first, second) if number % 2 else (second, first)
        kept = []
        for turn in range(15):
            image_id = create(mine, f"{number}-{turn}")
            assert ask(other, "GET", f"/v2/images/{image_id}").status_code == 200
            if turn % 3:
                kept.append(image_id)
            else:
                assert ask(other, "DELETE", f"/v2/images/{image_id}").status_code == 204
                assert ask(mine, "GET", f"/v2/images/{image_id}").status_code == 404
        return kept

    with ThreadPoolExecutor(8) as pool:
        kept = [image_id for ids in pool.map(work, range(8)) for image_id in ids]
    assert len(set(kept)) == len(kept) == 80
    listed = [image["id"] for image in ask(first, "GET", "/v2/images?limit=1000").json()["images"]]
    assert sorted(listed) == sorted(kept)
    assert state_of(first) == state_of(second)
    assert control(first, "GET", "changes")["counts"]["requests"] == 8 * (15 * 2 + 5 * 2) + 1


def test_server_that_is_far_behind_loads_all(pair: Pair) -> None:
    """A server that has missed more changes than the store keeps has the same state all the same."""
    first, second = pair
    sharing_of(first).link.ask(("XTRIM", sharing_of(first).keys[2], "MAXLEN", 0))
    ids = [create(first, str(number)) for number in range(3)]
    sharing_of(first).link.ask(("XTRIM", sharing_of(first).keys[2], "MAXLEN", 1))
    assert ask(second, "GET", f"/v2/images/{ids[0]}").status_code == 200
    assert state_of(second) == state_of(first)


def test_world_that_the_store_has_lost_begins_again(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    """Where the store was emptied, the servers go on with what one of them has, and say so."""
    first, second = pair
    image_id = create(first)
    sharing_of(first).link.ask(("FLUSHALL",))
    assert ask(first, "GET", f"/v2/images/{image_id}").status_code == 200
    assert "no longer has the world default" in caplog.text
    assert ask(second, "GET", f"/v2/images/{image_id}").status_code == 200


def test_reset_leaves_nothing_in_the_store(pair: Pair) -> None:
    """The journal of before is gone, and files go once nobody can be reading them."""
    first, second = pair
    link = sharing_of(first).link
    image_id = create(first)
    ask(first, "PUT", f"/v2/images/{image_id}/file", b"x", Content_Type="application/octet-stream")
    (file,) = link.ask(("KEYS", "*:file:*"))[0]
    assert link.ask(("TTL", file)) == [-1]
    for mock in (second, first):
        control(mock, "POST", "reset", {})
        create(mock)
        keys = link.ask(("KEYS", "ims_mock:{default}:*"))[0]
        assert len([key for key in keys if b":journal:" in key]) == 1
    assert 0 < link.ask(("TTL", file))[0] <= 60


def test_journal_stays_where_a_clearing_was_too_late(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clearing that was undone, as another server was faster, has cleared nothing, in this server either."""
    first, second = pair
    create(first)
    assert len(list(first.journal)) == 1
    state = sharing_of(first)
    ask_link = state.link.run
    late: list[str] = []

    def run(*arguments: Any) -> Any:
        if not late:
            late.append(create(second))
        return ask_link(*arguments)

    monkeypatch.setattr(state.link, "run", run)

    def clear_once() -> None:
        if not late:
            first.journal.clear()

    state.attempt(clear_once, is_touched=True)
    monkeypatch.undo()
    assert late
    assert [entry.number for entry in first.journal] == [entry.number for entry in second.journal] == [1, 2]


def test_store_that_went_back_takes_all_servers_back(pair: Pair) -> None:
    """Where the store is put back to an earlier state, the servers have that, whatever was changed since by whom."""
    first, second = pair
    kept = create(first)
    assert ask(second, "GET", f"/v2/images/{kept}").status_code == 200
    link = sharing_of(first).link
    saved = {key: link.ask(("DUMP", key))[0] for key in link.ask(("KEYS", "ims_mock:{default}:*"))[0]}
    lost = [create(first, "lost"), create(first, "lost")]
    for key, value in saved.items():
        link.ask(("RESTORE", key, 0, value, "REPLACE"))
    made = [create(second, "made"), create(second, "made")]
    assert {image["name"] for image in ask(first, "GET", "/v2/images").json()["images"]} == {"web", "made"}
    assert state_of(first) == state_of(second)
    assert made == lost  # The ids follow from the seed.
    create(first)
    assert state_of(first) == state_of(second)


def test_request_after_a_reset_at_another_server(pair: Pair) -> None:
    """A request that comes once a reset is done is served, whatever its credential, in a world too."""
    first, second = pair
    control(first, "POST", "worlds", {"name": "v"})
    for path in ("", "/~v"):
        for token in ("any", first.token):
            for _ in range(3):
                requests.post(f"{first.url}{path}/_ims_mock/reset", json={}, timeout=60)
                wanted = 401 if path and token == first.token else 201
                response = ask(second, "POST", f"{path}/v2/images", IMAGE, X_Auth_Token=token)
                assert response.status_code == wanted, response.text
                shown = ask(first, "GET", f"{path}/v2/images", X_Auth_Token=token)
                assert shown.status_code == (401 if wanted == 401 else 200)


def test_ids_of_requests_are_new_after_the_store_was_emptied(start: Start) -> None:
    """A server that starts then has ids of its own, and each server has the same journal."""
    first = start()
    create(first)
    sharing_of(first).link.ask(("FLUSHALL",))
    second = start()
    for mock in (first, second, first, second):
        create(mock)
    entries = [[(entry.number, entry.request_id) for entry in mock.journal] for mock in (first, second)]
    assert entries[0] == entries[1]
    assert len({request_id for _, request_id in entries[0]}) == len(entries[0])
