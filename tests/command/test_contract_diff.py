"""`ims-mock contract diff`: what it prints, and its exit statuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ims_mock import ImsMock
from ims_mock.command.cli import main
from ims_mock.command.parser import OPTIONS
from ims_mock.contract import RecordedExchange, RecordedRequest, RecordedResponse, find_operation
from ims_mock.evidence.correspondence import RULES
from tests.conftest import ROOT
from tests.recorded_run import RECORDING, kept

COMMAND = ("contract", "diff")


def operation_of(exchange: RecordedExchange) -> str:
    """Return the id of an exchange's operation."""
    operation = find_operation(exchange.request.method, exchange.request.url)
    return operation.id if operation else ""


def cassette(exchanges: Iterable[RecordedExchange]) -> dict[str, Any]:
    """Return exchanges as a cassette of vcrpy in JSON."""

    def headers(given: Any) -> dict[str, list[str]]:
        return {name: [value] for name, value in given}

    def text(body: Any) -> str:
        return body.decode() if isinstance(body, bytes) else ""

    return {
        "version": 1,
        "interactions": [
            {
                "request": {
                    "method": item.request.method,
                    "uri": item.request.url,
                    "headers": headers(item.request.headers),
                    "body": text(item.request.body),
                },
                "response": {
                    "status": {"code": item.response.status, "message": ""},
                    "headers": headers(item.response.headers),
                    "body": {"string": text(item.response.body)},
                },
            }
            for item in exchanges
            if item.response is not None
        ],
    }


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of a recording with few requests: those about versions and schemas, and the first image."""
    of_tokens = ("keystone_create_token", "keystone_validate_token", "keystone_revoke_token")
    exchanges = [item for item in kept()[:26] if operation_of(item) not in of_tokens]
    return written(tmp_path_factory.mktemp("diff") / "short.json", cassette(exchanges))


def written(path: Path, document: Any) -> str:
    """Write a file of JSON, and return its name."""
    path.write_text(json.dumps(document), "utf-8")
    return str(path)


def changed(short: str, path: Path) -> str:
    """Return the file of a recording in which the first image has another name."""
    text = Path(short).read_text("utf-8")
    path.write_text(text.replace('\\"web\\"', '\\"abc\\"'), "utf-8")
    return str(path)


def interrupt(first: RecordedExchange, *_: Any) -> list[Any]:
    """Press Ctrl-C once an image has been created."""
    if first.request.method == "POST":
        raise KeyboardInterrupt
    return []


def test_same(short: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording of the mock and the mock are the same: 0, and a summary."""
    assert main([*COMMAND, short, "mock", "--setting", "auth=strict", "--setting", "seed=4"], {}) == 0
    out = capsys.readouterr().out
    assert "\nkeystone_show_catalog" in out
    assert f"    ids {RULES['ids']}" not in out
    assert f" times: {RULES['ids']}\n" in out
    assert out.splitlines()[-1].startswith(f"{short} and the mock: 22 exchanges: ")
    assert out.splitlines()[-1].endswith(" 0 differs, 0 not compared")
    assert "interaction 1:" not in out


def test_archive_of_the_mock(capsys: pytest.CaptureFixture[str]) -> None:
    """The archive of every operation is the same, with two users, and with what they log in with."""
    assert main([*COMMAND, str(RECORDING), "mock", "--setting", "auth=strict"], {}) == 0
    assert capsys.readouterr().out.endswith(" 0 differs, 0 not compared\n")


@pytest.mark.parametrize(
    "name",
    ["mitmproxy/ims-12.3.1.har", "playwright/ims-minimal.har", "vcrpy/httpx_vcrpy_5.yaml", "schemathesis/vcr.yaml"],
)
def test_recording_of_a_tool(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What other tools have recorded of a mock is the same, also where its credentials were taken away."""
    assert main([*COMMAND, str(ROOT / "tests/data/recordings" / name), "mock", "--setting", "auth=strict"], {}) == 0
    assert " 0 differs" in capsys.readouterr().out


def test_every_exchange_is_shown(short: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--all shows also what is the same."""
    assert main([*COMMAND, short, "mock", "--setting=auth=strict", "--all"], {}) == 0
    assert "interaction 1: GET /: list_versions: same\n" in capsys.readouterr().out


def test_difference(short: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What differs is shown with its entry, its operation and its place: 1."""
    first = changed(short, tmp_path / "first.har")
    assert main([*COMMAND, first, short], {}) == 1
    out = capsys.readouterr().out
    assert "glance_create_image_metadata: differs (with interaction 18)\n" in out
    assert '    request /name: "abc" became "web"\n    body /name: "abc" became "web"\n' in out


def test_json(short: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has each exchange with its verdict, rules and differences."""
    first = changed(short, tmp_path / "first.har")
    assert main([*COMMAND, first, short, "--format", "json"], {}) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["first"], document["second"], document["counts"]["differs"]) == (first, short, 2)
    entry = document["exchanges"][17]
    assert (entry["entry"], entry["verdict"]) == ("interaction 18", "differs")
    assert entry["differences"][1] == {
        "id": "body/name:value",
        "part": "body",
        "pointer": "/name",
        "kind": "value",
        "first": "abc",
        "second": "web",
        "rule": "",
        "message": 'body /name: "abc" became "web"',
    }


def test_junit(short: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JUnit has a test for each exchange, which fails where there is a difference."""
    first = changed(short, tmp_path / "first.har")
    assert main([*COMMAND, first, short, "--format", "junit"], {}) == 1
    (suite,) = ElementTree.fromstring(capsys.readouterr().out)
    assert (suite.get("tests"), suite.get("failures")) == ("22", "2")
    assert 'body /name: "abc" became "web"' in "".join(suite.itertext())


def test_differences_are_allowed(short: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--allow accepts differences by their id, or by operation and id: those that are left count."""
    first = changed(short, tmp_path / "first.har")
    given = [*COMMAND, first, short, "--allow", "request/name:*"]
    assert main(given, {}) == 1
    out = capsys.readouterr().out
    assert "    body/name:value 2 times: glance_create_image_metadata, glance_show_image\n" in out
    assert "1 differences are allowed\n" in out
    assert main([*given, "--allow", "glance_create_image_metadata:body/*", "--allow", "*:value", "--all"], {}) == 0
    assert "glance_show_image: same by rules: what is allowed (with interaction 20)\n" in capsys.readouterr().out


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """--rules lists the rules, and needs nothing else."""
    assert main([*COMMAND, "--rules"], {}) == 0
    assert capsys.readouterr().out.splitlines() == [f"{name}: {text}" for name, text in RULES.items()]


def test_rules_and_options_are_documented() -> None:
    """docs/clouds.md has every rule in its table, and every option but --config, which all commands have."""
    text = (ROOT / "docs/clouds.md").read_text("utf-8").partition("\n## Diff\n")[2].partition("\n## ")[0]
    rows = re.findall("^\\| `([a-z-]+)[^`]*` \\|", text, re.MULTILINE)
    assert [row for row in rows if not row.startswith("-")] == [*RULES]
    options = {option.flag for option in OPTIONS if option.belongs_to("contract diff")} - {"--config"}
    assert {row for row in rows if row.startswith("--")} == options


def test_rule_is_left_out(short: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a rule what it allows is a difference; what is said to be the same still is."""
    given = [*COMMAND, short, "mock", "--setting=auth=strict", "--setting=start=2020-01-01T00:00:00Z"]
    assert main([*given, "--strict-rule", "times"], {}) == 1
    assert 'body /created_at: "2016-06-02T07:50:' in capsys.readouterr().out


def test_url(short: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A URL gets its credentials from the environment, and what writes only when that is asked for."""
    with ImsMock(auth="strict", seed=2) as mock:
        monkeypatch.setenv("IMS_TOKEN", mock.token)
        monkeypatch.setenv("OS_PROJECT_ID", mock.project_id)
        assert main([*COMMAND, short, mock.url], {}) == 0
        assert "writes, and --writes is not given" in capsys.readouterr().out
        assert main([*COMMAND, short, mock.url, "--writes"], {}) == 0
        assert len(mock.journal.calls("glance_create_image_metadata")) == 2
        assert main([*COMMAND, mock.url, "mock"], {}) == 0
        assert "tour 1" not in capsys.readouterr().out
        assert main([*COMMAND, mock.url, mock.url, "--requests", short], {}) == 0


def test_interrupted(short: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C is not the same as "the same", and what is left is said."""
    with ImsMock(seed=2, faults=["glance_delete_image: 403"]) as mock:
        monkeypatch.setenv("IMS_TOKEN", mock.token)
        monkeypatch.setattr("ims_mock.testing.replaying.differences", interrupt)
        assert main([*COMMAND, short, mock.url, "--writes"], {}) == 130
        (image_id,) = mock.images
    assert capsys.readouterr().err.splitlines() == [
        f"ims-mock contract diff: the image {image_id} was made and is left: its deletion was responded to with 403",
        "ims-mock contract diff: interrupted",
    ]


def test_same_things_with_other_names(tmp_path: Path) -> None:
    """What is said to be the same on both sides is, whatever its form."""
    request = RecordedRequest("GET", "/v2/images/x", [])
    responses = [RecordedResponse(200, [], json.dumps({"__data_origin": name}).encode()) for name in ("one", "other")]
    files = [
        written(tmp_path / f"{index}.json", cassette([RecordedExchange(request, response)]))
        for index, response in enumerate(responses)
    ]
    assert main([*COMMAND, *files], {}) == 1
    assert main([*COMMAND, *files, "--same", "one=other"], {}) == 0


WRONG = {
    "nothing": ([], "needs A, a recording or a URL, and B, the word mock, a URL or a recording"),
    "one side": (["a.har"], "needs A"),
    "the mock first": (["mock", "a.har"], "A is a recording or a URL, and B may be the mock: turn them around"),
    "rule": (["a.har", "mock", "--strict-rule", "tmes"], "must be a rule, got 'tmes'; the rules are ids, times"),
    "setting": (["a.har", "mock", "--setting", "sed=1"], '--setting: "sed" is not a setting; the settings are seed, '),
    "value": (["a.har", "mock", "--setting", "auth=most"], 'auth: must be "off" or "lenient" or "strict", got "most"'),
    "setting of a URL": (["a.har", "http://a", "--setting", "seed=1"], "--setting is for the mock as B"),
    "requests": (["a.har", "mock", "--requests", "b.har"], "--requests is for a URL as A"),
    "same": (["a.har", "mock", "--same", "a"], "argument --same: must be what A has, '=', and what B has"),
    "endpoint": (["a.har", "http://a", "--endpoint", "iam"], "argument --endpoint: must be iam, eps, kms, cbr or bss"),
    "URL": (["a.har", "http://a:b"], "url must be http:// or https:// with a host"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong arguments end with 2, and a sentence that says what is right."""
    arguments, text = WRONG[name]
    with pytest.raises(SystemExit) as ended:
        main([*COMMAND, *arguments], {})
    assert ended.value.code == 2
    assert text in capsys.readouterr().err


def test_nothing_to_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording without a request of the API is wrong use, and not the same."""
    empty = written(tmp_path / "empty.json", cassette([]))
    assert main([*COMMAND, empty, "mock"], {}) == 2
    assert "nothing was compared" in capsys.readouterr().err


def test_unreadable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, is no recording, or a URL that does not respond: 3, and which it is."""
    missing = str(tmp_path / "missing.har")
    assert main([*COMMAND, missing, "mock"], {}) == 3
    assert f"{missing}: No such file" in capsys.readouterr().err
    nonsense = written(tmp_path / "nonsense.json", {"a": 1})
    assert main([*COMMAND, nonsense, "mock"], {}) == 3
    assert ".json: is not a recording that can be read" in capsys.readouterr().err
    with ImsMock() as mock:
        url = mock.url
    assert main([*COMMAND, url, "mock"], {}) == 3
    assert f"{url} does not respond" in capsys.readouterr().err
