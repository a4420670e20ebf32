"""`ims-mock contract check`: what it finds in recordings of real mistakes, how it shows it, and its exit status."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ims_mock import ImsMock
from tests.command.test_cli import run

ID = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86"
BASE = "https://ims.cn-north-4.myhuaweicloud.com"
JOB = {"job_id": "8a12fc664fb4daa3014fb4e581380005"}
SERVICE = {"error": {"code": "IMG.0144", "message": "The requested resource was not found."}}
COPY = ("POST", f"/v1/cloudimages/{ID}/copy", {"name": "b"})


def interaction(method: str, path: str, sent: Any, status: int, got: Any) -> dict[str, Any]:
    """Return one exchange as a cassette of vcrpy has it."""
    headers = {"Content-Type": ["application/json"], "User-Agent": ["a test"]}

    def text(body: Any) -> str:
        return body if isinstance(body, str) else json.dumps(body)

    return {
        "request": {
            "method": method,
            "uri": path if "://" in path else BASE + path,
            "headers": headers,
            "body": text(sent),
        },
        "response": {"status": {"code": status, "message": ""}, "headers": headers, "body": {"string": text(got)}},
    }


def cassette(path: Path, *interactions: tuple[str, str, Any, int, Any]) -> str:
    """Write a cassette, and return its path."""
    path.write_text(json.dumps({"version": 1, "interactions": [interaction(*item) for item in interactions]}))
    return str(path)


def check(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Check recordings; return the exit status and the findings."""
    done = run("contract", "check", "--format", "json", *arguments)
    return done.returncode, json.loads(done.stdout)["findings"]


MISTAKES = {
    "a 204 with a body on a copy": ((*COPY, 204, JOB), "response.unexpected_body", 1),
    "a 204 on a copy": ((*COPY, 204, ""), "response.missing_body", 1),
    "a misspelt body attribute": (
        ("POST", "/v2/images", {"visibilty": "private"}, 201, "image"),
        "request.unknown_attribute",
        1,
    ),
    "a number where a client needs a string": ((*COPY, 200, {"job_id": 7}), "response.type", 1),
    "an undocumented status": ((*COPY, 202, JOB), "response.undocumented_status", 0),
    "an error in the wrong dialect": (
        (*COPY, 404, {"itemNotFound": {"code": 404, "message": "x"}}),
        "response.error_dialect",
        1,
    ),
    "a missing mandatory attribute": ((*COPY, 200, {}), "response.missing_attribute", 1),
    "a wrong enum": (("POST", "/v2/images", {"disk_format": "tar"}, 201, "image"), "request.enum", 1),
    "a path of no operation": (("GET", "/v2/imagez", "", 200, {}), "request.unknown_path", 1),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(tmp_path: Path, page: dict[str, Any], mistake: str) -> None:
    """Each of the mistakes that stubs and clients have had is found, with the entry where it stands."""
    (method, path, sent, status, got), expected, exit_status = MISTAKES[mistake]
    body = page["response"] if got == "image" else got
    good = ("GET", f"/v2/images/{ID}", "", 200, page["response"])
    file = cassette(tmp_path / "cassette.json", good, (method, path, sent, status, body))
    code, findings = check(file)
    assert (expected, "interaction 2") in [(finding["id"], finding["entry"]) for finding in findings]
    assert {finding["entry"] for finding in findings} == {"interaction 2"}
    assert code == exit_status


def test_shape_of_the_json(tmp_path: Path) -> None:
    """The JSON has how many exchanges there were, and every finding with its place and its words."""
    file = cassette(tmp_path / "a.json", (*COPY, 200, {"job_id": 7}), (*COPY, 200, JOB))
    done = run("contract", "check", "--format", "json", file)
    assert json.loads(done.stdout) == {
        "exchanges": 2,
        "findings": [
            {
                "id": "response.type",
                "severity": "break",
                "operation": "copy_image_in_region",
                "side": "response",
                "pointer": "/job_id",
                "rule": "type: string",
                "got": 7,
                "message": "must be of type string, got 7",
                "entry": "interaction 1",
                "file": file,
            }
        ],
    }


def test_text(tmp_path: Path) -> None:
    """The text has a verdict for each exchange, the findings below it, and a summary by operation."""
    file = cassette(
        tmp_path / "a.json", (*COPY, 200, JOB), (*COPY, 202, {}), ("GET", "/v2/images?limit=1", "", 200, {})
    )
    assert run("contract", "check", file).stdout.splitlines() == [
        file,
        f"  ok    interaction 1: POST /v1/cloudimages/{ID}/copy 200 copy_image_in_region",
        f"  break interaction 2: POST /v1/cloudimages/{ID}/copy 202 copy_image_in_region",
        "        break response /job_id: the attribute is missing [response.missing_attribute]",
        "        drift response: the status 202 is not documented for copy_image_in_region; documented are "
        "200, 400, 401, 403, 404, 405, 413, 414, 415, 429, 494, 500, 501, 503 [response.undocumented_status]",
        "  break interaction 3: GET /v2/images 200 glance_list_images",
        "        break response: the attributes images, schema, first are missing [response.missing_attribute]",
        "operation            exchanges  break  drift   note",
        "copy_image_in_region         2      1      1      0",
        "glance_list_images           1      3      0      0",
        "3 exchanges: 4 break, 1 drift, 0 note",
    ]


def test_junit(tmp_path: Path) -> None:
    """In JUnit a file is a suite and an exchange a test, which fails for a break, and for drift if that counts."""
    file = cassette(tmp_path / "a.json", (*COPY, 200, JOB), (*COPY, 202, JOB), (*COPY, 200, {"job_id": "\0"}))
    for flags, failing in (([], [2]), (["--strict"], [1, 2])):
        done = run("contract", "check", "--format", "junit", *flags, file)
        (suite,) = ElementTree.fromstring(done.stdout)
        cases = list(suite)
        assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == (file, "3", str(len(failing)))
        assert [index for index, case in enumerate(cases) if case.find("failure") is not None] == failing
        assert {case.get("classname") for case in cases} == {"copy_image_in_region"}
    assert done.returncode == 1


def test_html(tmp_path: Path) -> None:
    """The page has the exchange with its finding, loads nothing, and what was recorded is text in it."""
    path = "/v2/images?name=<script>alert(1)</script>"
    file = cassette(tmp_path / "c.yaml", (*COPY, 204, JOB), ("GET", path, "", 200, {"images": 1}))
    page = run("contract", "check", "--format", "html", file).stdout
    assert page.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in page
    assert "response.unexpected_body" in page
    assert page.count("<details") == 2
    assert "<script" not in page
    assert "://" not in re.sub("https://ims[^<]*", "", page)


def test_sarif(tmp_path: Path) -> None:
    """In SARIF a finding is a result with its rule, level, file and place."""
    file = cassette(tmp_path / "a.json", (*COPY, 202, {"job_id": 7}))
    document = json.loads(run("contract", "check", "--format", "sarif", file).stdout)
    (log,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert [rule["id"] for rule in log["tool"]["driver"]["rules"]] == ["response.type", "response.undocumented_status"]
    assert [(result["ruleId"], result["level"]) for result in log["results"]] == [
        ("response.undocumented_status", "warning"),
        ("response.type", "error"),
    ]
    (location,) = log["results"][1]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == Path(file).as_uri()
    assert location["logicalLocations"] == [{"fullyQualifiedName": "copy_image_in_region/response/job_id"}]


def test_github(tmp_path: Path) -> None:
    """For GitHub Actions a finding is an annotation of the file, on one line whatever it shows."""
    file = cassette(tmp_path / "a,b.json", (*COPY, 202, {"job_id": "a\n%"}))
    drift, broken, *_ = run("contract", "check", "--format", "github", file).stdout.splitlines()
    name = file.replace(",", "%2C")
    assert drift.startswith(f"::warning file={name},title=response.undocumented_status::interaction 1: POST ")
    assert broken.startswith(f"::error file={name},title=response.pattern::interaction 1: POST ")
    assert "%25" in broken


def test_exit_status(tmp_path: Path) -> None:
    """0 conforms, 1 has a break, 2 has drift alone and that counts, 3 cannot be read."""
    good = cassette(tmp_path / "good.json", (*COPY, 200, JOB))
    drift = cassette(tmp_path / "drift.json", (*COPY, 202, JOB))
    broken = cassette(tmp_path / "broken.json", (*COPY, 200, {}))
    no_recording = tmp_path / "none.json"
    no_recording.write_text("{}")
    statuses = {
        (good,): 0,
        (drift,): 0,
        ("--strict", good): 0,
        ("--strict", drift): 2,
        ("--strict", drift, broken): 1,
        (broken, good): 1,
        (broken, str(no_recording)): 3,
        (str(tmp_path / "missing"),): 3,
    }
    assert {given: run("contract", "check", *given).returncode for given in statuses} == statuses


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """Of input that cannot be read it says which file, which entry and why, and what could be read is shown."""
    file = tmp_path / "a.json"
    document = {"interactions": [interaction(*COPY, 200, {"job_id": 7}), {"request": {"method": "GET"}}]}
    file.write_text(json.dumps(document))
    done = run("contract", "check", str(file))
    assert done.returncode == 3
    text = "interaction 2: request.uri must be a text, got null"
    assert done.stderr == f"ims-mock contract check: error: {file}: {text}\n"
    assert "break response /job_id" in done.stdout
    # Who has the report alone sees it too.
    report = json.loads(run("contract", "check", "--format", "json", str(file)).stdout)
    assert (report["exchanges"], len(report["findings"])) == (1, 1)
    assert report["unreadable"] == [{"file": str(file), "message": text}]
    suite = ElementTree.fromstring(run("contract", "check", "--format", "junit", str(file)).stdout)[0]
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["2", "1", "1"]
    assert [error.get("message") for error in suite.iter("error")] == [text]
    ended = json.loads(run("contract", "check", "--format", "sarif", str(file)).stdout)["runs"][0]["invocations"][0]
    assert not ended["executionSuccessful"]
    assert [item["message"]["text"] for item in ended["toolExecutionNotifications"]] == [text]
    assert f",title=cannot be read::{text}\n" in run("contract", "check", "--format", "github", str(file)).stdout


@pytest.mark.parametrize("command", [("check",), ("consumer", "--name", "a")])
def test_hosts_that_nothing_was_sent_to(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A glob that is wrong is no reason to say that everything conforms."""
    other: Any = ("GET", "https://example.com:8443/v2/imagez", "", 200, {})
    file = cassette(tmp_path / "a.json", (*COPY, 200, {"job_id": 7}), other)
    done = run("contract", *command, "--only-host", "isc.*", "--only-host", "*.corp", file)
    assert (done.returncode, done.stdout) == (2, "")
    hosts = "ims.cn-north-4.myhuaweicloud.com, example.com:8443"
    message = f"--only-host: no request was sent to isc.* or *.corp; the hosts are {hosts}"
    assert done.stderr.splitlines()[0].endswith(message)
    empty = cassette(tmp_path / "b.json")
    assert run("contract", *command, "--only-host", "isc.*", empty).returncode == 0


@pytest.mark.parametrize(
    ("flags", "left"),
    [
        (["--allow", "response.type"], {"response.undocumented_status"}),
        (["--allow", "copy_image_in_region:response.*"], set()),
        (["--allow", "list_images:*"], {"response.type", "response.undocumented_status"}),
        (["--allow", "response.type", "--allow", "*.undocumented_status"], set()),
        (["--only-host", "ims.*"], {"response.type", "response.undocumented_status"}),
        (["--only-host", "*.example.com"], set()),
    ],
)
def test_what_is_left_out(tmp_path: Path, flags: list[str], left: set[str]) -> None:
    """Findings can be accepted by id or by operation and id, and exchanges chosen by host."""
    other = ("GET", "https://other.example.com/v1/cloudimages/quota", "", 404, SERVICE)
    file = cassette(tmp_path / "a.json", (*COPY, 202, {"job_id": 7}), other)
    code, findings = check(*flags, file)
    assert {finding["id"] for finding in findings} == left
    assert code == (1 if "response.type" in left else 0)


def test_what_another_site_got_is_no_break(tmp_path: Path) -> None:
    """What a recording has of other services is said to be of no operation, and is not judged."""
    other = ("GET", "https://ecs.cn-north-4.myhuaweicloud.com/v1/p/cloudservers", "", 500, "x")
    code, findings = check(cassette(tmp_path / "a.json", other))
    assert code == 0
    assert [(finding["id"], finding["severity"]) for finding in findings] == [("request.unknown_path", "note")]


def test_recording_of_the_mock_itself(tmp_path: Path) -> None:
    """In what the mock recorded of itself there is nothing but notes: of requests that it refused."""
    with ImsMock() as mock:
        image = mock.add_image()
        file = cassette(tmp_path / "a.json", ("GET", f"{mock.url}/v2/images/{image['id']}", "", 200, image))
    code, findings = check(file)
    assert (code, findings) == (0, [])


def test_help_has_the_command() -> None:
    """The group and its commands are in the help, and a group without a command says which there are."""
    assert re.search(r"contract +check recordings", run("--help").stdout)
    assert re.search(r"check +check recordings \(HAR", run("contract", "--help").stdout)
    done = run("contract")
    assert (done.returncode, "needs a command: check, verify" in done.stderr) == (2, True)
    done = run("contract", "nothing", "file")
    assert (done.returncode, 'there is no command "nothing"; there are check,' in done.stderr) == (2, True)
    done = run("contract", "check")
    assert (done.returncode, "arguments are required: FILE" in done.stderr) == (2, True)


def test_empty_name() -> None:
    """A name that a shell has made empty is shown as such."""
    done = run("contract", "check", "")
    assert (done.returncode, done.stderr) == (3, "ims-mock contract check: error: '': Is a directory\n")
