"""A request of a consumer's contract as it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ims_mock.contract.errors import ImsError
from ims_mock.contract.openapi import resolved
from ims_mock.contract.operations import JSON, Operation, load_contract
from ims_mock.evidence.consumers import states
from ims_mock.evidence.consumers.documents import schemas_at
from ims_mock.evidence.consumers.places import MISSING, values_at
from ims_mock.evidence.consumers.stand_ins import IN_PATH, PROJECT

FILE = b"file"
"""What is uploaded in the place of any file."""


def described_operation(operation: Operation) -> Mapping[str, Any]:
    """Return what the API's own document says of an operation."""
    found: Mapping[str, Any] = load_contract().composed["paths"][operation.path][operation.method.lower()]
    return found


def documented_response(operation: str, status: int) -> Mapping[str, Any]:
    """Return what the API's own document says of the JSON of a response: a schema, and maybe an example."""
    known = load_contract().operations[operation]
    responses = described_operation(known)["responses"]
    response, _ = resolved(load_contract().composed, responses.get(str(status), {}), "")
    found: dict[str, Any] = response.get("content", {}).get(JSON, {})
    if status < 400:
        return found
    error = ImsError(status, *known.usual_error(status), reason="")
    return {"example": error.body(request_id="21deb34c8a9a3cb2cefba00ba140b3c6"), **found}


def examples_at(documented: Mapping[str, Any], place: str) -> Iterator[Any]:
    """Yield the documents' examples of a place in a body."""
    document, schema = load_contract().composed, documented.get("schema")
    roots = [documented["example"]] if "example" in documented else []
    roots += [example for part in schemas_at(document, schema, "") for example in part.get("examples", ())]
    for root in roots:
        yield from (value for _, value in values_at(root, place) if value is not MISSING)
    for part in schemas_at(document, schema, place):
        yield from part.get("examples", ())


def path_of(operation: str, request: Mapping[str, Any]) -> str:
    """Return the path of a request; ids in it are those of the images and jobs that its state has."""
    known = load_contract().operations[operation]
    document = load_contract().composed
    parameters = [resolved(document, item, "")[0] for item in described_operation(known).get("parameters", ())]
    examples = {item["name"]: str(item.get("example", "")) for item in parameters if item["in"] == "path"}
    own = {"member_id": PROJECT} if request.get("given") in (states.OFFERED, states.ACCEPTED) else {}
    path = known.path
    for name, value in {**examples, **IN_PATH, **own, **request.get("path", {})}.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def body_of(operation: str, request: Mapping[str, Any]) -> bytes | None:
    """Return the body of a request; None where it has none."""
    if load_contract().operations[operation].takes_bytes:
        return FILE
    return json.dumps(request["body"]).encode() if "body" in request else None
