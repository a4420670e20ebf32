"""The store is away, full or slow; a server dies: what was acknowledged is there afterwards, and the rest is a 503."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ims_mock import ImsMock
from ims_mock.shared.link import StoreError
from ims_mock.shared.mock import Replica
from ims_mock.shared.watching import alive_key
from tests.shared.conftest import sharing_of, state_of
from tests.shared.farm import free_ports, replicas
from tests.shared.redis_server import RedisServer, redis_server
from tests.shared.test_servers import IMAGE, ask, control, create

WAIT = 0.3
"""Real seconds that the servers of these tests wait for the store."""


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis of a test's own."""
    with redis_server() as server:
        yield server


@pytest.fixture
def mock(redis: RedisServer) -> Iterator[ImsMock]:
    """A server that waits for a short time."""
    with Replica(f"{redis.url}&wait={WAIT}") as server:
        yield server


def reason_of(response: requests.Response) -> str:
    """Return why a request was rejected."""
    return response.headers["X-IMS-Mock-Reason"]


def test_store_that_was_killed_has_what_was_acknowledged(mock: ImsMock, redis: RedisServer) -> None:
    """Without the store each request is 503 with a reason, and nothing has changed; afterwards everything is there."""
    image_id = create(mock)
    redis.kill()
    for method, path, body in (
        ("GET", f"/v2/images/{image_id}", None),
        ("POST", "/v2/images", IMAGE),
        ("DELETE", f"/v2/images/{image_id}", None),
        ("GET", "/v2/images", None),
    ):
        response = ask(mock, method, path, body)
        assert response.status_code == 503, response.text
        assert re.search(r"the store unix://\S+ (has not responded for|does not respond)", reason_of(response))
    shown = requests.get(f"{mock.url}/_ims_mock/faults", timeout=60)
    assert shown.status_code == 503
    assert "respond" in shown.json()["error"]["message"]
    redis.start()
    assert [image["id"] for image in ask(mock, "GET", "/v2/images").json()["images"]] == [image_id]
    assert create(mock) != image_id


@pytest.mark.parametrize("path", ["/v2/images", "/~ci/v2/images"])
def test_request_whose_world_is_not_known_is_one_of_its_operation(
    mock: ImsMock, redis: RedisServer, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """Without the store a request with an unknown token, or for a named world, is logged with its operation."""
    caplog.set_level("INFO", "ims_mock")
    redis.kill()
    response = ask(mock, "GET", path, X_Auth_Token="unknown")
    assert response.status_code == 503
    known = ask(mock, "GET", "/v2/images", X_Auth_Token=mock.token)
    assert response.json().keys() == known.json().keys()
    assert "does not respond" in reason_of(known) or "has not responded" in reason_of(known)
    lines = [record.getMessage() for record in caplog.records if " -> 503 " in record.getMessage()]
    assert [line.split(" -> 503 ")[1].partition(":")[0] for line in lines] == ["glance_list_images"] * 2


def test_file_that_arrives_without_the_store_is_rejected(mock: ImsMock, redis: RedisServer) -> None:
    """An upload is 503, and the image is queued, so that the client can send it again."""
    image_id = create(mock)
    redis.kill()
    media = {"Content_Type": "application/octet-stream"}
    assert ask(mock, "PUT", f"/v2/images/{image_id}/file", b"x", **media).status_code == 503
    redis.start()
    assert ask(mock, "GET", f"/v2/images/{image_id}").json()["status"] == "queued"
    assert ask(mock, "PUT", f"/v2/images/{image_id}/file", b"x", **media).status_code == 204


def test_store_that_is_silent(mock: ImsMock, redis: RedisServer) -> None:
    """A store that keeps its connections and says nothing is waited for a bounded time, and then used again."""
    image_id = create(mock)
    redis.pause()
    response = ask(mock, "GET", f"/v2/images/{image_id}")
    redis.go_on()
    assert response.status_code == 503
    assert ask(mock, "GET", f"/v2/images/{image_id}").status_code == 200


def test_store_that_is_full(mock: ImsMock, redis: RedisServer) -> None:
    """A create that the store has no space for is 503, says so, and has changed nothing; what is there is shown."""
    image_id = create(mock)
    mock.world("old").add_image(name="x")
    redis.client.config_set("maxmemory", "1")
    response = ask(mock, "POST", "/v2/images", IMAGE)
    assert response.status_code == 503
    assert "is full: raise its maxmemory" in reason_of(response)
    for method, path in (("DELETE", "worlds/old"), ("GET", "health")):
        assert requests.request(method, f"{mock.url}/_ims_mock/{path}", timeout=60).ok
    assert requests.get(f"{mock.url}/_ims_mock/worlds/old", timeout=60).status_code == 404
    redis.client.config_set("maxmemory", "0")
    assert [image["id"] for image in ask(mock, "GET", "/v2/images").json()["images"]] == [image_id]
    redis.client.config_set("maxmemory", "1")
    assert requests.post(f"{mock.url}/_ims_mock/reset", timeout=60).ok
    redis.client.config_set("maxmemory", "0")
    assert ask(mock, "GET", "/v2/images").json()["images"] == []


def test_connections_that_end_are_made_again(mock: ImsMock, redis: RedisServer) -> None:
    """A request whose connection to the store has ended is served by another one, and done once."""
    create(mock)
    sharing_of(mock).link.ask(("CLIENT", "KILL", "TYPE", "normal"))
    create(mock)
    assert len(ask(mock, "GET", "/v2/images").json()["images"]) == 2
    assert control(mock, "GET", "changes")["counts"]["requests"] == 3


@pytest.mark.parametrize("lost", ["before", "after"])
def test_change_whose_reply_is_lost_is_made_once(
    mock: ImsMock, redis: RedisServer, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that may have arrived is sent again, and is one change, whether it had arrived or not."""
    first = create(mock)
    state = sharing_of(mock)
    ask_once, link = state.link._sent, state.link
    broken: list[Any] = []

    def ask_and_break(commands: Any) -> Any:
        if commands[0][0] == "EVALSHA" and not broken:
            broken.append(commands)
            if lost == "after":
                ask_once(commands)
            raise ConnectionResetError("the test has broken it")
        return ask_once(commands)

    monkeypatch.setattr(link, "_sent", ask_and_break)
    second = create(mock)
    monkeypatch.undo()
    assert broken
    assert [image["id"] for image in ask(mock, "GET", "/v2/images").json()["images"]] == [second, first]
    with Replica(redis.url) as other:
        assert state_of(other) == state_of(mock)


@pytest.mark.parametrize("lost", ["before", "after", "other"])
def test_request_whose_reply_is_lost_is_counted_once(
    mock: ImsMock, redis: RedisServer, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that may have arrived is sent again, and is in the journal once, also after another server's change."""
    image_id = create(mock)
    link = sharing_of(mock).link
    receive, broken = link._received, list[Any]()

    def receive_and_break(connection: Any, commands: Any, wait: float) -> Any:
        if commands[0][0] == "EVALSHA" and not broken:
            broken.append(commands)
            if lost == "before":
                connection.disconnect()
                raise ConnectionResetError("the test has broken it")
            receive(connection, commands, wait)
            if lost == "other":
                with Replica(redis.url) as other:
                    other.add_image(name="other")
            raise ConnectionResetError("the test has broken it")
        return receive(connection, commands, wait)

    mark = mock.journal.mark()
    monkeypatch.setattr(link, "_received", receive_and_break)
    assert ask(mock, "GET", f"/v2/images/{image_id}").status_code == 200
    monkeypatch.undo()
    assert broken
    count, entries = mock.journal.since(mark)
    assert (count, [entry.operation for entry in entries]) == (1, ["glance_show_image"])


def test_server_that_was_killed_in_an_upload(redis: RedisServer) -> None:
    """The image is queued again once the server is held to be gone, and nothing else of the upload is left."""
    with replicas(2, redis.url) as (first, second):
        token = {"X-Auth-Token": "any"}
        made = requests.post(f"{first.url}/v2/images", json=IMAGE, headers=token, timeout=60).json()
        url = f"/v2/images/{made['id']}"

        def half() -> Iterator[bytes]:
            yield b"x" * 300_000
            while requests.get(second.url + url, headers=token, timeout=60).json()["status"] != "saving":
                pass
            first.kill()
            yield b"x"

        media = {**token, "Content-Type": "application/octet-stream"}
        with pytest.raises(requests.RequestException):
            requests.put(f"{first.url}{url}/file", data=half(), headers=media, timeout=60)
        _, upload = json.loads(redis.client.hget("ims_mock:{default}:state", f"uploads/{made['id']}") or b"")
        assert redis.client.delete(alive_key(upload // 10**12)) == 1
        while requests.get(second.url + url, headers=token, timeout=60).json()["status"] == "saving":
            pass
        assert requests.put(f"{second.url}{url}/file", data=b"y", headers=media, timeout=60).status_code == 204
        first.start()
        assert requests.get(f"{first.url}{url}/file", headers=token, timeout=60).content == b"y"


def test_upload_that_ends_after_its_server_was_held_to_be_gone(redis: RedisServer) -> None:
    """It is 409, says why, and leaves the image queued, so that the file can be sent again."""
    with Replica(redis.url) as first, Replica(redis.url) as second:
        image_id = create(first)
        path, media = f"/v2/images/{image_id}/file", {"Content_Type": "application/octet-stream"}

        def half() -> Iterator[bytes]:
            yield b"x" * 300_000
            while ask(second, "GET", path.removesuffix("/file")).json()["status"] != "saving":
                pass
            _, upload = json.loads(redis.client.hget("ims_mock:{default}:state", f"uploads/{image_id}") or b"")
            redis.client.delete(alive_key(upload // 10**12))
            sharing_of(second).tend()
            yield b"x"

        late = ask(first, "PUT", path, half(), **media)
        assert (late.status_code, late.json()["error"]["code"]) == (409, "IMG.0046")
        assert "was broken off" in reason_of(late)
        assert ask(first, "GET", path.removesuffix("/file")).json()["status"] == "queued"
        assert ask(first, "PUT", path, b"y", **media).status_code == 204


def command(*options: str) -> subprocess.CompletedProcess[str]:
    """Return what the command says where it cannot start."""
    return subprocess.run(
        [sys.executable, "-m", "ims_mock", "--port", "0", *options], capture_output=True, text=True, timeout=60
    )


def test_store_that_is_not_there_at_the_start(tmp_path: Path) -> None:
    """The command ends with 2 and says what is wrong with the store, its URL or its place for files."""
    (port,) = free_ports(1)
    for options, reason in (
        (["--store", f"redis://:secret@127.0.0.1:{port}/0?wait=0.1"], f"the store redis://127.0.0.1:{port}/0 has not"),
        (["--store", "http://127.0.0.1/"], "argument --store: must be the URL of a Redis or a Valkey"),
        (["--store", "redis://127.0.0.1/0?wait=x"], "wait must be a number of seconds above 0"),
        (
            ["--store", "redis://127.0.0.1/0?wiat=2"],
            "--store: the store redis://127.0.0.1/0 has a wrong URL: redis-py knows no option 'wiat'",
        ),
        (["--store", "redis://127.0.0.1/abc"], "the path must be the number of a database, such as /0, got '/abc'"),
        (["--files", str(tmp_path)], "--files: is for the files of --store"),
        (["--store", "redis://127.0.0.1", "--files", f"{tmp_path}/no"], "is no folder; make it"),
        (
            ["--store", "redis://127.0.0.1", "--max-memory", "1GiB"],
            "--max-memory: is for a mock that has its state itself",
        ),
        (["--store", "redis://127.0.0.1", "--files", "s3://"], "--files: must be s3://BUCKET"),
        (
            ["--store", "redis://127.0.0.1", "--state", f"{tmp_path}/s"],
            "--state: is for a mock that has its state itself",
        ),
    ):
        ended = command(*options)
        assert ended.returncode == 2
        assert reason in ended.stderr
        assert "secret" not in ended.stderr


def test_scripts_that_the_store_has_dropped_are_given_again(mock: ImsMock, redis: RedisServer) -> None:
    """A store that has dropped its scripts gets them with the next connection."""
    create(mock)
    redis.client.script_flush()
    create(mock)
    assert len(ask(mock, "GET", "/v2/images").json()["images"]) == 2


def test_database_that_is_not_there(redis: RedisServer) -> None:
    """A number beyond those of the store is refused at once: waiting for it does not help."""
    with pytest.raises(StoreError, match=r"has refused: .*out of range"):
        Replica(redis.url.replace("db=0", "db=99"))


def test_store_of_something_else(mock: ImsMock, redis: RedisServer) -> None:
    """A key that is not as the mock writes it is a 503 with what the store says, at once."""
    create(mock)
    redis.client.delete("ims_mock:{default}:log")
    redis.client.set("ims_mock:{default}:log", "not ours")
    response = ask(mock, "POST", "/v2/images", IMAGE)
    assert response.status_code == 503
    assert "has refused: WRONGTYPE" in response.headers["X-IMS-Mock-Reason"]


def test_mock_of_a_test_stops_without_the_store(redis: RedisServer) -> None:
    """The end of a mock does not need the store, also where a world has a rule that another server may have armed."""
    mock = Replica(f"{redis.url}&wait={WAIT}").start()
    mock.world("a").faults.add("503")
    redis.kill()
    mock.stop()
