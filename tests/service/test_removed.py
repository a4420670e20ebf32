"""A request after a test has removed an attribute that each image has."""

from __future__ import annotations

import pytest

from ims_mock.service.removed import reason_of
from ims_mock.state.views import RecordsView
from tests.conftest import Api


@pytest.mark.parametrize("name", ["name", "status", "visibility", "created_at", "min_disk"])
@pytest.mark.parametrize("path", ["/v1.1/images/detail", "/v2/images", "/v2/cloudimages"])
def test_reason_names_what_to_put_back(api: Api, path: str, name: str) -> None:
    """The reason of the 500 names the image and the attribute, and says what to do, in each operation that shows it."""
    image = api.create()
    del RecordsView(api.service.store)[image["id"]][name]
    assert api("GET", path).status_code == 500
    reason = api.service.journal.calls()[-1].reason
    assert image["id"] in reason
    assert name in reason
    assert "put back what a test has" in reason


def test_other_errors_are_the_mocks_own(api: Api) -> None:
    """An error that no removal explains is said to be in the mock."""
    assert reason_of(KeyError("name"), api.service.store).startswith("unexpected KeyError in the mock: 'name'")
