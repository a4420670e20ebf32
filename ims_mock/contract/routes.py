"""Which operation a request is of, by its method and URL alone, whatever base path the endpoint has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from ims_mock.contract.operations import Operation, load_contract

_ANY = ""
"""The key of the branch for a parameter in a tree of routes: no part of a path is empty."""

_ENDS = "/"
"""The key of what ends at a node, by method: no part of a path has a slash."""

_VERSION = re.compile(r"v[0-9]+(?:\.[0-9]+)*")
_PARAMETER = re.compile(r"\{([^}]+)\}")


class Route(NamedTuple):
    """An operation that a request is of, and the parameters in its path as they came, without percent-encoding."""

    operation: Operation
    path: Mapping[str, str]


def find_operation(method: str, url: str) -> Operation | None:
    """Return the operation of a method and a URL or path; None if there is none.

    What stands before the operation's own path, such as "/image" before "/v2/images", may be anything.
    """
    route = find_route(method, path_of(url))
    return route.operation if route else None


@lru_cache(maxsize=4096)
def find_route(method: str, path: str) -> Route | None:
    """Return the route of a path without a query, which is not changed; HEAD has that of GET, unless it has its own."""
    found = list(_found(path))
    for name in (method, "GET") if method == "HEAD" else (method,):
        for ends, parts in found:
            if name in ends:
                operation, names = ends[name]
                return Route(operation, {key: unquote(parts[index]) for index, key in names})
    return None


def methods_of(path: str) -> set[str]:
    """Return the methods of all operations that a path is of."""
    return {method for ends, _ in _found(path) for method in ends}


def path_of(url: str) -> str:
    """Return the path of a URL or, as it is, of a path with its query; "" where a URL is malformed."""
    if url.startswith("/"):
        return url.partition("?")[0].partition("#")[0]
    try:
        return urlsplit(url).path or ("/" if url else "")
    except ValueError:
        return ""


def query_of(url: str) -> str:
    """Return the query of a URL, without the question mark."""
    return url.partition("#")[0].partition("?")[2]


_End = tuple[Operation, "tuple[tuple[int, str], ...]"]
"""An operation, and which parts of the path are its parameters."""

_Found = Iterator["tuple[Mapping[str, _End], list[str]]"]


def _found(path: str) -> _Found:
    """Yield what ends where a path does, by method, with the parts of the path from where the operation's begins."""
    if not path.startswith("/"):
        return
    parts = path.split("/")[1:]
    plain, slashed = _trees()
    tree = plain
    if parts and not parts[-1]:
        # A slash at the end is part of few paths.
        parts, tree = parts[:-1], slashed
    yield from _below(tree, parts, 0)
    for start, part in enumerate(parts):
        if start and _VERSION.fullmatch(part):
            yield from _below(tree, parts[start:], 0)


def _below(node: Mapping[str, Any], parts: list[str], at: int) -> _Found:
    if at == len(parts):
        if _ENDS in node:
            yield node[_ENDS], parts
        return
    part = parts[at]
    if not part:
        return
    if part in node:
        yield from _below(node[part], parts, at + 1)
    if _ANY in node:
        yield from _below(node[_ANY], parts, at + 1)


@cache
def _trees() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tree of all paths, and that of those which may end in a slash too."""
    plain: dict[str, Any] = {}
    slashed: dict[str, Any] = {}
    for operation in load_contract().operations.values():
        for path in operation.paths:
            _add(plain, operation, path)
            if operation.ends_in_slash_too or path == "/":
                _add(slashed, operation, path)
    return plain, slashed


def _add(tree: dict[str, Any], operation: Operation, path: str) -> None:
    """Add a path to a tree; a parameter with known values is each of them."""
    known = {item.name: item.schema.content.get("enum") for item in operation.path_parameters}
    parts = [part for part in path.split("/") if part]
    names = tuple((index, match[1]) for index, part in enumerate(parts) if (match := _PARAMETER.fullmatch(part)))
    choices = [[part] for part in parts]
    for index, name in names:
        choices[index] = known.get(name) or [_ANY]
    for choice in product(*choices):
        node = tree
        for key in choice:
            node = node.setdefault(key, {})
        node.setdefault(_ENDS, {})[operation.method] = operation, names
