"""What a new OpenAPI document takes away from the clients of the old one, and what it adds.

A change of a request is held against what clients send, a change of a response against what they read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ims_mock.contract.change_words import finding_of
from ims_mock.contract.findings import Finding, Side
from ims_mock.contract.flat_schemas import FlatSchemas
from ims_mock.contract.schema_changes import Change, SchemaChanges

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Finding]:
    """Return the findings of two OpenAPI documents, by operation in the order of the old one; new operations come last.

    A finding's `rule` is what the old document says, and `got` what the new one says.
    """
    return list(_Documents(old, new).findings())


def check_document(document: Any) -> None:
    """Raise ValueError, in words for the author, for what is no OpenAPI document of version 3."""
    version = document.get("openapi", document.get("swagger")) if isinstance(document, Mapping) else None
    if version is None:
        raise ValueError("is not an OpenAPI document: it has no member openapi")
    if not str(version).startswith("3."):
        raise ValueError(f"is a document of version {version}; convert it to OpenAPI 3.0 or 3.1 first")
    paths = document.get("paths", {})
    if not isinstance(paths, Mapping) or not all(isinstance(item, Mapping) for item in paths.values()):
        raise ValueError("/paths: must be an object of objects")


def places(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the method and path of each operation of a document by its id, or by these where it has none."""
    found = _operations(document, FlatSchemas(document)).values()
    return {operation.get("operationId", place): place for operation, place in found}


class _Documents:
    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.old, self.new = FlatSchemas(old), FlatSchemas(new)
        self.securities = old.get("security", []), new.get("security", [])
        self._operations = _operations(old, self.old), _operations(new, self.new)
        sides: tuple[Side, Side] = ("request", "response")
        self.schemas = {side: SchemaChanges(self.old, self.new, side) for side in sides}

    def findings(self) -> Iterator[Finding]:
        before, after = self._operations
        now = {operation.get("operationId"): place for operation, place in after.values()}
        now.pop(None, None)
        moved = {now.get(operation.get("operationId")) for key, (operation, _) in before.items() if key not in after}
        for key, (operation, place) in before.items():
            name = operation.get("operationId", place)
            if key in after:
                found = after[key]
                for side, change in _Operations(self, operation, found[0]).changes():
                    yield finding_of(name, side, change, place)
            else:
                change = Change("", "operation_removed", place, now.get(operation.get("operationId")))
                yield finding_of(name, "request", change, place)
        for key, (operation, place) in after.items():
            if key not in before and place not in moved:
                name = operation.get("operationId", place)
                yield finding_of(name, "request", Change("", "operation_added", None, place), place)


def _operations(document: Mapping[str, Any], schemas: FlatSchemas) -> dict[str, tuple[Mapping[str, Any], str]]:
    """Return the operations of a document with their method and path, by these without the names of parameters."""
    found: dict[str, tuple[Mapping[str, Any], str]] = {}
    for path, reference in (document.get("paths") or {}).items():
        item = schemas.target(reference)
        common = item.get("parameters", [])
        for method in _METHODS:
            if method in item:
                operation = {**item[method], "parameters": [*common, *item[method].get("parameters", [])]}
                operation["x-path"] = path
                found[f"{method} {re.sub(r'{[^}]*}', '{}', path)}"] = operation, f"{method.upper()} {path}"
    return found


_Sided = tuple[Side, Change]


class _Operations:
    """One operation in both documents."""

    def __init__(self, documents: _Documents, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._documents = documents
        self._old, self._new = old, new

    def changes(self) -> Iterator[_Sided]:
        names = self._old.get("operationId"), self._new.get("operationId")
        if names[0] != names[1]:
            yield "request", Change("", "operation_renamed", *names)
        if self._new.get("deprecated") and not self._old.get("deprecated"):
            yield "request", Change("", "operation_deprecated", False, True)
        yield from self._security()
        yield from self._parameters()
        yield from self._body()
        yield from self._responses()

    def _security(self) -> Iterator[_Sided]:
        """Yield a change if a credential is no longer enough."""
        of_old, of_new = self._documents.securities
        old, new = self._old.get("security", of_old) or [{}], self._new.get("security", of_new) or [{}]
        for way in old:
            if not any(_is_enough(way, other) for other in new):
                yield "request", Change("", "security", _ways([way]), _ways(new))

    def _parameters(self) -> Iterator[_Sided]:
        old = _named_parameters(self._old, self._documents.old)
        new = _named_parameters(self._new, self._documents.new)
        for key, (pointer, parameter) in old.items():
            if key in new:
                yield from self._parameter(pointer, parameter, new[key][1])
            elif key[0] != "path":  # Those of the path are in both, described or not.
                yield "request", Change(pointer, "parameter_removed", True, False)
        for key, (pointer, parameter) in new.items():
            if key not in old and key[0] != "path":
                kind = "parameter_required" if parameter.get("required") else "parameter_added"
                yield "request", Change(pointer, kind, None, True)

    def _parameter(self, pointer: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Sided]:
        if new.get("required") and not old.get("required"):
            yield "request", Change(pointer, "parameter_required", False, True)
        styles = _style(old), _style(new)
        if styles[0] != styles[1]:
            yield "request", Change(pointer, "parameter_style", *styles)
        yield from self._inside("request", pointer, _schema(old), _schema(new))

    def _inside(self, side: Side, pointer: str, old: Any, new: Any) -> Iterator[_Sided]:
        for change in self._documents.schemas[side].changes(old, new):
            yield side, change._replace(pointer=pointer + change.pointer)

    def _body(self) -> Iterator[_Sided]:
        old = self._documents.old.target(self._old.get("requestBody"))
        new = self._documents.new.target(self._new.get("requestBody"))
        if old and not new:
            yield "request", Change("", "body_removed", True, False)
        elif new and not (old or {}).get("required") and new.get("required"):
            yield "request", Change("", "body_required", False, True)
        elif new and not old:
            yield "request", Change("", "body_added", False, True)
        if old and new:
            yield from self._content("request", old, new)

    def _content(self, side: Side, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Sided]:
        before, after = old.get("content", {}), new.get("content", {})
        if bool(before) != bool(after) and side == "response":
            yield side, Change("", "body_removed" if before else "body_added", bool(before), bool(after))
            return
        for media_type in before:
            if media_type in after:
                yield from self._inside(
                    side, "", before[media_type].get("schema", {}), after[media_type].get("schema", {})
                )
            else:
                yield side, Change("", "media_type_removed", media_type, ", ".join(after))
        for media_type in after:
            if media_type not in before:
                yield side, Change("", "media_type_added", None, media_type)

    def _responses(self) -> Iterator[_Sided]:
        before, after = _by_status(self._old), _by_status(self._new)
        for status in dict.fromkeys([*before, *after]):
            kind = "error" if status[0] in "45d" else "status"
            if status not in after:
                yield "response", Change("", f"{kind}_removed", status, None)
            elif status not in before:
                yield "response", Change("", f"{kind}_added", None, status)
            else:
                old = self._documents.old.target(before[status])
                new = self._documents.new.target(after[status])
                yield from self._codes(status, old, new)
                yield from self._headers(old, new)
                yield from self._content("response", old, new)

    def _codes(self, status: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Sided]:
        """Yield the codes of an error that examples have in one document alone."""
        before, after = _codes(old), _codes(new)
        for code in sorted(before ^ after):
            if code in before:
                yield "response", Change("", "code_removed", f"{status} {code}", None)
            else:
                yield "response", Change("", "code_added", None, f"{status} {code}")

    def _headers(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Sided]:
        before = {name.lower(): (name, header) for name, header in old.get("headers", {}).items()}
        after = {name.lower(): (name, header) for name, header in new.get("headers", {}).items()}
        for key in dict.fromkeys([*before, *after]):
            name = (before.get(key) or after[key])[0]
            if key not in after or key not in before:
                kind = "header_removed" if key in before else "header_added"
                yield "response", Change(name, kind, key in before, key in after)
                continue
            one = self._documents.old.target(before[key][1])
            other = self._documents.new.target(after[key][1])
            if one.get("required") and not other.get("required"):
                yield "response", Change(name, "required", True, False)
            yield from self._inside("response", name, _schema(one), _schema(other))


def _named_parameters(
    operation: Mapping[str, Any], schemas: FlatSchemas
) -> dict[tuple[str, str], tuple[str, Mapping[str, Any]]]:
    """Return parameters with their pointers, by place and name; those of the path by their order in it."""
    in_path = re.findall(r"{([^}]*)}", operation["x-path"])
    found = {}
    for reference in operation["parameters"]:
        item = schemas.target(reference)
        place, name = item.get("in", ""), item.get("name", "")
        forms = {"query": f"?{name}", "path": f"{{{name}}}"}
        key = str(in_path.index(name)) if place == "path" and name in in_path else name
        found[place, key.lower() if place == "header" else key] = forms.get(place, name), item
    return found


def _schema(parameter: Mapping[str, Any]) -> Any:
    content = [*parameter.get("content", {}).values()]
    return content[0].get("schema", {}) if content else parameter.get("schema", {})


def _style(parameter: Mapping[str, Any]) -> str:
    """Return how the values of a parameter are written."""
    usual = "form" if parameter.get("in") in ("query", "cookie") else "simple"
    style = parameter.get("style", usual)
    media_type = next(iter(parameter.get("content", {})), None)
    return media_type or f"{style}{', exploded' if parameter.get('explode', style == 'form') else ''}"


def _is_enough(way: Mapping[str, Any], needed: Mapping[str, Any]) -> bool:
    """Return whether who has the credentials of one way, with their scopes, has those of another."""
    return all(name in way and {*scopes} <= {*way[name]} for name, scopes in needed.items())


def _ways(security: list[Mapping[str, Any]]) -> str:
    shown = [[f"{name} ({', '.join(scopes)})" if scopes else name for name, scopes in way.items()] for way in security]
    return " or ".join(" and ".join(way) or "none" for way in shown)


def _by_status(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return responses by status, which YAML can have as a number."""
    return {str(status): response for status, response in (operation.get("responses") or {}).items()}


def _codes(response: Mapping[str, Any]) -> set[str]:
    """Return the codes of errors in the examples of a response."""
    found = set()
    for body in response.get("content", {}).values():
        examples = [example.get("value") for example in body.get("examples", {}).values()]
        for value in [body.get("example"), *examples]:
            error = value.get("error", value) if isinstance(value, Mapping) else {}
            code = (error.get("code") or error.get("error_code")) if isinstance(error, Mapping) else None
            found |= {code} if isinstance(code, str) else set()
    return found
