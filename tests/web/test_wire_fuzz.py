"""Generated requests over a raw socket: right ones, with a few bytes or lines that are not."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from ims_mock import ImsMock

IMAGE_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
BODY = b'{"name": "new"}'
CHUNKS = b"f;a=b\r\n" + BODY + b"\r\n0\r\nX-Trailer: a\r\n\r\n"

LINES = [
    b"POST /v2/images HTTP/1.1",
    b"DELETE /v2/images/" + IMAGE_ID.encode() + b" HTTP/1.1",
    b"PUT /v2/images/" + IMAGE_ID.encode() + b"/tags/caf\xc3\xa9 HTTP/1.1",
    b"GET http://a/v2/images?name=caf%C3%A9 HTTP/1.0",
    b"DELETE /_ims_mock/journal HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
]
FIELDS = [
    b"Host: a",
    b"X-Auth-Token: t",
    b"Content-Length: 15",
    b"Transfer-Encoding: chunked",
    b"Connection: close, TE",
    b"Connection: keep-alive",
    b"Upgrade: h2c",
    b"Expect: 100-continue",
    b"Origin: null",
    b"Content-Type: application/json",
    b"X-IMS-Mock-Other: \xfc",
]
PIECES = [
    *(b"\r", b"\n", b"\r\n", b"\r\r\n", b"\r\n\r\n", b"\0", b"\x0b", b"\x7f", b"\xa0", b"\x85", b"\xff", b"\xc3"),
    *(
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"/",
        b"//",
        b"?",
        b"#",
        b"%",
        b"%ff",
        b"+",
        b"-",
        b"0",
        b"9" * 20,
        b'"',
        b"[",
        b"@",
    ),
]


def new_request(dice: random.Random) -> bytes:
    """Return a request, mostly with some bytes put in, taken out or repeated."""
    is_chunked = dice.random() < 0.3
    framing = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: 15"
    fields = [b"Host: localhost", b"X-Auth-Token: t", framing, *dice.sample(FIELDS, dice.randrange(3))]
    dice.shuffle(fields)
    data = b"\r\n".join([dice.choice(LINES), *fields, b"", CHUNKS if is_chunked else BODY])
    for _ in range(dice.choice([0, 1, 1, 1, 2, 5])):
        at = dice.randrange(len(data))
        until = min(len(data), at + dice.randrange(8))
        change = dice.randrange(4)
        data = (
            data[:at] + [dice.choice(PIECES), b"", data[at:until] * 2, data[at:until].swapcase()][change] + data[until:]
        )
    return data


def is_no_head(sent: bytes) -> bool:
    """Return whether bytes begin with no whole head, or with one that has a control character or half a line end."""
    head, end, _ = sent.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    return not end or any(byte in b"\0\x0b\x7f\r\n" for byte in head.replace(b"\r\n", b""))


def responses(mock: ImsMock, sent: bytes) -> list[int]:
    """Send bytes and no more; return the statuses of the responses until the connection ends."""
    url = urlsplit(mock.url)
    statuses = []
    with socket.create_connection((url.hostname, url.port), timeout=10) as client, client.makefile("rb") as file:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        while line := file.readline():
            statuses.append(int(line.split()[1]))
            length = 0
            while (line := file.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            assert len(file.read(length)) == length
    return [status for status in statuses if status != 100]


def state(mock: ImsMock) -> object:
    """Return what a request can change, but for the journal."""
    return {image_id: dict(image) for image_id, image in mock.images.items()}


@pytest.fixture(scope="module")
def mock() -> Iterator[ImsMock]:
    """A mock with one image."""
    with ImsMock() as running:
        running.add_image(id=IMAGE_ID, name="here")
        yield running


@pytest.mark.parametrize("seed", range(16))
def test_generated_requests(mock: ImsMock, seed: int) -> None:
    """Each gets a response, which is no 5xx but those for what HTTP does not know, and a rejection changes nothing."""
    dice = random.Random(seed)
    for _ in range(10):
        sent = new_request(dice)
        with mock.rollback():
            before = state(mock)
            statuses = responses(mock, sent)
            assert statuses or not sent.strip(b"\r\n"), sent
            assert all(status < 500 or status in (501, 505) for status in statuses), (statuses, sent)
            assert statuses[:1] == [400] or not is_no_head(sent), (statuses, sent)
            assert state(mock) == before or any(status < 300 for status in statuses), (statuses, sent)
