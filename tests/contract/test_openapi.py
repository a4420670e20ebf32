"""The OpenAPI documents that the files in schemas/ make."""

from __future__ import annotations

import json

import jsonschema
import pytest
from openapi_spec_validator import validate

from ims_mock.contract.operations import Contract, load_contract, load_control

CONTRACTS = {"api": load_contract(), "control": load_control()}


def test_resources_have_a_tag() -> None:
    """Each resource is a tag, whose description is the heading of its table in the README; a new one needs none."""
    contract = load_contract()
    names = [tag["name"] for tag in contract.document["tags"]]
    assert sorted(names) == sorted({operation.resource for operation in contract.operations.values()})
    assert {"images", "cloudimages", "iam"} <= {
        tag["name"] for tag in contract.document["tags"] if "description" in tag
    }


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=list(CONTRACTS))
def test_document_is_valid_openapi(contract: Contract) -> None:
    """The document keeps the OpenAPI 3.1 specification, and names the dialect of its schemas, which Prism needs."""
    document = json.loads(json.dumps(contract.document))
    assert document["openapi"] == "3.1.0"
    assert document["jsonSchemaDialect"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    validate(document)
