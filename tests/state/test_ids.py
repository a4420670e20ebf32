"""The series of ids: a refused create uses up none."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock import Fail
from tests.conftest import Api

TOO_MANY = {f"key{number}": "x" for number in range(129)}


def next_id(api: Api) -> str:
    """Return the id of the image that is created next."""
    return str(api.create()["id"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v2/images", TOO_MANY, 413),
        ("POST", "/v2/images", {"name": 5}, 400),
        ("POST", "/v2/images", {"status": "active"}, 403),
        ("POST", "/v2/images", b"{", 400),
        ("POST", "/_ims_mock/images", TOO_MANY, 400),
        ("POST", "/_ims_mock/images", {"name": 5}, 400),
        ("POST", "/_ims_mock/images", {"owner": "p", "members": {"p": "accepted"}}, 400),
        ("POST", "/_ims_mock/images", {"members": {"p": "melted"}}, 400),
        ("POST", "/_ims_mock/images", {"__system__cmkid": "x", "members": {"p": "accepted"}}, 400),
    ],
)
def test_refused_create(method: str, path: str, body: Any, status: int) -> None:
    """What is refused has no id, so that the next image has the same one as without it."""
    api = Api()
    drawn = api("GET", "/_ims_mock/state").get_json()["drawn"]
    assert api(method, path, body).status_code == status
    assert api("GET", "/_ims_mock/state").get_json()["drawn"].get("images") == drawn.get("images")
    assert next_id(api) == next_id(Api())


def test_refused_create_after_others() -> None:
    """The series goes on where the last success left it."""
    ids = []
    for is_refused in (False, True):
        api = Api()
        api.create()
        if is_refused:
            assert api("POST", "/v2/images", TOO_MANY).status_code == 413
        ids.append(next_id(api))
    assert ids[0] == ids[1]


def test_id_that_is_taken_uses_up_none(api: Api) -> None:
    """A conflict is a refusal too, and so is one by a fault."""
    taken = "00000000-0000-4000-8000-00000000000a"
    api.create(id=taken)
    assert api("POST", "/v2/images", {"id": taken}).status_code == 409
    with api.service.faults.add(Fail(503)):
        assert api("POST", "/v2/images", {}).status_code == 503
    assert next_id(api) == next_id(Api())
