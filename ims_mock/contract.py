"""The contract as data: `schemas/` becomes operations, validators and one OpenAPI document."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ims_mock import schema_files
from ims_mock.errors import ImsError
from ims_mock.validation import Schema

JSON = "application/json"
_OWN_KEYS = ("method", "path")


@dataclass(frozen=True)
class Operation:
    """One operation of the API. `id` is the official SDK's method name; `source` is the file that describes it."""

    id: str
    method: str
    path: str
    resource: str
    source: str
    success: int
    query: Mapping[str, Schema]
    request_body: Schema | None
    body_required: bool
    response_body: Schema | None

    def coerce_query(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Return the query parameters by name, each of its type, with defaults.

        Raise 400 for one that is malformed, given twice or, where the operation has any, unknown.
        """
        if not self.query:
            return {}
        values = {name: schema.content["default"] for name, schema in self.query.items() if "default" in schema.content}
        given = set()
        for name, text in pairs:
            if name not in self.query:
                known = ", ".join(self.query)
                raise ImsError(400, reason=f"/{name}: {self.id} serves no such query parameter; it serves {known}")
            if name in given:
                raise ImsError(400, reason=f"/{name}: the query parameter is given twice; give it once")
            given.add(name)
            values[name] = _coerced(name, text, self.query[name])
        return values

    def check_request_body(self, body: Any) -> None:
        """Raise the refusal of the first problem of a body; the reason lists them all."""
        problems = self.request_body.find_problems(body) if self.request_body else []
        if not problems:
            return
        assert self.request_body is not None
        status = 403 if problems[0].keyword == "readOnly" else 400
        code = "IMG.0161" if status == 403 else self.request_body.code_of(problems[0])
        raise ImsError(status, code, reason=f"{'; '.join(map(str, problems))} [schemas/{self.source}]")

    def check_response_body(self, body: Any) -> None:
        """Raise 500 when an answer breaks the operation's own schema: the mock is wrong, or a test that wrote to it."""
        problems = self.response_body.find_problems(body) if self.response_body else []
        if problems:
            listed = "; ".join(map(str, problems))
            raise ImsError(500, reason=f"the mock's own answer breaks schemas/{self.source}: {listed}")


@dataclass(frozen=True)
class Contract:
    """Every operation by its id, and the OpenAPI 3.1 document that they make."""

    operations: Mapping[str, Operation]
    document: Mapping[str, Any]


@cache
def load_contract() -> Contract:
    """Read `schemas/` once; the result is never changed."""
    files = [(name, schema_files.read(name)) for name in schema_files.names("operations")]
    document = _compose(files)
    return Contract({raw["operationId"]: _operation(name, raw, document) for name, raw in files}, document)


def _operation(name: str, raw: Mapping[str, Any], document: Mapping[str, Any]) -> Operation:
    success = next(int(status) for status in raw["responses"] if status.startswith("2"))
    base = f"#/paths/{_escaped(raw['path'])}/{raw['method'].lower()}"
    media = f"content/{_escaped(JSON)}/schema"
    has_answer = "content" in raw["responses"][str(success)]
    return Operation(
        id=raw["operationId"],
        method=raw["method"],
        path=raw["path"],
        resource=_resource(name),
        source=name,
        success=success,
        query={
            item["name"]: Schema(document, f"{base}/parameters/{index}/schema")
            for index, item in enumerate(raw.get("parameters", ()))
            if item["in"] == "query"
        },
        request_body=Schema(document, f"{base}/requestBody/{media}", writing=True) if "requestBody" in raw else None,
        body_required=raw.get("requestBody", {}).get("required", False),
        response_body=Schema(document, f"{base}/responses/{success}/{media}") if has_answer else None,
    )


def _compose(files: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the OpenAPI document; file references become references inside it."""
    paths: dict[str, dict[str, Any]] = {}
    common = schema_files.read("responses.json")
    for name, raw in files:
        operation = {key: value for key, value in raw.items() if key not in _OWN_KEYS}
        operation["tags"] = [_resource(name)]
        operation = dict(_local(operation, posixpath.dirname(name)))
        operation["responses"] |= {
            status: {"$ref": f"#/components/responses/{status}"}
            for status in common
            if status not in operation["responses"]
        }
        paths.setdefault(raw["path"], {})[raw["method"].lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Image Management Service, as ims_mock serves it",
            "version": "2",
            "description": "Native OpenStack operations of Huawei Cloud IMS, composed from the files in schemas/.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"signature": []}],
        "paths": paths,
        "components": {
            "schemas": {
                _stem(name): _local(schema_files.read(name), "models") for name in schema_files.names("models")
            },
            "responses": _local(common, ""),
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "SDK-HMAC-SHA256 Access=<ak>, SignedHeaders=<names>, Signature=<hex>",
                },
            },
        },
    }


def _local(value: Any, folder: str) -> Any:
    """Return a copy of a document in which references to files are references to components."""
    if isinstance(value, list):
        return [_local(item, folder) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _component(item, folder)
        if key == "$ref" and isinstance(item, str)
        else item
        if key == "example"
        else _local(item, folder)
        for key, item in value.items()
    }


def _component(reference: str, folder: str) -> str:
    file, _, pointer = reference.partition("#")
    name = posixpath.normpath(posixpath.join(folder, file))
    assert name.startswith("models/"), f"{reference} in {folder}: only models can be referred to"
    return f"#/components/schemas/{_stem(name)}{pointer}"


def _stem(name: str) -> str:
    return posixpath.basename(name).removesuffix(".json")


def _resource(name: str) -> str:
    return name.split("/")[1]


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _coerced(name: str, text: str, schema: Schema) -> Any:
    """Return the value that a query parameter's text stands for; raise 400 when it breaks the parameter's schema."""
    value: Any = text
    if schema.content["type"] == "integer" and re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        value = int(text)
    elif schema.content["type"] == "boolean":
        value = {"true": True, "false": False}.get(text.lower(), text)
    problems = schema.find_problems(value)
    if problems:
        raise ImsError(400, reason=f"/{name}: {'; '.join(problem.text for problem in problems)}")
    return min(value, schema.content.get("x-served-maximum", value))


def operations_table() -> Iterator[str]:
    """Yield the lines of a Markdown table of every operation, for the README."""
    yield "| Operation | Request | Success |"
    yield "|---|---|---|"
    for operation in load_contract().operations.values():
        yield f"| `{operation.id}` | `{operation.method} {operation.path}` | {operation.success} |"
