"""Each method of the official SDK once, with its signature verified and its typed response checked.

The methods are those that the SDK itself has: a new one fails here until it is an operation, and is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkims.v2 import ImsClient

from ims_mock import ImsMock
from ims_mock.contract.operations import load_contract
from tests.clients.sdk_rows import NEED_NO_CREDENTIAL, OWN, ROWS, Scene, connected
from tests.clients.sdk_types import wrong_response, wrong_responses

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
    assert row.seen(scene, response) == row.expected
    assert wrong_responses(scene.mock) == []


@pytest.mark.parametrize(
    ("method", "value", "wrong"),
    [
        ("list_os_versions", [{"version_list": [{"os_bit": "64"}]}], "/body/version_list/os_bit: int, got '64'"),
        ("list_images", {"images": {}}, "/images: list[ImageInfo], got {}"),
        ("show_job", {"entities": "x"}, "/entities: JobEntities, got 'x'"),
        ("update_image", {"min_ram": True}, "/min_ram: int, got True"),
        ("create_image", None, ": CreateImageResponse, got None"),
    ],
)
def test_wrong_type_is_found(method: str, value: Any, wrong: str) -> None:
    """A value of another type than the SDK declares is found, wherever it is, though the SDK would read it."""
    assert wrong_response(method, value) == [wrong]


@pytest.mark.parametrize("method", OWN)
def test_wrong_secret(scene: Scene, method: str) -> None:
    """A method of IMS's own API is not served with a wrong signature; test_strict_huaweicloudsdkims has the others."""
    request = OWN[method].request(scene)
    client = connected(scene.mock, OWN[method].user, "wrong")
    with closing(client.get_http_client()), pytest.raises(ClientRequestException) as caught:
        getattr(client, method)(request)
    assert (caught.value.status_code, caught.value.error_code) == (401, "APIGW.0301")
