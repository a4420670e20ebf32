"""Parts of the OpenAPI document are documents of their own."""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import validate

from ims_mock.contract.excerpt import excerpt
from ims_mock.contract.operations import load_contract
from ims_mock.contract.pointers import parts_of, value_at
from tests.contract.test_published import parts

APIS = ["native", "own", "iam", "other"]
DOCUMENT = load_contract().document


def ids_of(apis: list[str]) -> set[str]:
    """Return the ids of the operations in an excerpt."""
    paths = excerpt(DOCUMENT, apis)["paths"]
    return {operation["operationId"] for item in paths.values() for operation in item.values()}


def test_every_operation_is_of_one_api() -> None:
    """Each operation is in the excerpt of one API, and in no other."""
    found = [name for api in APIS for name in ids_of([api])]
    assert sorted(found) == sorted(load_contract().operations)
    assert ids_of(APIS) == set(found)


@pytest.mark.parametrize(
    ("api", "operation"),
    [
        ("native", "glance_list_images"),
        ("native", "list_versions"),
        ("own", "list_images"),
        ("own", "show_job"),
        ("iam", "keystone_create_token"),
        ("other", "create_key"),
    ],
)
def test_operation_is_of_its_api(api: str, operation: str) -> None:
    """An operation is in the excerpt of the API that it belongs to."""
    assert operation in ids_of([api])


@pytest.mark.parametrize("api", APIS)
def test_excerpt_is_valid_openapi(api: str) -> None:
    """An excerpt keeps the OpenAPI specification, and what it refers to is in it."""
    document = json.loads(json.dumps(excerpt(DOCUMENT, [api])))
    validate(document)
    references = {part["$ref"] for _, part in parts(document) if "$ref" in part}
    assert all(value_at(document, parts_of(reference)) for reference in references)


@pytest.mark.parametrize("api", APIS)
def test_excerpt_has_what_it_uses(api: str) -> None:
    """Each component of an excerpt is used, and each tag has operations."""
    document = excerpt(DOCUMENT, [api])
    references = {part["$ref"] for _, part in parts(document) if "$ref" in part}
    for kind in ("schemas", "parameters", "responses"):
        names = document["components"].get(kind, {})
        assert {f"#/components/{kind}/{name}" for name in names} <= references
    tags = {tag for item in document["paths"].values() for operation in item.values() for tag in operation["tags"]}
    assert {tag["name"] for tag in document["tags"]} == tags


@pytest.mark.parametrize("api", APIS)
def test_excerpt_links_to_its_own_operations(api: str) -> None:
    """Links lead to operations of the excerpt, as one that leads nowhere is an error."""
    document = excerpt(DOCUMENT, [api])
    targets = {part["operationId"] for path, part in parts(document["paths"]) if path[-2:-1] == ("links",)}
    assert targets <= ids_of([api])


def test_excerpt_leaves_the_document_as_it_is() -> None:
    """An excerpt is a document of its own: the whole one is not changed by it."""
    before = json.dumps(DOCUMENT)
    excerpt(DOCUMENT, ["iam"])
    assert json.dumps(DOCUMENT) == before
