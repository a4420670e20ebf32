"""Generated requests: whatever is asked for, the response is one that the contract has, and none is a 5xx.

Requests that write are about an image of the test alone, or create one with a name of the run. What would begin a job,
share something by a job or reach another service is not generated.

https://schemathesis.readthedocs.io/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from ims_mock.conformance.client import READS, Call, Client
from ims_mock.conformance.conftest import NewImage
from ims_mock.conformance.made import Made
from ims_mock.conformance.plugin import Run
from ims_mock.conformance.reached import is_native, operations_of
from ims_mock.contract.operations import Operation, load_contract

_OF_ONE_IMAGE = ("images", "cloudimages", "files", "tags", "image_tags", "members")
"""The resources whose writes change nothing but the image in their path."""


def is_generated(operation: Operation) -> bool:
    """Return whether requests of an operation are generated: it reads, or writes to an image of the test alone."""
    if operation.dialect or operation.id == "glance_create_image_metadata":
        return not operation.dialect
    is_read = operation.method in ("GET", "HEAD") or operation.id in READS
    is_of_image = "{image_id}" in operation.path and operation.resource in _OF_ONE_IMAGE
    return is_read or (is_of_image and operation.id != "glance_delete_image")


def marked() -> Iterator[Any]:
    """Yield the operations, with the marks of their tests."""
    for operation in filter(is_generated, operations_of("huawei")):
        marks = [pytest.mark.native if is_native(operation) else pytest.mark.own]
        yield pytest.param(operation, marks=[*marks, pytest.mark.writes], id=operation.id)


@cache
def _schema() -> Any:
    try:
        import schemathesis
    except ImportError:
        raise pytest.fail.Exception("--ims-fuzz needs schemathesis; pip install 'ims_mock[fuzz]'", False) from None
    # What its own serialisers lack.
    schemathesis.serializer(*load_contract().operations["glance_update_image"].bodies)(_json)
    return schemathesis.openapi.from_dict(dict(load_contract().document))


def _json(_context: Any, value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.fuzz
@pytest.mark.parametrize("operation", list(marked()))
def test_generated_requests(ims: Client, ims_run: Run, made: Made, new_image: NewImage, operation: Operation) -> None:
    """Whatever an operation is asked for, its response is documented."""
    cases = _schema()[operation.path][operation.method].as_strategy()
    image_id = new_image()["id"] if "{image_id}" in operation.path else ""
    from hypothesis import HealthCheck, Phase, given, settings

    # Shrinking would send more requests than were asked for; the same ones are generated each time.
    bounded = settings(
        max_examples=ims_run.options.fuzz,
        phases=(Phase.generate,),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    def send(case: Any) -> None:
        reply = ims.any_status(operation.id, call_of(case, image_id, made))
        assert reply.status < 500, f"{operation.id}: {reply.status} {reply.body[:200]!r}"

    bounded(given(case=cases)(send))()


def call_of(case: Any, image_id: str, made: Made) -> Call:
    """Return what is sent for a generated case, about an image of the test and without generated credentials."""
    body = case.body if isinstance(case.body, dict | list | str | bytes | int | float) else None
    if isinstance(body, dict) and case.operation.definition.raw["operationId"] == "glance_create_image_metadata":
        body = {**body, "name": made.new_name("fuzz")}
    if case.media_type == "application/octet-stream":
        body = body.encode("utf-8", "replace") if isinstance(body, str) else body if isinstance(body, bytes) else b""
    path = {name: str(value) for name, value in (case.path_parameters or {}).items() if name != "project_id"}
    if "image_id" in path:
        path["image_id"] = image_id
    media_type = {"Content-Type": case.media_type} if body is not None and case.media_type else {}
    return Call(body, dict(case.query or {}), media_type, path, meant_wrong=True)
