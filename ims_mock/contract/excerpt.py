"""A part of an OpenAPI document: the operations of some of its APIs, and what they use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ims_mock.contract.pointers import parts_of, references

_OPEN = ("schemas", "parameters", "responses")
"""The kinds of components that only references lead to."""


def excerpt(document: Mapping[str, Any], apis: Collection[str]) -> dict[str, Any]:
    """Return the document of the operations whose tag is of one of the APIs.

    It has the components that they use. Links to operations that it does not have are left out.
    """
    tags = [tag for tag in document["tags"] if tag.get("x-api") in apis]
    names = {tag["name"] for tag in tags}
    paths = {
        path: of_names
        for path, item in document["paths"].items()
        if (of_names := {method: operation for method, operation in item.items() if names & {*operation["tags"]}})
    }
    known = {operation["operationId"] for item in paths.values() for operation in item.values()}
    paths = {
        path: {method: _without_links(operation, known) for method, operation in item.items()}
        for path, item in paths.items()
    }
    components = _components(document["components"], paths)
    return {**document, "tags": tags, "paths": paths, "components": components}


def _without_links(operation: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Return an operation that links only to those of some ids."""
    responses = {}
    for status, response in operation["responses"].items():
        found = {key: value for key, value in response.items() if key != "links"}
        links = {name: link for name, link in response.get("links", {}).items() if link["operationId"] in known}
        responses[status] = {**found, "links": links} if links else found
    return {**operation, "responses": responses}


def _components(components: Mapping[str, Any], paths: Any) -> dict[str, Any]:
    """Return the components that are used, in their order."""
    used: set[str] = set()
    waiting = [*references(paths)]
    while waiting:
        reference = waiting.pop()
        if reference not in used:
            used.add(reference)
            _, kind, name = parts_of(reference)
            waiting += references(components[kind][name])
    kept = {
        kind: {name: item for name, item in items.items() if f"#/components/{kind}/{name}" in used}
        if kind in _OPEN
        else items
        for kind, items in components.items()
    }
    return {kind: items for kind, items in kept.items() if items}
