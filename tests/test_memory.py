"""What a large file costs the process that receives it."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.command.test_process import running

SIZE = 256 * 1024 * 1024
PIECE = b"\xa5" * (1024 * 1024)


def most_memory(pid: int) -> int:
    """Return the most bytes of memory that a process has had at once."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports what a process has had at most")
def test_memory_is_bounded_whatever_the_size() -> None:
    """Receiving and sending a file of 256 MB adds less than a quarter of that to the process."""

    def pieces() -> Iterator[bytes]:
        for _ in range(SIZE // len(PIECE)):
            yield PIECE

    with running("--quiet") as (process, url):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        headers = {"X-Auth-Token": "t"}
        connection.request("POST", "/v2/images", '{"id": "00000000-0000-4000-8000-000000000001"}', headers)
        connection.getresponse().read()
        before = most_memory(process.pid)
        path = "/v2/images/00000000-0000-4000-8000-000000000001/file"
        octets = {**headers, "Content-Type": "application/octet-stream"}
        connection.request("PUT", path, pieces(), octets, encode_chunked=True)
        response = connection.getresponse()
        assert (response.status, response.read()) == (204, b"")
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        received = 0
        while piece := response.read(len(PIECE)):
            received += len(piece)
        added = most_memory(process.pid) - before
        connection.close()
    assert received == SIZE
    assert added < 64 * 1024 * 1024
