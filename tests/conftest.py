"""What several tests share: an API without a socket."""

from __future__ import annotations

import gc
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import trustme  # noqa: F401 (before tests that run pytest in this process, which then drops what they have imported)
from werkzeug.test import TestResponse

from ims_mock import ManualClock
from ims_mock.contract import RecordedExchange, RecordedRequest, RecordedResponse, judge
from ims_mock.contract.operations import load_control
from ims_mock.service.service import Service
from ims_mock.state.views import RecordsView
from ims_mock.web.app import create_app

ROOT = Path(__file__).parent.parent
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is no Python package; .ci/run installs it")

PAGE = "2016-06-02T07:49:48Z"


class Api:
    """A service and Flask's test client, with a credential on every request."""

    def __init__(self, **settings: Any) -> None:
        from ims_mock.service.settings import Settings

        self.service = Service(Settings().changed({"start": PAGE, **settings}))
        self.images = RecordsView(self.service.store)
        self._client = create_app(self.service).test_client()

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Send a request; a body that is not bytes is sent as JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"X-Auth-Token": "token", **{name.replace("_", "-"): value for name, value in headers.items()}}
        response = self._client.open(path, method=method, data=data, headers=sent)
        if path.startswith("/_ims_mock") and response.status_code == 200:
            _check_control(method, path.partition("?")[0], response)
        elif not path.startswith("/_ims_mock") and not self.service.faults and "X-IMS-Mock-Fault" not in sent:
            _judge(method, path, response)
        return response

    @property
    def clock(self) -> ManualClock:
        """The service's clock."""
        clock = self.service.store.clock
        assert isinstance(clock, ManualClock)
        return clock

    def create(self, **attributes: Any) -> dict[str, Any]:
        """Create an image and return it."""
        response = self("POST", "/v2/images", attributes)
        assert response.status_code == 201, response.headers
        image: dict[str, Any] = response.get_json()
        return image


def _judge(method: str, path: str, response: TestResponse) -> None:
    """Hold a response that no rule has changed against the contract: nothing in it may break a client."""
    request = RecordedRequest(method, path if path.startswith("/") else "/", meant_wrong=True)
    recorded = RecordedResponse(response.status_code, list(response.headers.items()), response.data)
    found = judge(RecordedExchange(request, recorded))
    assert not [finding for finding in found if finding.severity == "break" and finding.side == "response"], found


def _check_control(method: str, path: str, response: TestResponse) -> None:
    """Hold a response of the control API against its schema; the mock itself checks those of the service."""
    for operation in load_control().operations.values():
        if operation.method == method and re.fullmatch(re.sub("{.*?}", "[^/]+", operation.path), path):
            operation.check_response_body(response.get_json())


def remembered(api: Api) -> dict[str, Any]:
    """Return all that the mock remembers, also how many ids it has drawn, except those of requests."""
    store = api.service.store
    with store.transaction():
        return {**store.dump(), "drawn": {name: store.drawn[name] for name in store.drawn if name != "requests"}}


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Run pytest inside a test, with the same output on a CI machine, where pytest would write longer summaries."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    return pytester


@pytest.fixture
def api() -> Api:
    """A fresh service, called without a socket."""
    return Api()


@pytest.fixture(scope="session")
def page() -> dict[str, Any]:
    """The request and the response that the official page gives as its example."""
    operation = json.loads((ROOT / "schemas/operations/images/glance_create_image_metadata.json").read_text())
    return {
        "request": operation["requestBody"]["content"]["application/json"]["example"],
        "response": operation["responses"]["201"]["content"]["application/json"]["example"],
    }


def pytest_itemcollected(item: pytest.Item) -> None:
    """Count what a usual run leaves out as slow too, so that `-m "not slow"` leaves it out as well."""
    if item.get_closest_marker("thorough") or item.get_closest_marker("store"):
        item.add_marker("slow")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take long, whatever the order of the others."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Keep the collector of garbage from going through all the tests, again and again."""
    gc.freeze()
