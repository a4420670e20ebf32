"""What in a release of the API a client cannot live with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ims_mock import ConsumerContract
from ims_mock.contract.operations import load_contract
from ims_mock.evidence.consumers.contract import known_consumer, known_consumers
from ims_mock.evidence.consumers.releases import judge_release

COPY = "copy_image_in_region"
PATH = "/v1/cloudimages/{image_id}/copy"
LIST = "/v2/cloudimages"

UNDOCUMENTED = {
    # What the document lists of errors is one list for all services.
    ("terraform", "/error/code", "consumer.attribute_type"),
    ("cloudmux", "/is_config", "consumer.attribute_undocumented"),
    ("cloudmux", "/is_config_init", "consumer.attribute_undocumented"),
    # Models of the SDK have members that no page has.
    *(
        ("huaweicloud-sdk", place, "consumer.attribute_removed")
        for place in (
            *("/page_info", "/page_info/next_marker", "/entities/addition_error_code"),
            *("/entities/addition_error_msg", "/entities/alarm_code", "/additionalProperties/type"),
        )
    ),
}
"""What clients send or read, and the API's document of today does not have."""


@pytest.mark.parametrize("name", known_consumers())
def test_todays_document(name: str) -> None:
    """With the document of today no client breaks, and what drifts is known."""
    found = judge_release(known_consumer(name), load_contract().document)
    assert {item.severity for item in found} <= {"drift"}
    assert {(name, item.pointer, item.id) for item in found} <= UNDOCUMENTED


def document() -> Any:
    """Return a release of two operations, which a test may change."""
    schema = {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {"name": {"type": "string"}, "kind": {"type": "string", "enum": ["a", "b"]}},
    }
    job = {"type": "object", "properties": {"job_id": {"type": "string"}, "status": {"enum": ["INIT", "SUCCESS"]}}}
    images = {"type": "array", "items": {"$ref": "#/components/schemas/image"}}
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 1000}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "IMS", "version": "2"},
        "paths": {
            PATH: {
                "post": {
                    "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
                    "responses": {"200": {"description": "", "content": {"application/json": {"schema": job}}}},
                }
            },
            LIST: {
                "parameters": [{"$ref": "#/components/parameters/sort"}],
                "get": {
                    "parameters": [limit],
                    "responses": {
                        "200": {
                            "description": "",
                            "content": {
                                "application/json": {"schema": {"type": "object", "properties": {"images": images}}}
                            },
                        }
                    },
                },
            },
        },
        "components": {
            "parameters": {"sort": {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["name"]}}},
            "schemas": {"image": {"type": "object", "properties": {"id": {"type": "string"}}}},
        },
    }


def contract() -> ConsumerContract:
    """Return the contract of a client of the two operations."""
    return ConsumerContract.from_json(
        {
            "version": 1,
            "consumer": "web",
            "operations": {
                COPY: {
                    "requests": [{"status": 200, "media_type": "application/json", "body": {"name": "a", "kind": "a"}}],
                    "values": {"/kind": ["a", "b"]},
                    "accepts": [200],
                    "responses": {
                        "200": {
                            "/job_id": {"use": "needed", "type": ["string"]},
                            "/status": {"use": "read", "type": ["string"], "enum": ["INIT", "SUCCESS"]},
                        }
                    },
                },
                "list_images": {
                    "requests": [{"status": 200, "query": {"limit": "20", "sort": "name"}}],
                    "responses": {"200": {"/images/*/id": {"use": "read", "type": ["string"]}}},
                },
            },
        }
    )


def test_fine() -> None:
    """A release that has what the client needs is no finding, whatever its base path and its parameters are called."""
    assert judge_release(contract(), document()) == []
    other = document()
    paths = other["paths"]
    other["paths"] = {"/ims" + path.replace("image_id", "id"): item for path, item in paths.items()}
    assert judge_release(contract(), other) == []


def post(release: Any) -> Any:
    """Return the copy of a release."""
    return release["paths"][PATH]["post"]


def body(release: Any) -> Any:
    """Return the schema of what is sent to the copy."""
    return post(release)["requestBody"]["content"]["application/json"]["schema"]


def job(release: Any) -> Any:
    """Return the attributes of the copy's response."""
    return post(release)["responses"]["200"]["content"]["application/json"]["schema"]["properties"]


CHANGES: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "a path": (lambda one: one["paths"].pop(PATH), ("consumer.operation_removed", "break", "")),
    "a method": (
        lambda one: one["paths"][PATH].update(put=one["paths"][PATH].pop("post")),
        ("consumer.operation_removed", "break", ""),
    ),
    "a parameter": (
        lambda one: one["paths"][LIST]["get"].pop("parameters"),
        ("consumer.parameter_removed", "break", "?limit"),
    ),
    "a required parameter": (
        lambda one: one["paths"][LIST]["parameters"].append({"name": "a", "in": "query", "required": True}),
        ("consumer.parameter_required", "break", "?a"),
    ),
    "a bound of a parameter": (
        lambda one: one["paths"][LIST]["get"]["parameters"][0]["schema"].update(maximum=10),
        ("consumer.value_refused", "break", "?limit"),
    ),
    "a value of a parameter": (
        lambda one: one["components"]["parameters"]["sort"]["schema"].update(enum=["id"]),
        ("consumer.value_refused", "break", "?sort"),
    ),
    "a required attribute": (
        lambda one: body(one).update(required=["name", "owner"]),
        ("consumer.attribute_required", "break", ""),
    ),
    "an attribute that is refused": (
        lambda one: body(one)["properties"].pop("name"),
        ("consumer.attribute_refused", "break", ""),
    ),
    "an attribute that is open": (
        lambda one: (body(one)["properties"].pop("name"), body(one).pop("additionalProperties")),
        ("consumer.attribute_undocumented", "drift", "/name"),
    ),
    "the type of an attribute": (
        lambda one: body(one)["properties"]["name"].update(type="integer"),
        ("consumer.value_refused", "break", "/name"),
    ),
    "a bound": (
        lambda one: body(one)["properties"]["name"].update(minLength=2),
        ("consumer.value_refused", "break", "/name"),
    ),
    "a value": (
        lambda one: body(one)["properties"]["kind"].update(enum=["a"]),
        ("consumer.value_refused", "break", "/kind"),
    ),
    "a media type": (
        lambda one: post(one)["requestBody"].update(content={"text/plain": {"schema": {}}}),
        ("consumer.media_type_refused", "break", ""),
    ),
    "the body": (lambda one: post(one).pop("requestBody"), ("consumer.media_type_refused", "break", "")),
    "a needed body": (
        lambda one: one["paths"][LIST]["get"].update(requestBody={"required": True, "content": {}}),
        ("consumer.body_required", "break", ""),
    ),
    "a further status": (
        lambda one: post(one)["responses"].update({"202": {"description": ""}}),
        ("consumer.status_added", "break", ""),
    ),
    "a status": (
        lambda one: one["paths"][LIST]["get"].update(responses={"202": {"description": ""}}),
        ("consumer.status_removed", "break", ""),
    ),
    "a needed attribute": (lambda one: job(one).pop("job_id"), ("consumer.attribute_removed", "break", "/job_id")),
    "an attribute of items": (
        lambda one: one["components"]["schemas"]["image"].update(properties={"uuid": {"type": "string"}}),
        ("consumer.attribute_removed", "drift", "/images/*/id"),
    ),
    "the type of a response": (
        lambda one: job(one).update(job_id={"type": "integer"}),
        ("consumer.attribute_type", "break", "/job_id"),
    ),
    "a further type": (
        lambda one: job(one).update(job_id={"type": ["string", "null"]}),
        ("consumer.attribute_type", "drift", "/job_id"),
    ),
    "a further value": (
        lambda one: job(one)["status"]["enum"].append("PAUSED"),
        ("consumer.value_added", "break", "/status"),
    ),
}
"""A change of the release, and what is found."""


@pytest.mark.parametrize(("change", "found"), CHANGES.values(), ids=CHANGES)
def test_change_is_found(change: Any, found: tuple[str, str, str]) -> None:
    """Each change by which a client can fail is one finding."""
    release = document()
    change(release)
    assert [(item.id, item.severity, item.pointer) for item in judge_release(contract(), release)] == [found]


def test_what_nobody_describes() -> None:
    """An attribute of what is not described is no finding."""
    release = document()
    release["components"]["schemas"]["image"] = {"type": "object"}
    assert judge_release(contract(), release) == []


def test_schemas_in_parts() -> None:
    """Attributes are found in the parts of a schema, and in one that refers to itself."""
    release = document()
    part = {"properties": {"job_id": {"type": "string"}}}
    itself = {"$ref": "#/components/schemas/image"}
    release["components"]["schemas"]["image"] = {"allOf": [itself, {"properties": {"id": {"type": "string"}}}]}
    post(release)["responses"]["200"]["content"]["application/json"]["schema"] = {
        "allOf": [part],
        "properties": {"status": {"type": "string"}},
    }
    assert judge_release(contract(), release) == []


def test_schema_that_refers_to_itself() -> None:
    """What is sent is judged by a schema that refers to itself too."""
    release = document()
    node = {"properties": {"child": {"$ref": "#/components/schemas/node"}, "name": {"type": "integer"}, "kind": {}}}
    release["components"]["schemas"]["node"] = node
    post(release)["requestBody"]["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/node"}
    assert [(item.id, item.pointer) for item in judge_release(contract(), release)] == [
        ("consumer.value_refused", "/name")
    ]


def test_openapi_3_0() -> None:
    """A nullable attribute of OpenAPI 3.0 can be null."""
    release = {**document(), "openapi": "3.0.3"}
    release["components"]["schemas"]["image"]["properties"]["id"]["nullable"] = True
    (found,) = judge_release(contract(), release)
    assert str(found) == (
        "drift: list_images: response /images/*/id: web reads /images/*/id as string, but it can be null "
        "[consumer.attribute_type]"
    )


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ([], "is not an OpenAPI 3 document"),
        ({"swagger": "2.0", "paths": {}}, "is not an OpenAPI 3 document"),
        ({"openapi": "3.1.0"}, "is not an OpenAPI 3 document"),
        ({"openapi": "3.1.0", "paths": {"/": {"$ref": "other.json"}}}, 'refers to another file, "other.json"'),
    ],
)
def test_no_document(wrong: Any, reason: str) -> None:
    """What is not an OpenAPI document, or not a whole one, is rejected."""
    with pytest.raises(ValueError, match=reason):
        judge_release(contract(), wrong)


def test_words() -> None:
    """A finding says what the client does, and what the document has."""
    release = document()
    body(release)["required"] = ["name", "owner"]
    (found,) = judge_release(contract(), json.loads(json.dumps(release)))
    assert str(found) == (
        "break: copy_image_in_region: request: web sends a request that the document rejects (with kind, name -> 200): "
        'body: must have "owner", got {"kind": "a", "name": "a"} [consumer.attribute_required]'
    )
