"""The way of a request, without a framework."""

from __future__ import annotations

import io
import threading
from typing import Any

from ims_mock import Fail, ManualClock, SystemClock
from ims_mock.service.service import Service
from ims_mock.service.settings import Settings
from tests.conftest import Api


def responses_of(**settings: Any) -> list[tuple[int, str, bytes]]:
    """Return the responses to a fixed series of requests."""
    api = Api(**settings)
    api.service.faults.add(Fail(503), operation="glance_list_images", times=1)
    requests: list[tuple[str, str, Any]] = [
        ("POST", "/v2/images", {"name": "a"}),
        ("POST", "/v2/images", {"min_disk": 1}),
        ("GET", "/v2/images", None),
        ("GET", "/v2/images", None),
        ("GET", "/v2/nope", None),
    ]
    responses = [api(*request) for request in requests]
    return [(response.status_code, str(response.headers), response.data) for response in responses]


def test_same_seed_same_responses() -> None:
    """The same seed, start and requests give the same responses, byte for byte, headers and all."""
    assert responses_of(seed=3) == responses_of(seed=3)
    assert responses_of(seed=3) != responses_of(seed=4)


def test_two_services_share_nothing() -> None:
    """What one mock has, another has not."""
    one, two = Api(), Api()
    one.create()
    one.service.faults.add(Fail(503))
    assert two.images == {}
    assert two("GET", "/v2/images").status_code == 200
    assert len(one.service.journal) == 1


def test_reset_goes_back_to_the_first_settings() -> None:
    """A reset's settings hold until the next reset."""
    api = Api(seed=1)
    first = api.create()["id"]
    api.service.reset(seed=2, auth="strict", token="t")
    assert api("GET", "/v2/images").status_code == 401
    api.service.reset()
    assert api.create()["id"] == first


def test_given_clock_is_kept() -> None:
    """A clock that is passed in survives a reset; otherwise each reset makes a new one."""
    clock = SystemClock()
    service = Service(clock=clock)
    service.reset()
    assert service.store.clock is clock
    service = Service(Settings(start=0))
    assert isinstance(service.store.clock, ManualClock)
    service.store.clock.advance(5)
    service.reset()
    assert service.store.clock.now() == 0


def test_threads_lose_nothing() -> None:
    """What eight threads create at once is all there, under as many ids."""
    api = Api()

    def work() -> None:
        for _ in range(50):
            api("POST", "/v2/images", {})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api.images) == 400
    assert {entry.status for entry in api.service.journal} == {201}
    assert len({entry.request_id for entry in api.service.journal}) == 400


def test_request_that_a_reset_overtakes() -> None:
    """A request that was on its way at a reset does nothing to the state after it, and is in no journal."""
    api = Api()

    class Overtaken(io.BytesIO):
        """A body during whose reading the mock is reset."""

        def read(self, size: int | None = -1, /) -> bytes:
            api.service.reset()
            return super().read(size)

    body = Overtaken(b"{}")
    response = api._client.open(
        "/v2/images", method="POST", input_stream=body, content_length=2, headers={"X-Auth-Token": "t"}
    )
    assert response.status_code == 503
    assert response.headers["X-IMS-Mock-Reason"] == "the mock was reset while this request was on its way"
    assert (len(api.images), len(api.service.journal)) == (0, 0)
