"""Writes the tables of the documents that follow from the schemas: python docs/tables.py."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ims_mock.command.parser import options_table, settings_table, statuses_table
from ims_mock.contract import schema_files
from ims_mock.contract.operations import control_table, operations_table
from ims_mock.faults.kinds import KINDS
from interop import outcomes

DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("docs/decisions/*.md")])
"""Where a table may stand; a comment with its name comes before it."""

_CLIENTS = ("http.client", "requests", "SDK", "openstacksdk", "python-glanceclient")

_OTHER_SDKS = {"go-sdk": "SDK for Go", "java-sdk": "SDK for Java"}
"""Huawei Cloud's SDKs in other languages, by their folders in interop."""


def faults_table() -> Iterator[str]:
    """Yield the lines of the table of faults: how each is made, what it does, and whether the work is done."""
    yield "| fault | what it does | is the work done? |"
    yield "|---|---|---|"
    for kind, fault in KINDS.items():
        says = _documentation(kind)
        signature = (
            says.get("signature") or f"{fault.__name__}({', '.join(map(_parameter, dataclasses.fields(fault)))})"
        )
        yield f"| `{signature}` | {_cells(says, ('effect', 'work done'))} |"


def clients_table() -> Iterator[str]:
    """Yield the lines of the table of what each client sees of each fault."""
    columns = [*_CLIENTS, *_OTHER_SDKS.values()]
    yield f"| fault | {' | '.join(columns)} |"
    yield "|---|" + "---|" * len(columns)
    for kind, fault in KINDS.items():
        says = _documentation(kind)
        # Where no run has tried a fault, those of Python, Go and Java do not differ: what it does needs no client.
        others = [outcomes.seen_of_kind(client, kind) or says["SDK"] for client in _OTHER_SDKS]
        yield f"| `{fault.__name__}` | {_cells(says, _CLIENTS)} | {' | '.join(others)} |"


def _documentation(kind: str) -> dict[str, str]:
    says: dict[str, str] = schema_files.read(f"faults/kinds/{kind}.json")["x-documentation"]
    return says


def _cells(says: dict[str, str], columns: Iterable[str]) -> str:
    return " | ".join(says.get(column, "not tested") for column in columns)


def glance_table() -> Iterator[str]:
    """Yield the lines of the table of what a Glance is known to do otherwise than IMS."""
    yield "| operation | finding | at | why |"
    yield "|---|---|---|---|"
    for known in schema_files.read("profiles/glance.json")["differences"]:
        at = f"{known.get('at', '')} {known.get('got', '')}".strip()
        yield f"| `{known['operation']}` | `{known['id']}` | {f'`{at}`' if at else ''} | {known['reason']} |"


def _parameter(item: dataclasses.Field[Any]) -> str:
    if item.default is dataclasses.MISSING:
        return item.name
    default = item.default
    if isinstance(default, str):
        return f"{item.name}={json.dumps(default)}"
    return f"{item.name}={default:g}" if type(default) is float else f"{item.name}={default}"


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "operations": operations_table,
    "settings": settings_table,
    "options": options_table,
    "statuses": statuses_table,
    "control": control_table,
    "interop": outcomes.clients_table,
    "interop refused": partial(outcomes.checks_table, "refused", "how the client shows it"),
    "interop fails": partial(outcomes.checks_table, "fails", "why"),
    "interop faults go": partial(outcomes.faults_table, "go"),
    "interop faults java": partial(outcomes.faults_table, "java"),
    "interop faults other": partial(outcomes.faults_table, "other"),
    "faults": faults_table,
    "clients": clients_table,
    "glance": glance_table,
}
"""What makes each table, by the name in the comment before it."""


def with_tables(text: str) -> str:
    """Return a document with each table as it follows from the schemas."""
    for name, lines in TABLES.items():
        if f"<!-- table: {name} -->" not in text:
            continue
        table = "\n".join(lines()) + "\n\n"
        # Only a table of several parts has headings; the heading after any other table is not its own.
        heading = r"|## .*" if "\n## " in table else ""
        before = rf"(<!-- table: {name} -->\n)(?:(?:\|.*{heading})?\n)*"
        text = re.sub(before, lambda match, new=table: match[1] + new, text)
    return f"{text.rstrip()}\n"


if __name__ == "__main__":
    for document in DOCUMENTS:
        if (before := document.read_text("utf-8")) != (after := with_tables(before)):
            document.write_text(after, "utf-8")
