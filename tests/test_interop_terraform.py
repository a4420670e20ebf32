"""The runs of Terraform in interop/: how a step is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interop import go_module
from interop.terraform import Life, difference, problems_by_address, value_at

STATE = {"name": "web", "images": [{"name": "a", "tags": {"team": "web"}}, {"name": "b", "tags": None}]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "web"),
        ("images.#", 2),
        ("images.1.name", "b"),
        ("images.0.tags.team", "web"),
        ("images.1.tags.team", None),
        ("images.2", None),
        ("missing", None),
    ],
)
def test_value_at(path: str, value: object) -> None:
    """A path is written as in a state of Terraform, and leads to None where nothing is."""
    assert value_at(STATE, path) == value


def test_difference_names_what_is_wrong() -> None:
    """Each attribute that differs is named, with both values; a type counts too."""
    assert difference(STATE, {"name": "web", "images.#": 2}) is None
    assert difference(STATE, {"name": "db", "images.#": "2"}) == (
        "name: expected 'db', got 'web'; images.#: expected '2', got 2"
    )
    assert difference(None, {}) == "it is not in the state"


def test_problems_by_address() -> None:
    """Errors of OpenTofu are found by the address of their resource; warnings are none."""
    lines = [
        {"@level": "info", "type": "version"},
        {"@level": "warn", "diagnostic": {"summary": "old", "address": "a.b"}},
        {"@level": "error", "diagnostic": {"summary": "no image", "detail": "IMG.0027", "address": "a.c"}},
        {"@level": "error", "diagnostic": {"summary": "no provider"}},
    ]
    output = "\n".join(["not JSON", *map(json.dumps, lines)])
    assert problems_by_address(output) == {"a.c": "no image IMG.0027", "the configuration": "no provider "}


@pytest.mark.parametrize(
    ("check", "problem", "outcome"),
    [
        ("apply", None, "works"),
        ("apply", "a 500", "broken"),
        ("import", "volume_id: expected", "fails"),
        ("import", "a 500", "broken"),
        ("import", None, "broken"),
    ],
)
def test_a_known_failure_is_no_licence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], check: str, problem: str | None, outcome: str
) -> None:
    """A check that is known to fail has to fail in the known way: with another error, or without one, it is broken."""
    expected = {"provider": "a/b", "fails": {"import": ["volume_id", "the provider does not read it"]}}
    (tmp_path / "expected.json").write_text(json.dumps(expected))
    life = Life(tmp_path)
    life.report(check, problem)
    assert json.loads(capsys.readouterr().out)["outcome"] == outcome
    assert life.is_broken == (outcome == "broken")


def test_a_program_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is in the cache needs no Go."""
    monkeypatch.setattr(go_module, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", "")
    program = tmp_path / "v1.2.3" / "tool"
    program.parent.mkdir()
    program.touch()
    assert go_module.built("example.com/tool@v1.2.3", ".", "tool", is_test=False) == program
