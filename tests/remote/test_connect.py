"""A mock in another process, as a test uses it: what is done in one process and over HTTP has the same result."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

import ims_mock
from ims_mock import Fail, ImsMock, Rule, connect
from ims_mock.mock_world import MockWorld
from ims_mock.remote.connection import Connection, NoMockError
from ims_mock.remote.faults import RemoteFaults
from ims_mock.remote.journal import RemoteJournal
from ims_mock.remote.mock import RemoteMock
from ims_mock.service.missing import ConflictError
from ims_mock.state.clock import ManualClock
from tests.remote.conftest import START

SERVER_ID = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"


def asked(mock: MockWorld, path: str = "/v2/images", method: str = "GET", **options: Any) -> requests.Response:
    """Send a request of the API."""
    return requests.request(method, mock.url + path, headers={"X-Auth-Token": mock.token}, timeout=10, **options)


def test_images_are_read_and_written(mock: ImsMock) -> None:
    """Images are a dict of dicts that writes through: a record, its lists, and the whole."""
    image = mock.add_image(name="web", data=b"abc", tags=["a"])
    seen = mock.images[image["id"]]
    assert (seen["status"], seen["size"], seen["tags"]) == ("active", 3, ["a"])
    seen["name"] = "new"
    seen["tags"].append("b")
    seen.update(min_disk=50)
    assert asked(mock, f"/v2/images/{image['id']}").json() | {"tags": ["a", "b"]} == dict(mock.images[image["id"]])
    mock.images["x"] = {**image, "id": "x"}
    assert list(mock.images) == [image["id"], "x"]
    assert mock.images.pop("x")["id"] == "x"
    with pytest.raises(KeyError):
        mock.images["x"]
    with pytest.raises(KeyError):
        del mock.images["x"]
    mock.images |= {"y": {**image, "id": "y"}}
    assert [record["id"] for record in mock.images.values()] == [image["id"], "y"]
    mock.images = {"z": {**image, "id": "z"}}
    assert (list(mock.images), "z" in mock.images, len(mock.images)) == (["z"], True, 1)
    mock.images.clear()
    assert mock.images == {}


@pytest.mark.parametrize("threads", [8])
def test_edits_at_once_are_all_made(mock: ImsMock, threads: int) -> None:
    """Of edits of one record by several threads, none is lost."""
    image_id = mock.add_image(name="web")["id"]
    edits = [
        threading.Thread(target=mock.images[image_id].update, kwargs={f"key{number}": "v"}) for number in range(threads)
    ]
    for edit in edits:
        edit.start()
    for edit in edits:
        edit.join()
    assert sum(name.startswith("key") for name in mock.images[image_id]) == threads


def test_large_file_is_added(mock: ImsMock) -> None:
    """A file of 10 MB is added at once, as one of a few bytes."""
    image = mock.add_image(name="large", data=bytes(10_000_000))
    assert mock.images[image["id"]]["size"] == 10_000_000


def test_wrong_calls_have_the_same_errors(mock: ImsMock) -> None:
    """What is wrong raises ValueError that names the field."""
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: mock.add_image(protected=4), "protected.* must be of type boolean"),
        (lambda: mock.deny("bad"), "action must be one that an operation needs"),
        (lambda: mock.new_token("nobody"), "no user has the name"),
        (lambda: mock.new_temporary_credentials(lifetime=-1), "lifetime:? must be"),
        (lambda: mock.load_public_images("moon"), "cloud must be one of"),
        (lambda: mock.faults.add(Fail(503), operation="nope"), "must match an operation"),
        (lambda: mock.clock.advance(-1), "a clock only moves forward"),
        (lambda: mock.clock.run(-1), "speed must be a number"),
        (lambda: mock.jobs.finish("nope"), "no job that could end has the id"),
        (lambda: mock.reset(auth="x"), 'auth:? must be "off"'),  # type: ignore[arg-type]
        (lambda: mock.accounts.add({"users": [{"name": "a", "roles": {"b": []}}]}), "roles"),
    ]
    for call, text in calls:
        with pytest.raises(ValueError, match=text):
            call()


def test_rules_fire_and_count(mock: ImsMock) -> None:
    """Rules are armed from faults, texts and rules; `hits` counts, also once a rule is removed."""
    rule = mock.faults.add(Fail(503), operation="glance_list_images", times=2)
    assert [asked(mock).status_code for _ in range(3)] == [503, 503, 200]
    assert (rule.hits, rule.id, len(mock.faults), list(mock.faults)) == (2, "1", 1, [rule])
    mock.faults.remove(rule)
    assert (rule.hits, mock.faults.ever_armed(), list(mock.faults.armed)) == (2, [rule], [])
    with pytest.raises(KeyError, match="is not armed; armed rules: none"):
        mock.faults.remove("1")
    with mock.faults.add("glance_list_images: 500 x1") as once:
        assert asked(mock).status_code == 500
    assert (once.hits, list(mock.faults)) == (1, [])
    with pytest.raises(AssertionError, match="rules never fired"), mock.faults.add("glance_list_images: 500 x1"):
        pass
    own = Rule(Fail(502), "glance_list_images", times=1)
    assert mock.faults.arm(own) is own
    with pytest.raises(ValueError, match="is armed already"):
        mock.faults.arm(own)
    with pytest.raises(AssertionError, match="rules never fired"):
        mock.faults.check_fired()
    assert asked(mock).status_code == 502
    assert own.hits == 1
    mock.faults.check_fired()
    mock.faults.clear()
    assert asked(mock).status_code == 200
    mock.reset()
    assert (mock.faults.ever_armed(), mock.faults.add("503", optional=True).id, own.hits) == ([], "1", 1)


def test_journal_is_the_same(mock: ImsMock) -> None:
    """Entries have bodies as bytes, marks divide them, and filters and assertions find them."""
    asked(mock, method="POST", json={"name": "web"})
    mark = mock.journal.mark()
    asked(mock, "/nowhere")
    received, entries = mock.journal.since(mark)
    assert (received, [entry.status for entry in entries]) == (1, [404])
    [created] = mock.journal.calls("glance_create_image_metadata", json={"/name": "web"})
    assert (created.status, created.json, created.response_json["name"]) == (201, {"name": "web"}, "web")
    assert (created.rules, str(created.delivery), created.caller) == ((), "", None)
    assert mock.journal.assert_called("glance_create_*", times=1) == [created]
    assert [entry.path for entry in mock.journal.unmatched()] == ["/nowhere"]
    assert (mock.journal.received, len(mock.journal), mock.journal.find(1)) == (2, 2, created)
    with pytest.raises(AssertionError, match="nearest:"):
        mock.journal.assert_called("glance_create_*", status=409)
    assert {finding.rule for finding in mock.audit()} == {"image_left_queued"}
    assert "glance_create_image_metadata" in str(mock.consumer_contract("me").document)
    mock.journal.clear()
    assert (list(mock.journal), mock.journal.in_progress(), mock.journal.size) == ([], [], 1000)


def test_cut_response_stays_cut(mock: ImsMock) -> None:
    """How a response left is in the entry as it was, so that the audit sees that it was cut."""
    mock.faults.add("glance_list_images: hangup x1")
    with pytest.raises(requests.ConnectionError):
        asked(mock)
    [entry] = mock.journal
    assert (entry.delivery.is_cut, entry.delivery.ending, entry.rules) == (True, "hangup", ("1",))


def test_clock_moves(mock: ImsMock) -> None:
    """The clock stands, is advanced, runs, and is frozen."""
    assert (mock.clock.now(), mock.clock.speed) == (START, 0)
    mock.clock.advance(60)
    assert mock.clock.now() == START + 60
    mock.clock.run(1e-6)
    assert mock.clock.speed == 1e-6
    mock.clock.freeze()
    assert mock.clock.speed == 0
    assert START + 60 <= mock.clock.now() < START + 61


def test_snapshot_of_what_the_service_never_has(mock: ImsMock) -> None:
    """A state that a test has made by hand, of images or of jobs, is taken and gone back to as it is."""
    odd: dict[str, Any] = {"status": "odd", "tags": list("abcdefghijk"), "my-image": {"a": [1]}, "created_at": 5}
    image_id, short = mock.add_image(name="a")["id"], mock.add_image(name="b")["id"]
    mock.images[image_id].update(odd)
    del mock.images[short]["name"]
    mock.images["web"], mock.jobs["j"] = {}, {"id": "j", "status": "ODD"}
    before, records = mock.snapshot(), (mock.images.copy(), mock.jobs.copy())
    mock.images.clear()
    mock.jobs.clear()
    mock.restore(before)
    after = mock.images.copy()
    assert {name: after[image_id][name] for name in odd} == odd
    assert "name" not in after[short]
    assert (after.keys(), mock.jobs.copy()) == (records[0].keys(), records[1])
    assert not before.compare(mock.snapshot())


def test_snapshots_go_back(mock: ImsMock, tmp_path: Path) -> None:
    """A snapshot has all, is compared, saved and restored, and a block is rolled back."""
    image_id = mock.add_image(name="web", data=b"abc")["id"]
    before = mock.snapshot()
    before.save(tmp_path / "state.json")
    with mock.rollback():
        mock.images.clear()
        mock.clock.advance(60)
        assert [str(difference) for difference in before.compare(mock.snapshot())] == [
            f"image 'web' {image_id} was removed",
            f"file of image {image_id} was removed",
        ]
    assert (list(mock.images), mock.clock.now()) == ([image_id], START)
    mock.images.clear()
    mock.restore(ims_mock.Snapshot.load(tmp_path / "state.json"))
    assert asked(mock, f"/v2/images/{image_id}/file").content == b"abc"
    with pytest.raises(TypeError, match="restore takes what snapshot"):
        mock.restore({})  # type: ignore[arg-type]


def test_jobs_end_on_command(mock: ImsMock) -> None:
    """A job is finished, failed and kept from ending."""
    mock.reset(jobs={"imsCreateImageByInstance": 60})
    server_id = mock.add_server(id=SERVER_ID)["id"]
    ids = []
    for name in ("a", "b", "c"):
        body = {"name": name, "instance_id": server_id}
        ids.append(asked(mock, "/v2/cloudimages/action", "POST", json=body).json()["job_id"])
    mock.jobs.finish(ids[0])
    mock.jobs.fail(ids[1], "IMG.0057")
    mock.jobs.stick(ids[2])
    mock.clock.advance(1e6)
    assert [mock.jobs[job_id]["status"] for job_id in ids] == ["SUCCESS", "FAIL", "INIT"]
    assert mock.jobs[ids[1]]["error_code"] == "IMG.0057"


def test_accounts_and_permissions(mock: ImsMock) -> None:
    """Users have their secrets, are added and removed, and are denied actions for a block."""
    assert mock.accounts.default_user.secret == "demo-sk"
    mock.add_accounts(projects=[{"name": "web"}], users=[{"name": "ci", "roles": {"web": ["reader"]}}])
    assert mock.accounts.own_project(mock.accounts.users["ci"]).name == "web"
    assert mock.new_token("ci") != mock.new_token("ci")
    assert mock.new_temporary_credentials("ci", lifetime=900)["expires_at"] == START + 900
    mock.accounts.remove_user("ci")
    assert "ci" not in mock.accounts.users
    mock.deny("ims:images:create")
    with mock.deny("ims:images:list"):
        assert asked(mock).status_code == 403
    assert [asked(mock).status_code, asked(mock, method="POST", json={}).status_code] == [200, 403]
    assert mock.policy()["Statement"][0]["Action"] == ["ims:images:create", "ims:images:list"]


def test_neighbours_and_public_images(mock: ImsMock) -> None:
    """What other services have is added by kind, and returned with all its attributes."""
    added = [
        mock.add_server(id=SERVER_ID),
        mock.add_volume(id=SERVER_ID, size=10),
        mock.add_object("bucket:a.qcow2", size=1),
        mock.add_backup(id=SERVER_ID),
        mock.add_vault(id=SERVER_ID),
        mock.add_key(id=SERVER_ID),
        mock.add_enterprise_project(id=SERVER_ID, name="web"),
    ]
    assert all(len(record) > 1 for record in added)
    mock.load_public_images(__platform="CentOS")
    assert {image["__platform"] for image in mock.images.values()} == {"CentOS"}


def test_worlds_of_a_world(mock: ImsMock) -> None:
    """A mock makes worlds by name, lists them, and a reset removes those that are not locked."""
    backup = mock.world("backup", auth="strict")
    backup.add_image(name="web")
    assert asked(backup).json()["images"][0]["name"] == "web"
    assert (list(mock.worlds), len(mock.world("backup").images), len(mock.images)) == (["default", "backup"], 1, 0)
    assert mock.worlds["default"] is mock is mock.world("default")
    assert mock.worlds["backup"] is backup is mock.world("backup")
    with pytest.raises(ConflictError, match="the world backup exists; delete or reset it"):
        mock.world("backup", auth="off")
    mock.world("kept", locked=True)
    mock.reset()
    assert list(mock.worlds) == ["default", "kept"]
    mock.delete_world("kept")
    with pytest.raises(KeyError):
        mock.delete_world("kept")
    with pytest.raises(ConflictError, match="the default world cannot be deleted"):
        mock.delete_world("default")


def test_worlds_end_with_the_block(server: ImsMock) -> None:
    """A world that the connection made is deleted at the end; one that existed stays, and so do its settings."""
    with connect(server.url, world="b", auth="strict") as made:
        made.world("c")
        assert {"b", "b-c"} <= set(server.worlds)
        with connect(server.url, world="b") as again:
            again.add_image(name="web")
        assert (list(made.worlds), len(made.images)) == (["default", "c"], 1)
        assert asked(made).status_code == 200
        assert requests.get(f"{made.url}/v2/images", timeout=10).status_code == 401
    assert not {"b", "b-c"} & set(server.worlds)


def test_world_that_is_gone_is_named(server: ImsMock) -> None:
    """No request of the control API goes to another world of the same name, nor makes one."""
    mock = connect(server.url, world="b", auth="strict")
    backup, region = mock.world("backup"), connect(server.url, world="r", regions=["cn-north-4", "cn-south-1"])
    south = region.region("cn-south-1")
    for name in ("b", "b-backup", "r"):
        server.delete_world(name)
    uses: tuple[Callable[[], object], ...] = (
        lambda: mock.images == {},
        lambda: mock.clock.speed,
        lambda: mock.reset(),
        lambda: mock.world("other"),
        lambda: backup.add_image(name="web"),
        lambda: len(south.images),
    )
    for use in uses:
        with pytest.raises(ConnectionError, match=r"the world .* was deleted, or removed as unused .*; connect again"):
            use()
    assert list(server.worlds) == ["default"]
    server.world("b").add_image(name="another")
    for use in uses[:4]:
        with pytest.raises(ConnectionError, match="the world b was deleted"):
            use()
    mock.stop()
    assert len(server.worlds["b"].images) == 1
    server.delete_world("b")
    region.stop()


def test_world_of_another_connection_ends_for_all(server: ImsMock) -> None:
    """A use of a world that another connection has deleted is an error, and does not make it again."""
    first, second = connect(server.url, world="b"), connect(server.url, world="b")
    second.add_image(name="web")
    first.stop()
    with pytest.raises(ConnectionError, match="the world b was deleted"):
        len(second.images)
    assert list(server.worlds) == ["default"]


def test_ended_worlds_show_what_they_had(mock: ImsMock) -> None:
    """After the block, records are as they were, also by id, of the world and of those that it made."""
    backup = mock.world("backup")
    made = backup.add_image(name="q")
    image_id = mock.add_image(name="z")["id"]
    mock.stop()
    for ended, name in ((mock.images, "z"), (backup.images, "q")):
        assert (len(ended), ended[image_id]["name"], image_id in ended, "no" in ended) == (1, name, True, False)
        assert ended.get("no") is None
        assert dict(ended)[image_id]["name"] == name
        with pytest.raises(KeyError):
            ended["no"]
    assert made["id"] == image_id


def test_request_does_not_make_a_world_again(server: ImsMock) -> None:
    """A program that outlives a world with `idle` gets 404 with the reason; a world of its name can be made again."""
    with connect(server.url, world="b", idle=60) as mock:
        url = f"{mock.url}/v2/images"
    for target in (url, f"{mock.url}/_ims_mock/health"):
        response = requests.get(target, timeout=10)
        assert response.status_code == 404
        assert "the world b is over: it was deleted" in response.headers["X-IMS-Mock-Reason"]
    assert list(server.worlds) == ["default"]
    with connect(server.url, world="b"):
        assert requests.get(url, timeout=10).status_code == 401
    assert requests.get(url, timeout=10).status_code == 401
    server.delete_world("b")


def test_many_removed_worlds_are_more_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the removed worlds, the first names are dropped once there are many."""
    monkeypatch.setattr("ims_mock.service.world_ids.MOST_REMOVED", 1)
    with ImsMock() as server:  # Of its own: others remember the worlds of other tests.
        for name in ("b", "c"):
            connect(server.url, world=name, idle=60).stop()
        assert [requests.get(f"{server.url}/~{name}/v2", timeout=10).status_code for name in ("b", "c")] == [300, 404]


def test_default_world(server: ImsMock) -> None:
    """Without a name it is the default world, which stays, with its bounds of worlds."""
    with connect(server.url) as mock:
        mock.add_image(name="web")
        mock.limit_worlds(50, idle=7200, memory="2GiB")
        with pytest.raises(ValueError, match="memory must be a size, such as 512MiB"):
            mock.limit_worlds(memory="much")
        assert (len(server.images), mock.url, list(mock.worlds)) == (1, server.url, ["default"])
        mock.limit_worlds()
    server.reset()
    with connect(server.url, world="b") as world, pytest.raises(ValueError, match="the bounds are of the whole server"):
        world.limit_worlds()


def test_what_needs_the_process(world: RemoteMock) -> None:
    """What cannot work over HTTP says so at once, and what to do."""
    of_process: tuple[Callable[[], object], ...] = (
        lambda: world.app,
        lambda: world.join(world),
        lambda: world.sweep(print),
        lambda: world.new_sweep(print),
    )
    for need in of_process:
        with pytest.raises(TypeError, match="in the process of the test, and this one is in another; use ImsMock"):
            need()
    of_server: tuple[Callable[[], object], ...] = (
        lambda: world.clock.jump_to(0, 0),
        lambda: world.clock.begin_again(0, 0),
        lambda: world.faults.move(1),
        lambda: world.faults.reset(),
        lambda: world.journal.changed_since(0),
    )
    for call in of_server:
        with pytest.raises(TypeError, match="works only in the process of the mock"):
            call()


def test_no_mock_is_named() -> None:
    """A server that is not there, and a URL that is none, are distinguished before anything is done."""
    with pytest.raises(NoMockError, match=r"no mock responds at http://127.0.0.1:1: .*python -m ims_mock"):
        connect("http://127.0.0.1:1")
    for url in ("127.0.0.1:9292", "ftp://127.0.0.1", "http://127.0.0.1:9292/v2", "http://127.0.0.1:99999"):
        with pytest.raises(ValueError, match="url: must be the root of a server"):
            connect(url)


def test_proxy_variables_do_not_count(server: ImsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client goes to the server itself, whatever the variables of proxies say."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with connect(server.url, world="b") as mock:
        assert len(mock.images) == 0


def test_closed_connection_is_made_again(server: ImsMock) -> None:
    """A connection that the server has closed meanwhile costs no request."""
    with connect(server.url, world="b") as mock:
        mock.add_image(name="web")
        server._server.drop()
        mock.add_image(name="web")
        assert len(mock.images) == 2


def test_tls() -> None:
    """A server with TLS is trusted by its authority's certificate, and by no other."""
    pytest.importorskip("trustme")
    with ImsMock(tls=True) as server:
        with connect(server.url, world="b", ca=server.ca_pem) as mock:
            assert (mock.ca_pem, len(mock.images)) == (server.ca_pem, 0)
        with pytest.raises(NoMockError, match=r"is not trusted: .*; give the certificate of its authority as ca"):
            connect(server.url)
        with pytest.raises(NoMockError, match=r"no mock responds .* with https if it serves HTTPS"):
            connect(server.url.replace("https", "http"))


def test_tls_of_a_server_without_it(server: ImsMock) -> None:
    """Where the URL is https and the server has none, the error says to give http."""
    with pytest.raises(
        NoMockError, match=r"does not respond with HTTPS: .*; if it serves HTTP, give its URL with http"
    ):
        connect(server.url.replace("http:", "https:"))


@pytest.mark.parametrize("world", [None, "team"])
def test_worlds_that_are_made_have_the_same_idle(server: ImsMock, world: str | None) -> None:
    """What `connect` is given as `idle` is that of the worlds which are made of its world, also of the default one."""
    with connect(server.url, world=world, idle=60) as mock:
        mock.world("same")
        mock.world("other", idle=5)
        names = [f"{world}-{name}" if world else name for name in ("same", "other")]
        made = [server._worlds.find(name) for name in names]
    assert [one and one.idle for one in made] == [60, 5]


def test_idle_world_ends(server: ImsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A world that was made with `idle` is removed without requests, though the server keeps others for ever."""
    mock = connect(server.url, world="b", idle=60)
    server.world("kept")
    began = ims_mock.state.real.RealTime.monotonic()
    monkeypatch.setattr("ims_mock.service.worlds.RealTime.monotonic", lambda: began + 100)
    assert [name for name in server.worlds if name in ("b", "kept")] == ["kept"]
    server.delete_world("kept")
    mock.stop()


def public(kind: type) -> dict[str, Any]:
    """Return the public names of a class, with their signatures where they have one."""
    found = {name: inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_")}
    return {name: str(inspect.signature(value)) if callable(value) else "" for name, value in found.items()}


HERE = [
    (ImsMock, RemoteMock),
    (ims_mock.Faults, RemoteFaults),
    (ims_mock.Journal, RemoteJournal),
    (ManualClock, ims_mock.remote.clock.RemoteClock),  # type: ignore[attr-defined]
]


@pytest.mark.parametrize(("here", "there"), HERE, ids=[here.__name__ for here, _ in HERE])
def test_both_have_the_same_names(here: type, there: type) -> None:
    """What is used over HTTP has each public name, with the same parameters, and a docstring."""
    wanted = {name: text.partition(" ->")[0] for name, text in public(here).items()}
    found = {name: text.partition(" ->")[0] for name, text in public(there).items()}
    assert found.keys() - wanted.keys() <= {"look", "delete", "received", "armed", "edits", "resets", "size"}
    assert {name: found.get(name) for name in wanted} == wanted
    assert all(inspect.getdoc(getattr(there, name)) for name in wanted if getattr(there, name) is not None)


INHERITED = {"service", "add_accounts", "add_backup", "add_enterprise_project", "add_key", "add_object", "add_server"}
INHERITED |= {"region"}
INHERITED |= {
    "add_vault",
    "add_volume",
    "audit",
    "consumer_contract",
    "faults",
    "journal",
    "policy",
    "rollback",
    "sweep",
}


def test_each_name_is_served_over_http() -> None:
    """A name that RemoteMock takes from ImsMock is one that works with the parts that RemoteMock has."""
    assert {name for name in public(ImsMock) if name not in vars(RemoteMock)} == INHERITED


def test_connection_needs_a_path_alone() -> None:
    """A connection to another world goes to the same server."""
    assert Connection("http://127.0.0.1:9292/").to("/~a").path == "/~a"
