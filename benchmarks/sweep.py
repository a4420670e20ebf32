"""What a sweep costs: plans in a second, against the requests alone, and what it keeps of many plans."""

from __future__ import annotations

import gc
import http.client
import json
import time
import tracemalloc
from typing import Any
from urllib.parse import urlsplit

from ims_mock import ImsMock

ROUNDS = 7


class Client:
    """A client of three requests, with one connection that is kept: create an image, upload its file, look at it."""

    def __init__(self, mock: ImsMock) -> None:
        self._address = urlsplit(mock.url).netloc
        self._token = mock.token
        self._connection: http.client.HTTPConnection | None = None

    def work(self) -> Any:
        """Send the three requests, and return the size of the image."""
        image_id = self._ask("POST", "/v2/images", b'{"name": "web"}')["id"]
        self._ask("PUT", f"/v2/images/{image_id}/file", b"abc", "application/octet-stream")
        return self._ask("GET", f"/v2/images/{image_id}").get("size")

    def _ask(self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json") -> Any:
        connection = self._connection = self._connection or http.client.HTTPConnection(self._address, timeout=10)
        try:
            connection.request(method, path, body, {"X-Auth-Token": self._token, "Content-Type": media_type})
            response = connection.getresponse()
            content = response.read()
        except Exception:
            connection.close()
            self._connection = None
            raise
        if response.status >= 400:
            raise OSError(response.status)
        return json.loads(content) if content else {}


def print_sweep(images: int = 10_000) -> None:
    """Print plans in a second, what a plan costs against the work well done, the same with many images, and memory."""
    for count in (0, images):
        with ImsMock() as mock:
            for number in range(count):
                mock.add_image(name=f"image {number}")
            plans, rate, ratio = _measured(mock)
        print(f"sweep, {count} images: {plans} plans, {rate:.0f} a second, a plan {ratio:.2f} times the work alone")
    with ImsMock() as mock:
        print(f"memory kept of 10,000 plans: {_kept(mock) / 1e6:.1f} MB")


def _measured(mock: ImsMock) -> tuple[int, float, float]:
    """Return how many plans there are, the medians of plans a second, and of a plan's cost against the work's."""
    client = Client(mock)
    rates, ratios, plans = [], [], 0
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(100):
            client.work()
        alone = (time.perf_counter() - begin) / 100
        mock.restore(_start(mock))
        begin = time.perf_counter()
        plans = len(mock.sweep(client.work, allowed=[Exception]).rows)
        each = (time.perf_counter() - begin) / plans
        rates.append(1 / each)
        ratios.append(each / alone)
    return plans, sorted(rates)[ROUNDS // 2], sorted(ratios)[ROUNDS // 2]


def _start(mock: ImsMock) -> Any:
    """Return a snapshot without the images that the work alone has made."""
    for image_id in [key for key, image in mock.images.items() if image["name"] == "web"]:
        del mock.images[image_id]
    return mock.snapshot()


def _kept(mock: ImsMock) -> int:
    """Return how many bytes more are held after 10,000 plans than after a first sweep."""
    client, run = Client(mock), 0
    mock.sweep(client.work, allowed=[Exception])
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    while run < 10_000:
        run += len(mock.sweep(client.work, allowed=[Exception]).rows)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return kept
