"""Contracts of consumers held against an OpenAPI document: would a client work with a service that is as it says?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ims_mock.contract.findings import Finding, Severity, Side
from ims_mock.contract.operations import JSON, load_contract
from ims_mock.contract.pointers import parts_of, value_at
from ims_mock.contract.problems import Problem
from ims_mock.contract.validation import Schema
from ims_mock.contract.wording import shown
from ims_mock.evidence.consumers.combining import described
from ims_mock.evidence.consumers.contract import ConsumerContract
from ims_mock.evidence.consumers.documents import is_described, is_listed, references, schemas_at, types_in, with_null
from ims_mock.evidence.consumers.judging import successes_of

Document = Mapping[str, Any]

_BY_KEYWORD = {
    "required": "attribute_required",
    "additionalProperties": "attribute_refused",
    "propertyNames": "attribute_refused",
}
"""The last word of a finding's id, by what an attribute that a client sends breaks; "value_refused" for the rest."""

_OF_RESPONSE = ("status_removed", "status_added", "attribute_removed", "attribute_type", "value_added")
"""The last words of the ids of findings about responses."""


def judge_release(contract: ConsumerContract, document: Document) -> list[Finding]:
    """Return what a client cannot live with in a release of the API, as its OpenAPI document has it.

    Raises ValueError if it is not an OpenAPI 3 document, or one of several files.
    """
    release = _Release(document)
    return [
        finding
        for name, wanted in contract.operations.items()
        for finding in _Operation(contract.consumer, name, wanted, release).findings()
    ]


class _Release:
    """An OpenAPI document, in which operations are found by method and path."""

    def __init__(self, document: Document) -> None:
        version = document.get("openapi") if isinstance(document, Mapping) else None
        if not isinstance(version, str) or not version.startswith("3.") or not isinstance(document.get("paths"), dict):
            raise ValueError('is not an OpenAPI 3 document: it needs "openapi": "3..." and "paths"')
        elsewhere = next((text for text in references(document) if not text.startswith("#")), None)
        if elsewhere is not None:
            raise ValueError(f"refers to another file, {shown(elsewhere)}; put all into one document first")
        self.document = with_null(document) if version.startswith("3.0") else document

    def find(self, method: str, path: str) -> tuple[Document, Document, str] | None:
        """Return an operation with its path item and its pointer; None where the document does not have it.

        What stands before the operation's own path may be anything.
        """
        wanted = _plain(path)
        paths = self.document["paths"]
        found = [name for name in paths if _plain(name) == wanted]
        found += [name for name in paths if _plain(name).endswith(wanted) and wanted != "/"]
        for name in found:
            item = paths[name]
            if isinstance(item, dict) and isinstance(item.get(method.lower()), dict):
                return item[method.lower()], item, f"#/paths/{_escaped(name)}/{method.lower()}"
        return None

    def resolved(self, value: Any, pointer: str) -> tuple[Document, str]:
        """Return a part of the document and its pointer or, where it is a reference, those of what it refers to."""
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            pointer = value["$ref"]
            value = value_at(self.document, parts_of(pointer))
        return value if isinstance(value, dict) else {}, pointer


def _plain(path: str) -> str:
    """Return a path in which it does not matter what parameters are called."""
    return re.sub(r"\{[^}]*\}", "{}", path.rstrip("/")) or "/"


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


class _Operation:
    """What a client does with one operation, and what a release has of it."""

    def __init__(self, consumer: str, name: str, wanted: Document, release: _Release) -> None:
        self._consumer = consumer
        self._name = name
        self._wanted = wanted
        self._release = release

    def findings(self) -> Iterator[Finding]:
        """Yield what the client cannot live with."""
        known = load_contract().operations[self._name]
        found = self._release.find(known.method, known.path)
        if found is None:
            got = f"{known.method} {known.path}"
            yield self._finding("operation_removed", "", got, f"calls {got}, which the document does not have")
            return
        operation, item, pointer = found
        parameters = [
            *((value, f"{pointer}/parameters/{index}") for index, value in enumerate(operation.get("parameters", ()))),
            *(
                (value, f"{pointer.rpartition('/')[0]}/parameters/{index}")
                for index, value in enumerate(item.get("parameters", ()))
            ),
        ]
        resolved = [self._release.resolved(*one) for one in parameters]
        body, body_pointer = self._release.resolved(operation.get("requestBody"), f"{pointer}/requestBody")
        seen: set[str] = set()
        for request in self._wanted.get("requests", ()):
            if request["status"] < 400:
                for finding in [*self._of_query(request, resolved), *self._of_body(request, body, body_pointer)]:
                    # Requests have much in common.
                    if str(finding) not in seen:
                        seen.add(str(finding))
                        yield finding
        yield from self._of_values(resolved, body)
        yield from self._of_statuses(operation.get("responses", {}))
        yield from self._of_attributes(operation.get("responses", {}), f"{pointer}/responses")

    def _finding(self, word: str, place: str, got: Any, text: str, *, severity: Severity = "break") -> Finding:
        side: Side = "response" if word in _OF_RESPONSE else "request"
        name, message = f"consumer.{word}", f"{self._consumer} {text}"
        return Finding(name, severity, self._name, side, place, "the OpenAPI document", got, message)

    def _of_query(self, request: Document, parameters: list[tuple[Document, str]]) -> Iterator[Finding]:
        known = {item.get("name"): (item, pointer) for item, pointer in parameters if item.get("in") == "query"}
        is_open = any(item.get("schema", {}).get("type") == "object" for item, _ in known.values())
        sent = request.get("query", {})
        for name, value in sent.items():
            if name not in known:
                if not is_open:
                    yield self._finding("parameter_removed", f"?{name}", name, f"sends ?{name}, which is unknown")
                continue
            item, pointer = known[name]
            for text in value if isinstance(value, list) else [value]:
                if not self._takes(item, f"{pointer}/schema", text):
                    words = f"sends ?{name}={text}, which the document rejects"
                    yield self._finding("value_refused", f"?{name}", text, words)
        for name, (item, _) in known.items():
            if item.get("required") and name not in sent:
                words = f"does not send ?{name}, which is required"
                yield self._finding("parameter_required", f"?{name}", None, words)

    def _takes(self, item: Document, pointer: str, text: str) -> bool:
        """Return whether a parameter can have a text: as it is, or as the number or the flag that it stands for."""
        if "schema" not in item:
            return True
        schema = Schema(self._release.document, pointer)
        values: list[Any] = [text, [text]]
        if re.fullmatch("-?[0-9]{1,18}", text):
            values.append(int(text))
        if text.lower() in ("true", "false"):
            values.append(text.lower() == "true")
        return not all(schema.find_problems(value) for value in values)

    def _of_body(self, request: Document, body: Document, pointer: str) -> Iterator[Finding]:
        content = body.get("content", {})
        if "media_type" not in request:
            if body.get("required"):
                yield self._finding("body_required", "", None, "sends no body, which is required")
            return
        media_type = request["media_type"]
        if media_type not in content and not (JSON in content and media_type.endswith("json")):
            known = " or ".join(content) or "no body"
            yield self._finding(
                "media_type_refused", "", media_type, f"sends {media_type}, but the document accepts {known}"
            )
            return
        if "body" not in request or "schema" not in content.get(media_type, content.get(JSON, {})):
            return
        name = media_type if media_type in content else JSON
        schema = Schema(self._release.document, f"{pointer}/content/{_escaped(name)}/schema")
        for problem in schema.find_problems(request["body"]):
            yield self._of_problem(problem, request)
        for place in schema.unnamed(request["body"]):
            words = f"sends {place}, which the document does not have"
            yield self._finding("attribute_undocumented", place, None, words, severity="drift")

    def _of_problem(self, problem: Problem, request: Document) -> Finding:
        word = _BY_KEYWORD.get(problem.keyword, "value_refused")
        words = f"sends a request that the document rejects ({described(request)}): {problem.described()}"
        got = problem.value if not isinstance(problem.value, dict | list) else shown(problem.value)
        return self._finding(word, problem.pointer, got, words)

    def _of_values(self, parameters: list[tuple[Document, str]], body: Document) -> Iterator[Finding]:
        """Yield the values that a client sends of those that the documents list, and that are no longer listed."""
        content = body.get("content", {})
        bodies = [item.get("schema") for item in content.values()]
        query = {f"?{item.get('name')}": item.get("schema") for item, _ in parameters if item.get("in") == "query"}
        for place, values in self._wanted.get("values", {}).items():
            roots = [query.get(place)] if place.startswith("?") else bodies
            at = "" if place.startswith("?") else place
            schemas = [schema for root in roots for schema in schemas_at(self._release.document, root, at)]
            schemas += [part for schema in schemas for part in schemas_at(self._release.document, schema, "/*")]
            for value in values if any("enum" in schema or "const" in schema for schema in schemas) else ():
                if not is_listed(schemas, value):
                    words = f"sends {shown(value)}, which is not one of the documented values"
                    yield self._finding("value_refused", place, value, words)

    def _of_statuses(self, responses: Document) -> Iterator[Finding]:
        documented = {int(status) for status in responses if status.isdecimal() and int(status) < 400}
        successes, is_general = successes_of(self._wanted), "default" in responses or "2XX" in responses
        if successes and not documented & successes and not is_general:
            words = f"relies on {_listed(successes)}, but the document has {_listed(documented) or 'no success'}"
            yield self._finding("status_removed", "", sorted(documented), words)
        for status in sorted(documented - successes) if "accepts" in self._wanted else ():
            words = f"accepts only {_listed(successes)} as success, but the document has {status} too"
            yield self._finding("status_added", "", status, words)

    def _of_attributes(self, responses: Document, pointer: str) -> Iterator[Finding]:
        for status, attributes in self._wanted.get("responses", {}).items():
            known = next((name for name in (status, f"{status[0]}XX", "default") if name in responses), None)
            if known is None:
                continue
            response, _ = self._release.resolved(responses[known], f"{pointer}/{known}")
            content = response.get("content", {})
            schema = next((item.get("schema") for name, item in content.items() if name.endswith("json")), None)
            if schema is not None:
                for place, attribute in attributes.items():
                    yield from self._of_attribute(schema, place, attribute)

    def _of_attribute(self, schema: Document, place: str, attribute: Document) -> Iterator[Finding]:
        schemas, use = schemas_at(self._release.document, schema, place), attribute["use"]
        if not schemas and is_described(self._release.document, schema, place):
            severity: Severity = "break" if use == "needed" else "drift"
            words = f"{_VERBS[use]} {place}, which the document does not have"
            yield self._finding("attribute_removed", place, None, words, severity=severity)
        if not schemas:
            return
        taken, documented = set(attribute.get("type", ())), types_in(schemas)
        taken |= {"integer"} if "number" in taken else set()
        others = documented - taken if taken else set()
        if others and (not documented & taken or "when" not in attribute):
            severity = "break" if use != "seen" and not documented & taken else "drift"
            words = f"{_VERBS[use]} {place} as {_listed(taken)}, but it can be {_listed(others)}"
            yield self._finding("attribute_type", place, sorted(others), words, severity=severity)
        values = [value for item in schemas for value in item.get("enum", ())]
        unknown = [value for value in values if "enum" in attribute and value not in attribute["enum"]]
        if unknown:
            words = f"does not understand {', '.join(map(shown, unknown))} in {place}"
            yield self._finding("value_added", place, unknown, words)


_VERBS = {"seen": "has seen", "read": "reads", "needed": "needs"}


def _listed(values: set[Any]) -> str:
    return " or ".join(map(str, sorted(values)))
