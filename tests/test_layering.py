"""Which room may import which: the floors of the house, lowest first."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

FLOORS = [
    {"schema_files", "clock", "json_pointer"},
    {"errors", "acceptor", "messages"},
    {"validation", "images", "files"},
    {"json_body", "members", "signing", "journal"},
    {"backend", "contract", "har"},
    {"fault", "listing", "patching", "catalogue", "accounts", "audit"},
    {"faults", "identity", "environment"},
    {"rules", "auth", "wire"},
    {"rule_text"},
    {"permissions"},
    {"operations"},
    {"service"},
    {"state", "report"},
    {"control"},
    {"app"},
    {"tls"},
    {"server"},
    {"mock"},
    {"standalone", "pytest_plugin"},
    {"cli"},
    {"__main__"},
]
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}

# Who may know what stands outside.
KNOWN = {
    "flask": {"app", "control"},
    "werkzeug": {"app", "control", "server"},
    "werkzeug.serving": {"server"},
    "jsonschema": {"validation"},
    "referencing": {"validation"},
    "socket": {"server", "wire"},
    "ssl": {"tls"},
    "time": {"clock"},
    "datetime": {"clock"},
    "random": {"fault", "rules"},
    "uuid": set(),
    "pytest": {"pytest_plugin"},
}

FILES = sorted(path for path in Path(ROOT, "ims_mock").rglob("*.py") if path.name != "__init__.py")


def room(path: Path) -> str:
    """Return the room that a file belongs to."""
    return "operations" if path.parent.name == "operations" else path.stem


def imports(path: Path, *, typing_too: bool) -> set[str]:
    """Return the modules that a file imports, wherever in it; those for type checking alone only when asked."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not typing_too:
            skipped |= {inner for statement in node.body for inner in ast.walk(statement)}
    found = set()
    for node in set(ast.walk(tree)) - skipped:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rooms_import_only_what_stands_under_them(path: Path) -> None:
    """A room imports rooms of lower floors alone, so that each can be read without those above."""
    for module in imports(path, typing_too=False):
        if module.startswith("ims_mock.") and module.split(".")[1] in FLOOR:
            assert FLOOR[module.split(".")[1]] < FLOOR[room(path)], f"{path.name} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rooms_know_only_what_they_may(path: Path) -> None:
    """Flask, the WSGI server, jsonschema, sockets and the wall clock each have their own rooms."""
    for module in imports(path, typing_too=True):
        for name, rooms in KNOWN.items():
            if module == name or module.startswith(name + "."):
                assert room(path) in rooms, f"{path.name} imports {module}"


def test_every_room_has_a_floor() -> None:
    """A new file is given its floor here."""
    assert {room(path) for path in FILES} == FLOOR.keys()
