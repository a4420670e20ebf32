"""The command `contract changes`."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ims_mock.command.yaml_text import dumped
from ims_mock.contract.operations import load_contract
from tests.command.test_cli import run
from tests.contract.test_changes import attribute, document


def write(path: Path, value: Any) -> str:
    """Write a document to a file, in the format of its name; return the name."""
    path.write_text(dumped(value) if path.suffix == ".yaml" else json.dumps(value))
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Return the names of two documents, of which the second breaks a request."""
    new = document()
    attribute("disk", maximum=100)(new)
    new["components"]["schemas"]["image"]["properties"]["zone"] = {"type": "string"}
    return write(tmp_path / "old.json", document()), write(tmp_path / "new.yaml", new)


def test_breaking_changes(files: tuple[str, str]) -> None:
    """What breaks clients is printed by operation, the worst first, and the status is 1."""
    done = run("contract", "changes", *files)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "POST /images/{image_id} (create)",
        "  break request /disk: maximum is 100 now; it was 255 [request.bound]",
        "  note request /zone: is new [request.attribute_added]",
        "  note response /zone: is new [response.attribute_added]",
        "2 operations: 1 break, 0 drift, 2 note",
    ]


def test_drift_is_strict_alone(files: tuple[str, str]) -> None:
    """A change that is harmless to most is status 2 with `--strict`, and 0 without."""
    old, new = reversed(files)
    done = run("contract", "changes", old, new)
    assert done.returncode == 1  # The new attribute is gone.
    changed = document()
    changed["paths"]["/images/{image_id}"]["post"]["operationId"] = "make"
    write(Path(old), changed)
    assert run("contract", "changes", old, new).returncode == 0
    assert run("contract", "changes", "--strict", old, new).returncode == 2


@pytest.mark.parametrize("allowed", ["request.bound", "create:request.*"])
def test_allowed_changes(files: tuple[str, str], allowed: str) -> None:
    """A change that is meant is accepted by its id, or by its operation and id."""
    done = run("contract", "changes", "--allow", allowed, *files)
    assert done.returncode == 0
    assert "request.bound" not in done.stdout


def test_no_changes(files: tuple[str, str]) -> None:
    """A document against itself has no finding, and the status is 0."""
    done = run("contract", "changes", "--strict", files[0], files[0])
    assert (done.returncode, done.stdout) == (0, "2 operations: 0 break, 0 drift, 0 note\n")


def test_against_this_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document alone is held against the contract of this version, and can come from stdin."""
    old = json.loads(json.dumps(load_contract().document))
    old["paths"]["/v1/cloudimages/count"] = {"get": {"operationId": "count", "responses": {"200": {}}}}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(old)))
    done = run("contract", "changes", "-")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "GET /v1/cloudimages/count (count)"
    assert done.stdout.splitlines()[1] == "  break request: the operation was removed [operation.removed]"
    assert run("contract", "changes", write(tmp_path / "old.json", load_contract().document)).returncode == 0


def test_other_formats(files: tuple[str, str]) -> None:
    """The findings come in each format that findings of recordings come in."""

    def printed(name: str, *more: str) -> str:
        return run("contract", "changes", "--format", name, *more, *files).stdout

    found = json.loads(printed("json"))
    assert (found["operations"], found["findings"][0]["id"]) == (2, "request.bound")
    cases = ElementTree.fromstring(printed("junit")).iter("testcase")
    assert {case.get("classname"): case.find("failure") is not None for case in cases} == {
        "create": True,
        "HEAD /images/{image_id}": False,
    }
    assert ElementTree.fromstring(printed("junit", "--strict")) is not None
    (result, *_) = json.loads(printed("sarif"))["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("request.bound", "error")
    assert printed("github").startswith(f"::error file={files[1]},title=request.bound::")


WRONG = [
    ("nowhere.json", None, "nowhere.json: No such file or directory"),
    ("a.json", "{", "a.json: is not JSON: Expecting property name"),
    ("a.yaml", "a: [", "a.yaml: line 1: "),
    ("a.json", "[]", "a.json: is not an OpenAPI document: it has no member openapi"),
    ("a.json", '{"swagger": "2.0"}', "a.json: is a document of version 2.0; convert it to OpenAPI 3.0 or 3.1 first"),
    ("a.json", '{"openapi": "3.1.0", "paths": []}', "a.json: /paths: must be an object of objects"),
    (
        "a.json",
        '{"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": 1}}}}',
        "is not valid OpenAPI; a validator",
    ),
    ("a.json", '{"openapi": ' + "[" * 100_000, "is not valid OpenAPI; a validator"),
    ("a.json", "\udcff", "a.json: is no text in UTF-8"),
    (
        "a.json",
        '{"openapi": "3.1.0", "paths": {"/a": {"$ref": "b.json"}}}',
        "$ref 'b.json' leads to another document; bundle them into one first",
    ),
]


@pytest.mark.parametrize(("name", "text", "message"), WRONG, ids=range(len(WRONG)))
def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str | None, message: str) -> None:
    """What is not an OpenAPI document is status 3, with the file and what is wrong."""
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path(name).write_bytes(text.encode(errors="surrogateescape"))
    done = run("contract", "changes", name)
    assert (done.returncode, done.stdout) == (3, "")
    assert message in done.stderr


def test_yaml_without_pyyaml(files: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A document in YAML needs PyYAML, and one in JSON does not."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "ims_mock.command.yaml_text")
    done = run("contract", "changes", *files)
    assert done.returncode == 3
    assert "new.yaml: YAML needs PyYAML; install it with: pip install 'ims_mock[contract]'" in done.stderr
    assert run("contract", "changes", files[0], files[0]).returncode == 0


def test_needs_a_document() -> None:
    """Without a document it ends with 2."""
    assert run("contract", "changes").returncode == 2
