"""What a failed test shows of the mock: on the screen, and in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import freezegun
import jsonschema
import pytest

from ims_mock import Delay, Fail, LoseResponse
from ims_mock.evidence.journal import MAX_BODY, Mark
from ims_mock.exchange.messages import Request
from ims_mock.testing.report import LAST, FailedTest, describe, write_bundle
from tests.conftest import PAGE, ROOT, Api

LINE = "python -m pytest a.py::test_it --ims-mock-seed=0"
SECRET = "hunter2-very-secret"


def lines_of(api: Api, began: Mark | None = None) -> list[str]:
    """Return the lines of the report behind the reasons."""
    lines = describe(api.service, began or Mark(), LINE).splitlines()
    return [line for line in lines if not line.startswith("reason for ")]


def bundle(api: Api, folder: Path, test: str = "tests/test_a.py::test_it", error: str = "boom") -> Any:
    """Write the files of a test, and return what the first one holds."""
    path = write_bundle(folder, api.service, FailedTest(test, error, Mark(), LINE))
    return json.loads(path.read_text("utf-8"))


def test_report_of_a_test_without_requests(api: Api) -> None:
    """A report begins with seed, clock and the number of requests, and ends with the line that runs it again."""
    assert lines_of(api) == [f"seed 0, clock {PAGE}, 0 requests", f"run it again: {LINE}"]


def test_report_begins_with_the_reasons(api: Api) -> None:
    """A report begins with the last reasons, the latest first and each once, and says why no request may have come."""
    for path in ("/nope", "/x", "/nope"):
        api("GET", path)
    first, second, third = describe(api.service, Mark(), LINE, "no request came").splitlines()[:3]
    assert first.startswith("reason for 404: no route has the path /nope")
    assert second.startswith("reason for 404: no route has the path /x")
    assert third.endswith(", 3 requests")


def test_report_without_requests_says_why(api: Api) -> None:
    """Where no request came, the report begins with why that may be."""
    assert describe(api.service, Mark(), "", "no request came").splitlines() == [
        "no request came",
        f"seed 0, clock {PAGE}, 0 requests",
    ]


def test_report_has_the_rules_with_their_hits(api: Api) -> None:
    """A report has each armed rule, by its name or its id, with its hits."""
    api.service.faults.add(Fail(503), operation="glance_list_images", times=2, name="busy")
    api.service.faults.add(Delay(5), operation="glance_show_*")
    api("GET", "/v2/images")
    assert lines_of(api)[1:3] == [
        "rule busy: Fail(status=503), operation='glance_list_images', times=2; 1 hits",
        "rule 2: Delay(seconds=5), operation='glance_show_*'; 0 hits",
    ]


def test_report_has_the_requests_with_reasons(api: Api) -> None:
    """A report has of each request its line with the reason, its rules, what was not read, and the bodies."""
    api.service.faults.add(LoseResponse("reset"))
    with pytest.raises(ConnectionResetError):
        api("POST", "/v2/images?a=b", b'{"name":\n"x"}')
    line, *notes, sent, returned = lines_of(api)[2:-1]
    assert line.startswith(
        f"{PAGE} POST /v2/images?a=b -> 201 glance_create_image_metadata (nothing was sent, reset, rule 1): "
    )
    assert notes == ["    not read: ?a"]
    assert sent == '    > {"name":\\n"x"}'
    assert returned.startswith('    < {"name":"x",')


def test_report_shows_little_of_a_long_body(api: Api) -> None:
    """A body is cut where it is long, and says so."""
    api("POST", "/v2/images", b" " * MAX_BODY)
    assert lines_of(api)[2] == "    > " + " " * 500 + "..."


@pytest.mark.parametrize("body", [b"\x1b[31mred\x07", "\x9b31m\u202e\u2028".encode(), b"\xff\r\n\x00"])
def test_report_is_harmless_to_a_terminal(api: Api, body: bytes) -> None:
    """What a terminal would obey is written out, whatever was sent."""
    api("POST", "/v2/images", body)
    assert all(line.isprintable() for line in lines_of(api))


def test_report_leaves_letters_as_they_are(api: Api) -> None:
    """Text of any script is shown as it is."""
    api("POST", "/v2/images", '{"name": "картинка"}'.encode())
    assert lines_of(api)[2] == '    > {"name": "картинка"}'


@pytest.mark.parametrize(("size", "shown"), [(1000, LAST), (5, 5)])
def test_report_has_the_last_requests(size: int, shown: int) -> None:
    """Of many requests the last are shown, and it says how many came before, kept or not."""
    api = Api(journal_size=size)
    for _ in range(30):
        api("GET", "/v2/images")
    lines = lines_of(api)
    assert lines[0].endswith("30 requests")
    assert f"... {30 - shown} requests before" in lines
    assert len([line for line in lines if " GET /v2/images" in line]) == shown


def test_report_begins_where_the_test_did(api: Api) -> None:
    """What was asked before the test is not in its report."""
    api("GET", "/v2/images?before")
    began = api.service.journal.mark()
    api("GET", "/v2/images?its-own")
    report = "\n".join(lines_of(api, began))
    assert "1 request" in report
    assert ("before" in report, "its-own" in report) == (False, True)


def test_report_has_what_still_waits_for_its_response(api: Api) -> None:
    """A request that hangs when a test gives up is shown."""
    entry = api.service._open("glance_list_images", Request("GET", "/slow", ""))
    assert lines_of(api)[1:-1] == [f"in progress: {entry}"]
    assert str(entry).endswith("GET /slow -> nothing glance_list_images")


def fill(api: Api) -> None:
    """Ask with secrets in all places where there are any, and arm a rule that looks for one."""
    user = {"name": "demo", "password": SECRET, "domain": {"name": "Default"}}
    api("POST", "/v3/auth/tokens", {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}})
    api("GET", "/v2/images", X_Auth_Token=SECRET, Cookie=SECRET)
    api("GET", "/v3/auth/tokens", X_Subject_Token=SECRET, Authorization=f"SDK-HMAC-SHA256 Signature={SECRET}")
    api.service.faults.add(Fail(503), headers={"X-Auth-Token": SECRET})


def test_report_has_no_secrets(api: Api) -> None:
    """Neither requests nor rules show a password, a token or a signature."""
    fill(api)
    assert SECRET not in "\n".join(lines_of(api))
    assert "***" in "\n".join(lines_of(api))


def test_bundle_has_no_secrets(api: Api, tmp_path: Path) -> None:
    """Neither of the files has a password, a token or a signature."""
    fill(api)
    bundle(api, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert [file.name for file in tmp_path.iterdir() if SECRET in file.read_text("utf-8")] == []


def test_masking_leaves_the_rules_alone(api: Api) -> None:
    """A rule whose secret the report redacts still applies."""
    fill(api)
    lines_of(api)
    assert api("GET", "/v2/images", X_Auth_Token=SECRET).status_code == 503


def test_bundle_has_all_that_there_is_to_know(api: Api, tmp_path: Path) -> None:
    """The file has the test, how it failed, how to run it again, seed, clock, rules, requests, findings and records."""
    api.service.reset(seed="s", start=PAGE, faults=["glance_list_images: 503 x1"])
    image = api.create(name="a")
    api("GET", "/v2/images")
    api.clock.advance(5)
    document = bundle(api, tmp_path)
    (rule,) = document["rules"]
    assert (document["test"], document["error"], document["command"]) == ("tests/test_a.py::test_it", "boom", LINE)
    assert (document["seed"], document["now"] - document["started_at"]) == ("s", 5.0)
    assert (rule["hits"], rule["fault"]) == (1, {"kind": "fail", "status": 503})
    assert document["requests"] == [entry.to_json() for entry in api.service.journal]
    assert {finding["rule"] for finding in document["findings"]} == {"image_left_queued", "list_without_limit"}
    assert document["images"] == [image]
    assert document["jobs"] == []


def test_bundle_has_an_archive_beside_it(api: Api, tmp_path: Path) -> None:
    """The other file is an HTTP archive of the same requests."""
    api("GET", "/v2/images")
    path = write_bundle(tmp_path, api.service, FailedTest("test[1.5]", "", Mark(), LINE))
    archive = json.loads(path.with_suffix(".har").read_text("utf-8"))
    schema = json.loads((ROOT / "tests/data" / "har-1.2.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(archive)
    assert len(archive["log"]["entries"]) == 1


def test_bundle_has_what_has_come_about_by_now(tmp_path: Path) -> None:
    """Images and jobs are as they are at the time of the failure, and not as they were at the last request."""
    api = Api(delays={"saving": 5}, jobs={"*": 5})
    api("PUT", api.create()["file"], b"1", Content_Type="application/octet-stream")
    api("POST", "/v2/cloudimages/action", {"name": "a", "image_url": "b:c", "min_disk": 40})
    api.clock.moved = lambda: None
    api.clock.advance(5)
    document = bundle(api, tmp_path)
    assert [image["status"] for image in document["images"]] == ["active", "active"]
    assert {job["status"] for job in document["jobs"]} == {"SUCCESS"}


def test_bundle_takes_what_a_test_has_written(api: Api, tmp_path: Path) -> None:
    """What a test has put into the images is written."""
    api.create()
    next(iter(api.images.values()))["when"] = [1, 2]
    assert bundle(api, tmp_path)["images"][0]["when"] == [1, 2]


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("tests/test_a.py::TestB::test_c[x-1.5]", "tests-test_a.py-TestB-test_c[x-1.5].json"),
        ("test_a.py::test_b[a b]", "test_a.py-test_b[a-b]-*.json"),
        ("test_a.py::test_b[é/../\n]", "test_a.py-test_b[-*.json"),
    ],
)
def test_bundle_is_named_for_its_test(api: Api, tmp_path: Path, test: str, name: str) -> None:
    """The name of the file is that of the test, in characters that any file system takes, in the folder itself."""
    path = write_bundle(tmp_path / "new" / "folder", api.service, FailedTest(test, "", Mark(), LINE))
    assert path.parent == tmp_path / "new" / "folder"
    assert path.match(name.replace("[", "[[]"))
    assert path.name.isascii()


def test_bundles_of_two_tests_are_two(api: Api, tmp_path: Path) -> None:
    """Tests whose names differ in odd characters alone, or late, have files of their own."""
    for test in ("t[a b]", "t[a+b]", "t[a-b]", "t" * 300 + "1", "u" + "t" * 299 + "1"):
        write_bundle(tmp_path, api.service, FailedTest(test, "", Mark(), LINE))
    assert len(list(tmp_path.glob("*.json"))) == len(list(tmp_path.glob("*.har"))) == 5


def test_report_is_one_line_for_the_seed(api: Api) -> None:
    """A line break in a seed breaks no line."""
    api.service.reset(seed="a\nb")
    assert lines_of(api)[0].startswith("seed a\\nb, clock ")


def test_report_has_the_time_that_a_test_had_frozen() -> None:
    """Where a test had frozen the time, which has ended by now, the report has the time of its last request."""
    api = Api(start=None)
    with freezegun.freeze_time("2012-01-14"):
        api("GET", "/v2/images")
    assert "clock 2012-01-14T00:00:00Z at the last request" in describe(api.service, Mark(), LINE)
