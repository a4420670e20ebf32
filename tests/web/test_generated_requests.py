"""Generated requests over a raw socket, most of them damaged: each has a response, and a refusal does nothing."""

from __future__ import annotations

import json
import random
import re
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from ims_mock import ImsMock

BYTES = [bytes([number]) for number in range(256)]
PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b"\x0b", b"\x00", b":", b"Content-Length: 5\r\n"),
    *(
        b"Transfer-Encoding: chunked\r\n",
        b"Host: b\r\n",
        b"Connection: close, TE\r\n",
        b"Upgrade: h2c\r\n",
        b"%",
        b"\xff",
    ),
    *(b"Expect: 100-continue\r\n", b"Content-Encoding: gzip\r\n", b"HTTP/1.1", b"//", b"?", b"&limit=1", b"\xc3\xa9"),
]
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Generator:
    """Makes requests, the same for the same seed."""

    def __init__(self, seed: int, image_id: str) -> None:
        self._random = random.Random(seed)
        self._path = f"/v2/images/{image_id}"

    def request(self) -> bytes:
        """Return a valid request, or one with some damage."""
        request = self._valid()
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 3, 8))):
            request = self._damaged(request)
        return request

    def _valid(self) -> bytes:
        method, target, body = self._random.choice(
            [
                ("GET", "/v2/images?limit=2", None),
                ("GET", self._path, None),
                ("HEAD", self._path.replace("v2", "v1"), None),
                ("POST", "/v2/images", {"name": "a", "tags": ["t"]}),
                ("POST", "/v2/images", {"min_disk": 39}),
                ("PUT", f"{self._path}/tags/t", None),
                ("POST", f"{self._path}/members", {"member": "b"}),
                ("PUT", "/v1/cloudimages/tags", {"image_id": self._path[11:], "tag": "a.b"}),
                ("POST", "/_ims_mock/faults", {"fault": "x"}),
                ("GET", "/_ims_mock/health", None),
                ("OPTIONS", "*", None),
                ("DELETE", f"{self._path}/tags/none", None),
                ("GET", "http://a/v2/images", None),
            ]
        )
        content = b"" if body is None else json.dumps(body).encode()
        headers = ["Host: 127.0.0.1", "X-Auth-Token: t", "Accept: */*", "Content-Type: application/json"]
        if content and self._random.random() < 0.3:
            headers.append("Transfer-Encoding: chunked")
            content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
        elif content:
            headers.append(f"Content-Length: {len(content)}")
        self._random.shuffle(headers)
        return "\r\n".join([f"{method} {target} HTTP/1.1", *headers, "\r\n"]).encode() + content

    def _damaged(self, request: bytes) -> bytes:
        start = self._random.randrange(len(request) + 1)
        end = min(len(request), start + self._random.choice((0, 0, 1, 1, 2, 10)))
        piece = self._random.choice([self._random.choice(PIECES), self._random.choice(BYTES), b""])
        if self._random.random() < 0.1:
            return request[:start]
        return request[:start] + piece + request[end:]


def responses_to(mock: ImsMock, request: bytes) -> bytes:
    """Return all that comes back for a request whose sender then sends nothing more."""
    address = urlsplit(mock.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def held(mock: ImsMock) -> Any:
    """Return what the mock remembers, but for counts of what was drawn."""
    with mock.service.store.lock:
        dumped = mock.service.store.dump()
    return json.dumps({name: value for name, value in dumped.items() if name != "drawn"}, sort_keys=True), len(
        mock.faults
    )


def check(mock: ImsMock, seed: int, count: int) -> list[tuple[bytes, bytes]]:
    """Send generated requests; return those that had no response, a 5xx, or a refusal that has changed something."""
    image = mock.add_image(name="x")
    generator = Generator(seed, image["id"])
    wrong = []
    before = held(mock)
    for number in range(count):
        if not number % 200:
            mock.images.clear()
            mock.images[image["id"]] = image
            before = held(mock)
        request = generator.request()
        received = responses_to(mock, request)
        statuses = [int(status) for status in STATUS.findall(received)]
        after = held(mock)
        is_refused = bool(statuses) and all(status >= 400 for status in statuses)
        # 501 is what RFC 9112 asks for where a transfer coding is not known, and 505 for another version.
        is_defect = any(status >= 500 and status not in (501, 505) for status in statuses)
        if (request.strip(b"\r\n") and not statuses) or is_defect or (is_refused and after != before):
            wrong.append((request, received[:200]))
        before = after
    return wrong


@pytest.mark.parametrize("seed", range(2))
def test_generated_requests(ims_mock: ImsMock, seed: int) -> None:
    """Each request has a response that is no 5xx, and one that is refused changes nothing."""
    assert check(ims_mock, seed, 400) == []
