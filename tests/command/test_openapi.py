"""The command `openapi`, and YAML as it writes and reads it."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
import yaml

from ims_mock.command.yaml_text import dumped, loaded
from ims_mock.contract.excerpt import excerpt
from ims_mock.contract.operations import load_contract
from tests.command.test_cli import run


def test_yaml_is_the_document() -> None:
    """In YAML the document is what it is in JSON, for readers of either version of YAML, and always the same text."""
    done = run("openapi", "--format", "yaml", "--only", "other")
    expected = json.loads(json.dumps(excerpt(load_contract().document, ["other"])))
    assert yaml.safe_load(done.stdout) == expected
    assert loaded(done.stdout) == expected
    assert done.stdout.startswith("openapi: 3.1.0\n")
    assert done.stdout == run("openapi", "--format", "yaml", "--only", "other").stdout


def test_only_some_apis() -> None:
    """With `--only` the document has the operations of the APIs that it names."""
    done = run("openapi", "--only", "native", "--only", "iam")
    assert json.loads(done.stdout) == excerpt(load_contract().document, ["native", "iam"])


def test_options_by_variables() -> None:
    """The options have variables of their own, as other commands have a format too."""
    done = run("openapi", IMS_MOCK_OPENAPI_ONLY="own;iam", IMS_MOCK_OPENAPI_FORMAT="json")
    assert json.loads(done.stdout) == excerpt(load_contract().document, ["own", "iam"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "v3"], 'argument --only: must be "native" or "own" or "iam" or "other", got "v3"'),
        (["--format", "xml"], 'argument --format: must be "json" or "yaml", got "xml"'),
    ],
)
def test_wrong_options(arguments: list[str], message: str) -> None:
    """A value that an option does not have ends it with 2 and says which there are."""
    done = run("openapi", *arguments)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_yaml_without_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyYAML, `--format yaml` ends with 2 and says what to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "ims_mock.command.yaml_text")
    done = run("openapi", "--format", "yaml")
    assert done.returncode == 2
    assert "--format yaml needs PyYAML; install it with: pip install 'ims_mock[contract]'" in done.stderr


@pytest.mark.parametrize(
    "value",
    [
        *("on", "yes", "true", "null", "~", "", "2016-06-02T07:49:48Z", "2016-06-02", "1e3", "12e34", "0o14", "0x1f"),
        *(
            "010",
            "1:30",
            "1_000",
            ".5",
            "-",
            "<<",
            "a: b",
            "# a",
            " a ",
            "a\nb\n",
            "\u4e00",
            "^[a-z]$",
            "*",
            "&a",
            "200",
        ),
        *(True, None, 0, -1.5, [], {}, [[]], {"200": {"on": "yes"}}),
    ],
)
def test_yaml_keeps_values(value: Any) -> None:
    """What is written in YAML is read as the same value by its version 1.2, and by PyYAML."""
    assert loaded(dumped({"a": value})) == {"a": value}
    assert yaml.safe_load(dumped({"a": value})) == {"a": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("2016-06-02", "2016-06-02"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1e3", 1000.0),
        ("010", 10),
        ("0o14", 12),
        ("0x1f", 31),
        ("True", True),
        ("~", None),
        ("{<<: {b: 1}}", {"b": 1}),
    ],
)
def test_yaml_is_read_as_version_1_2(text: str, value: Any) -> None:
    """What stands in YAML without quotes is of the type that version 1.2 gives it."""
    assert loaded(f"a: {text}") == {"a": value}


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "a: !!python/object/apply:os.system [true]", "a: *b"])
def test_no_yaml(text: str) -> None:
    """A text that is no YAML, or asks for an object of Python, is a ValueError."""
    with pytest.raises(ValueError, match="line 1"):
        loaded(text)


def test_no_text() -> None:
    """A text with characters that YAML does not have is a ValueError."""
    with pytest.raises(ValueError, match="special characters are not allowed"):
        loaded("a: \x00")


def test_yaml_has_no_aliases() -> None:
    """What is twice the same object is written twice."""
    same = {"a": 1}
    assert dumped([same, same]) == "- a: 1\n- a: 1\n"
