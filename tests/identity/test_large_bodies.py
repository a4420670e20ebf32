"""Signed bodies that are too long for the gateway: a 401, at every level and of any operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import requests

from ims_mock import Fail, ImsMock
from ims_mock.contract.operations import load_contract
from ims_mock.exchange.body import MAX_BODY
from tests.conftest import Api
from tests.identity.test_auth import sign

LARGE = b" " * (MAX_BODY + 1)
LEVELS = ("off", "lenient", "strict")
OCTETS = {"Content-Type": "application/octet-stream"}
TOO_LARGE = "Incorrect IAM authentication information: calc aksk signature fail:body too large"
REASON = "body: must be at most 12582912 bytes in a signed request; send a token in X-Auth-Token instead"


def path_of(path: str) -> str:
    """Return the path of an operation with something for each parameter."""
    return re.sub(r"\{[a-z_]+\}", "v2", path)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", load_contract().operations)
def test_signed_body_that_is_too_long(level: str, name: str) -> None:
    """A signed body of more than 12 MB is the gateway's 401, also where the operation reads none."""
    api, operation = Api(auth=level), load_contract().operations[name]
    response = api(operation.method, path_of(operation.path), LARGE, **sign())
    assert response.status_code == 401
    assert operation.method == "HEAD" or response.get_json()["error_code"] == "APIGW.0301"
    assert operation.method == "HEAD" or response.get_json()["error_msg"] == TOO_LARGE
    assert response.headers["X-IMS-Mock-Reason"] == REASON


def pieces() -> Iterator[bytes]:
    """Yield a body whose length is not said, one byte too long."""
    yield from (LARGE[start : start + 2**20] for start in range(0, len(LARGE), 2**20))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("most", [None, 5])
def test_signed_upload_in_pieces(level: Literal["lenient", "strict"], most: int | None) -> None:
    """A signed file that comes in pieces is 401 too, whatever images may have, and leaves the image queued."""
    with ImsMock(auth=level, max_image_size=most) as mock:
        image = mock.add_image()
        headers = {name.replace("_", "-"): value for name, value in sign().items() if value}
        response = requests.put(mock.url + image["file"], data=pieces(), headers={**headers, **OCTETS}, timeout=20)
        assert (response.status_code, response.json()["error_msg"]) == (401, TOO_LARGE)
        assert mock.images[image["id"]]["status"] == "queued"


@pytest.mark.parametrize("level", LEVELS)
def test_largest_signed_file(level: str) -> None:
    """A signed file of exactly 12 MB is taken."""
    api = Api(auth=level)
    image, body = api.images, LARGE[1:]
    created = api("POST", "/v2/images", b"{}", **sign("POST", "/v2/images", b"{}")).get_json()
    headers: dict[str, Any] = sign("PUT", created["file"], body)
    assert api("PUT", created["file"], body, Content_Type=OCTETS["Content-Type"], **headers).status_code == 204
    assert image[created["id"]]["size"] == MAX_BODY


def test_file_with_a_token_has_no_such_limit(api: Api) -> None:
    """A file with a token may be longer."""
    image = api.create()
    assert api("PUT", image["file"], LARGE, Content_Type=OCTETS["Content-Type"]).status_code == 204


def test_signed_file_over_the_limit_of_images() -> None:
    """A signed file that the gateway takes, and that is too long for an image, is 413."""
    api = Api(max_image_size=5)
    image = api.create()
    response = api("PUT", image["file"], b"123456", Content_Type=OCTETS["Content-Type"], **sign())
    assert (response.status_code, response.get_json()["error"]["code"]) == (413, "IMG.0059")


def test_gateway_comes_before_a_fault(api: Api) -> None:
    """The gateway refuses the signature before any rule is asked."""
    rule = api.service.faults.add(Fail(503), optional=True)
    assert api("POST", "/v2/images", LARGE, **sign("POST")).status_code == 401
    assert rule.hits == 0
