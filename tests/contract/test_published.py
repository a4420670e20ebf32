"""The OpenAPI documents are written in what tools of other makers read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from ims_mock.contract import schema_files
from ims_mock.contract.operations import Contract, load_contract, load_control
from ims_mock.contract.pointers import parts_of, pointer_to, value_at
from ims_mock.contract.published import published
from ims_mock.contract.validation import Schema

CONTRACTS = {"api": load_contract(), "control": load_control()}
each_contract = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=list(CONTRACTS))

Path = tuple[str | int, ...]


def parts(value: Any, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every object of a document with its place, but not those inside examples."""
    if isinstance(value, dict):
        yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if key not in ("example", "examples", "const", "default"):
            yield from parts(item, (*path, key))


def schemas(contract: Contract) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every schema of a document with its place."""
    for path, part in parts(contract.document):
        in_components = path[:2] == ("components", "schemas") and len(path) > 2
        if (in_components or "schema" in path) and path[-1] != "properties":
            yield path, part


def resolved(contract: Contract, part: dict[str, Any]) -> dict[str, Any]:
    """Return what a part of a document refers to, or the part itself."""
    found: dict[str, Any] = value_at(contract.document, parts_of(part["$ref"])) if "$ref" in part else part
    return found


def operations(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation by its id."""
    for item in contract.document["paths"].values():
        for operation in item.values():
            yield operation["operationId"], operation


def named_parts(contract: Contract) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield everything that is to have an example: parameters, headers and bodies, with their places."""
    for path, part in parts(contract.document):
        if "schema" in part and path[-1] != "properties":
            yield path, part


def examples_of(part: dict[str, Any]) -> list[Any]:
    """Return the examples of a parameter, a header or a body."""
    single = [part["example"]] if "example" in part else []
    return [*single, *(example["value"] for example in part.get("examples", {}).values())]


def errors(contract: Contract) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the bodies of errors with the ids of their operations and their statuses."""
    for name, operation in operations(contract):
        for status, response in operation["responses"].items():
            if status >= "400":
                yield from ((name, status, body) for body in resolved(contract, response)["content"].values())


@each_contract
def test_references_stand_alone(contract: Contract) -> None:
    """Nothing stands beside a reference, as generators pass over it."""
    found = [part for _, part in parts(contract.document) if isinstance(part.get("$ref"), str)]
    assert len(found) > 10
    assert [part for part in found if len(part) > 1] == []


@each_contract
def test_references_lead_to_components(contract: Contract) -> None:
    """A reference leads to a whole component, and never to a part of one."""
    found = {part["$ref"] for _, part in parts(contract.document) if isinstance(part.get("$ref"), str)}
    wrong = [one for one in found if not re.fullmatch("#/components/(schemas|parameters|responses)/[a-z0-9_]+", one)]
    assert wrong == []
    assert all(value_at(contract.document, parts_of(one)) for one in found)


@each_contract
def test_every_component_is_used(contract: Contract) -> None:
    """The document has no schema to which nothing refers."""
    used = {part["$ref"].rpartition("/")[2] for _, part in parts(contract.document) if "$ref" in part}
    assert set(contract.document["components"]["schemas"]) <= used


@each_contract
def test_every_array_has_items(contract: Contract) -> None:
    """Each schema of an array says what its items are."""
    arrays = [(path, part) for path, part in schemas(contract) if "array" in part.get("type", ())]
    assert arrays
    assert [path for path, part in arrays if "items" not in part] == []


@each_contract
def test_schemas_have_no_keywords_of_the_mock(contract: Contract) -> None:
    """Every keyword of a schema is one of JSON Schema, as strict validators reject others."""
    assert [path for path, part in schemas(contract) if any(key.startswith("x-") for key in part)] == []


@each_contract
def test_patterns_name_their_characters(contract: Contract) -> None:
    r"""No pattern has \w or \d, which other languages read as the letters and digits of any script."""
    patterns = [part["pattern"] for _, part in schemas(contract) if isinstance(part.get("pattern"), str)]
    assert len(patterns) > 5
    assert [pattern for pattern in patterns if re.search(r"\\[wWdD]", pattern)] == []


@each_contract
def test_patterns_are_those_of_python_too(contract: Contract) -> None:
    """Every pattern can be read by Python, as tools written in it refuse a document otherwise."""
    patterns = [part["pattern"] for _, part in schemas(contract) if isinstance(part.get("pattern"), str)]
    assert all(re.compile(pattern) for pattern in patterns)


def test_letters_are_those_of_unicode() -> None:
    """Where a pattern has letters and digits of any script, the document lists those of one version."""
    listed = re.compile(f"[{schema_files.read('letters.json')['class']}]+")
    text = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x30000)]))
    found = {character for match in listed.finditer(text) for character in match[0]}
    assert len(found) > 100_000
    # An older Python does not have all of them yet.
    assert {unicodedata.category(character)[0] for character in found} <= {"L", "N", "C"}
    missing = [char for char in text if unicodedata.category(char)[0] in "LN" and char not in found]
    assert all(char not in "\u00e9\u0660\u4e00\U00010400" for char in missing)
    assert not missing or unicodedata.unidata_version > schema_files.read("letters.json")["unicode"]


@each_contract
def test_bodies_have_names(contract: Contract) -> None:
    """Every body of JSON is a component, of which generators make a type with a good name."""
    bodies = [(path, part["schema"]) for path, part in named_parts(contract) if "json" in str(path[-1])]
    assert len(bodies) > 20
    assert [path for path, schema in bodies if "$ref" not in schema] == []


@each_contract
def test_everything_has_an_example(contract: Contract) -> None:
    """Each body, parameter and header has an example."""
    assert [path for path, part in named_parts(contract) if not examples_of(part)] == []


@each_contract
def test_examples_are_valid(contract: Contract) -> None:
    """Each example of a body, a parameter, a header or a schema is valid by the schema."""
    found = [(path, (*path, "schema"), value) for path, part in named_parts(contract) for value in examples_of(part)]
    found += [(path, path, example) for path, part in schemas(contract) for example in part.get("examples", ())]
    problems = {
        pointer_to(path): Schema(contract.document, "#" + pointer_to(place)).find_problems(example)
        for path, place, example in found
    }
    assert {path: wrong for path, wrong in problems.items() if wrong} == {}


@each_contract
def test_defaults_are_valid(contract: Contract) -> None:
    """What a schema has as its default is valid by it, as generated clients send it."""
    found = [(path, part["default"]) for path, part in schemas(contract) if "default" in part]
    wrong = [path for path, value in found if Schema(contract.document, "#" + pointer_to(path)).find_problems(value)]
    assert wrong == []


@each_contract
def test_links_lead_to_parameters(contract: Contract) -> None:
    """Each link leads to an operation of the document, and fills parameters that it has."""
    targets = dict(operations(contract))
    for _, operation in operations(contract):
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                target = targets[link["operationId"]]
                known = {resolved(contract, item)["name"] for item in target.get("parameters", ())}
                assert link["parameters"].keys() <= known, operation["operationId"]


@each_contract
def test_every_operation_is_described(contract: Contract) -> None:
    """Each operation has a summary, and no two have the same; those of the service have a description as well."""
    found = dict(operations(contract))
    summaries = [operation["summary"] for operation in found.values()]
    assert all(summaries)
    assert sorted({*summaries}) == sorted(summaries)
    if contract is load_contract():
        assert [name for name, operation in found.items() if not operation.get("description")] == []


def test_attributes_are_described() -> None:
    """Each schema and each attribute says what it is, unless a condition only repeats it."""
    found = load_contract().document["components"]["schemas"]
    assert [name for name, schema in found.items() if not schema.get("description")] == []
    conditions = {"if", "then", "else", "not", "anyOf", "allOf"}
    silent = [
        path
        for path, part in parts(found)
        if path[-2:-1] == ("properties",)
        and not conditions.intersection(path)
        and not {"description", "$ref", "allOf"} & {*part}
    ]
    assert silent == []


def test_schemas_have_names_of_what_they_are() -> None:
    """No schema of a response is called after the operation that returns it."""
    assert [name for name in load_contract().document["components"]["schemas"] if name.endswith("_result")] == []


def test_errors_have_examples_by_code() -> None:
    """Each error has examples, and each is called after its code."""
    for name, status, body in errors(load_contract()):
        for code, example in body["examples"].items():
            error = example["value"].get("error", example["value"])
            assert str(error.get("code") or error["error_code"]) == code, (name, status)


@pytest.mark.parametrize(
    ("operation", "status", "codes"),
    [
        ("glance_create_image_metadata", "400", {"IMG.0013", "IMG.0055", "IMG.0001", "APIGW.0201"}),
        ("create_image", "400", {"IMG.0012", "IMG.0120", "IMG.0116"}),
        ("copy_image_cross_region", "400", {"IMG.0145", "IMG.0151"}),
        ("glance_show_image", "404", {"IMG.0144", "APIGW.0101"}),
        ("glance_upload_image", "409", {"IMG.0046"}),
        ("list_images", "429", {"APIGW.0308"}),
        ("keystone_create_token", "401", {"401", "APIGW.0301"}),
        ("keystone_show_project", "404", {"404"}),
        ("create_key", "400", {"KMS.1101", "KMS.0308"}),
        ("list_service_types", "403", {"CBC.0151"}),
    ],
)
def test_errors_of_an_operation(operation: str, status: str, codes: set[str]) -> None:
    """The examples of an error have the codes that the operation documents, in the words of its service."""
    (body,) = [body for name, code, body in errors(load_contract()) if (name, code) == (operation, status)]
    assert codes <= body["examples"].keys()


def test_jobs_are_linked() -> None:
    """From the response of each operation that begins a job, links lead to what shows the job, and on to its image."""
    found = dict(operations(load_contract()))
    beginning = [operation for operation in load_contract().operations.values() if operation.job_types]
    assert len(beginning) > 15
    for operation in beginning:
        links = found[operation.id]["responses"]["200"]["links"].values()
        assert {(link["operationId"], link["parameters"]["job_id"]) for link in links} == {
            ("show_job_progress", "$response.body#/job_id"),
            ("show_job", "$response.body#/job_id"),
        }
    of_job = found["show_job"]["responses"]["200"]["links"].values()
    assert {"glance_show_image", "update_image", "glance_delete_image"} == {link["operationId"] for link in of_job}


@each_contract
def test_links_lead_to_values(contract: Contract) -> None:
    """What a link takes from a response or a request is in their schemas, or in the path."""
    for name, operation in operations(contract):
        for status, response in operation["responses"].items():
            for link in response.get("links", {}).values():
                for expression in link["parameters"].values():
                    place, _, rest = expression.partition("#")
                    if place == "$response.body":
                        assert value_at(response_example(contract, response), parts_of(rest)), (name, status, rest)
                    elif place.startswith("$request.path."):
                        assert f"{{{place.rpartition('.')[2]}}}" in path_of(contract, name)


def response_example(contract: Contract, response: dict[str, Any]) -> Any:
    """Return the first example of a response's body."""
    (body,) = response["content"].values()
    return examples_of(body)[0]


def path_of(contract: Contract, name: str) -> str:
    """Return the path of an operation."""
    return contract.operations[name].path


def test_security_and_servers_are_described() -> None:
    """Each way to authenticate and each server says what it is, and the first server is the mock itself."""
    document = load_contract().document
    assert document["servers"][0]["url"] == "/"
    described = [*document["components"]["securitySchemes"].values(), *document["servers"]]
    assert all(item["description"] for item in described)
    assert "x-job-links" not in document


def test_links_from_create() -> None:
    """From the response of a create, links lead to all that can be done with the image."""
    links = dict(operations(load_contract()))["glance_create_image_metadata"]["responses"]["201"]["links"]
    assert {link["operationId"] for link in links.values()} == {
        *("glance_show_image", "glance_update_image", "glance_delete_image"),
        *("glance_upload_image", "glance_download_image", "glance_create_tag"),
        *("glance_add_image_member", "glance_list_image_members"),
    }


def test_body_of_a_create_has_what_may_be_set() -> None:
    """The body of a create names what may be set alone, and rejects the names that only the service sets."""
    body = load_contract().document["components"]["schemas"]["glance_create_image_metadata_request"]
    assert "name" in body["properties"]
    assert "status" not in body["properties"]
    assert "status" in body["propertyNames"]["not"]["enum"]


def composed(schema: dict[str, Any], **components: Any) -> dict[str, Any]:
    """Return a document of one operation, whose response has a schema."""
    content = {"application/json": {"schema": schema}}
    operation = {"operationId": "show", "tags": ["a"], "responses": {"200": {"description": "", "content": content}}}
    return {"components": {"schemas": components, "responses": {}}, "paths": {"/a": {"get": operation}}}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"$ref": "#/components/schemas/text"}, {"$ref": "#/components/schemas/text"}),
        (
            {"$ref": "#/components/schemas/text", "default": "a"},
            {"allOf": [{"$ref": "#/components/schemas/text"}], "default": "a"},
        ),
        ({"$ref": "#/components/schemas/thing/properties/name"}, {"type": "integer"}),
        (
            {"$ref": "#/components/schemas/thing", "required": ["name"]},
            {"properties": {"name": {"type": "integer"}}, "required": ["name"]},
        ),
        ({"type": "string", "x-code": "IMG.0001"}, {"type": "string"}),
        ({"anyOf": [{"enum": ["a"], "x-derived": {}}, {"enum": ["b"]}]}, {"enum": ["a", "b"]}),
        ({"enum": ["a", 1]}, {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "integer", "enum": [1]}]}),
        (
            {"type": ["integer", "string", "null"], "minimum": 1, "pattern": "a", "default": None},
            {
                "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "a"}, {"type": "null"}],
                "default": None,
            },
        ),
        ({"type": ["string", "null"], "pattern": "a"}, {"type": ["string", "null"], "pattern": "a"}),
        ({"title": "other", "type": "string"}, {"$ref": "#/components/schemas/other"}),
        (
            {"not": {"$ref": "#/components/schemas/text", "x-code": "a"}},
            {"not": {"$ref": "#/components/schemas/text"}},
        ),
        ({"properties": {"x-name": {"x-code": "a"}}}, {"properties": {"x-name": {}}}),
    ],
)
def test_rewritten(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    """A schema is rewritten in words that mean the same and that every tool reads."""
    components = {"text": {"type": "string"}, "thing": {"properties": {"name": {"type": "integer"}}}}
    document = published(composed({"properties": {"a": schema}}, **components))
    assert document["components"]["schemas"]["show_result"] == {"properties": {"a": expected}}


def test_control_takes_what_is_read_only() -> None:
    """The mock's own API takes every attribute of a saved state, and so has none that only a response may have."""
    assert [path for path, part in parts(load_control().document) if "readOnly" in part] == []
    assert [path for path, part in parts(load_contract().document) if part.get("readOnly")] != []


def test_titles_are_unique() -> None:
    """Two schemas of one title are an error, unless they are the same."""
    same = {"title": "name", "type": "string"}
    assert published(composed({"properties": {"a": same, "b": same}}))
    with pytest.raises(ValueError, match="two schemas are called name; give one of them another title"):
        published(composed({"properties": {"a": same, "b": {"title": "name", "type": "integer"}}}))
