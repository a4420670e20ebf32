"""The types that users see: their tests pass mypy and pyright where they are right, and fail where they are wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ims_mock import Settings
from ims_mock.contract import schema_files
from tests.conftest import ROOT

USER_TESTS = (ROOT / "tests/data/user_tests.py.txt").read_text("utf-8")
WRONG = {number for number, line in enumerate(USER_TESTS.splitlines(), 1) if line.endswith("# wrong")}


def checked(folder: Path, *command: str) -> str:
    """Write the tests of a user into a folder, run a checker of types on them, and return what it prints."""
    (folder / "user_tests.py").write_text(USER_TESTS, "utf-8")
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', "utf-8")
    environment = {**os.environ, "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", *command, "user_tests.py"]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.thorough
def test_mypy(tmp_path: Path) -> None:
    """Mypy in its strict mode finds the wrong lines, and no other."""
    text = checked(tmp_path, "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"))
    errors = [line.split(":") for line in text.splitlines() if ": error: " in line]
    assert {int(number) for file, number, *_ in errors if file == "user_tests.py"} == WRONG, text


@pytest.mark.thorough
def test_pyright(tmp_path: Path) -> None:
    """Pyright in its strict mode finds the wrong lines, and no other."""
    text = checked(tmp_path, "basedpyright", "--outputjson", "--pythonpath", sys.executable)
    found = json.loads(text)["generalDiagnostics"]
    assert {item["range"]["start"]["line"] + 1 for item in found if item["severity"] == "error"} == WRONG, text


def test_type_of_each_setting() -> None:
    """The type has every setting of the schema, with null where that may be, and the values of an enum."""
    schemas = schema_files.read("settings.json")["properties"]
    types = {name: str(hint.__forward_arg__) for name, hint in Settings.__annotations__.items()}
    assert types.keys() == schemas.keys()
    for name, schema in schemas.items():
        assert types[name].endswith("None") == ("null" in schema["type"]), name
        if "enum" in schema:
            assert types[name] == f"Literal{schema['enum']!r}"
    assert not Settings.__required_keys__
