"""The journal as exchanges: what is kept of a request, and what is said of the rest."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.contract.recorded import DAMAGED, JsonBody, RecordedExchange
from ims_mock.contract.verdicts import judge
from ims_mock.evidence.exchanges import exchanges_of
from tests.conftest import Api


def last(api: Api) -> RecordedExchange:
    """Return the last exchange."""
    return list(exchanges_of(api.service.journal))[-1]


def test_exchange(api: Api) -> None:
    """An exchange has the request as it was sent, who sent it, and the response."""
    api("POST", "/v2/images?a=b", {"name": "a"})
    found = last(api)
    assert found.entry == "request 1"
    assert (found.request.method, found.request.url) == ("POST", "http://localhost/v2/images?a=b")
    assert (found.request.body, found.request.has_all_headers) == (b'{"name": "a"}', True)
    assert found.request.project == api.service.auth.project_id
    assert ("X-Auth-Token", "***") in (found.request.headers or ())  # type: ignore[operator]
    assert found.response
    assert (found.response.status, found.response.has_all_headers) == (201, True)
    assert b'"name":"a"' in found.response.body  # type: ignore[operator]


def test_cut_body(api: Api) -> None:
    """Of a long body a part is kept, which is none."""
    api("POST", "/v2/images", {"name": "a", "tags": ["a" * 200] * 1000})
    assert last(api).request.body is DAMAGED


def test_file(api: Api) -> None:
    """A file is not kept."""
    image = api.create(name="a")
    api("PUT", image["file"], b"abc", Content_Type="application/octet-stream")
    api("GET", image["file"])
    upload, download = list(exchanges_of(api.service.journal))[-2:]
    assert upload.request.body is DAMAGED
    assert download.response
    assert download.response.body is DAMAGED


def test_hidden_secrets(api: Api) -> None:
    """A body in which secrets are hidden is one of JSON, in which they stand for their type."""
    user = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}
    body: Any = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    assert api("POST", "/v3/auth/tokens", body).status_code == 201
    found = last(api).request.body
    assert isinstance(found, JsonBody)
    assert ("auth", "identity", "password", "user", "password") in found.examples
    assert ("auth", "identity", "methods", 0) not in found.examples
    assert judge(last(api)) == []


@pytest.mark.parametrize(("rule", "status"), [("reset", None), ("truncate(10)", 200), ("503", 503)])
def test_fault(rule: str, status: int | None) -> None:
    """A response that was cut is damaged, and none is none."""
    api = Api(faults=[f"glance_list_images: {rule}"])
    with suppress(ConnectionError):
        api("GET", "/v2/images")
    response = last(api).response
    assert (response.status if response else None) == status
    assert (response is not None and response.body is DAMAGED) == (rule == "truncate(10)")


def test_head(api: Api) -> None:
    """The response to HEAD has no body, whatever its length says."""
    image = api.create(name="a")
    api("HEAD", image["self"].replace("/v2/", "/v1/"))
    response = last(api).response
    assert response
    assert response.body == b""


def test_of_a_mock() -> None:
    """Nothing that a mock has recorded of itself breaks its contract."""
    mock = ImsMock()
    client = mock.app.test_client()
    for path in ("/v2/images", "/v2/cloudimages", "/v3/projects", "/v1/cloudimages/os_version"):
        client.get(path, headers={"X-Auth-Token": "a"})
    assert [finding for exchange in exchanges_of(mock.journal) for finding in judge(exchange)] == []
