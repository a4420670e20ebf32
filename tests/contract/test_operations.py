"""The contract as data, and the OpenAPI document that it makes."""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from pathlib import Path

import pytest

from ims_mock.contract import schema_files
from ims_mock.contract.operations import Operation, load_contract
from tests.conftest import ROOT

OPERATIONS = load_contract().operations


def test_no_parameter_is_described_twice() -> None:
    """What several operations have is in schemas/parameters, and each file there is referred to."""
    raw = [
        parameter for name in OPERATIONS.values() for parameter in schema_files.read(name.source).get("parameters", ())
    ]
    inline = [json.dumps(parameter, sort_keys=True) for parameter in raw if "$ref" not in parameter]
    assert len(inline) == len(set(inline))
    used = {parameter["$ref"].removeprefix("../../") for parameter in raw if "$ref" in parameter}
    assert used == set(schema_files.names("parameters"))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_one_search_finds_all(operation: Operation) -> None:
    """An operation's id is the name of its file and of its function, and stands in its resource's tests."""
    assert operation.source == f"operations/{operation.resource}/{operation.id}.json"
    function = getattr(import_module(f"ims_mock.service.operations.{operation.resource}"), operation.id)
    assert inspect.getdoc(function)
    assert operation.id in (ROOT / f"tests/service/operations/test_{operation.resource}.py").read_text("utf-8")


def test_no_function_without_a_schema() -> None:
    """Every public function of an operations module is an operation."""
    for path in Path(ROOT, "ims_mock/service/operations").glob("[!_]*.py"):
        module = import_module(f"ims_mock.service.operations.{path.stem}")
        functions = {
            name
            for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__
        }
        assert {name for name in functions if not name.startswith("_")} <= set(OPERATIONS)


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_documented_statuses(operation_id: str) -> None:
    """Every operation documents what the page documents, and what the gateway may return for any request."""
    operation = OPERATIONS[operation_id]
    responses = load_contract().document["paths"][operation.path][operation.method.lower()]["responses"]
    assert {"400", "401", "403", "404", "405", "413", "429", "500", "503", str(operation.success)} <= responses.keys()


def test_every_example_keeps_its_schema() -> None:
    """The examples of the documents are valid under the schemas beside them."""
    for operation in OPERATIONS.values():
        raw = schema_files.read(operation.source)
        parts = raw["responses"][str(operation.success)], raw.get("requestBody", {})
        response, request = (part.get("content", {}).get("application/json", {}) for part in parts)
        if "example" in response:
            operation.check_response_body(response["example"])
        if "example" in request:
            operation.check_request_body(request["example"])


def test_every_code_of_the_contract_is_documented() -> None:
    """A code that a schema names for a refusal is one of the service's."""
    known = schema_files.read("error_codes.json")["service"]
    codes = set()
    for attribute in schema_files.read("models/image_attributes.json")["properties"].values():
        code = attribute.get("x-code", [])
        codes |= {code} if isinstance(code, str) else set(code.values() if isinstance(code, dict) else code)
    assert codes
    assert codes <= known.keys()
