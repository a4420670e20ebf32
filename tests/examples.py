"""What new operations and faults are tested by without a mention: the examples in schemas, and files of their own."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from ims_mock.contract.operations import Contract, Operation, load_contract
from ims_mock.faults.kinds import KINDS
from tests.conftest import ROOT


class Example(NamedTuple):
    """A request as the example of an operation has it."""

    method: str
    path: str
    body: Any


def example_of(operation: Operation, contract: Contract | None = None, /, **path: str) -> Example:
    """Return the request of an operation with these parameters in its path, and the example of its body.

    The operation is the service's, unless the contract of another API is given.
    """
    contract = contract or load_contract()
    document = contract.document["paths"][operation.path][operation.method.lower()]
    contents = document.get("requestBody", {}).get("content", {})
    body = next((content.get("example") for content in contents.values()), None)
    values = defaultdict(lambda: "x", path)
    return Example(operation.method, operation.path.format_map(values), body)


def reads(**path: str) -> list[Example]:
    """Return a request of each operation that only reads, so that a new one needs no mention."""
    operations = load_contract().operations.values()
    return [example_of(operation, **path) for operation in operations if operation.method in ("GET", "HEAD")]


def creations() -> list[Example]:
    """Return the request of each operation that creates images by a job, as its schema has it."""
    return [
        example_of(operation) for operation in load_contract().operations.values() if operation.resource == "creation"
    ]


KINDS_IN_TABLES = {kind for kind in KINDS if not (ROOT / f"tests/faults/test_{kind}.py").exists()}
"""The kinds of faults that are in the tables of the tests; any other has a file of tests of its own."""
