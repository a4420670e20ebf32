"""Worlds over a socket: paths, links, signatures, the control API, the page, and one world beside another."""

from __future__ import annotations

import gc
import http.client
import json
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from werkzeug.serving import BaseWSGIServer

from ims_mock import ImsMock

ANY = {"X-Auth-Token": "any"}


class Server:
    """A server of Werkzeug on a thread, from entering to leaving."""

    def __init__(self, server: BaseWSGIServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def new_world(mock: ImsMock, name: str, **settings: Any) -> str:
    """Make a world by the control API, and return its URL."""
    response = requests.post(f"{mock.url}/_ims_mock/worlds", json={"name": name, "settings": settings}, timeout=10)
    assert response.status_code == 201, response.text
    return mock.url + str(response.json()["path"])


def names(url: str, **headers: str) -> list[str]:
    """Return the names of the images that a request sees."""
    response = requests.get(f"{url}/v2/images", headers={**ANY, **headers}, timeout=10)
    assert response.status_code == 200, response.headers
    return [image["name"] for image in response.json()["images"]]


def test_each_world_has_its_own_images(ims_mock: ImsMock) -> None:
    """What is created in one world is in no other one, however it is named."""
    ci = new_world(ims_mock, "ci")
    requests.post(f"{ci}/v2/images", json={"name": "web"}, headers=ANY, timeout=10)
    assert (names(ci), names(ims_mock.url), names(f"{ims_mock.url}/~other")) == (["web"], [], [])
    assert names(ims_mock.url, **{"X-IMS-Mock-World": "ci"}) == ["web"]
    assert names(ims_mock.url, Host="ci.localhost") == ["web"]
    assert names(ims_mock.url, **{"X-Auth-Token": f"{ims_mock.token}-ci"}) == ["web"]


def test_links_lead_back_into_the_world(ims_mock: ImsMock) -> None:
    """Absolute links, the catalogue, Location and the journal have the path of the world; those of Glance have none.

    Clients put Glance's relative links behind the endpoint, and openstacksdk wants them to begin with the version.
    """
    ci = new_world(ims_mock, "ci")
    versions = requests.get(f"{ci}/", headers=ANY, timeout=10).json()["versions"]
    assert versions[0]["links"][0]["href"] == f"{ci}/v2/"
    created = requests.post(f"{ci}/v2/images", json={"name": "web"}, headers=ANY, timeout=10)
    assert created.headers["Location"] == f"{ci}/v2/images/{created.json()['id']}"
    assert created.json()["self"] == f"/v2/images/{created.json()['id']}"
    assert requests.get(created.headers["Location"], headers=ANY, timeout=10).json() == created.json()
    (entry, *_) = requests.get(f"{ci}/_ims_mock/journal", timeout=10).json()["entries"]
    assert (entry["base_url"], entry["path"]) == (ci, "/")


def test_control_api_of_a_world(ims_mock: ImsMock) -> None:
    """What stands before the path of the control API says which world it is about."""
    ci = new_world(ims_mock, "ci")
    rule = {"fault": {"kind": "fail", "status": 503}, "times": 1}
    assert requests.post(f"{ci}/_ims_mock/faults", json=rule, timeout=10).status_code == 201
    assert names(ims_mock.url) == []
    assert requests.get(f"{ci}/v2/images", headers=ANY, timeout=10).status_code == 503
    requests.post(f"{ci}/_ims_mock/clock", json={"advance": 3600}, timeout=10)
    assert ims_mock.clock.now() < requests.get(f"{ci}/_ims_mock/clock", timeout=10).json()["now"]
    page = requests.get(f"{ci}/_ims_mock", headers={"Accept": "text/html"}, timeout=10)
    assert (page.status_code, page.url) == (200, f"{ci}/_ims_mock/")
    assert requests.get(f"{ci}/_ims_mock/", timeout=10).json()["page"] == "/~ci/_ims_mock/"
    requests.post(f"{ci}/v2/images", json={"name": "web"}, headers=ANY, timeout=10)
    assert requests.post(f"{ci}/_ims_mock/reset", timeout=10).status_code == 204
    assert names(ci) == []


def test_worlds_are_listed_made_and_deleted(ims_mock: ImsMock) -> None:
    """The control API lists worlds, makes one with settings, refuses a second one of its name, and deletes it."""
    url = f"{ims_mock.url}/_ims_mock/worlds"
    made = requests.post(url, json={"name": "ci", "settings": {"auth": "strict"}, "locked": True}, timeout=10)
    assert (made.status_code, made.json()["token"], made.json()["locked"]) == (201, f"{ims_mock.token}-ci", True)
    again = requests.post(url, json={"name": "ci"}, timeout=10)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    strict = requests.get(f"{ims_mock.url}/~ci/v2/images", headers=ANY, timeout=10)
    assert strict.status_code == 401
    assert [world["name"] for world in requests.get(url, timeout=10).json()["worlds"]] == ["default", "ci"]
    shown = requests.get(f"{url}/ci", timeout=10).json()
    assert (shown["path"], shown["images"], shown["requests"]) == ("/~ci", 0, 1)
    requests.post(f"{ims_mock.url}/~ci/_ims_mock/images", json={"name": "web", "description": "d" * 900}, timeout=10)
    assert 25_000 <= shown["memory"] < requests.get(f"{url}/ci", timeout=10).json()["memory"] < 40_000
    assert requests.delete(f"{url}/ci", timeout=10).status_code == 204
    assert requests.get(f"{url}/ci", timeout=10).status_code == 404
    assert requests.delete(f"{url}/default", timeout=10).status_code == 409
    wrong = requests.post(url, json={"name": "ci", "settings": {"auht": "off"}}, timeout=10)
    assert (wrong.status_code, "auht" in wrong.json()["error"]["message"]) == (400, True)


def test_removed_world_is_let_go(ims_mock: ImsMock) -> None:
    """Nothing of a world is in memory once it is removed, also where requests were for it."""
    ci = new_world(ims_mock, "ci")
    requests.post(f"{ci}/v2/images", json={"name": "web"}, headers=ANY, timeout=10)
    requests.get(f"{ci}/_ims_mock/health", timeout=10)
    service = weakref.ref(ims_mock.world("ci").service)
    assert service() is not None
    requests.delete(f"{ims_mock.url}/_ims_mock/worlds/ci", timeout=10)
    requests.get(f"{ims_mock.url}/_ims_mock/health", timeout=10)
    gc.collect()
    assert service() is None


def test_world_that_many_delete_at_once(ims_mock: ImsMock) -> None:
    """Of those who delete one world at once, one has deleted it, and the others find none."""
    url = f"{ims_mock.url}/_ims_mock/worlds/ci"
    for _ in range(10):
        new_world(ims_mock, "ci")
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: requests.delete(url, timeout=10).status_code, range(8)))
        assert sorted(statuses) == [204, *[404] * 7]


def test_credential_of_another_world_is_rejected(ims_mock: ImsMock) -> None:
    """A token, or an access key, of one world is 401 in another, at every level, with a reason that names its world."""
    ci = new_world(ims_mock, "ci", auth="off")
    for url, token, owner in ((ci, ims_mock.token, "default"), (f"{ims_mock.url}/~gw", f"{ims_mock.token}-ci", "ci")):
        response = requests.get(f"{url}/v2/images", headers={"X-Auth-Token": token}, timeout=10)
        assert response.status_code == 401
        assert f"the token is of the world {owner}" in response.headers["X-IMS-Mock-Reason"]
    signed = f"SDK-HMAC-SHA256 Access=demo-ci-ak, SignedHeaders=host, Signature={'0' * 64}"
    response = requests.get(f"{ims_mock.url}/~gw/v2/images", headers={"Authorization": signed}, timeout=10)
    assert response.status_code == 401
    assert "the access key demo-ci-ak is of the world ci" in response.headers["X-IMS-Mock-Reason"]


@pytest.mark.parametrize("path", ["/~CI/v2/images", "/~/v2/images", "//~ci/v2/images", "/v2/~ci"])
def test_path_that_names_no_world(ims_mock: ImsMock, path: str) -> None:
    """A path with a wrong name is 404, and makes no world."""
    response = requests.get(f"{ims_mock.url}{path}", headers=ANY, timeout=10)
    assert response.status_code == 404, response.text
    assert len(requests.get(f"{ims_mock.url}/_ims_mock/worlds", timeout=10).json()["worlds"]) == 1
    assert [entry.status for entry in ims_mock.journal] == [404]


@pytest.mark.parametrize("idle", [None, 600])
def test_files_of_the_page_make_no_world(ims_mock: ImsMock, idle: float | None) -> None:
    """A browser that asks for the icon of a removed world has it, and makes no world again."""
    ci = f"{ims_mock.url}/~ci"
    ims_mock.world("ci", idle=idle)
    ims_mock.delete_world("ci")
    for path in ("icon.svg", "main.js"):
        assert requests.get(f"{ci}/_ims_mock/page/{path}", timeout=10).status_code == 200
    assert requests.get(f"{ci}/_ims_mock/page/nothing.js", timeout=10).status_code == 404
    assert list(ims_mock.worlds) == ["default"]


def test_escaped_name_is_the_same(ims_mock: ImsMock) -> None:
    """A path whose letters are percent-encoded is of the same world (RFC 3986 section 2.3), also in its links."""
    ci = new_world(ims_mock, "ci")
    requests.post(f"{ci}/v2/images", json={"name": "web"}, headers=ANY, timeout=10)
    connection = http.client.HTTPConnection(ims_mock.url.removeprefix("http://"))
    connection.request("GET", "/~%63i/v2/images?limit=1", headers=ANY)
    response = connection.getresponse()
    assert [image["name"] for image in json.loads(response.read())["images"]] == ["web"]
    connection.close()


def test_no_error_of_the_control_api_is_kept(ims_mock: ImsMock) -> None:
    """A browser keeps a 410, and the world that is gone may be made again."""
    assert requests.get(f"{ims_mock.url}/_ims_mock/images/none", timeout=10).headers["Cache-Control"] == "no-store"
    instance = {"X-IMS-Mock-Instance": "0123456789ab"}
    response = requests.get(f"{ims_mock.url}/~ci/_ims_mock/health", headers=instance, timeout=10)
    assert (response.status_code, response.headers["Cache-Control"]) == (410, "no-store")
