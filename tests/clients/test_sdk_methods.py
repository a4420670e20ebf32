"""Each method of the official SDK once, with its signature verified and its typed response checked.

The methods are those that the SDK itself has: a new one fails here until it is an operation, and is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkims import v2
from huaweicloudsdkims.v2 import ImsClient

from ims_mock import ImsMock
from ims_mock.contract.operations import load_contract
from tests.clients.sdk_rows import NEED_NO_CREDENTIAL, OWN, ROWS, Scene, connected

pytestmark = [
    pytest.mark.ims_mock(auth="strict"),
    # Huawei has moved some to its historical APIs, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method 'glance_:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Method 'show_job':DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

METHODS = sorted(name.removesuffix("_invoker") for name in vars(ImsClient) if name.endswith("_invoker"))


@pytest.fixture
def scene(ims_mock: ImsMock) -> Iterator[Scene]:
    """A scene for one test."""
    scene = Scene(ims_mock)
    with closing(scene.clients["demo"].get_http_client()), closing(scene.clients["alt"].get_http_client()):
        yield scene


def test_every_method_of_the_sdk_is_an_operation() -> None:
    """The contract has an operation of the name of each method."""
    assert len(METHODS) == 51
    assert set(METHODS) <= set(load_contract().operations)


def test_every_method_of_the_sdk_is_called() -> None:
    """The table has a row for each method that the SDK has, and for nothing else."""
    assert sorted(ROWS) == METHODS


@pytest.mark.parametrize("method", ROWS)
def test_method(scene: Scene, method: str) -> None:
    """A method is served as the operation of its name, and the SDK reads its response as its own types."""
    row = ROWS[method]
    request = row.request(scene)
    response = getattr(scene.clients[row.user], method)(request)
    (entry,) = scene.mock.journal.calls(method)[-1:]
    assert (entry.operation, entry.status, entry.ignored) == (method, row.status, ())
    assert entry.caller == (None if method in NEED_NO_CREDENTIAL else row.user)
    assert type(response).__name__ == type(request).__name__.replace("Request", "Response")
    assert wrong_types(type(response), entry.response_json) == []
    assert row.seen(scene, response) == row.expected


def wrong_types(model: Any, value: Any, path: str = "") -> list[str]:
    """Return where a JSON value is not of the types that a model of the SDK declares; the SDK would cast it."""
    if not isinstance(value, dict) or not hasattr(model, "openapi_types"):
        return []
    names = {json_name: name for name, json_name in model.attribute_map.items()}
    return [
        wrong
        for json_name, member in value.items()
        if json_name in names and member is not None
        for wrong in wrong_type(model.openapi_types[names[json_name]], member, f"{path}/{json_name}")
    ]


def wrong_type(declared: str, value: Any, path: str) -> list[str]:
    """Return where a JSON value is not of a declared type, such as "int", "list[str]" or the name of a model."""
    if declared.startswith("list["):
        if not isinstance(value, list):
            return [f"{path}: {declared}"]
        return [wrong for item in value for wrong in wrong_type(declared[5:-1], item, path)]
    if hasattr(v2, declared):
        return wrong_types(getattr(v2, declared), value, path) if isinstance(value, dict) else [f"{path}: {declared}"]
    types: dict[str, Any] = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}
    is_right = isinstance(value, types[declared]) and (declared == "bool" or not isinstance(value, bool))
    return [] if is_right else [f"{path}: {declared}, got {value!r}"]


@pytest.mark.parametrize("method", OWN)
def test_wrong_secret(scene: Scene, method: str) -> None:
    """A method of IMS's own API is not served with a wrong signature; test_strict_huaweicloudsdkims has the others."""
    request = OWN[method].request(scene)
    client = connected(scene.mock, OWN[method].user, "wrong")
    with closing(client.get_http_client()), pytest.raises(ClientRequestException) as caught:
        getattr(client, method)(request)
    assert (caught.value.status_code, caught.value.error_code) == (401, "APIGW.0301")
