"""Operations that are known and not part of the contract: of OpenStack's Glance, and of services beside IMS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ims_mock.contract import schema_files
from ims_mock.contract.operations import load_contract

PARAMETER = re.compile(r"\{[^}]+\}")
"""A parameter in the path of an operation."""


@dataclass(frozen=True)
class Elsewhere:
    """An operation that the mock does not serve; `text` says whose it is, and `api` too, in a word."""

    method: str
    path: str
    name: str
    text: str
    api: str


def find_elsewhere(method: str, path: str) -> Elsewhere | None:
    """Return the operation that a request is, if it is known and not of the contract."""
    found = [item for item in _known() if pattern_of(item.path).fullmatch(path.rstrip("/"))]
    # The path that has most parts of its own, and the method before any other.
    found.sort(key=lambda item: (item.method != method, len(PARAMETER.findall(item.path))))
    return found[0] if found else None


@cache
def _known() -> list[Elsewhere]:
    served = {(operation.method, operation.path) for operation in load_contract().operations.values()}
    return [
        Elsewhere(item["method"], item["path"], item["name"], api["text"], api["api"])
        for api in schema_files.read("elsewhere.json")["apis"]
        for item in api["operations"]
        if (item["method"], item["path"]) not in served
    ]


@cache
def pattern_of(path: str) -> re.Pattern[str]:
    """Return the regular expression of the paths that a path with parameters stands for."""
    return re.compile("[^/]+".join(map(re.escape, PARAMETER.split(path))))
