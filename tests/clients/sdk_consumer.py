"""The contract of the official SDK as a consumer, made by the SDK itself: python -m tests.clients.sdk_consumer.

Its requests are those of the rows in sdk_rows.py, as the SDK sends them. What it reads are the members of its models,
of the types that these declare. The generated SDKs of Go and Java have the same models, and fail at other types.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from typing import Any

from huaweicloudsdkims import v2

from ims_mock import ConsumerContract, ImsMock
from tests.clients.sdk_rows import ROWS, Scene
from tests.conftest import ROOT

FILE = ROOT / "schemas/consumers/huaweicloud-sdk.json"

TYPES = {"str": "string", "int": "integer", "bool": "boolean", "float": "number"}


def new_contract() -> ConsumerContract:
    """Return the contract of the SDK that is installed."""
    learnt = learn()
    operations = {name: with_models(name, learnt.operations[name]) for name in ROWS}
    document = {
        **learnt.to_json(),
        "description": "The official SDKs: each of their 51 methods, and the models of its response. A token is in the "
        "place of their signature.",
        "sources": [{"name": "huaweicloudsdkims", "version": version("huaweicloudsdkims")}],
        "operations": operations,
    }
    return ConsumerContract.from_json(document)


def learn() -> ConsumerContract:
    """Call each method once, each in a mock of its own, and return what was sent and got."""
    found = None
    for method, row in ROWS.items():
        with ImsMock(auth="strict") as mock, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            scene = Scene(mock)
            with closing(scene.clients["demo"].get_http_client()), closing(scene.clients["alt"].get_http_client()):
                request = row.request(scene)
                mock.journal.clear()
                getattr(scene.clients[row.user], method)(request)
            contract = mock.consumer_contract("huaweicloud-sdk")
        found = found.merge(contract) if found else contract
    assert found
    return found


def with_models(method: str, operation: Any) -> dict[str, Any]:
    """Return an operation whose responses have what the SDK's model of them has."""
    model = getattr(v2, f"{method.title().replace('_', '')}Response")
    is_array = list(model.attribute_map.values()) == ["body"] and model.openapi_types["body"].startswith("list[")
    read = of_type(model.openapi_types["body"], "") if is_array else of_model(model, "")
    # A model without members is that of a response without a body.
    attributes = (
        {place: {"use": "read", "type": [type_, "null"]} for place, type_ in read} if model.attribute_map else {}
    )
    return {**operation, "responses": dict.fromkeys(operation["responses"], attributes)}


def of_model(model: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield the places and types of what an object that a model describes can have."""
    yield place, "object"
    for name, json_name in model.attribute_map.items():
        yield from of_type(model.openapi_types[name], f"{place}/{json_name}")


def of_type(declared: str, place: str) -> Iterator[tuple[str, str]]:
    """Yield the places and types of what is of a declared type."""
    if declared.startswith("list["):
        yield place, "array"
        yield from of_type(declared[5:-1], f"{place}/*")
    elif hasattr(v2, declared):
        yield from (
            of_model(getattr(v2, declared), place) if getattr(v2, declared).attribute_map else ((place, "string"),)
        )
    elif declared in TYPES:
        yield place, TYPES[declared]


if __name__ == "__main__":
    new_contract().save(FILE)
