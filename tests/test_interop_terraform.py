"""The runs of Terraform in interop/: how a step is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ims_mock import ImsMock
from interop import go_module
from interop.terraform import TOFU, Life, difference, problems_by_address, value_at

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
        ("import", "volume_id: expected, min_disk: expected", "fails"),
        ("import", "volume_id: expected", "broken"),
        ("import", "a 500", "broken"),
        ("import", None, "broken"),
    ],
)
def test_a_known_failure_is_no_licence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], check: str, problem: str | None, outcome: str
) -> None:
    """A check that is known to fail has to fail in the known way: with another error, or without one, it is broken."""
    expected = {"provider": "a/b", "fails": {"import": [["volume_id", "min_disk"], "the provider does not read them"]}}
    (tmp_path / "expected.json").write_text(json.dumps(expected))
    life = Life(tmp_path)
    life.report(check, problem)
    assert json.loads(capsys.readouterr().out)["outcome"] == outcome
    assert life.is_broken == (outcome == "broken")


EXPECTED = {
    "provider": "a/b",
    "steps": {"apply": {"data.images.all": {}, "image.web": {}}, "update": {"image.web": {}}},
    "import": {"image.web": []},
    "gone": "image.web",
    "fails": {},
    "calls": {"list": "data.images.all"},
}

EMPTY = """case $1 in plan) echo '{"type": "change_summary"}';; show) echo '{"format_version": "1.0"}';; esac"""
"""Prints a plan without a change, and an empty state."""

CHECKS = [
    "apply data.images.all",
    "apply image.web",
    "the plan after apply is empty",
    "import image.web",
    "an image that is gone is planned again",
    "update image.web",
    "the plan after update is empty",
    "destroy image.web",
    "no image is left",
]


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    """A configuration whose program a test writes with `write_program`."""
    (tmp_path / "expected.json").write_text(json.dumps(EXPECTED))
    with ImsMock() as mock:
        monkeypatch.setenv("IMS_MOCK_URL", mock.url)
        monkeypatch.setenv("IMS_MOCK_CA", "")
        yield Life(tmp_path)


def write_program(life: Life, script: str) -> None:
    """Write a program that stands for OpenTofu."""
    program = life.folder / TOFU
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("script", "working"),
    [
        ("exit 1", []),
        ("exit 0", []),
        (f"{EMPTY}; exit 1", []),
        (EMPTY, ["the plan after apply is empty", "the plan after update is empty"]),
    ],
)
def test_no_check_works_where_the_program_does_nothing(
    life: Life, capsys: pytest.CaptureFixture[str], script: str, working: list[str]
) -> None:
    """A program that fails, or makes nothing, fails each check but those of what it says itself."""
    write_program(life, script)
    life.run()
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["check"] for row in rows} >= set(CHECKS)
    assert [row["check"] for row in rows if row["outcome"] == "works"] == working
    assert life.is_broken


@pytest.mark.parametrize(
    ("later", "note"),
    [
        ("exit 1", "exit status 1: "),
        ("cat state", "it is left"),
        ('[ "$1" = show ] && exit 1', "it is left"),
        ("echo '{}'", None),
    ],
)
def test_destroy_is_judged_by_the_state(
    life: Life, capsys: pytest.CaptureFixture[str], later: str, note: str | None
) -> None:
    """What is still in the state after a destroy, or in one that is not shown, is not destroyed."""
    state = {"values": {"root_module": {"resources": [{"address": "image.web", "values": {}}]}}}
    (life.folder / "state").write_text(json.dumps(state))
    write_program(life, f"[ -e later ] || {{ touch later; cat state; exit 0; }}\n{later}\nexit 0")
    life.destroy()
    row = json.loads(capsys.readouterr().out.splitlines()[0])
    outcome = {"outcome": "broken", "note": note} if note else {"outcome": "works"}
    assert row == {"check": "destroy image.web", **outcome}


def test_a_call_that_fails_raises(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    """A program that ends with an error has raised it, also where it says nothing."""
    write_program(life, "echo no plugin >&2; exit 3")
    life.call("list")
    message = "exit status 3: no plugin\n"
    assert json.loads(capsys.readouterr().out) == {"raised": "exit status 3", "message": message}


def test_a_program_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is in the cache needs no Go."""
    monkeypatch.setattr(go_module, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", "")
    program = tmp_path / "v1.2.3" / "tool"
    program.parent.mkdir()
    program.touch()
    assert go_module.built("example.com/tool@v1.2.3", ".", "tool", is_test=False) == program
