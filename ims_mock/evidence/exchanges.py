"""The journal as exchanges that a judge reads: of what was cut, or is not kept, it says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.json_text import parse
from ims_mock.contract.problems import Keys
from ims_mock.contract.recorded import (
    DAMAGED,
    Absence,
    JsonBody,
    RecordedExchange,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.contract.validation import HIDDEN
from ims_mock.evidence.journal import MAX_BODY, Entry

_MOST_DIGITS = 18


def exchanges_of(entries: Iterable[Entry]) -> Iterator[RecordedExchange]:
    """Yield the requests of a journal with their responses; credentials in them are masked."""
    for entry in entries:
        request = RecordedRequest(
            entry.method,
            entry.base_url + entry.path if entry.path.startswith("/") else entry.path,
            tuple(entry.request_headers.items()),
            kept_body(entry.request_headers, entry.request_body),
            has_all_headers=True,
            caller=entry.caller or "",
            project=entry.project_id or "",
        )
        yield RecordedExchange(request, _response(entry), f"request {entry.number}")


def _response(entry: Entry) -> RecordedResponse | None:
    if not entry.status or entry.delivery.is_silent:
        return None
    is_empty = entry.method == "HEAD"
    body = (
        b""
        if is_empty
        else DAMAGED
        if entry.delivery.is_cut
        else kept_body(entry.response_headers, entry.response_body)
    )
    return RecordedResponse(entry.status, tuple(entry.response_headers.items()), body, has_all_headers=True)


def kept_body(headers: Mapping[str, str], body: bytes) -> bytes | JsonBody | Absence:
    """Return what is kept of a body in a journal; a longer one, and a file, are not kept as a whole.

    A body of another length that is JSON is one in which secrets are hidden, which are texts all the same.
    """
    length = next((value for name, value in headers.items() if name.lower() == "content-length"), "")
    if len(body) == int(length[:_MOST_DIGITS]) if length.isdecimal() else len(body) != MAX_BODY:
        return body
    try:
        value = parse(body)
    except ImsError:
        return DAMAGED
    return JsonBody(value, frozenset(_hidden(value, ())))


def _hidden(value: Any, keys: Keys) -> Iterator[Keys]:
    """Yield where in a body secrets are hidden."""
    if value == HIDDEN:
        yield keys
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _hidden(item, (*keys, key))
