"""YAML as its version 1.2 has it, in which OpenAPI documents are written; PyYAML by itself reads and writes 1.1.

https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_TYPES = [
    ("null", "(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("bool", "(?:true|True|TRUE|false|False|FALSE)", [*"tTfF"]),
    ("int", "(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)", [*"-+0123456789"]),
    ("float", rf"(?:{_FLOAT}|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))", [*"-+.0123456789"]),
    ("merge", "<<", ["<"]),
]
"""The texts that stand for something else, with the characters that they begin with."""


class _Loader(yaml.SafeLoader):
    """Reads "on" and a date as texts, and 1e3 as a number."""


class _Dumper(yaml.SafeDumper):
    """Quotes what either version reads as something else, and writes in full what is there twice."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return that nothing is written as an alias, which some readers do not follow."""
        return True


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node)
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


_Loader.yaml_implicit_resolvers = {}  # Those of version 1.1.
for _name, _pattern, _first in _TYPES:
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"{_pattern}$"), _first)
    if _name in ("int", "float"):
        _Dumper.add_implicit_resolver(_TAG + _name, re.compile(f"{_pattern}$"), _first)
_Loader.add_constructor(_TAG + "int", _integer)


def dumped(document: Any) -> str:
    """Return a document of JSON values in YAML, its keys in their order."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def loaded(text: str) -> Any:
    """Return the document of a text in YAML; raise ValueError for what is none."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"{line}{error.problem}") from None
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
