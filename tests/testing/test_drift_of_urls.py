"""Replays against what responds at a URL: credentials, what is not sent, and what is removed at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ims_mock import Fail, ImsMock
from ims_mock.contract.problems import InvalidError
from ims_mock.contract.recorded import RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.testing.drift import Credentials, UnreachableError, UrlTarget, compare, new_ids
from tests.recorded_run import kept

IMAGE = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86"


@pytest.fixture(scope="module")
def recording() -> list[RecordedExchange]:
    """The recording of every operation."""
    return kept()


@pytest.fixture(scope="module")
def server() -> Iterator[ImsMock]:
    """A mock that verifies every credential, in real time."""
    with ImsMock(auth="strict", seed=3, speed=1) as mock:
        yield mock


@pytest.fixture
def cloud(server: ImsMock) -> ImsMock:
    """The same without anything in it."""
    server.reset()
    return server


def by_token(mock: ImsMock, **options: Any) -> UrlTarget:
    """Return a mock as it is reached by its URL and a token."""
    return UrlTarget(mock.url, Credentials(token=mock.token, project_id=mock.project_id), **options)


def by_key(mock: ImsMock, **options: Any) -> UrlTarget:
    """Return a mock as it is reached by its URL and an access key."""
    user = mock.accounts.default_user
    credentials = Credentials(access=user.access, secret=user.secret, project_id=mock.project_id)
    return UrlTarget(mock.url, credentials, **options)


def exchange(method: str, path: str, status: int, body: Any = None, sent: Any = None) -> RecordedExchange:
    """Return an exchange of which the bodies are JSON."""
    contents = [b"" if value is None else json.dumps(value).encode() for value in (sent, body)]
    request = RecordedRequest(method, f"https://ims.example.com{path}", [("X-Auth-Token", "t")], contents[0])
    return RecordedExchange(request, RecordedResponse(status, [], contents[1]))


def notes(first: list[RecordedExchange], target: UrlTarget) -> list[str]:
    """Return for each exchange why it was not compared, or the verdict."""
    return [item.note or item.verdict for item in compare(first, target).exchanges]


@pytest.mark.parametrize("reached", [by_token, by_key])
def test_url_is_compared_with_a_recording(recording: list[RecordedExchange], cloud: ImsMock, reached: Any) -> None:
    """What the caller asked is the same behind a URL, with a token and with a signature, also where nobody logs in."""
    own = [item for item in recording if item.request.caller != "alt"]
    drift = compare(own, reached(cloud, writes=True))
    assert drift.differing == []
    assert {item.note for item in drift.exchanges if item.verdict == "not compared"} == {
        "logs in, and a recording has no credentials",
        "is about a token that is not of this conversation",
        "writes to 00000000-0000-4000-8000-000000000000, which is not of this conversation",
    }


def test_without_writes_nothing_is_written(recording: list[RecordedExchange], cloud: ImsMock) -> None:
    """Requests that may change something are sent to a URL only where that is asked for."""
    drift = compare(recording, by_token(cloud))
    assert not [entry for entry in cloud.journal if entry.method not in ("GET", "HEAD", "POST")]
    posted = {entry.operation for entry in cloud.journal if entry.method == "POST"}
    assert posted == {"list_image_by_tags", "show_resource_bind_enterprise_project"}
    assert "writes, and --writes is not given" in {item.note for item in drift.exchanges}
    assert drift.differing == []


def test_images_that_were_made_are_removed(recording: list[RecordedExchange], cloud: ImsMock) -> None:
    """At the end the images are gone that the replay has made, and the others are there."""
    kept = cloud.add_image(name="kept")["id"]
    compare(recording[:40], by_token(cloud, writes=True))
    assert len(cloud.journal.calls("glance_create_image_metadata")) == 2
    assert list(cloud.images) == [kept]


def test_images_of_jobs_are_removed(cloud: ImsMock) -> None:
    """What a job makes is removed too, also where the recording has not waited for it; a job without an end is said."""
    cloud.reset(jobs={"*": {"polls": 2}})
    body = {"name": "made", "image_url": "bucket:file.qcow2", "min_disk": 40, "os_version": "CentOS 7.6 64bit"}
    first = [exchange("POST", "/v2/cloudimages/action", 200, {"job_id": IMAGE}, body)]
    assert compare(first, by_token(cloud, writes=True, sleep=lambda _: None)).notes == []
    assert cloud.journal.calls("show_job_progress")
    assert len(cloud.journal.calls("glance_delete_image", status=204)) == 1
    assert list(cloud.images) == []
    cloud.reset(jobs={"*": {"seconds": 100}})
    left = compare(first, by_token(cloud, writes=True, sleep=lambda _: None), ids=new_ids(patience=3)).notes
    assert left[0] in {f"the job {job_id} has not ended, and what it makes is left" for job_id in cloud.jobs}
    assert left[1].startswith(f"the image {next(iter(cloud.images))} was made and is left: ")


def test_image_that_cannot_be_removed_is_said(recording: list[RecordedExchange], cloud: ImsMock) -> None:
    """Where a deletion is rejected, the report has the id of what is left."""
    cloud.faults.add(Fail(403), operation="glance_delete_image")
    drift = compare(recording[:25], by_token(cloud, writes=True))
    (first, second) = cloud.images
    assert drift.notes == [
        f"the image {image_id} was made and is left: its deletion was responded to with 403"
        for image_id in (first, second)
    ]


def test_images_are_removed_also_when_the_replay_ends_early(
    recording: list[RecordedExchange], cloud: ImsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C leaves nothing behind."""
    target = by_token(cloud, writes=True)
    send = target.send

    def interrupted(request: Any) -> RecordedResponse:
        if request.method == "PATCH":
            raise KeyboardInterrupt
        return send(request)

    monkeypatch.setattr(target, "send", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compare(recording, target)
    assert cloud.journal.calls("glance_create_image_metadata")
    assert list(cloud.images) == []


def test_what_the_replay_has_not_made_is_not_written_to(cloud: ImsMock) -> None:
    """A deletion of an image that was there before is not sent, but where the recording has it as not found."""
    cloud.add_image(id=IMAGE)
    writes = [
        exchange("DELETE", f"/v2/images/{IMAGE}", 204),
        exchange("PUT", "/v1/cloudimages/tags", 204, sent={"image_id": IMAGE, "tag": "a"}),
        exchange("DELETE", "/v1/cloudimages/members", 200, {}, {"images": [IMAGE], "projects": ["p"]}),
    ]
    reason = f"writes to {IMAGE}, which is not of this conversation"
    assert [notes([write], by_token(cloud, writes=True)) for write in writes] == [[reason]] * 3
    assert list(cloud.images) == [IMAGE]
    not_found = exchange("DELETE", "/v2/images/00000000-0000-4000-8000-000000000000", 404, {"error": {}})
    assert "not of this conversation" not in notes([not_found], by_token(cloud, writes=True))[0]
    named = compare(writes[:1], by_token(cloud, writes=True), ids=new_ids(same={IMAGE: IMAGE}))
    assert named.count("same") == 1
    assert list(cloud.images) == []


def test_services_beside_ims_need_a_url_of_their_own(cloud: ImsMock) -> None:
    """What another host has responded to is sent to where that service is, or not at all."""
    of_iam = exchange("GET", "/v3/projects", 200, {"projects": [], "links": {}})
    of_iam = RecordedExchange(RecordedRequest("GET", "https://iam.example.com/v3/projects", []), of_iam.response)
    of_ims = exchange("GET", "/v2/schemas/image", 200)
    elsewhere = RecordedExchange(RecordedRequest("GET", "https://obs.example.com/bucket", []), RecordedResponse(200))
    assert (
        notes([of_iam, of_ims, elsewhere], by_token(cloud))[::2]
        == [f"is for another service than those of {cloud.url}"] * 2
    )
    drift = compare([of_iam, of_ims], by_token(cloud, services={"iam": cloud.url}))
    assert [entry.operation for entry in cloud.journal][-2:] == ["keystone_list_projects", "glance_show_image_schemas"]
    assert drift.count("not compared") == 0


def test_what_is_not_recorded_is_not_sent(cloud: ImsMock) -> None:
    """A request whose body is not there, a file of unknown length, and what has no response are not sent."""
    put = RecordedRequest("PUT", f"/v2/images/{IMAGE}/file", [("Content-Type", "application/octet-stream")])
    first = [
        RecordedExchange(RecordedRequest("POST", "/v2/images"), RecordedResponse(201)),
        RecordedExchange(put, RecordedResponse(404)),
        RecordedExchange(RecordedRequest("GET", "/v2/images"), None),
    ]
    assert notes(first, by_token(cloud, writes=True)) == [
        "its body is not recorded",
        "its file is not recorded, and how long it is neither",
        "no response is recorded",
    ]


def test_token_of_the_first_side_stays_there(cloud: ImsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was rejected for its token is asked again with a token that is none, and not with the recorded one."""
    target = by_token(cloud)
    sent: list[Any] = []
    send = target.send

    def noted(request: Any) -> RecordedResponse:
        sent.append(request)
        return send(request)

    monkeypatch.setattr(target, "send", noted)
    assert notes([exchange("GET", "/v2/images", 401, {"error_code": "APIGW.0301"})], target)
    assert [value for name, value in sent[0].headers if name == "X-Auth-Token"] == ["***"]


def test_base_path_is_left_out_and_put_in(cloud: ImsMock) -> None:
    """The path before that of the operation is each side's own."""
    first = exchange("GET", "/image/v2/schemas/image", 200)
    compare([first], UrlTarget(f"{cloud.url}/", Credentials(token=cloud.token)))
    assert cloud.journal.calls("glance_show_image_schemas")
    compare([first], UrlTarget(f"{cloud.url}/base/", Credentials(token=cloud.token)))
    assert [entry.path for entry in cloud.journal][-1] == "/base/v2/schemas/image"


def test_two_urls_are_compared_by_a_tour(cloud: ImsMock) -> None:
    """Without a recording both are asked for what they show; the same image may have another id on each."""
    with ImsMock(seed=9, project_id="b" * 32, public_images=True) as other:
        cloud.load_public_images()
        drift = compare(by_token(cloud), by_token(other))
        assert [str(item) for found in drift.differing for item in found.differences] == []
        assert drift.count("not compared") == 0
        assert {"list_images", "glance_show_image", "list_images_tags"} <= drift.by_operation().keys()
        other.faults.add(Fail(404), operation="list_os_versions")
        assert {item.operation for item in compare(by_token(cloud), by_token(other)).differing} == {"list_os_versions"}


def test_two_urls_are_compared_by_the_requests_of_a_recording(
    recording: list[RecordedExchange], cloud: ImsMock
) -> None:
    """The first is asked the requests of a recording, and the second what the first was asked, with its own ids."""
    requests = [item for item in recording if item.request.caller != "alt"][20:40]
    drift = compare(by_token(cloud, writes=True), ImsMock(seed=8), requests=requests)
    assert drift.differing == []
    assert drift.count("not compared") == 0
    assert len(drift.exchanges) == 20
    assert list(cloud.images) == []


def test_certificates_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over HTTPS a certificate is verified; SSL_CERT_FILE names the authority."""
    authority = tmp_path / "ca.pem"
    first = [exchange("GET", "/v2/schemas/image", 200)]
    with ImsMock(tls=True) as mock:
        authority.write_bytes(mock.ca_pem)
        with pytest.raises(UnreachableError, match="certificate verify failed"):
            compare(first, by_token(mock))
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert compare(first, by_token(mock)).count("not compared") == 0


def test_url_that_does_not_respond_is_said() -> None:
    """A URL at which nothing listens is an error that names it."""
    with ImsMock() as mock:
        target = by_token(mock)
    with pytest.raises(UnreachableError, match=f"{mock.url} does not respond to GET /"):
        compare(target, ImsMock())


@pytest.mark.parametrize("text", ["ftp://a", "http://", "http://a:b/", "http://a/?b", "http://u:p@a/"])
def test_wrong_url_is_rejected(text: str) -> None:
    """What is no URL of a service is rejected."""
    with pytest.raises(InvalidError, match="url must be http:// or https:// with a host"):
        UrlTarget(text)


def test_credentials_of_the_environment() -> None:
    """The variables are those of the SDK and of OpenStack's clients; one with the suffix is for the first side."""
    environ = {"HUAWEICLOUD_SDK_AK": "ak", "HUAWEICLOUD_SDK_SK": "sk", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "st"}
    environ |= {"OS_PROJECT_ID": "p", "IMS_TOKEN_A": "t"}
    assert Credentials.of_environment(environ) == Credentials("", "ak", "sk", "st", "p")
    assert Credentials.of_environment(environ, "_A") == Credentials("t", "ak", "sk", "st", "p")
