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

from ims_mock.conformance.client import Client
from ims_mock.conformance.conftest import NewImage
from ims_mock.conformance.generated import call_of, is_generated
from ims_mock.conformance.made import Made
from ims_mock.conformance.plugin import Run
from ims_mock.conformance.reached import is_native, operations_of
from ims_mock.contract.operations import Operation, load_contract


def marked() -> Iterator[Any]:
    """Yield the operations, with the marks of their tests."""
    for operation in filter(is_generated, operations_of("huawei")):
        marks = [pytest.mark.native if is_native(operation) else pytest.mark.own]
        yield pytest.param(operation, marks=[*marks, pytest.mark.writes], id=operation.id)


@cache
def _schema() -> Any:
    import schemathesis

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
