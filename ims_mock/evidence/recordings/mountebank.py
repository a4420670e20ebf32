"""Imposters of mountebank, with the stubs that its proxy has recorded, or somebody has written.

https://www.mbtest.org/docs/api/overview, seen with mountebank 2.9.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from ims_mock.contract.judging import header_of
from ims_mock.contract.problems import Keys
from ims_mock.contract.recorded import (
    DAMAGED,
    NOT_RECORDED,
    Absence,
    JsonBody,
    RecordedExchange,
    RecordedHeaders,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.evidence.recordings import bodies
from ims_mock.evidence.recordings.parts import Part, headers_in
from ims_mock.evidence.recordings.stubs import method_of

_EXACT = 2**53
"""The numbers of JavaScript are exact up to here."""

_CHANGING = {"decorate", "shellTransform", "copy", "lookup"}
"""What makes another body of the one that a stub has."""


def is_one(document: Any) -> bool:
    """Return whether a document is an imposter, or an object with a list of them."""
    return isinstance(document, dict) and (
        isinstance(document.get("imposters"), list)
        or (isinstance(document.get("stubs"), list) and "protocol" in document)
    )


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges of the stubs that name one path, with each of their responses, and without proxies."""
    imposters = document["imposters"] if isinstance(document.get("imposters"), list) else [document]
    for index, value in enumerate(imposters, 1):
        where = f"imposter {index}, " if len(imposters) > 1 else ""
        imposter = Part(value, where.removesuffix(", ") or "imposter")
        if imposter.text("protocol", "http") in ("http", "https"):
            for number, stub in enumerate(imposter.items("stubs"), 1):
                yield from _exchanges(Part(stub, f"{where}stub {number}"), imposter)


def _exchanges(stub: Part, imposter: Part) -> Iterator[RecordedExchange]:
    request = _request(stub)
    responses = list(stub.parts("responses"))
    for number, part in enumerate(responses, 1):
        if request is not None and "is" in part:
            part.entry += f", response {number}" if len(responses) > 1 else ""
            response = _response(part, imposter.optional("defaultResponse"), request.method)
            yield RecordedExchange(request, response, part.entry)


def _request(stub: Part) -> RecordedRequest | None:
    """Return what the predicates of a stub ask for; None where that is not one path, or may be several methods."""
    fields: dict[str, Any] = {}
    for predicate in stub.parts("predicates"):
        fields.update(_equal(predicate))
    wanted = Part(fields, stub.entry, "predicates")
    path = wanted.text("path", "")
    method = method_of(wanted.text("method", ""), path)
    if not path or method is None:
        return None
    query = urlencode(headers_in(wanted, "query"), errors="replace")
    headers = headers_in(wanted, "headers")
    body = _request_body(wanted, headers)
    return RecordedRequest(method, f"{path}?{query}" if query else path, headers, body, is_partial=True)


def _equal(predicate: Part) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a request that have to be equal to something, wholly."""
    for part in predicate.parts("and"):
        yield from _equal(part)
    for name in ("equals", "deepEquals"):
        fields = predicate.optional(name)
        if fields is not None and not any(other in predicate for other in ("except", "jsonpath", "xpath")):
            yield from fields.members.items()


def _request_body(wanted: Part, headers: RecordedHeaders) -> bytes | JsonBody | Absence:
    if "body" not in wanted:
        return NOT_RECORDED
    if isinstance(wanted.get("body"), str):
        return bodies.from_text(wanted.text("body"), header_of(headers, "content-type") or "", headers)
    return JsonBody(wanted.json("body"))


def _response(part: Part, default: Part | None, method: str) -> RecordedResponse:
    sent = part.part("is")
    headers = headers_in(sent, "headers")
    status = _status(sent, 200 if default is None else _status(default, 200))
    body = b"" if method == "HEAD" else _response_body(sent, headers, is_changed=_is_changed(part))
    return RecordedResponse(status, headers, body, has_all_headers=default is None)


def _status(part: Part, default: int) -> int:
    """Return a status, which somebody may have written as a text."""
    value = part.get("statusCode")
    is_text = isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdecimal()
    return int(value) if is_text else part.number("statusCode", default)


def _is_changed(part: Part) -> bool:
    """Return whether a response is changed before it is sent; behaviors are a list, or were an object once."""
    found = part.get("behaviors") or part.get("_behaviors") or []
    listed = found if isinstance(found, list) else [found]
    return any(_CHANGING & item.keys() for item in listed if isinstance(item, dict))


def _response_body(sent: Part, headers: RecordedHeaders, *, is_changed: bool) -> bytes | JsonBody | Absence:
    body = sent.get("body")
    if is_changed:
        return DAMAGED
    if sent.text("_mode", "text") == "binary":
        return bodies.from_bytes(sent.base64("body"), headers)
    if body is None or isinstance(body, str):
        return bodies.from_text(body or "", header_of(headers, "content-type") or "", headers)
    value = sent.json("body")
    return JsonBody(value, frozenset(_rounded(value)))


def _rounded(value: Any, at: Keys = ()) -> Iterator[Keys]:
    """Yield the places of the numbers that JavaScript may have rounded."""
    if isinstance(value, int | float) and abs(value) > _EXACT:
        yield at
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _rounded(item, (*at, key))
