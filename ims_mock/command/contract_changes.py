"""`ims-mock contract changes`: what breaks clients between two OpenAPI documents."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ims_mock.command.arguments import print_error
from ims_mock.command.contract_output import Judged, exit_status, junit, lines_of
from ims_mock.command.contract_page import FORMATS
from ims_mock.contract.changes import changes, check_document, places
from ims_mock.contract.findings import SEVERITIES, is_allowed
from ims_mock.contract.operations import load_contract

UNREADABLE = 3
"""The exit status for a file that is no OpenAPI document."""


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Compare two documents; return 0, 1 for a break, 2 for drift alone with --strict, 3 for what is no document."""
    name = getattr(options, "new", None)
    names = options.old, name or "openapi.json"
    try:
        old = read_document(options.old)
        new = read_document(name) if name else load_contract().document
        judged = _judged(old, new, names, options.allow)
    except ValueError as error:
        print_error(parser, error)
        return UNREADABLE
    except (AttributeError, KeyError, RecursionError, TypeError):
        text = f"{' or '.join(names)}: is not valid OpenAPI; a validator, such as openapi-spec-validator, says where"
        print_error(parser, text)
        return UNREADABLE
    for line in show_operations(judged, options.check_format, strict=options.strict):
        print(line)
    return exit_status(judged, strict=options.strict)


def show_operations(judged: Sequence[Judged], name: str, *, strict: bool) -> Iterator[str]:
    """Yield the lines of a format: text and JSON are of operations here, and the others as for recordings."""
    if name in _OWN:
        return _OWN[name](judged)
    if name == "junit":
        return junit(judged, failing=("break", "drift") if strict else ("break",))
    return FORMATS[name]([item for item in judged if item.findings])


def read_document(name: str) -> Mapping[str, Any]:
    """Return the document of a file; raise ValueError, with the file's name, for one that has none."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        document = _parsed(text)
        check_document(document)
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{name}: is no text in UTF-8") from None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    found: Mapping[str, Any] = document
    return found


def _parsed(text: str) -> Any:
    """Return the value of a text in JSON or YAML."""
    try:
        return json.loads(text)
    except ValueError as error:
        if text.lstrip()[:1] in ("{", "["):
            raise ValueError(f"is not JSON: {error}") from None
    try:
        from ims_mock.command.yaml_text import loaded
    except ImportError:
        raise ValueError("YAML needs PyYAML; install it with: pip install 'ims_mock[contract]'") from None
    return loaded(text)


def _judged(
    old: Mapping[str, Any], new: Mapping[str, Any], names: tuple[str, str], allowed: Sequence[str]
) -> list[Judged]:
    """Return every operation of either document with its findings, but for those that are allowed."""
    found = [finding for finding in changes(old, new) if not is_allowed(finding, allowed)]
    return [
        Judged(names[1], f"since {names[0]}", place, name, [item for item in found if item.operation == name])
        for name, place in (places(new) | places(old)).items()
    ]


def _text(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield each operation that has changed, with what has, and how much that is."""
    for item in judged:
        if item.findings:
            yield f"{item.summary} ({item.operation})"
            yield from (f"  {line}" for line in lines_of(item.findings))
    severities = [finding.severity for item in judged for finding in item.findings]
    counts = ", ".join(f"{severities.count(severity)} {severity}" for severity in SEVERITIES)
    yield f"{len(judged)} operations: {counts}"


def _json(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield one object: how many operations there are, and every finding."""
    findings = [finding.as_json() for item in judged for finding in item.findings]
    yield json.dumps({"operations": len(judged), "findings": findings}, indent=2, default=str)


_OWN: dict[str, Callable[[Sequence[Judged]], Iterator[str]]] = {"text": _text, "json": _json}
