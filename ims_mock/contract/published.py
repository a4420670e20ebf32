"""The OpenAPI documents as tools read them.

The contract's own document says each fact once, for the validator. Generators, proxies and linters read less of JSON
Schema: they pass over what stands beside a `$ref`, follow references to components alone, and refuse keywords that they
do not know. The published document says the same in the words that all of them read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.contract.error_examples import Examples, has_form_of, own_examples, usual_examples
from ims_mock.contract.pointers import parts_of, references, value_at

_PARTS = ("properties", "patternProperties", "dependentSchemas")
"""Keywords whose value has schemas by name."""

_LETTERS = r"\p{L}\p{N}"
"""Letters and digits of any script, which Python and the tools written in it do not know."""

_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "propertyNames", "not", "if", "then", "else", "contains")


def published(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document in which every reference stands alone and leads to a component, and every body has a name.

    The keywords of the mock's own, x-code and the like, are left out of the schemas. A body or a parameter without an
    example of its own gets that of its schema.
    """
    return _Publisher(document).publish()


class _Publisher:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._schemas: dict[str, Any] = {}
        self._responses: dict[str, Any] = {}
        self._dropped = ("title", "$defs", "$comment", *("readOnly",) * bool(document.get("x-takes-read-only")))

    def publish(self) -> dict[str, Any]:
        components = self._document["components"]
        parameters = {name: self._parameter(item) for name, item in components.get("parameters", {}).items()}
        for status, item in components["responses"].items():
            self._responses[status] = self._response(item, f"error_{status}", usual_examples(item, status))
        paths = {
            path: {method: self._operation(operation) for method, operation in item.items()}
            for path, item in self._document["paths"].items()
        }
        used = {reference for part in (paths, self._responses) for reference in references(part)}
        parameters = {name: item for name, item in parameters.items() if f"#/components/parameters/{name}" in used}
        rest = {"parameters": parameters} if parameters else {}
        schemas = dict(sorted(self._schemas.items()))
        responses = dict(sorted(self._responses.items()))
        tags = {tag for item in paths.values() for operation in item.values() for tag in operation["tags"]}
        described = {tag["name"]: tag for tag in self._document.get("tags", ())}
        return {
            **_without(_without(self._document, "x-takes-read-only"), "components"),
            "tags": [*described.values(), *({"name": tag, "x-api": "own"} for tag in sorted(tags - described.keys()))],
            "paths": paths,
            "components": {**components, "schemas": schemas, **rest, "responses": responses},
        }

    def _operation(self, operation: Mapping[str, Any]) -> dict[str, Any]:
        name = operation["operationId"]
        found = dict(operation)
        if "parameters" in found:
            parameter = self._or_empty if found.get("x-drops-empty") else self._named_parameter
            found["parameters"] = [parameter(item) for item in found["parameters"]]
        if "requestBody" in found:
            body = found["requestBody"]
            found["requestBody"] = {**body, "content": self._content(body["content"], f"{name}_request", writing=True)}
        # Not _response: generators call what a function returns so.
        found["responses"] = {
            status: self._usual_response(status, operation)
            if "$ref" in item
            else self._response(item, f"{name}_result", _examples(item, status))
            for status, item in found["responses"].items()
        }
        return found

    def _usual_response(self, status: str, operation: Mapping[str, Any]) -> dict[str, Any]:
        """Return a response that every operation has: a component, or its own where it has codes of its own."""
        dialect = operation.get("x-dialect", "")
        item = self._document["components"]["responses"][status]
        own = own_examples(operation, self._document) if status == "400" else {}
        if own:
            return self._response(item, f"error_{status}", {**own, **usual_examples(item, status, dialect)})
        if not dialect or not has_form_of(item, dialect):
            return {"$ref": f"#/components/responses/{status}"}
        name = f"{status}_{dialect}"
        self._responses[name] = self._response(item, f"error_{status}", usual_examples(item, status, dialect))
        return {"$ref": f"#/components/responses/{name}"}

    def _named_parameter(self, item: Mapping[str, Any]) -> dict[str, Any]:
        return dict(item) if "$ref" in item else self._parameter(item)

    def _or_empty(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return a parameter that may be empty as well, which means that it is not given."""
        found = self._parameter(self._target(item["$ref"]) if "$ref" in item else item)
        if found["in"] == "query" and found["schema"].get("type") not in ("array", "object"):
            found["schema"] = {"anyOf": [found["schema"], {"type": "string", "maxLength": 0}]}
        return found

    def _parameter(self, item: Mapping[str, Any]) -> dict[str, Any]:
        return {**item, "schema": self._schema(item["schema"])}

    def _response(self, item: Mapping[str, Any], name: str, examples: Examples) -> dict[str, Any]:
        """Return a response whose body has the examples, unless it has one of its own."""
        found = {key: value for key, value in item.items() if key not in ("x-code", "x-message")}
        if "headers" in found:
            found["headers"] = {header: self._parameter(value) for header, value in found["headers"].items()}
        if "content" in found:
            content = self._content(found["content"], name)
            found["content"] = {
                media_type: {"examples": examples, **body} if examples and "example" not in body else body
                for media_type, body in content.items()
            }
        return found

    def _content(self, content: Mapping[str, Any], name: str, *, writing: bool = False) -> dict[str, Any]:
        return {media_type: self._body(item, name, writing=writing) for media_type, item in content.items()}

    def _body(self, item: Mapping[str, Any], name: str, *, writing: bool) -> dict[str, Any]:
        """Return what a body may be, under a name, with an example."""
        schema = item["schema"]
        examples = self._example(schema)
        is_read_only = writing and any(self._read_only(self._merged(schema)))
        if is_read_only:
            found = self._named(name, self._without_read_only(self._merged(schema)))
        elif "$ref" in schema or "title" in schema or schema.get("format") == "binary":
            found = self._schema(schema)
        else:
            found = self._named(name, self._schema(_without(schema, "writeOnly")))
        return {**examples, **item, "schema": found}

    def _example(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return the first example of a schema, if it has one."""
        examples = self._merged(schema).get("examples")
        return {"example": examples[0]} if examples else {}

    def _named(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a reference to a schema that becomes a component."""
        if self._schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two schemas are called {name}; give one of them another title")
        return {"$ref": f"#/components/schemas/{name}"}

    def _schema(self, schema: Any) -> Any:
        """Return a schema as tools read it; a titled one becomes the component of that name."""
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return self._reference(schema)
        found = {
            keyword: self._keyword(keyword, value)
            for keyword, value in schema.items()
            if not keyword.startswith("x-") and keyword not in self._dropped
        }
        return self._named(schema["title"], _with_plain_types(found)) if "title" in schema else _with_plain_types(found)

    def _keyword(self, keyword: str, value: Any) -> Any:
        if keyword in _PARTS:
            return {name: self._schema(part) for name, part in value.items()}
        if keyword == "pattern":
            return value.replace(_LETTERS, schema_files.read("letters.json")["class"])
        if keyword in _LISTS:
            return [self._schema(part) for part in value]
        return self._schema(value) if keyword in _SINGLE else value

    def _reference(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return a reference that stands alone; where more is said, in allOf or, of an object, with its parts here."""
        reference = schema["$ref"]
        *place, name = parts_of(reference)
        is_alone = len(schema) == 1
        is_component = len(place) == len(("components", "schemas")) or place[-1] == "$defs"
        if not is_component or (not is_alone and "properties" in self._target(reference)):
            found: dict[str, Any] = self._schema(self._merged(schema))
            return found
        name = "_".join([*place[2:-1], name])
        if name not in self._schemas:
            self._schemas[name] = {}  # Before its parts, which may refer to it.
            # OpenAPI knows writeOnly of properties alone; of a whole body it says to the mock what to redact.
            self._schemas[name] = self._schema(_without(self._target(reference), "writeOnly"))
        local = {"$ref": f"#/components/schemas/{name}"}
        rest = self._schema(_without(schema, "$ref"))
        return {"allOf": [local], **rest} if rest else local

    def _target(self, reference: str) -> Any:
        return value_at(self._document, parts_of(reference))

    def _merged(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return a schema with what it refers to in it, property by property."""
        if "$ref" not in schema:
            return dict(schema)
        base = self._merged(self._target(schema["$ref"]))
        found = {**base, **_without(schema, "$ref")}
        if "properties" in base:
            own = schema.get("properties", {})
            found["properties"] = {
                name: _narrowed(part, own[name]) if name in own else part for name, part in base["properties"].items()
            }
        return found

    def _read_only(self, schema: Mapping[str, Any]) -> Iterator[str]:
        return (name for name, part in schema.get("properties", {}).items() if part.get("readOnly"))

    def _without_read_only(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of what may be written: its rest does not have the names that are read-only.

        As JSON Schema has it, readOnly rejects nothing, and tools that leave such a property out let it pass.
        """
        names = list(self._read_only(schema))
        properties = {name: part for name, part in schema["properties"].items() if name not in names}
        keys = {**schema.get("propertyNames", {}), "not": {"enum": names}}
        found: dict[str, Any] = self._schema({**schema, "properties": properties, "propertyNames": keys})
        return found


def _narrowed(schema: Mapping[str, Any], narrower: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with what narrows it, without a default and a list of values that may be no longer valid."""
    rest = _without(_without(schema, "default"), "enum") if "const" in narrower else _without(schema, "default")
    return {**rest, **narrower}


def _without(schema: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != keyword}


def _examples(response: Mapping[str, Any], status: str) -> Examples:
    """Return the examples of a response that is the operation's own: those of an error."""
    return usual_examples(response, status) if int(status) >= 400 else {}


def _with_plain_types(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema in which whatever has values of several types is an anyOf of them, as generators need it."""
    branches = schema.get("anyOf", ())
    if branches and all(branch.keys() == {"enum"} for branch in branches):
        return {**_without(schema, "anyOf"), "enum": [value for branch in branches for value in branch["enum"]]}
    texts = [value for value in schema.get("enum", ()) if isinstance(value, str)]
    others = [value for value in schema.get("enum", ()) if not isinstance(value, str)]
    if texts and others:
        enums = [{"type": "string", "enum": texts}, {"type": "integer", "enum": others}]
        return {**_without(schema, "enum"), "anyOf": enums}
    types = schema["type"] if isinstance(schema.get("type"), list) else []
    if len({*types} - {"null"}) < 2:
        return schema
    own = {type_: {key: schema[key] for key in schema if key in _OF_TYPE.get(type_, ())} for type_ in types}
    moved = {"type", *(key for part in own.values() for key in part)}
    rest = {key: value for key, value in schema.items() if key not in moved}
    return {**rest, "anyOf": [{"type": type_, **part} for type_, part in own.items()]}


_BOUNDS = ("minimum", "maximum", "exclusiveMinimum")
_OF_TYPE = {
    "object": ("properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties"),
    "array": ("items", "minItems", "maxItems"),
    "string": ("pattern", "minLength", "maxLength"),
    "integer": _BOUNDS,
    "number": _BOUNDS,
}
"""Keywords that apply to values of one type."""
