"""Errors carry structure: no code reads back out of a sentence what it could have been given as data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

FILES = sorted(Path(ROOT, "ims_mock").rglob("*.py"))

TEXTS = {"reason", "what", "message", "args"}
"""Attributes of an error, or of a problem, that are a sentence."""

CUTS = {
    *("startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "rsplit"),
    *("splitlines", "strip", "lstrip", "rstrip", "replace", "find", "rfind", "index", "rindex", "count"),
}
"""Methods that take a text apart, or look for something in it."""

ERRORS = ("Error", "Exception")


def is_text(node: ast.AST, errors: set[str], texts: set[str]) -> bool:
    """Return whether an expression is the text of an error: str(error), f"{error}", error.reason, or a name for one."""
    if isinstance(node, ast.Name):
        return node.id in texts
    if isinstance(node, ast.Attribute):
        return node.attr in TEXTS and isinstance(node.value, ast.Name) and node.value.id in errors
    if isinstance(node, ast.JoinedStr):
        return any(
            (isinstance(part.value, ast.Name) and part.value.id in errors) or is_text(part.value, errors, texts)
            for part in node.values
            if isinstance(part, ast.FormattedValue)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "repr"):
        return any(isinstance(given, ast.Name) and given.id in errors for given in node.args)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return is_text(node.func.value, errors, texts)
    if isinstance(node, ast.Subscript):
        return is_text(node.value, errors, texts)
    return False


def errors_in(tree: ast.AST) -> set[str]:
    """Return the names of what is caught or taken as an error."""
    nodes = list(ast.walk(tree))
    caught = {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
    taken = {
        node.arg
        for node in nodes
        if isinstance(node, ast.arg) and node.annotation and ast.unparse(node.annotation).endswith(ERRORS)
    }
    return caught | taken


def texts_in(tree: ast.AST, errors: set[str]) -> set[str]:
    """Return the names to which texts of errors are given."""
    texts: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and is_text(node.value, errors, texts):
            texts |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return texts


def cuts(source: str) -> Iterator[str]:
    """Yield the expressions of a source that take the text of an error apart."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        errors = errors_in(function)
        if not errors:
            continue
        texts = texts_in(function, errors)
        for node in ast.walk(function):
            if is_cut(node, errors, texts):
                yield ast.unparse(node)


def is_cut(node: ast.AST, errors: set[str], texts: set[str]) -> bool:
    """Return whether an expression takes the text of an error apart, or looks for something in it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        of_a_method = node.func.attr in CUTS and is_text(node.func.value, errors, texts)
        is_search = isinstance(node.func.value, ast.Name) and (
            node.func.value.id == "re" or node.func.value.id.isupper()
        )
        return of_a_method or (is_search and any(is_text(given, errors, texts) for given in node.args))
    if isinstance(node, ast.Subscript):
        return is_text(node.value, errors, texts)
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return is_text(node.comparators[0], errors, texts)
    return False


def test_no_text_of_an_error_is_taken_apart() -> None:
    """What somebody needs of an error is in its problems, and not in its sentence."""
    assert [f"{path.relative_to(ROOT)}: {cut}" for path in FILES for cut in cuts(path.read_text("utf-8"))] == []


def test_no_text_is_held_against_names() -> None:
    """A text is not asked which of many names it begins or ends with, to know what it is about."""
    found = [
        f"{path.relative_to(ROOT)}: {ast.unparse(node)}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("startswith", "endswith")
        and any(isinstance(given, ast.Call) for given in node.args)
    ]
    assert found == []


TAKEN = {
    "a prefix": 'str(error).removeprefix("body: ")',
    "two prefixes": 'str(error).removeprefix("/").removeprefix("body: ")',
    "one of many": "str(error).startswith(tuple(settings))",
    "of a reason": 'error.reason.removeprefix("body: ")',
    "in a sentence": "f\"/{number}{str(error).removeprefix('body')}\"",
    "its end": 'str(error).endswith("]")',
    "its parts": 'str(error).partition(":")[0]',
    "its words": 're.split(" ", str(error))',
    "by a pattern": "_PATTERN.match(error.reason)",
    "a piece": "error.what[3:]",
    "looked into": '"exists" in str(error)',
    "of a sentence": 'f"{error}".split()',
}


@pytest.mark.parametrize("taken", TAKEN.values(), ids=TAKEN)
def test_what_is_found(taken: str) -> None:
    """Whatever takes an error's text apart is found, also by way of a name."""
    caught = "def f():\n    try:\n        g()\n    except ValueError as error:\n        "
    assert list(cuts(f"{caught}return {taken}\n"))
    assert list(cuts(f"def f(error: ImsError) -> str:\n    return {taken}\n"))
    for text in ("str(error)", "error.reason"):
        assert list(cuts(f"def f(error: ValueError):\n    text = {text}\n    return {taken.replace(text, 'text')}\n"))


@pytest.mark.parametrize("fine", ['f"{name}: {error}"', "error.problems[0].path", "name.removesuffix('.json')"])
def test_what_is_not_found(fine: str) -> None:
    """A text may stand in another, and structure be used."""
    assert list(cuts(f"def f(error: ValueError, name: str):\n    return {fine}\n")) == []


def test_modules_and_functions_are_short() -> None:
    """A module has at most 400 lines, a function at most 40 lines and five parameters beside self."""
    found = []
    for path in FILES:
        text, name = path.read_text("utf-8"), path.relative_to(ROOT)
        if len(text.splitlines()) > 400:
            found.append(f"{name} has more than 400 lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                if (node.end_lineno or 0) - node.lineno >= 40:
                    found.append(f"{name}: {node.name} has more than 40 lines")
                if len([item for item in given if item.arg not in ("self", "cls")]) > 5:
                    found.append(f"{name}: {node.name} has more than five parameters")
    assert found == []
