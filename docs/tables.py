"""Writes the tables of the README that follow from the schemas: python docs/tables.py."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ims_mock.command.parser import options_table, settings_table  # noqa: E402 (the checkout's own)
from ims_mock.contract.operations import control_table, operations_table  # noqa: E402

README = ROOT / "README.md"

TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "operations": operations_table,
    "settings": settings_table,
    "options": options_table,
    "control": control_table,
}
"""What makes each table, by the name in the comment before it."""


def with_tables(text: str) -> str:
    """Return a document with each table as it follows from the schemas."""
    for name, lines in TABLES.items():
        table = "\n".join(lines()) + "\n"
        text = re.sub(rf"(<!-- table: {name} -->\n)(?:\|.*\n)*", lambda match, new=table: match[1] + new, text)
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text("utf-8")), "utf-8")
