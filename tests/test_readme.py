"""What the README and the manual show is what happens."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import requests

import ims_mock
from ims_mock import ImsMock, Redirect, Sequence
from ims_mock.command.parser import OPTIONS, new_command_parser
from ims_mock.contract import schema_files
from ims_mock.faults.kinds import KINDS
from ims_mock.faults.rules import Rule
from ims_mock.identity.accounts import DEFAULT_PROJECT_ID, new_accounts
from tests.conftest import ROOT, needs_curl

README = (ROOT / "README.md").read_text("utf-8")
FAULTS = (ROOT / "docs/faults.md").read_text("utf-8")
PAGES = [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/decisions/*.md")]  # Not docs/generated, which a build writes.
MANUAL = {path: path.read_text("utf-8") for path in sorted([ROOT / "README.md", *PAGES])}
DOCUMENTS = sorted([*MANUAL, *ROOT.glob("*.md"), *ROOT.glob("examples/**/*.md")])
BLOCKS = {
    f"{path.relative_to(ROOT).as_posix()}:{text[: block.start()].count(chr(10)) + 2}": block[1]
    for path, text in MANUAL.items()
    if path.name != "recipes.md"  # They have several files: tests/test_recipes.py.
    for block in re.finditer(r"```python\n(.*?)```", text, re.DOTALL)
}
"""Each Python block of the manual, by its page and line."""


@pytest.mark.parametrize("place", BLOCKS)
def test_python_blocks_run(pytester: pytest.Pytester, place: str) -> None:
    """Each Python block passes: as a test file where it has tests, else as a script."""
    block = BLOCKS[place]
    path = pytester.makepyfile(block)
    if "def test_" in block:
        # openstacksdk raises warnings of its own; the SDK's signer asks for the time as Python 3.12 does not want it.
        strict = [] if "import openstack" in block else ["-W", "error"]
        known = ["-W", "ignore:datetime.datetime.utcnow:DeprecationWarning"]
        lean = ["--disable-plugin-autoload", "-p", "ims_mock.pytest_plugin"]
        result = pytester.runpytest_inprocess(*strict, *known, *lean, path)
        result.assert_outcomes(passed=block.count("def test_"))
    else:
        subprocess.run([sys.executable, "-W", "error", path], check=True)


def test_first_example_crashes_as_shown(pytester: pytest.Pytester) -> None:
    """Without what the README says, the sweep of its first example fails as it says."""
    first = next(block for block in BLOCKS.values() if block in README)
    pytester.makepyfile(test_names=first.replace(", LookupError", ""))
    result = pytester.runpytest_inprocess("--disable-plugin-autoload", "-p", "ims_mock.pytest_plugin")
    result.assert_outcomes(passed=1, failed=1)
    (shown,) = re.findall(r"fails with `(.*)`, and", README)
    assert shown in result.stdout.lines


def test_readme_is_short() -> None:
    """The README has at most 200 lines: what is longer is a page of the manual."""
    assert len(README.splitlines()) <= 200


@needs_curl
def test_curl_example_runs(ims_mock: ImsMock) -> None:
    """The curl lines, typed at a mock on another port, print what the README says."""
    match = re.search(r"<!-- example: curl -->\n```console\n(.*?)```\n.*?```text\n(.*?)```", README, re.DOTALL)
    assert match is not None
    lines = [line.removeprefix("$ ") for line in match[1].splitlines()]
    outputs = [
        subprocess.run(
            shlex.split(line.replace("http://127.0.0.1:9292", ims_mock.url)), capture_output=True, text=True, check=True
        ).stdout
        for line in lines
    ]
    assert [entry.status for entry in ims_mock.journal] == [201, 200, 400]
    shown = [line for line in match[2].splitlines() if line]
    assert all(line in outputs[2].splitlines() for line in shown)


def test_tables_follow_from_the_schemas() -> None:
    """Each table is in the manual once, as the schemas make it; `python docs/tables.py` writes them again."""
    tables = runpy.run_path(str(ROOT / "docs/tables.py"))
    found = re.findall("<!-- table: (.*) -->", "".join(MANUAL.values()))
    assert sorted(name for name in found if name in tables["TABLES"]) == sorted(tables["TABLES"])
    for path, text in MANUAL.items():
        assert tables["with_tables"](text) == text, f"{path}: run python docs/tables.py"


def test_users_are_the_accounts() -> None:
    """The table of users has those that are there without any set-up."""
    accounts = new_accounts(DEFAULT_PROJECT_ID, "cn-north-4")
    for user in accounts.users.values():
        project = accounts.own_project(user).name
        credentials = f"`{user.password}` | `{user.access}` / `{user.secret}`"
        row = f"| `{user.name}` | {credentials} | `{project}` | `{user.roles[project][0]}` |"
        assert row in MANUAL[ROOT / "docs/credentials.md"]


def test_example_of_accounts(ims_mock: ImsMock) -> None:
    """The example of more accounts can be added, and its users log in."""
    match = re.search(r"<!-- example: accounts -->\n```json\n(.*?)```", MANUAL[ROOT / "docs/command.md"], re.DOTALL)
    assert match is not None
    ims_mock.reset(accounts=json.loads(match[1]), auth="strict")
    response = requests.get(f"{ims_mock.url}/v2/images", headers={"X-Auth-Token": ims_mock.new_token("ci")}, timeout=10)
    assert response.status_code == 200


def test_every_option_has_a_variable_of_its_own() -> None:
    """Each option is set by one environment variable, which no other has."""
    row = "| `--token-lifetime` | `IMS_MOCK_TOKEN_LIFETIME` | `86400` | seconds until a token expires;"
    assert row in MANUAL[ROOT / "docs/command.md"]
    assert len({option.variable for option in OPTIONS}) == len(OPTIONS)


@needs_curl
def test_control_example_runs(ims_mock: ImsMock) -> None:
    """The curl lines of the control API succeed, one after the other."""
    text = MANUAL[ROOT / "docs/control.md"]
    match = re.search(r"<!-- example: control -->\n```console\n(.*?)```", text, re.DOTALL)
    assert match is not None
    for line in match[1].splitlines():
        command = shlex.split(line.removeprefix("$ ").replace("http://127.0.0.1:9292", ims_mock.url))
        subprocess.run([*command, "--fail"], stdout=subprocess.DEVNULL, check=True)
    assert ims_mock.service.settings.auth == "strict"


COMMANDS = re.compile(r"^\$ (?:.*?\()?(?:[A-Z_]+=\S+ )*(?:ims-mock|python -m ims_mock)\b ?([^\n]*)", re.MULTILINE)
"""A line of a console that runs the command, and its arguments."""


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_take_what_is_shown(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each command of a document is one that the command line takes, with all of its options."""
    (tmp_path / "accounts.json").write_text("{}", "utf-8")
    monkeypatch.chdir(tmp_path)
    for shown in COMMANDS.findall(path.read_text("utf-8")):
        given = shlex.split(re.split(r'\)"| (?:[>|&]|&&)(?: |$)', shown)[0])
        words = 2 if given[:1] == ["contract"] else 1 if given and not given[0].startswith("-") else 0
        new_command_parser(" ".join(given[:words]) or "serve").parse_args(given[words:])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documents_that_are_linked_are_there(path: Path) -> None:
    """Every relative link of a document leads to a file."""
    for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


def test_every_decision_is_in_the_index() -> None:
    """The index of the decisions lists each of their files."""
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"\]\(([a-z-]+\.md)\)", (folder / "README.md").read_text("utf-8"))
    assert {*listed, "README.md"} == {path.name for path in folder.glob("*.md")}


def test_every_fault_is_documented() -> None:
    """docs/faults.md has two rows for each fault: what it does, and what each client sees; the package has its name."""
    faults = [fault.__name__ for fault in KINDS.values()]
    assert re.findall(r"^\| `([A-Z][A-Za-z]+)` \| ", FAULTS, re.MULTILINE) == faults
    assert re.findall(r"^\| `([A-Z][A-Za-z]+)\(", FAULTS, re.MULTILINE) == faults
    assert all(getattr(ims_mock, name) for name in [*faults, *ims_mock.__all__])


@pytest.mark.parametrize("kind", KINDS)
def test_row_of_a_fault_is_its_schemas(kind: str) -> None:
    """A fault's row has its fields in the order of its schema, with their defaults, and each value of a field."""
    fault, schema = KINDS[kind], schema_files.read(f"faults/kinds/{kind}.json")
    (row,) = re.findall(rf"^\| `({fault.__name__}\(.*)$", FAULTS, re.MULTILINE)
    if fault is not Sequence:  # Its row shows what stands in the list.
        defaults = {item.name: item.default for item in fields(fault)}
        given = [name if value is MISSING else f"{name}={json.dumps(value)}" for name, value in defaults.items()]
        python = {"null": "None", "false": "False", "0.0": "0"}
        shown = [re.sub("=(null|false|0.0)$", lambda match: f"={python[match[1]]}", text) for text in given]
        assert row.startswith(f"{fault.__name__}({', '.join(shown)})`")
    for item in schema["properties"].values():
        for value in item.get("enum", ()):
            assert fault is Redirect or json.dumps(value) in row


def test_every_field_of_a_rule_is_documented() -> None:
    """docs/faults.md has a row for each field of a rule."""
    documented = re.findall(r"^\| `([a-z]+)` \|", FAULTS, re.MULTILINE)
    assert documented == [item.name for item in fields(Rule) if item.init and item.name != "fault"]


def test_every_finding_is_documented() -> None:
    """docs/faults.md has a row for each thing that the auditor finds."""
    source = (ROOT / "ims_mock/evidence/audit.py").read_text("utf-8")
    documented = re.findall(r"^\| `([a-z_]+_[a-z_]+)` \|", FAULTS, re.MULTILINE)
    assert sorted(documented) == sorted(set(re.findall(r'Finding\(\s*"([a-z_]+)"', source)))
