"""Contracts of consumers as Pact files: which words of Pact stand for what."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ims_mock import ConsumerContract

SHOW, UPDATE, UPLOAD = "glance_show_image", "update_image", "glance_upload_image"
IMAGE = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86"


def pact(operation: str, document: dict[str, Any], version: int = 4) -> Any:
    """Return the Pact file of a contract with one operation."""
    contract = {"version": 1, "consumer": "web", "operations": {operation: document}}
    return ConsumerContract.from_json(contract).to_pact(version)


def interaction(operation: str, document: dict[str, Any], version: int = 4) -> Any:
    """Return the one interaction of such a file."""
    (found,) = pact(operation, document, version)["interactions"]
    return found


@pytest.mark.parametrize(("version", "text"), [(3, "3.0.0"), (4, "4.0")])
def test_head(version: int, text: str) -> None:
    """A file has the names of consumer and provider, and the version of the specification."""
    assert pact(SHOW, {}, version) == {
        "consumer": {"name": "web"},
        "provider": {"name": "IMS"},
        "interactions": [],
        "metadata": {"pactSpecification": {"version": text}},
    }


REQUEST = {
    "status": 200,
    "given": "an image",
    "headers": ["Authorization"],
    "media_type": "application/json",
    "query": {"a": "1", "b": ["1", "2"]},
    "body": [{"op": "replace", "path": "/name", "value": "text"}],
}


def test_request() -> None:
    """A request has its path, parameters, headers and body; a token is in the place of every credential."""
    assert interaction(UPDATE, {"requests": [REQUEST]}) == {
        "description": "update_image ?a&b with replace /name given an image -> 200",
        "type": "Synchronous/HTTP",
        "providerStates": [{"name": "an image"}],
        "request": {
            "method": "PATCH",
            "path": f"/v2/cloudimages/{IMAGE}",
            "query": {"a": ["1"], "b": ["1", "2"]},
            "headers": {"X-Auth-Token": ["ims-mock-token"], "Content-Type": ["application/json"]},
            "body": {"content": REQUEST["body"], "contentType": "application/json", "encoded": False},
        },
        "response": {"status": 200},
    }


def test_request_of_version_3() -> None:
    """Version 3 has texts for headers, and the body by itself."""
    request = interaction(UPDATE, {"requests": [REQUEST]}, 3)["request"]
    assert request["headers"] == {"X-Auth-Token": "ims-mock-token", "Content-Type": "application/json"}
    assert request["body"] == REQUEST["body"]


def test_file() -> None:
    """A file that is uploaded is in base64."""
    request = {"status": 204, "given": "a queued image", "media_type": "application/octet-stream"}
    bodies = [interaction(UPLOAD, {"requests": [request]}, version)["request"]["body"] for version in (3, 4)]
    assert bodies == [
        "ZmlsZQ==",
        {"content": "ZmlsZQ==", "contentType": "application/octet-stream", "encoded": "base64"},
    ]


def response(**attributes: Any) -> Any:
    """Return what a Pact file has of a response of which a client uses some attributes."""
    places = {place.replace("__", "/").replace("any", "*"): item for place, item in attributes.items()}
    return interaction(SHOW, {"requests": [{"status": 200}], "responses": {"200": places}})["response"]


def rule(*matchers: dict[str, Any]) -> dict[str, Any]:
    """Return a rule of which one matcher has to fit."""
    return {"combine": "OR", "matchers": list(matchers)}


def test_needed() -> None:
    """A response has an example and a rule of each attribute that is needed."""
    found = response(
        __images={"use": "needed", "type": ["array"]},
        __images__any__id={"use": "needed", "type": ["string"]},
        __images__any__size={"use": "needed", "type": ["integer", "null"]},
        __total={"use": "needed", "type": ["number"]},
    )
    assert found["body"]["content"] == {"images": [{"id": "text", "size": 1}], "total": 1.5}
    assert found["matchingRules"]["body"] == {
        "$.images": rule({"match": "type"}),
        "$.images[*].id": rule({"match": "type"}),
        "$.images[*].size": rule({"match": "integer"}, {"match": "null"}),
        "$.total": rule({"match": "number"}),
    }


def test_not_needed() -> None:
    """What is only read or seen, and what counts under a condition, is in no Pact file."""
    found = response(
        __name={"use": "read", "type": ["string"]},
        __size={"use": "seen", "type": ["integer"]},
        __checksum={"use": "needed", "type": ["string"], "when": {"/status": "active"}},
    )
    assert found == {"status": 200}


def test_values() -> None:
    """Values, and a pattern, are regular expressions that the whole text has to match."""
    found = response(
        __status={"use": "needed", "type": ["string"], "enum": ["active", "a.b"]},
        __created_at={"use": "needed", "type": ["string"], "pattern": "T[0-9]"},
        __odd={"use": "needed", "type": ["string"], "pattern": "^no example has this$"},
    )
    assert found["body"]["content"] == {"status": "active", "created_at": "2016-06-02T07:49:48Z", "odd": "text"}
    assert found["matchingRules"]["body"] == {
        "$.created_at": rule({"match": "regex", "regex": r"[\s\S]*(?:T[0-9])[\s\S]*"}),
        "$.odd": rule({"match": "type"}),
        "$.status": rule({"match": "regex", "regex": r"(?:a\.b|active)"}),
    }


def test_array() -> None:
    """A body that is an array is one."""
    attributes = {"": {"use": "needed", "type": ["array"]}, "/*/a b": {"use": "needed"}}
    found = interaction(SHOW, {"requests": [{"status": 200}], "responses": {"200": attributes}})["response"]
    assert found["body"]["content"] == [{"a b": "text"}]
    assert list(found["matchingRules"]["body"]) == ["$", "$[*]['a b']"]


def test_descriptions() -> None:
    """Each interaction has a description of its own, and they are in order."""
    requests = [{"status": 200, "query": {"id": text}} for text in ("", "a")]
    found = [item["description"] for item in pact("list_images", {"requests": requests})["interactions"]]
    assert found == ["list_images ?id -> 200", "list_images ?id -> 200 (2)"]


def test_version() -> None:
    """Another version of the specification is rejected."""
    with pytest.raises(ValueError, match="version must be 3 or 4, the version of Pact's specification, got 2"):
        pact(SHOW, {}, 2)


def test_examples() -> None:
    """An example is the documents' own where they have one that the client takes."""
    job = {"use": "needed", "type": ["string"]}
    document = {"requests": [{"status": 200}], "responses": {"200": {"/job_id": job}}}
    found = interaction("create_image", document)["response"]["body"]["content"]["job_id"]
    assert re.fullmatch("[0-9a-f]{32}", found)
    error = {"requests": [{"status": 400}], "responses": {"400": {"/error/code": job}}}
    assert interaction("create_image", error)["response"]["body"]["content"] == {"error": {"code": "IMG.0001"}}


def test_no_credential() -> None:
    """An operation that needs no credential gets none."""
    request = {"status": 300, "headers": ["Authorization"]}
    assert "headers" not in interaction("list_versions", {"requests": [request]})["request"]
