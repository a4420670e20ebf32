"""What breaks clients between two OpenAPI documents: each kind of change, in both directions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ims_mock.contract.change_words import _WORDS
from ims_mock.contract.changes import changes, places
from ims_mock.contract.excerpt import excerpt
from ims_mock.contract.findings import Finding
from ims_mock.contract.operations import load_contract

Edit = Callable[[dict[str, Any]], Any]

IMAGE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "name": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[a-z]"},
        "status": {"type": "string", "enum": ["queued", "active"], "readOnly": True},
        "format": {"type": "string", "enum": ["vhd", "raw"], "default": "vhd"},
        "disk": {"type": "integer", "minimum": 40, "maximum": 255},
        "size": {"type": ["integer", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 10},
        "secret": {"type": "string", "writeOnly": True},
    },
}


def document() -> dict[str, Any]:
    """Return a small document: one path with two methods."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/image"}}}
    error = {
        "schema": {"type": "object"},
        "examples": {"bad": {"value": {"error": {"code": "IMG.0001"}}}},
    }
    responses = {
        "201": {
            "description": "made",
            "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
            "content": content,
        },
        "400": {"description": "bad", "content": {"application/json": error}},
    }
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 1000}}
    create = {
        "operationId": "create",
        "parameters": [{"$ref": "#/components/parameters/image_id"}, limit],
        "requestBody": {"content": {**content, "text/plain": {}}},
        "responses": responses,
    }
    return copy.deepcopy(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "security": [{"token": []}, {"signature": []}],
            "paths": {"/images/{image_id}": {"post": create, "head": {"responses": {"200": {"description": ""}}}}},
            "components": {
                "schemas": {"image": IMAGE},
                "parameters": {
                    "image_id": {"name": "image_id", "in": "path", "required": True, "schema": {"type": "string"}}
                },
            },
        }
    )


def create_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return the operation of a document that makes an image."""
    operation: dict[str, Any] = next(item["post"] for item in found["paths"].values() if "post" in item)
    return operation


def made(found: dict[str, Any]) -> dict[str, Any]:
    """Return the response of a document for an image that was made."""
    response: dict[str, Any] = create_of(found)["responses"]["201"]
    return response


def image(found: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an image, which requests and responses have."""
    schema: dict[str, Any] = found["components"]["schemas"]["image"]
    return schema


def attribute(name: str, **keywords: Any) -> Edit:
    """Return an edit that changes keywords of an attribute; None takes one away."""

    def edit(found: dict[str, Any]) -> None:
        schema = image(found)["properties"].setdefault(name, {})
        for keyword, value in keywords.items():
            schema[keyword] = value
            if value is None:
                del schema[keyword]

    return edit


def without(name: str) -> Edit:
    """Return an edit that takes an attribute away."""
    return lambda found: image(found)["properties"].pop(name)


def compared(edit: Edit, *, is_back: bool = False) -> list[Finding]:
    """Return the changes that an edit makes, or that taking it back makes."""
    new = document()
    edit(new)
    return changes(new, document()) if is_back else changes(document(), new)


def shown(findings: list[Finding]) -> set[str]:
    """Return findings by severity, id and pointer."""
    return {f"{finding.severity} {finding.id} {finding.pointer}".rstrip() for finding in findings}


def moved(found: dict[str, Any]) -> None:
    """Move the operation to another path."""
    found["paths"]["/v2/images/{image_id}"] = found["paths"].pop("/images/{image_id}")


EDITS: dict[str, tuple[Edit, set[str], set[str]]] = {
    "operation": (
        lambda found: found["paths"]["/images/{image_id}"].pop("head"),
        {"break operation.removed"},
        {"note operation.added"},
    ),
    "moved": (
        moved,
        {"break operation.moved", "break operation.removed", "note operation.added"},
        {"break operation.moved", "break operation.removed", "note operation.added"},
    ),
    "renamed": (
        lambda found: create_of(found).update(operationId="make"),
        {"drift operation.renamed"},
        {"drift operation.renamed"},
    ),
    "deprecated": (lambda found: create_of(found).update(deprecated=True), {"note operation.deprecated"}, set()),
    "one credential less": (lambda found: found["security"].pop(), {"break request.security"}, set()),
    "both credentials": (
        lambda found: create_of(found).update(security=[{"token": [], "signature": []}]),
        {"break request.security"},
        set(),
    ),
    "one more scope": (
        lambda found: found.update(security=[{"token": []}, {"signature": ["images"]}]),
        {"break request.security"},
        set(),
    ),
    "no credential": (lambda found: create_of(found).update(security=[]), set(), {"break request.security"}),
    "parameter": (
        lambda found: create_of(found)["parameters"].pop(),
        {"break request.parameter_removed ?limit"},
        {"note request.parameter_added ?limit"},
    ),
    "required parameter": (
        lambda found: create_of(found)["parameters"][1].update(required=True),
        {"break request.parameter_required ?limit"},
        set(),
    ),
    "new required parameter": (
        lambda found: create_of(found)["parameters"].append({"name": "X-A", "in": "header", "required": True}),
        {"break request.parameter_required X-A"},
        {"break request.parameter_removed X-A"},
    ),
    "parameter's bound": (
        lambda found: create_of(found)["parameters"][1]["schema"].update(maximum=100),
        {"break request.bound ?limit"},
        set(),
    ),
    "parameter's style": (
        lambda found: create_of(found)["parameters"][1].update(explode=False),
        {"break request.parameter_style ?limit"},
        {"break request.parameter_style ?limit"},
    ),
    "parameter of the path": (
        lambda found: found["components"]["parameters"]["image_id"]["schema"].update(type="integer"),
        {"break request.type {image_id}"},
        {"break request.type {image_id}"},
    ),
    "required body": (
        lambda found: create_of(found)["requestBody"].update(required=True),
        {"break request.body_required"},
        set(),
    ),
    "body": (
        lambda found: create_of(found).pop("requestBody"),
        {"break request.body_removed"},
        {"note request.body_added"},
    ),
    "media type": (
        lambda found: create_of(found)["requestBody"]["content"].pop("text/plain"),
        {"break request.media_type_removed"},
        {"note request.media_type_added"},
    ),
    "required attribute": (
        lambda found: image(found)["required"].append("name"),
        {"break request.required /name"},
        {"break response.optional /name"},
    ),
    "required attribute that is read-only": (
        lambda found: image(found).update(required=["id"]),
        {"break response.optional /status"},
        set(),
    ),
    "attribute": (
        without("disk"),
        {"break request.attribute_removed /disk", "break response.attribute_removed /disk"},
        {"note request.attribute_added /disk", "note response.attribute_added /disk"},
    ),
    "read-only attribute": (
        without("status"),
        {"break response.attribute_removed /status"},
        {"note response.attribute_added /status"},
    ),
    "write-only attribute": (
        without("secret"),
        {"break request.attribute_removed /secret"},
        {"note request.attribute_added /secret"},
    ),
    "becomes read-only": (
        attribute("disk", readOnly=True),
        {"break request.attribute_removed /disk"},
        set(),
    ),
    "no other attributes": (
        lambda found: image(found).update(additionalProperties=False),
        {"break request.other_attributes /*"},
        {"drift response.other_attributes /*"},
    ),
    "other attributes": (
        lambda found: image(found).update(additionalProperties={"type": "string"}),
        {"break request.type /*"},
        {"break response.type /*"},
    ),
    "refused name": (
        lambda found: image(found).update(propertyNames={"not": {"enum": ["x"]}}),
        {"break request.attribute_refused /x"},
        {"drift response.attribute_refused /x"},
    ),
    "type": (
        attribute("name", type="integer"),
        {"break request.type /name", "break response.type /name"},
        {"break request.type /name", "break response.type /name"},
    ),
    "one type less": (
        attribute("size", type="integer"),
        {"break request.type /size"},
        {"break response.type /size"},
    ),
    "integer is a number": (
        attribute("disk", type="number"),
        {"break response.type /disk"},
        {"break request.type /disk"},
    ),
    "value": (
        attribute("format", enum=["vhd"]),
        {"break request.enum /format"},
        {"break response.enum /format"},
    ),
    "no list of values": (
        attribute("format", enum=None),
        {"break response.enum /format"},
        {"break request.enum /format"},
    ),
    "default": (
        attribute("format", default="raw"),
        {"drift request.default /format"},
        {"drift request.default /format"},
    ),
    "least": (attribute("disk", minimum=41), {"break request.bound /disk"}, {"drift response.bound /disk"}),
    "exclusive least": (attribute("disk", minimum=None, exclusiveMinimum=39), set(), set()),
    "most": (attribute("disk", maximum=None), {"drift response.bound /disk"}, {"break request.bound /disk"}),
    "longest": (attribute("name", maxLength=64), {"break request.bound /name"}, {"drift response.bound /name"}),
    "shortest": (attribute("name", minLength=0), {"drift response.bound /name"}, {"break request.bound /name"}),
    "items": (attribute("tags", maxItems=11), {"drift response.bound /tags"}, {"break request.bound /tags"}),
    "unique": (
        attribute("tags", uniqueItems=True),
        {"break request.rule /tags"},
        {"drift response.rule /tags"},
    ),
    "item's type": (
        attribute("tags", items={"type": "integer"}),
        {"break request.type /tags/*", "break response.type /tags/*"},
        {"break request.type /tags/*", "break response.type /tags/*"},
    ),
    "no pattern": (attribute("name", pattern=None), {"drift response.rule /name"}, {"break request.rule /name"}),
    "another pattern": (
        attribute("name", pattern="^[b-z]"),
        {"drift request.changed_rule /name", "drift response.changed_rule /name"},
        {"drift request.changed_rule /name", "drift response.changed_rule /name"},
    ),
    "condition": (
        lambda found: image(found).update({"if": {"required": ["disk"]}, "then": {"required": ["format"]}}),
        {"break request.rule"},
        {"drift response.rule"},
    ),
    "status": (
        lambda found: create_of(found)["responses"].update({"202": create_of(found)["responses"].pop("201")}),
        {"break response.status_removed", "break response.status_added"},
        {"break response.status_removed", "break response.status_added"},
    ),
    "error": (
        lambda found: create_of(found)["responses"].pop("400"),
        {"note response.error_removed"},
        {"drift response.error_added"},
    ),
    "code": (
        lambda found: create_of(found)["responses"]["400"]["content"]["application/json"].pop("examples"),
        {"note response.code_removed"},
        {"drift response.code_added"},
    ),
    "media type of the response": (
        lambda found: made(found)["content"].update({"text/xml": {}}),
        {"note response.media_type_added"},
        {"break response.media_type_removed"},
    ),
    "body of the response": (
        lambda found: made(found).pop("content"),
        {"break response.body_removed"},
        {"note response.body_added"},
    ),
    "header": (
        lambda found: made(found).pop("headers"),
        {"break response.header_removed Location"},
        {"note response.header_added Location"},
    ),
    "required header": (
        lambda found: made(found)["headers"]["Location"].update(required=False),
        {"break response.optional Location"},
        set(),
    ),
    "header's type": (
        lambda found: made(found)["headers"]["Location"].update(schema={"type": "integer"}),
        {"break response.type Location"},
        {"break response.type Location"},
    ),
}


@pytest.mark.parametrize(("edit", "there", "back"), EDITS.values(), ids=list(EDITS))
def test_change(edit: Edit, there: set[str], back: set[str]) -> None:
    """A change has its findings, and so has the change back."""
    assert shown(compared(edit)) == there
    assert shown(compared(edit, is_back=True)) == back


def test_every_kind_is_tried() -> None:
    """Each finding that there is a sentence for is one of the changes above."""
    tried = {finding.split()[1] for _, there, back in EDITS.values() for finding in there | back}
    assert tried == set(_WORDS)


def reversed_keys(value: Any) -> Any:
    """Return a value with the keys of its objects in another order."""
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


def described(value: Any) -> Any:
    """Return a value with other descriptions and examples."""
    if isinstance(value, list):
        return [described(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: described(item) for key, item in value.items()}
    return {**found, "description": "other"} if isinstance(found.get("description"), str) else found


def inlined(value: Any, whole: dict[str, Any]) -> Any:
    """Return a value with what it refers to in the place of references."""
    if isinstance(value, list):
        return [inlined(item, whole) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        *_, kind, name = value["$ref"].split("/")
        return inlined(whole["components"][kind][name], whole)
    return {key: inlined(item, whole) for key, item in value.items()}


SAME: dict[str, Edit] = {
    "nothing": lambda _found: None,
    "order of values": attribute("format", enum=["raw", "vhd"]),
    "name of the path's parameter": lambda found: found.update(
        paths={"/images/{id}": found["paths"]["/images/{image_id}"]},
        components={
            **found["components"],
            "parameters": {"image_id": {**found["components"]["parameters"]["image_id"], "name": "id"}},
        },
    ),
    "order of parameters": lambda found: create_of(found)["parameters"].reverse(),
    "parameters of the path": lambda found: found["paths"]["/images/{image_id}"].update(
        parameters=[create_of(found)["parameters"].pop(0)]
    ),
    "allOf": lambda found: found["components"]["schemas"].update(
        image={"allOf": [image(found), {"type": "object", "required": ["id"]}]}
    ),
    "allOf of what is in the attribute": lambda found: image(found)["properties"].update(
        disk={
            "allOf": [
                {"type": "number", "minimum": 10, "maximum": 255},
                {"type": "integer", "minimum": 40, "maximum": 1000},
            ]
        },
        tags={"allOf": [{"type": "array", "items": {"type": "string"}, "maxItems": 10}, {"items": {"minLength": 0}}]},
    ),
    "an attribute that never is": lambda found: image(found).update(
        anyOf=[{"required": ["id"]}, False], required=["id", "status"]
    ),
    "anyOf of types": lambda found: image(found)["properties"].update(
        size={"anyOf": [{"type": "integer"}, {"type": "null"}]}
    ),
    "const": lambda found: image(found)["properties"].update(
        status={"readOnly": True, "oneOf": [{"const": "queued"}, {"const": "active"}]}
    ),
    "words of 3.0": lambda found: image(found)["properties"].update(
        size={"type": "integer", "nullable": True},
        disk={"type": "integer", "minimum": 39, "exclusiveMinimum": True, "maximum": 255},
    ),
    "examples": attribute("name", examples=["web"], example="web", description="Its name", title="name"),
    "summary": lambda found: create_of(found).update(summary="Make an image", tags=["images"]),
}


@pytest.mark.parametrize("edit", SAME.values(), ids=list(SAME))
def test_no_change(edit: Edit) -> None:
    """What means the same has no findings, whatever its words and its order."""
    assert compared(edit) == []
    assert compared(edit, is_back=True) == []


CONTRACT: dict[str, Any] = dict(load_contract().document)


@pytest.mark.parametrize("rewritten", [lambda value: value, reversed_keys, described])
def test_contract_is_like_itself(rewritten: Callable[[Any], Any]) -> None:
    """The contract has no changes against itself in another order, or with other words."""
    assert changes(CONTRACT, rewritten(CONTRACT)) == []
    assert changes(rewritten(CONTRACT), CONTRACT) == []


def test_schemas_are_compared_without_their_names() -> None:
    """A document has no changes against itself without references: in components or not, a schema is the same."""
    native = excerpt(CONTRACT, ["native"])
    assert changes(native, inlined(native, native)) == []
    assert changes(inlined(native, native), native) == []


def test_values_within_a_rule() -> None:
    """Values that were listed, and are now to keep a pattern and bounds that they keep, are no change of a request."""
    to_pattern = attribute("format", enum=None, pattern="^[a-z]+$", minLength=3)
    assert shown(compared(to_pattern)) == {"break response.enum /format"}
    too_long = attribute("format", enum=None, minLength=4)
    assert "break request.enum /format" in shown(compared(too_long))
    unreadable = attribute("format", enum=None, pattern="(")
    assert shown(compared(unreadable)) == {"break response.enum /format"}
    number = attribute("disk", enum=[40, 50], minimum=None, maximum=None)
    assert shown(compared(number, is_back=True)) == {"break response.enum /disk"}


def test_recursive_schemas() -> None:
    """Schemas that have themselves inside are compared, and what is different deep inside is found once."""

    def edit(kind: str) -> dict[str, Any]:
        found = document()
        image(found)["properties"]["parent"] = {"$ref": "#/components/schemas/image"}
        image(found)["properties"]["disk"] = {"type": kind}
        return found

    assert shown(changes(edit("string"), edit("boolean"))) == {
        "break request.type /disk",
        "break response.type /disk",
    }


def test_recursive_schemas_in_company() -> None:
    """Schemas that have themselves inside are compared once, also where allOf puts them together with others."""

    def edit(kind: str) -> dict[str, Any]:
        found = document()
        itself, base = {"$ref": "#/components/schemas/image"}, {"$ref": "#/components/schemas/base"}
        found["components"]["schemas"]["base"] = {"type": "object", "properties": {"left": base, "right": base}}
        found["components"]["schemas"]["image"] = {
            "allOf": [base],
            "properties": {"left": itself, "right": itself, "disk": {"type": kind}},
        }
        return found

    assert changes(edit("string"), edit("string")) == []
    assert shown(changes(edit("string"), edit("boolean"))) == {
        f"break {side}.type {pointer}/disk" for side in ("request", "response") for pointer in ("", "/left", "/right")
    }


def test_many_branches() -> None:
    """A schema of very many shapes is compared as a whole, and so in a moment."""

    def edit(last: str) -> dict[str, Any]:
        shapes = [{"anyOf": [{"type": "object", "required": [f"{x}{y}"]} for y in [*"abcd", last]]} for x in "abc"]
        found = document()
        content = {"application/json": {"schema": {"allOf": shapes}}}
        create_of(found)["requestBody"]["content"] = content
        return found

    assert changes(edit("h"), edit("h")) == []
    assert "drift request.changed_rule" in shown(changes(edit("h"), edit("i")))


def test_branches() -> None:
    """Of several shapes of a body each is held against the one that is most like it."""

    def edit(*kinds: str) -> Edit:
        shapes = [{"type": "object", "required": [kind], "properties": {kind: {"type": "string"}}} for kind in kinds]
        content = {"application/json": {"schema": {"anyOf": shapes}}}
        return lambda found: create_of(found)["requestBody"].update(content=content)

    old, more = document(), document()
    edit("server", "disk")(old)
    edit("disk", "file", "server")(more)
    assert changes(old, more) == []
    assert shown(changes(more, old)) == {
        "break request.required /server",
        "break request.attribute_removed /file",
        "note request.attribute_added /server",
    }


def test_alike_branches() -> None:
    """A branch is held against itself, also where another one has more attributes and takes as much."""

    def edit(found: dict[str, Any]) -> None:
        shapes = [{"properties": {name: {"type": "string"} for name in names}} for names in (("a", "b"), ("a",))]
        create_of(found)["requestBody"]["content"]["application/json"]["schema"] = {"oneOf": shapes}

    found = document()
    edit(found)
    assert changes(found, found) == []


def test_finding_in_words() -> None:
    """A finding says what both documents have, and where."""
    (finding,) = compared(attribute("disk", maximum=100))
    assert finding.rule == "255"
    assert finding.got == 100
    assert (finding.operation, finding.side) == ("create", "request")
    text = "POST /images/{image_id}: break: create: request /disk: maximum is 100 now; it was 255 [request.bound]"
    assert str(finding) == text


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("other.yaml#/image", "leads to another document; bundle them into one first"),
        ("#/components/schemas/nowhere", "leads to nothing"),
    ],
)
def test_reference_that_cannot_be_followed(reference: str, message: str) -> None:
    """A reference that leads out of the document or to nothing is an error, as nothing can be said of what is there."""

    def edit(found: dict[str, Any]) -> None:
        image(found)["properties"]["name"] = {"$ref": reference}

    with pytest.raises(ValueError, match=message):
        compared(edit)


def test_places() -> None:
    """Each operation is known by its id, or by its method and path."""
    assert places(document()) == {
        "create": "POST /images/{image_id}",
        "HEAD /images/{image_id}": "HEAD /images/{image_id}",
    }
