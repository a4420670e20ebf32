"""Exchanges written to a file as they happen, so that it is whole at any moment: an HTTP archive, or JSON lines."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ims_mock.contract.recorded import Absence, JsonBody, RecordedExchange
from ims_mock.contract.routes import find_operation
from ims_mock.evidence.har import LOG, har_entry
from ims_mock.evidence.journal import Entry
from ims_mock.evidence.masking import Masking, joined

LINES = (".jsonl", ".ndjson")
"""How the names of files end that have an entry of a journal in each line; any other is an archive."""


class Recorder:
    """Writes exchanges to a file, masked. Raises OSError where that cannot be opened, or takes nothing more."""

    def __init__(self, path: Path) -> None:
        self._masking = Masking()
        self._is_lines = path.suffix.lower() in LINES
        self._file: IO[bytes] = path.open("wb")
        self._count = 0
        try:
            if not self._is_lines:
                self._write(json.dumps({"log": {**LOG, "entries": []}}).encode().removesuffix(_TAIL))
        except OSError:
            self.close()
            raise

    def add(self, exchange: RecordedExchange, began: float, seconds: float) -> None:
        """Write an exchange that began at a time, in seconds since 1970, and took so long."""
        self._count += 1
        entry = entry_of(self._masking.masked(exchange), self._count)
        entry.received_at, entry.responded_at, entry.seconds = began, began + seconds, seconds
        if self._is_lines:
            self._write(json.dumps(entry.to_json()).encode() + b"\n")
        else:
            self._write((b",\n" if self._count > 1 else b"\n") + json.dumps(har_entry(entry)).encode())

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # What it has not taken before, it does not take now.
            self._file.close()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        if not self._is_lines:
            # The end of an archive is written each time, and over it the next entry.
            self._file.write(_TAIL)
        self._file.flush()
        if not self._is_lines:
            self._file.seek(-len(_TAIL), 2)


_TAIL = b"]}}"


def entry_of(exchange: RecordedExchange, number: int) -> Entry:
    """Return an exchange as an entry of a journal; what is not kept of a body is not in it."""
    request, response = exchange.request, exchange.response
    operation = find_operation(request.method, request.url)
    scheme, _, rest = request.url.partition("://")
    host, slash, path = rest.partition("/")
    entry = Entry(f"{number:032x}", 0, request.method, slash + path, operation.id if operation else None)
    entry.base_url, entry.number, entry.is_done = f"{scheme}://{host}", number, True
    entry.request_headers, entry.request_body = _headers(request.headers), _bytes(request.body)
    if response is not None:
        entry.status = response.status
        entry.response_headers, entry.response_body = _headers(response.headers), _bytes(response.body)
    return entry


def _headers(headers: Any) -> dict[str, str]:
    return {} if isinstance(headers, Absence) else joined(headers)


def _bytes(body: bytes | JsonBody | Absence) -> bytes:
    if isinstance(body, JsonBody):
        return json.dumps(body.value).encode()
    return b"" if isinstance(body, Absence) else body
