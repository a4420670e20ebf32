"""What it takes to add something: tried in a copy of the project, with no edit elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ims_mock.contract.operations import load_contract
from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.thorough]


class Copy:
    """A copy of the project, to which a test adds files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("ims_mock", "interop", "schemas", "tests"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in ("conftest.py", "setup.cfg", "README.md"):
            shutil.copy(ROOT / name, folder / name)
        shutil.copytree(ROOT / "docs", folder / "docs")

    def add(self, name: str, content: Any) -> None:
        """Add a file; what is no text is JSON."""
        path = self._folder / name
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), "utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Put another text in the place of one that a file has once."""
        path = self._folder / name
        text = path.read_text("utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), "utf-8")

    def append(self, name: str, content: str) -> None:
        """Add something at the end of a file."""
        path = self._folder / name
        path.write_text(path.read_text("utf-8") + content, "utf-8")

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self._folder / name).read_text("utf-8")

    def run(self, *arguments: str) -> str:
        """Run Python in the copy, and return what it has printed; it has to succeed."""
        environment = {**os.environ, "PYTHONPATH": str(self._folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self._folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def test(self, *files: str) -> None:
        """Run tests in the copy."""
        self.run("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *files)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy of the project."""
    return Copy(tmp_path)


COUNT = {
    "operationId": "show_image_count",
    "method": "GET",
    "path": "/v1/cloudimages/count",
    "summary": "Show how many images there are.",
    "description": "Counts the images that the project owns.",
    "x-actions": ["ims:images:list"],
    "responses": {
        "200": {
            "description": "The number.",
            "content": {
                "application/json": {
                    "schema": {
                        "title": "image_count",
                        "description": "How many images there are.",
                        "type": "object",
                        "required": ["used"],
                        "properties": {"used": {"type": "integer", "minimum": 0, "description": "The number."}},
                    },
                    "example": {"used": 1},
                }
            },
        }
    },
}

COUNT_FUNCTION = '''"""How many images there are."""

from __future__ import annotations

from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response


def show_image_count(exchange: Exchange) -> Response:
    """Show how many images a project has."""
    images = exchange.store.images.values()
    return exchange.respond({"used": sum(image["owner"] == exchange.project_id for image in images)})
'''

COUNT_TEST = '''"""How many images there are."""

from __future__ import annotations

from tests.conftest import Api


def test_show_image_count(api: Api) -> None:
    """The count is of the project's images."""
    api.create()
    assert api("GET", "/v1/cloudimages/count").get_json() == {"used": 1}
    assert api("GET", "/v1/cloudimages/count", X_Auth_Token="").status_code == 401
'''


UNCHANGED = ("are_linked", "fast_path", "blocks", "command", "restored_", *load_contract().operations)
"""Tests that the new operation does not bear upon: of others, of validators, of what is not copied."""


def test_operation_takes_one_schema_one_function_one_test(copy: Copy) -> None:
    """A new operation is routed, checked, documented and listed without an edit elsewhere."""
    copy.add("schemas/operations/counts/show_image_count.json", COUNT)
    copy.add("ims_mock/service/operations/counts.py", COUNT_FUNCTION)
    copy.add("tests/service/operations/test_counts.py", COUNT_TEST)
    copy.run("docs/tables.py")
    copy.test(
        *("tests/service/operations/test_counts.py", "tests/contract", "tests/test_layering.py"),
        *("tests/test_readme.py", "tests/identity/test_permissions.py", "tests/service/test_snapshots.py"),
        *("-k", f"show_image_count or not ({' or '.join(UNCHANGED)})"),
    )
    assert "`show_image_count`" in copy.run("-m", "ims_mock", "operations")
    assert "/v1/cloudimages/count" in json.loads(copy.run("-m", "ims_mock", "openapi"))["paths"]


GREETING = """"greeting": {
      "type": "string",
      "maxLength": 5,
      "default": "hello",
      "description": "what the mock says when it is asked how it is",
      "x-group": "output"
    },"""

GREETING_TEST = '''"""A setting that has just been added."""

from __future__ import annotations

import pytest
from ims_mock import ImsMock
from ims_mock.command.cli import main
from ims_mock.command.parser import options_table, settings_table
from tests.conftest import Api


def greeting(api: Api) -> str:
    return str(api("GET", "/_ims_mock/health").get_json()["greeting"])


def test_python_and_http() -> None:
    """ImsMock, a reset over HTTP and GET settings have it, and refuse what it cannot be."""
    assert ImsMock(greeting="hi").service.settings.greeting == "hi"
    api = Api()
    assert greeting(api) == "hello"
    assert api("POST", "/_ims_mock/reset", {"greeting": "hi"}).status_code == 204
    assert (greeting(api), api("GET", "/_ims_mock/settings").get_json()["greeting"]) == ("hi", "hi")
    refusal = api("POST", "/_ims_mock/reset", {"greeting": "goodbye"})
    assert refusal.headers["X-IMS-Mock-Reason"].startswith("/greeting: must have at most 5 characters, got 7")
    assert api("GET", "/_ims_mock/state").get_json()["settings"]["greeting"] == "hi"


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The command has it in its help, as an option and as an environment variable."""
    with pytest.raises(SystemExit):
        main(["serve", "--help"], {})
    assert "--greeting GREETING" in capsys.readouterr().out
    for arguments, environ, name in (
        (["--greeting", "goodbye"], {}, "argument --greeting:"),
        ([], {"IMS_MOCK_GREETING": "goodbye"}, "IMS_MOCK_GREETING"),
    ):
        with pytest.raises(SystemExit):
            main(arguments, environ)
        assert f"{name} must have at most 5 characters" in capsys.readouterr().err


def test_pytest(pytester: pytest.Pytester) -> None:
    """The ini file and the marker have it."""
    pytester.makeini("[pytest]\\nims_mock_greeting = moin")
    pytester.makepyfile(
        "import pytest\\n"
        "def test_ini(ims_mock): assert ims_mock.service.settings.greeting == 'moin'\\n"
        "@pytest.mark.ims_mock(greeting='hi')\\n"
        "def test_marker(ims_mock): assert ims_mock.service.settings.greeting == 'hi'\\n"
    )
    pytester.runpytest_inprocess("-p", "no:xdist").assert_outcomes(passed=2)


def test_tables() -> None:
    """The tables of the README have a row for it."""
    meaning = "what the mock says when it is asked how it is"
    assert f'| `greeting` | `"hello"` | {meaning} |' in list(settings_table())
    assert f"| `--greeting` | `IMS_MOCK_GREETING` | `hello` | {meaning} |" in list(options_table())
'''


def test_setting_takes_one_entry_and_its_use(copy: Copy) -> None:
    """A new setting is in Python, over HTTP, on the command line, in pytest and in the tables by its entry alone."""
    copy.change("schemas/settings.json", '"journal_size": {', f'{GREETING}\n    "journal_size": {{')
    copy.change(
        "ims_mock/service/control.py", '"status": "ok",', '"status": "ok", "greeting": service.settings.greeting,'
    )
    copy.add("tests/test_greeting.py", GREETING_TEST)
    copy.test("tests/test_greeting.py", "tests/service/test_settings.py")


TEAPOT = '''

@dataclass(frozen=True)
class Teapot(Fault):
    """Refuse with 418, so many times hotter; the work is not done."""

    heat: int = 1

    def around(self, work: Work, exchange: Exchange) -> Response:
        raise ImsError(418, "APIGW.0201", "I am a teapot.", reason=f"heat {self.heat}")
'''

TEAPOT_SCHEMA = {
    "type": "object",
    "description": "Refuses with 418.",
    "x-documentation": {
        "effect": "is a teapot",
        "work done": "no",
        "http.client": "418",
        "requests": "418",
        "SDK": "418",
    },
    "additionalProperties": False,
    "properties": {
        "kind": {"const": "teapot"},
        "heat": {"type": "integer", "minimum": 1, "description": "How hot it is."},
    },
    "required": ["kind"],
}

TEAPOT_TEST = '''"""A fault that has just been added."""

from __future__ import annotations

from typing import Any

import ims_mock
import pytest
from tests.conftest import Api


@pytest.mark.parametrize("rule", ["teapot(2)", "teapot(heat=2)", {"fault": {"kind": "teapot", "heat": 2}}])
def test_teapot(api: Api, rule: Any) -> None:
    """It is known as a text, in JSON and in Python, with its bounds."""
    assert api("POST", "/_ims_mock/faults", rule).status_code == 201
    refused = api("GET", "/v2/images")
    assert (refused.status_code, refused.headers["X-IMS-Mock-Reason"]) == (418, "heat 2")
    teapot: Any = ims_mock.Teapot
    assert str(teapot(3)) == "Teapot(heat=3)"
    with pytest.raises(ValueError, match="heat must be at least 1, got 0"):
        teapot(0)
'''


def test_fault_takes_one_class_one_schema_one_test(copy: Copy) -> None:
    """A new fault is in Python, in texts, in JSON and in the documents by its class and its schema alone."""
    copy.append("ims_mock/faults/responses.py", TEAPOT)
    copy.add("schemas/faults/kinds/teapot.json", TEAPOT_SCHEMA)
    copy.add("tests/faults/test_teapot.py", TEAPOT_TEST)
    copy.run("docs/tables.py")
    copy.test(
        *("tests/faults", "tests/test_layering.py", "tests/test_readme.py", "tests/clients/test_fault_clients.py"),
        *("-k", "teapot or every or has_the_fields or describes or layer or table or documented"),
    )
    assert "| `Teapot(heat=1)` | is a teapot | no |" in copy.read("docs/faults.md")
    assert "| `Teapot` | 418 | " in copy.read("docs/faults.md")
