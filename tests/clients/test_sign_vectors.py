"""The known signatures, over a socket, against a mock that verifies every one."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from ims_mock import ImsMock
from tests.conftest import ROOT

VECTORS = json.loads((ROOT / "tests/data/sign_vectors.json").read_text("utf-8"))

PROJECT = "b912fb4a4c464b568ecfca1071b21b10"
AK, SK = "AKEXAMPLE", "SKEXAMPLE"

# Each credential is good; the image of the last two is not there.
STATUSES = (200, 201, 404, 404)


def send(mock: ImsMock, vector: dict[str, Any], body: bytes) -> tuple[int, Any]:
    """Send a known request, with its own headers and no others, and return the response."""
    connection = HTTPConnection(urlsplit(mock.url).netloc, timeout=60)
    connection.putrequest(vector["method"], vector["url_path_and_query"], skip_host=True, skip_accept_encoding=True)
    for name, value in {**vector["headers"], "Authorization": vector["authorization"]}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    document = json.loads(response.read() or b"null")
    connection.close()
    return response.status, document


def prepare(mock: ImsMock, vector: dict[str, Any], secret: str) -> None:
    """Reset to the time of the vectors, with a user that has the key of one, also if that is a temporary key."""
    token = vector["headers"].get("X-Security-Token", "")
    user = {"name": "v", "access": "other" if token else AK, "secret": secret, "roles": {"v": ["member"]}}
    accounts = {"projects": [{"name": "v", "id": PROJECT}], "users": [user]}
    mock.reset(auth="strict", start="2024-04-17T08:00:00Z", accounts=accounts)
    if token:
        issued = {**mock.new_temporary_credentials("v"), "access": AK, "secret": secret, "security_token": token}
        with mock.service.store.transaction() as store:
            store.temporary_credentials.put(AK, {**issued, "user": "v"})


@pytest.mark.parametrize(
    ("vector", "status"), list(zip(VECTORS, STATUSES, strict=True)), ids=[vector["name"] for vector in VECTORS]
)
def test_vector_is_honoured(ims_mock: ImsMock, vector: dict[str, Any], status: int) -> None:
    """A request whose signature is known to be right is its user's."""
    prepare(ims_mock, vector, SK)
    assert send(ims_mock, vector, vector["body"].encode())[0] == status
    assert ims_mock.journal.calls()[-1].project_id == PROJECT


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector_of_another_secret_is_401(ims_mock: ImsMock, vector: dict[str, Any]) -> None:
    """The same request is refused where the key has another secret."""
    prepare(ims_mock, vector, "another")
    status, document = send(ims_mock, vector, vector["body"].encode())
    assert (status, document["error_code"]) == (401, "APIGW.0301")
    assert "verify aksk signature fail,canonicalRequest:" in document["error_msg"]
