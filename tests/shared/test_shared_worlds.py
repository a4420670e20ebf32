"""The worlds of servers that share their state: made, listed, chosen, bounded and deleted at any of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import requests

from ims_mock import ImsMock
from ims_mock.service.region_choice import Asked
from ims_mock.service.world import World
from ims_mock.shared.census import Census
from ims_mock.shared.link import Command, Link
from ims_mock.shared.worlds import SharedWorlds
from tests.shared.conftest import Start, sharing_of, worlds_of
from tests.shared.redis_server import RedisServer
from tests.shared.test_servers import IMAGE, Pair, ask, control, create


def names(mock: ImsMock) -> list[str]:
    """Return the names of the worlds, as a server lists them."""
    return [world["name"] for world in control(mock, "GET", "worlds")["worlds"]]


def test_world_of_one_is_there_in_the_other(pair: Pair) -> None:
    """A world with settings is made at one server, used by its path at the other, and is not the default one."""
    first, second = pair
    made = control(first, "POST", "worlds", {"name": "ci", "settings": {"auth": "strict"}})
    assert names(second) == ["default", "ci"]
    assert ask(second, "GET", "/~ci/v2/images").status_code == 401
    created = ask(second, "POST", "/~ci/v2/images", IMAGE, X_Auth_Token=made["token"])
    assert created.status_code == 201
    path = f"/v2/images/{created.json()['id']}"
    assert ask(first, "GET", f"/~ci{path}", X_Auth_Token=made["token"]).status_code == 200
    assert [ask(mock, "GET", path).status_code for mock in pair] == [404, 404]


def test_world_is_chosen_by_a_credential_that_another_server_has_issued(pair: Pair) -> None:
    """A token without a path leads to its world at once, whichever server issued it."""
    first, second = pair
    assert ask(second, "GET", "/v2/images").status_code == 200
    token = control(first, "POST", "worlds", {"name": "ci"})["token"]
    image_id = ask(second, "POST", "/v2/images", IMAGE, X_Auth_Token=token).json()["id"]
    assert ask(first, "GET", f"/~ci/v2/images/{image_id}", X_Auth_Token=token).status_code == 200
    new = requests.post(f"{first.url}/~ci/_ims_mock/tokens", json={}, timeout=60).json()["token"]
    assert ask(second, "GET", f"/v2/images/{image_id}", X_Auth_Token=new).status_code == 200
    assert ask(second, "GET", "/~other/v2/images", X_Auth_Token=new).status_code == 401


def test_world_that_one_has_deleted_is_gone_in_all(pair: Pair) -> None:
    """A deleted world is listed nowhere; a request for it makes another one, which is empty."""
    first, second = pair
    image_id = ask(first, "POST", "/~ci/v2/images", IMAGE).json()["id"]
    assert ask(second, "GET", f"/~ci/v2/images/{image_id}").status_code == 200
    control(first, "DELETE", "worlds/ci")
    assert [names(mock) for mock in pair] == [["default"], ["default"]]
    assert ask(second, "GET", f"/~ci/v2/images/{image_id}").status_code == 404
    assert names(first) == ["default", "ci"]
    deleted = requests.delete(f"{second.url}/_ims_mock/worlds/nowhere", timeout=60)
    assert deleted.status_code == 404


def test_nothing_of_a_deleted_world_stays_in_the_store(pair: Pair) -> None:
    """All keys of a world go with it, those of files too."""
    first, second = pair
    create(first)
    link = sharing_of(first).link
    before = sorted(link.ask(("KEYS", "*"))[0])
    image_id = ask(second, "POST", "/~ci/v2/images", IMAGE).json()["id"]
    media = {"Content_Type": "application/octet-stream"}
    assert ask(first, "PUT", f"/~ci/v2/images/{image_id}/file", b"x", **media).status_code == 204
    control(first, "DELETE", "worlds/ci")
    assert sorted(link.ask(("KEYS", "*"))[0]) == before


def test_worlds_are_bounded_over_all_servers(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    """The world that no server was asked for longest is removed for one more, and locked ones stay."""
    first, second = pair
    for mock in pair:
        mock.limit_worlds(4)
    control(first, "POST", "worlds", {"name": "kept", "locked": True})
    for name in ("a", "b"):
        ask(first, "GET", f"/~{name}/v2/images")
    worlds_of(second)._reported.clear()
    ask(second, "GET", "/~a/v2/images")
    ask(second, "GET", "/~c/v2/images")
    assert sorted(names(first)) == ["a", "c", "default", "kept"]
    assert "world b is removed as the longest unused: there may be 4" in caplog.text


def test_world_that_no_server_uses_expires(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    """A world whose time is over is removed by whichever server looks, and one that is used elsewhere stays."""
    first, second = pair
    control(first, "POST", "worlds", {"name": "short", "idle": 100})
    control(first, "POST", "worlds", {"name": "long", "idle": 100})
    link = sharing_of(first).link
    link.ask(("ZINCRBY", "ims_mock:used", -101, "short"))
    assert names(second) == ["default", "long"]
    assert "world short is removed: nobody has used it for 100 seconds" in caplog.text


def test_reset_of_the_default_world_keeps_others(start: Start) -> None:
    """Worlds have states of their own: rules, clocks and journals of one are not those of another."""
    first, second = start(), start()
    ask(first, "POST", "/~a/v2/images", IMAGE)
    requests.post(f"{second.url}/~a/_ims_mock/clock", json={"advance": 1000}, timeout=60)
    control(first, "POST", "reset", {})
    assert len(ask(second, "GET", "/~a/v2/images").json()["images"]) == 1
    clocks = [
        requests.get(f"{mock.url}{path}/_ims_mock/clock", timeout=60).json()["now"]
        for mock in (first, second)
        for path in ("", "/~a")
    ]
    assert clocks[0] == clocks[2] != clocks[1] == clocks[3]


def keys(mock: ImsMock) -> list[bytes]:
    """Return the keys of the store."""
    return sorted(sharing_of(mock).link.ask(("KEYS", "*"))[0])


def test_world_that_is_deleted_while_a_server_begins_with_it_leaves_nothing(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that has just found a world writes nothing of it once another one has deleted it."""
    first, second = pair
    create(first)
    control(first, "POST", "worlds", {"name": "before"})
    control(first, "DELETE", "worlds/before")
    before = keys(first)
    have = SharedWorlds._have

    def have_late(worlds: SharedWorlds, name: str, about: Any) -> Any:
        monkeypatch.setattr(SharedWorlds, "_have", have)
        control(first, "DELETE", f"worlds/{name}")
        return have(worlds, name, about)

    control(first, "POST", "worlds", {"name": "ci"})
    monkeypatch.setattr(SharedWorlds, "_have", have_late)
    # The server looks again, and makes another world of the name.
    assert ask(second, "POST", "/~ci/v2/images", IMAGE).status_code == 201
    assert SharedWorlds._have is have
    control(second, "DELETE", "worlds/ci")
    assert keys(first) == before


def test_what_a_server_has_left_of_a_deleted_world_goes(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a server ends in the middle of a deletion, the others delete what is left of the world."""
    first, second = pair
    create(first)
    control(first, "POST", "worlds", {"name": "before"})
    control(first, "DELETE", "worlds/before")
    before = keys(first)
    assert ask(first, "POST", "/~ci/v2/images", IMAGE).status_code == 201
    with monkeypatch.context() as patch:
        patch.setattr(Census, "purge", lambda _: None)
        control(first, "DELETE", "worlds/ci")
    assert keys(first) != before
    worlds_of(second).tend()
    assert keys(first) == before


def test_unknown_token_costs_the_same_however_many_worlds_there_are(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server asks the store as much for a request with a token of no world beside 3 worlds and beside 30."""
    first, second = pair
    sent: list[int] = []
    send = Link._sent

    def count(link: Link, commands: Sequence[Command]) -> Any:
        sent.append(len(commands))
        return send(link, commands)

    def costs() -> list[int]:
        found = []
        for path in ("/v2/images", "/~world-1/v2/images"):
            ask(second, "GET", path, X_Auth_Token="unknown")
            sent.clear()
            assert ask(second, "GET", path, X_Auth_Token="unknown").status_code == 200
            found.append(sum(sent))
        return found

    for number in range(3):
        control(first, "POST", "worlds", {"name": f"world-{number}"})
    monkeypatch.setattr(SharedWorlds, "tend", lambda _: None)
    monkeypatch.setattr(SharedWorlds, "_note_use", lambda _worlds, _name: None)
    monkeypatch.setattr(Link, "_sent", count)
    few = costs()
    for number in range(3, 30):
        control(first, "POST", "worlds", {"name": f"world-{number}"})
    assert costs() == few
    assert max(few) < 10


def test_token_that_was_issued_after_a_look_leads_to_its_world(pair: Pair) -> None:
    """After requests with tokens of no world, a token that another server issues, or deletes, is known at once."""
    first, second = pair
    control(first, "POST", "worlds", {"name": "ci"})
    image_id = ask(first, "POST", "/~ci/v2/images", IMAGE).json()["id"]
    for _ in range(2):
        assert ask(second, "GET", f"/v2/images/{image_id}", X_Auth_Token="unknown").status_code == 404
        new = requests.post(f"{first.url}/~ci/_ims_mock/tokens", json={}, timeout=60).json()["token"]
        assert ask(second, "GET", f"/v2/images/{image_id}", X_Auth_Token=new).status_code == 200
    requests.post(f"{first.url}/~ci/_ims_mock/reset", json={}, timeout=60)
    assert ask(second, "GET", "/~other/v2/images", X_Auth_Token=new).status_code == 200


def test_world_with_settings_that_a_store_does_not_allow(pair: Pair) -> None:
    """It is rejected, nothing of it is in the store, and every other world is served as before."""
    response = ask(pair[0], "POST", "/_ims_mock/worlds", {"name": "a", "settings": {"regions": ["x", "y"]}})
    assert response.status_code == 400
    assert "regions" in response.text
    for mock in pair:
        assert names(mock) == ["default"]
        assert ask(mock, "GET", "/v2/images").status_code == 200


def test_world_that_a_server_cannot_serve(pair: Pair, running: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """One that a server of another version has made is left out, with a line in the log, and can be deleted."""
    first, _ = pair
    about = {"id": "0", "settings": {"setting_of_another_version": 1}, "locked": False, "idle": None}
    running.client.hset("ims_mock:worlds", "odd", json.dumps(about))
    running.client.zadd("ims_mock:access", {"#": 10, "worlds": 10})
    for mock in pair:
        assert names(mock) == ["default"]
        assert ask(mock, "GET", "/v2/images", X_Auth_Token="unknown").status_code == 200
        asked = ask(mock, "GET", "/~odd/v2/images")
        assert asked.status_code == 503
        assert "this server cannot serve the world odd, delete it" in asked.headers["X-IMS-Mock-Reason"]
        assert ask(mock, "GET", "/v2/images").status_code == 200
    assert "cannot serve the world odd" in caplog.text
    assert requests.delete(f"{first.url}/_ims_mock/worlds/odd", timeout=60).status_code == 204
    assert running.client.hlen("ims_mock:worlds") == 0


def test_request_to_a_world_that_is_deleted_meanwhile(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 503 with the reason, and not an error of the mock itself."""
    mock = start()
    mock.world("x")
    worlds, deleted = mock._worlds, list[str]()
    choose = worlds.choose

    def choose_and_delete(asked: Asked) -> tuple[World, str]:
        chosen = choose(asked)
        if chosen[0].name == "x" and not deleted:
            deleted.append("x")
            worlds.delete("x")
        return chosen

    monkeypatch.setattr(worlds, "choose", choose_and_delete)
    response = ask(mock, "POST", "/~x/v2/images", IMAGE)
    assert deleted
    assert response.status_code == 503
    assert "was removed while this request was on its way" in response.headers["X-IMS-Mock-Reason"]
