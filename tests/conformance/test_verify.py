"""The suite against mocks: right ones, and such as have one wrong response."""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.command.cli import main
from ims_mock.conformance.connection import Connection, Received
from ims_mock.conformance.reached import operations_of
from ims_mock.contract.json_text import encoded
from ims_mock.contract.operations import load_contract
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault
from ims_mock.faults.responses import Fail, Mutate

pytestmark = pytest.mark.slow

GIVEN = {
    "IMS_SERVER_ID": "877a2cda-ba63-4e1e-b95f-e67e48b6129a",
    "IMS_VOLUME_ID": "3a1b0c5e-6c1c-4a55-8b73-0a7d5f3b2a11",
    "IMS_VAULT_ID": "302a6ef9-c0a9-4f8c-8f2e-1e8ab1c6d0d4",
    "IMS_OBS_FILE": "ims-verify:disk.qcow2",
    "IMS_OBS_RAW_FILE": "ims-verify:disk.raw",
    "IMS_OBS_EXPORT_TO": "ims-verify:",
    "IMS_TO_REGION": "cn-south-1",
    "IMS_TO_PROJECT": "cn-south-1",
    "IMS_TO_AGENCY": "agency",
}
"""What a tester of a cloud would have made there."""

UNDOCUMENTED = ["create_image_v1", "keystone_list_versions"]
"""The operations that clients use and no document of Huawei's has."""


@pytest.fixture(scope="module")
def server() -> Iterator[ImsMock]:
    """A mock that serves HTTPS."""
    with ImsMock(tls=True, journal_size=5000) as mock:
        yield mock


@pytest.fixture
def mock(server: ImsMock) -> ImsMock:
    """A strict mock with public images, whose jobs take a look each."""
    server.reset(auth="strict", public_images=True, jobs={"*": {"polls": 1}})
    return server


@pytest.fixture
def verify(
    mock: ImsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """What runs the command against the mock, and returns its exit status and what it prints."""
    (tmp_path / "ca.pem").write_bytes(mock.ca_pem)
    variables = {
        "OS_CACERT": str(tmp_path / "ca.pem"),
        "OS_AUTH_URL": f"{mock.url}/v3",
        "OS_USERNAME": "demo",
        "OS_PASSWORD": "secret",
        "OS_PROJECT_NAME": "demo",
        **GIVEN,
    }
    for user, ending in (("demo", ""), ("alt", "_2")):
        variables[f"HUAWEICLOUD_SDK_AK{ending}"] = f"{user}-ak"
        variables[f"HUAWEICLOUD_SDK_SK{ending}"] = f"{user}-sk"
        variables[f"HUAWEICLOUD_SDK_PROJECT_ID{ending}"] = mock.accounts.projects[user].id
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str]:
        status = main(["contract", "verify", mock.url, "--poll", "0", "--timeout", "3", *arguments], {})
        return status, capsys.readouterr().out

    return run


def of_the_run(mock: ImsMock) -> list[str]:
    """Return the names of the images that a run has left behind."""
    return [image["name"] for image in mock.images.values() if image["visibility"] != "public"]


# A mock that is right


def test_the_mock_is_as_the_contract_has_it(
    verify: Callable[..., tuple[int, str]], mock: ImsMock, tmp_path: Path
) -> None:
    """The suite reaches every documented operation of a strict mock over TLS, finds nothing, and leaves nothing."""
    report = tmp_path / "report.json"
    status, printed = verify("--strict", "--report", str(report), "--junit-xml", str(tmp_path / "verify.xml"))
    assert status == 0, printed
    assert "skipped" not in printed
    found = json.loads(report.read_text("utf-8"))
    assert sorted(found["not_reached"]) == UNDOCUMENTED
    assert (found["undocumented"], found["findings"], found["left_behind"]) == ([], [], [])
    assert found["operations"]["glance_list_images"]["reached"].keys() == {"200", "400", "401"}
    assert 503 in found["operations"]["glance_list_images"]["not_reached"]
    assert of_the_run(mock) == []
    assert "<testsuite " in (tmp_path / "verify.xml").read_text("utf-8")


def test_read_only_run_writes_nothing(verify: Callable[..., tuple[int, str]], mock: ImsMock) -> None:
    """With --read-only nothing is asked for but what reads, and a login."""
    status, printed = verify("--read-only")
    assert status == 0, printed
    reads = {"keystone_create_token", "list_image_by_tags"}
    assert len(mock.journal) > 30
    assert {entry.method for entry in mock.journal if entry.operation not in reads} <= {"GET", "HEAD"}


@pytest.mark.parametrize("credentials", ["a password", "a token"])
def test_other_credentials(
    verify: Callable[..., tuple[int, str]], mock: ImsMock, monkeypatch: pytest.MonkeyPatch, credentials: str
) -> None:
    """Who has no access key asks with a token: one that was issued, or that a login brings."""
    monkeypatch.delenv("HUAWEICLOUD_SDK_AK")
    if credentials == "a token":
        monkeypatch.setenv("IMS_TOKEN", mock.new_token("demo"))
        monkeypatch.delenv("OS_USERNAME")
    status, printed = verify("--marks", "native and writes and not needs_two_projects")
    assert status == 0, printed
    assert {entry.project_id for entry in mock.journal if entry.project_id} == {mock.project_id}


def test_images_of_others_stay(verify: Callable[..., tuple[int, str]], mock: ImsMock) -> None:
    """A run removes its own images alone."""
    mock.add_image(name="ims-verify-of-another-run")
    assert verify("--marks", "native and writes")[0] == 0
    assert of_the_run(mock) == ["ims-verify-of-another-run"]


def test_image_that_is_read_is_none_of_a_run(verify: Callable[..., tuple[int, str]], mock: ImsMock) -> None:
    """What only reads leaves the images of a run alone, which another process may be about to remove."""
    mock.reset(auth="strict")
    mock.add_image(name="ims-verify-0-image-1", created_at="2016-06-02T07:49:47Z")
    kept = mock.add_image(name="kept", created_at="2016-06-02T07:49:48Z")
    mock.add_image(name="ims-verify-0-image-2")
    assert verify("--read-only", "--marks", "native and not iam")[0] == 0
    shown = {entry.path for entry in mock.journal.calls("glance_show_image", status=200)}
    assert shown == {f"/v2/images/{kept['id']}"}


def test_quota_is_kept(verify: Callable[..., tuple[int, str]], mock: ImsMock) -> None:
    """A run that would not find space for its images makes none."""
    mock.reset(auth="strict", quota=3)
    status, printed = verify("--marks", "native and writes")
    assert (status, "the quota leaves 3 images" in printed) == (0, True)
    assert mock.journal.calls("glance_create_image_metadata") == []


# Mocks with one wrong response


class Broken(Fail):
    """What no fault of the mock does, because a service that does it is broken."""

    change: Callable[[Response], Response] | None = None

    @classmethod
    def kind(cls) -> str:
        """Return the kind of a fault that there is, so that it need not have a schema."""
        return "fail"

    def around(self, work: Work, exchange: Exchange) -> Response:
        """Do the work, and change the response; without a change, do nothing and return what a deletion does."""
        if self.change is None:
            return Response(204, {"Content-Length": "0"})
        return type(self).change(work(exchange))  # type: ignore[misc]


def broken(change: Callable[[Response], Response]) -> Fault:
    """Return a fault that does the work, and changes the response."""
    kind = type("Broken", (Broken,), {"change": staticmethod(change)})
    fault: Fault = kind(500)
    return fault


def changed(change: Callable[[Any], None]) -> Fault:
    """Return a fault that does the work, and changes the JSON of the response."""

    def change_json(response: Response) -> Response:
        if response.status >= 400:
            return response
        document = json.loads(response.body)
        change(document)
        body = encoded(document)
        return replace(response, body=body, headers={**response.headers, "Content-Length": str(len(body))})

    return broken(change_json)


def error(body: bytes, media_type: str) -> Fault:
    """Return a fault that gives each error another body."""

    def change(response: Response) -> Response:
        headers = {"Content-Type": media_type, "Content-Length": str(len(body))}
        return replace(response, body=body, headers=headers) if response.status >= 400 else response

    return broken(change)


def rename(document: dict[str, Any]) -> None:
    """Give an attribute another name."""
    document["jobType"] = document.pop("job_type")


def with_status(status: int) -> Fault:
    """Return a fault that does the work, and returns another status."""
    return broken(lambda response: replace(response, status=status))


NATIVE, OWN = "native and writes", "own and writes and slow"
WRONG: dict[str, tuple[str, Fault, str, tuple[str, ...]]] = {
    "a value of another type": (
        "glance_show_image",
        Mutate("/hw_firmware_type", "value", 7),
        NATIVE,
        ("/hw_firmware_type", "got 7"),
    ),
    "a missing attribute": (
        "glance_show_image",
        changed(lambda image: image.pop("status")),
        NATIVE,
        ("/status", "response.missing_attribute"),
    ),
    "another name": (
        "show_job_progress",
        changed(rename),
        OWN,
        ("/job_type: the attribute is missing", "response /jobType: "),
    ),
    "a wrong status": ("glance_create_image_metadata", with_status(200), NATIVE, ("must return 201, got 200",)),
    "an outage": ("glance_update_image", Fail(503), NATIVE, ("must return 200, got 503",)),
    "a lost deletion": ("glance_delete_image", Broken(500), NATIVE, ("glance_show_image: must return 404, got 200",)),
    "a list that leaves out": (
        "glance_list_images",
        changed(lambda listed: listed["images"].clear()),
        NATIVE,
        ("test_new_image_is_listed", "glance_list_images: GET /v2/images?name="),
    ),
    "a list without a next page": (
        "glance_list_images",
        changed(lambda listed: listed.pop("next", None)),
        NATIVE,
        ("glance_list_images: the marker of next must be", "got None"),
    ),
    "a list without its members": (
        "glance_list_image_members",
        changed(lambda listed: listed["members"].clear()),
        NATIVE,
        ("test_image_is_shared", "glance_list_image_members: GET"),
    ),
    "a list without its tags": (
        "list_tags",
        changed(lambda listed: listed["tags"].clear()),
        "own and writes and not slow",
        ("test_tag_is_added", "list_tags: GET"),
    ),
    "no system": (
        "list_os_versions",
        changed(lambda platforms: platforms.clear()),
        "own and not writes",
        ("test_versions_of_systems_are_listed",),
    ),
    "a project of another name": (
        "keystone_show_project",
        changed(lambda shown: shown["project"].update(name="other")),
        "iam",
        ("test_projects_are_listed", "'other'"),
    ),
    "an error of the gateway": (
        "glance_delete_tag",
        error(b'{"message": "no"}', "application/json"),
        NATIVE,
        ("response.error_dialect",),
    ),
    "an error in HTML": ("glance_show_image", error(b"<html>", "text/html"), NATIVE, ("response.error_dialect",)),
    "a copy without a job": (
        "copy_image_in_region",
        changed(lambda begun: begun.update(job_id=7)),
        OWN,
        ("/job_id", "response.type"),
    ),
    "a job in another state": (
        "show_job_progress",
        changed(lambda job: job.update(status="DONE")),
        OWN,
        ("/status", "response.enum", '"DONE"'),
    ),
}
"""What is wrong with which operation, which tests see it, and what they have to say."""

CHEAP = ("a value of another type", "a wrong status", "a lost deletion")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in CHEAP else [pytest.mark.thorough, pytest.mark.slow]) for name in WRONG],
)
def test_wrong_response_is_found(verify: Callable[..., tuple[int, str]], mock: ImsMock, name: str) -> None:
    """Whatever is wrong fails the suite, which names the operation, and the attribute where there is one."""
    operation, fault, marks, said = WRONG[name]
    mock.faults.add(fault, operation=operation, optional=True)
    status, printed = verify("--marks", marks)
    assert status == 1, printed
    for text in (operation, *said):
        assert text in printed, printed


def test_drift_alone(verify: Callable[..., tuple[int, str]], mock: ImsMock) -> None:
    """What nobody documents is listed, and counts with --strict."""
    mock.faults.add(changed(lambda quotas: quotas.update(wisdom="much")), operation="show_image_quota")
    marks = ("--marks", "own and not writes")
    status, printed = verify(*marks)
    assert (status, "/wisdom" in printed) == (0, True), printed
    assert verify(*marks, "--strict")[0] == 2


@pytest.mark.thorough
def test_generated_requests(
    verify: Callable[..., tuple[int, str]], mock: ImsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --fuzz generated requests find nothing in a mock, find a 500 elsewhere, and leave no folder behind."""
    monkeypatch.chdir(tmp_path)
    fuzz = ("--fuzz", "2", "--marks", "fuzz")
    status, printed = verify(*fuzz)
    assert status == 0, printed
    assert of_the_run(mock) == []
    mock.faults.add(Fail(500), operation="glance_create_tag", optional=True)
    status, printed = verify(*fuzz)
    assert (status, "glance_create_tag: 500" in printed) == (1, True), printed
    assert not (tmp_path / ".hypothesis").exists()


# Runs that do not come to their end


class Interrupt(Broken):
    """Press Ctrl-C, or end the process, while a request is on its way, and do its work."""

    number = signal.SIGINT

    def around(self, work: Work, exchange: Exchange) -> Response:
        """Interrupt the main thread, which waits for the response."""
        _thread.interrupt_main(self.number)
        return work(exchange)


@pytest.mark.parametrize(
    "operation",
    [
        "glance_upload_image",
        *(
            pytest.param(name, marks=[pytest.mark.thorough, pytest.mark.slow])
            for name in ("copy_image_in_region", "glance_create_image_metadata")
        ),
    ],
)
def test_nothing_is_left_after_an_interrupt(
    verify: Callable[..., tuple[int, str]], mock: ImsMock, operation: str
) -> None:
    """After Ctrl-C all images of the run are removed, also one that a job was making, or whose id nobody has seen."""
    mock.reset(auth="strict", speed=100, jobs={"*": 5})
    mock.faults.add(Interrupt(500), operation=operation, times=1)
    status, printed = verify("--marks", "writes and not needs_two_projects")
    assert status == 130, printed
    assert of_the_run(mock) == []
    assert mock.journal.calls("glance_delete_image")


class Terminate(Interrupt):
    """End the process while a request is on its way."""

    number = signal.SIGTERM


def test_nothing_is_left_after_sigterm(verify: Callable[..., tuple[int, str]], mock: ImsMock) -> None:
    """SIGTERM, by which CI ends a job, is as Ctrl-C; what was done for the signal before is done again afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    mock.faults.add(Terminate(500), operation="glance_upload_image", times=1)
    assert verify("--marks", "native and writes")[0] == 130
    assert of_the_run(mock) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_nothing_is_left_of_a_wrong_project(
    verify: Callable[..., tuple[int, str]], mock: ImsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the project that is named is not that of the token, tests fail, and copies are removed all the same."""
    for name in ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("IMS_TOKEN", mock.token)
    monkeypatch.setenv("IMS_PROJECT_ID", "a" * 32)
    status, printed = verify("--marks", "own and slow and not needs_two_projects")
    assert (status, "show_job: must return 200, got 400" in printed) == (1, True)
    assert of_the_run(mock) == []


def test_what_is_left_is_listed(verify: Callable[..., tuple[int, str]], mock: ImsMock) -> None:
    """An image that cannot be removed is listed by its id, and is a failure."""
    mock.faults.add(Fail(503), operation="glance_delete_image", optional=True)
    status, printed = verify("--marks", "native and writes", "--timeout", "0")
    left = [image_id for image_id, image in mock.images.items() if image["visibility"] != "public"]
    assert (status, len(left) > 0) == (1, True)
    assert all(image_id in printed.partition("left behind, delete by hand: ")[2] for image_id in left)


def test_wrong_use(verify: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that write cannot be generated read-only, and credentials are needed."""
    with pytest.raises(SystemExit):
        verify("--fuzz", "2", "--read-only")
    monkeypatch.setitem(sys.modules, "schemathesis", None)
    assert verify("--fuzz", "2")[0] == 2
    assert verify("--report", "no/such/folder/report.json")[0] == 2
    monkeypatch.delenv("HUAWEICLOUD_SDK_AK")
    monkeypatch.delenv("OS_AUTH_URL")
    assert verify()[0] == 2  # A login has nobody to ask.
    monkeypatch.delenv("OS_USERNAME")
    assert verify()[0] == 2


def test_key_that_is_not_taken(
    verify: Callable[..., tuple[int, str]], mock: ImsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret key that is wrong is sent once, because a gateway locks a key after a few requests."""
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", "wrong")
    status, printed = verify("--read-only")
    assert status == 1
    assert "no test can be run with an access key: glance_list_images: must return 200, got 401: " in printed
    assert len(mock.journal) == 1


@pytest.mark.parametrize(
    ("url", "variable", "said"),
    [
        ("", "", "endpoint: must be http:// or https:// with a host, got ''"),
        ("http://[::1", "", "endpoint: must be http:// or https:// with a host"),
        ("http://127.0.0.1:many", "", "endpoint: must be http:// or https:// with a host"),
        ("http://127.0.0.1:9", "iam.example.com", "OS_AUTH_URL: must be http:// or https:// with a host"),
    ],
)
def test_what_is_no_url(
    verify: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    url: str,
    variable: str,
    said: str,
) -> None:
    """What is no URL is wrong use, in one line that says where it stands."""
    if variable:
        monkeypatch.setenv("OS_AUTH_URL", variable)
    assert main(["contract", "verify", url], {}) == 2
    error = capsys.readouterr().err
    assert error.startswith("ims-mock contract verify: error: ")
    assert (said in error, error.count("\n")) == (True, 1)


def test_expression_that_is_none(verify: Callable[..., tuple[int, str]], capsys: pytest.CaptureFixture[str]) -> None:
    """What pytest finds wrong is an error of the command too."""
    assert main(["contract", "verify", "http://127.0.0.1:9", "--marks", "("], {}) == 2
    assert capsys.readouterr().err.startswith("ims-mock contract verify: error: Wrong expression passed to '-m': (")


def test_results_that_are_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Results that would be written to a folder are wrong use, before anything is asked."""
    with pytest.raises(SystemExit) as ended:
        main(["contract", "verify", "http://127.0.0.1:9", "--junit-xml", str(tmp_path)], {})
    error = capsys.readouterr().err
    assert (ended.value.code, f"--junit-xml: cannot write {tmp_path}: it is a folder\n" in error) == (2, True)


def test_credentials_without_a_token(
    verify: Callable[..., tuple[int, str]], mock: ImsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login that fails ends the run with one line, and not with an error for each test."""
    monkeypatch.delenv("HUAWEICLOUD_SDK_AK")
    monkeypatch.setenv("OS_PASSWORD", "wrong")
    status, printed = verify("--read-only")
    assert status == 1
    assert "no test can be run with a token for a user with a password: keystone_create_token: must return" in printed
    assert len(mock.journal) == 1


def test_closed_stdout(verify: Callable[..., tuple[int, str]], mock: ImsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without a stdout has its exit status all the same."""
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["contract", "verify", mock.url, "--marks", "native and not writes"], {}) == 0
    assert sys.stdout is None


def test_base_path(
    verify: Callable[..., tuple[int, str]], mock: ImsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Behind a base path the lists of versions are operations as well, and are judged."""
    monkeypatch.delenv("HUAWEICLOUD_SDK_AK")  # A signature has the path in it.
    monkeypatch.setenv("IMS_TOKEN", mock.new_token("demo"))
    send = Connection._send

    def of_a_web_server(connection: Connection, method: str, target: str, *more: Any) -> Received:
        return send(connection, method, target.removeprefix("/image"), *more)

    monkeypatch.setattr(Connection, "_send", of_a_web_server)
    report = tmp_path / "report.json"
    arguments = ("--poll", "0", "--read-only", "--report", str(report), "--marks", "native")
    assert main(["contract", "verify", f"{mock.url}/image", *arguments], {}) == 0
    found = json.loads(report.read_text("utf-8"))
    assert found["findings"] == []
    assert "300" in found["operations"]["list_versions"]["reached"]


def test_a_mock_is_a_glance_too(verify: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    """The native operations alone are asked for under the profile of a Glance, and all of them."""
    report = tmp_path / "report.json"
    status, printed = verify("--profile", "glance", "--report", str(report), "--marks", "not iam")
    assert status == 0, printed
    found = json.loads(report.read_text("utf-8"))
    assert (found["not_reached"], found["known_differences"], len(found["operations"])) == ([], {}, 21)


def test_nobody_at_the_endpoint(verify: Callable[..., tuple[int, str]], mock: ImsMock) -> None:
    """An endpoint that cannot be reached is the exit status 3, and one error instead of one for each test."""
    assert main(["contract", "verify", "http://127.0.0.1:9"], {}) == 3


def test_endpoint_that_is_not_trusted(
    verify: Callable[..., tuple[int, str]], mock: ImsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A certificate of an authority that is not trusted is the exit status 3, unless --ca-file names the authority."""
    monkeypatch.delenv("OS_CACERT")
    marks = ("--marks", "native and not writes")
    status, printed = verify(*marks)
    assert (status, "certificate verify failed" in printed) == (3, True), printed
    assert verify(*marks, "--ca-file", str(tmp_path / "ca.pem"))[0] == 0


def test_environment_is_put_back(verify: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a project has set for its own runs of pytest changes nothing, and is there afterwards."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    assert verify("--marks", "native and not writes")[0] == 0
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"


def test_every_operation_is_native_or_own() -> None:
    """A Glance is asked for its own operations alone."""
    native = {operation.id for operation in operations_of("glance")}
    assert {"glance_show_image", "list_versions"} <= native
    assert not any(load_contract().operations[name].dialect for name in native)
