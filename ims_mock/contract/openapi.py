"""OpenAPI 3.1 documents, composed of the files in `schemas/`.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from ims_mock.contract import schema_files

_OWN_KEYS = ("method", "path")
"""What the file of an operation has in addition to OpenAPI's Operation Object."""


def compose(head: str, folder: str, models: Iterable[str] = ()) -> dict[str, Any]:
    """Return the document of the operations in a folder.

    `head` is the file of everything that is not an operation. Each operation also has the responses of the head, except
    for a status for which it has its own, and one that begins jobs has the head's links to them. What is referred to
    becomes a component, and so do all `models`.
    """
    composer = _Composer()
    document: dict[str, Any] = composer.local(schema_files.read(head), head)
    common, job_links = document["components"].get("responses", {}), document.pop("x-job-links", {})
    paths: dict[str, dict[str, Any]] = {}
    for name in schema_files.names(folder):
        raw = schema_files.read(name)
        operation = composer.local({key: value for key, value in raw.items() if key not in _OWN_KEYS}, name)
        operation["tags"] = [resource_of(name)]
        operation["responses"] |= {
            status: {"$ref": f"#/components/responses/{status}"}
            for status in common
            if status not in operation["responses"]
        }
        if raw.get("x-jobs"):
            _success_of(operation)["links"] = job_links
        paths.setdefault(raw["path"], {})[raw["method"].lower()] = operation
    for name in models:
        composer.component(name)
    return {**document, "paths": paths, "components": {**document["components"], **composer.components}}


def resource_of(name: str) -> str:
    """Return the resource of the operation in a file: the name of the file's folder."""
    return posixpath.basename(posixpath.dirname(name))


def _success_of(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first response of an operation that is no error."""
    return next(response for status, response in operation["responses"].items() if int(status) < 400)


def _with_branches(value: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return a schema with each file of the folder that it names as a branch, so that a new file needs no mention."""
    here = posixpath.dirname(file)
    names = schema_files.names(posixpath.join(here, value["x-any-of"]))
    rest = {key: item for key, item in value.items() if key != "x-any-of"}
    return {**rest, "anyOf": [{"$ref": posixpath.relpath(name, here)} for name in names]}


class _Composer:
    """Collects the components of a document while references to files become references to them."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Any]] = {}

    def local(self, value: Any, file: str) -> Any:
        """Return a copy of what stands in a file, without references to other files."""
        if isinstance(value, list):
            return [self.local(item, file) for item in value]
        if not isinstance(value, dict):
            return value
        if "x-any-of" in value:
            return self.local(_with_branches(value, file), file)
        return {
            key: self._reference(item, file)
            if key == "$ref" and isinstance(item, str)
            else item
            if key in ("example", "examples")
            else self.local(item, file)
            for key, item in value.items()
        }

    def _reference(self, reference: str, file: str) -> str:
        other, _, pointer = reference.partition("#")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(file), other)) if other else file
        return self.component(name) + pointer

    def component(self, name: str) -> str:
        """Return a reference to what a file has, and have it in the components."""
        kind = "parameters" if name.startswith("parameters/") else "schemas"
        key = name.removeprefix("models/").removeprefix("parameters/").removesuffix(".json").replace("/", "_")
        components = self.components.setdefault(kind, {})
        if key not in components:
            components[key] = {}  # Before its parts, which may refer to it.
            components[key] = self.local(schema_files.read(name), name)
        return f"#/components/{kind}/{key}"


def resolved(document: Mapping[str, Any], value: Mapping[str, Any], pointer: str) -> tuple[Mapping[str, Any], str]:
    """Return a part of a document and its pointer or, where it is a reference, those of what it refers to."""
    if "$ref" not in value:
        return value, pointer
    target: Any = document
    for part in value["$ref"].split("/")[1:]:
        target = target[part]
    return target, value["$ref"]
