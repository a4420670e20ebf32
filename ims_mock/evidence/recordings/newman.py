"""Reports of newman, which runs collections of Postman: `newman run --reporters json`.

https://github.com/postmanlabs/newman, seen with newman 6.2.2. A redirect is one execution, whose request is the first
and whose response is the last; nothing says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ims_mock.contract.recorded import (
    NOT_RECORDED,
    Absence,
    RecordedExchange,
    RecordedHeaders,
    RecordedRequest,
    RecordedResponse,
)
from ims_mock.evidence.recordings import bodies
from ims_mock.evidence.recordings.parts import Part, headers_of


def is_one(document: Any) -> bool:
    """Return whether a document is a report of a run."""
    run = document.get("run") if isinstance(document, dict) else None
    return isinstance(run, dict) and isinstance(run.get("executions"), list)


def read(document: Any) -> Iterator[RecordedExchange]:
    """Yield the exchanges of a run, those without a response too."""
    for number, value in enumerate(document["run"]["executions"], 1):
        part = Part(value, f"execution {number}")
        item = part.optional("item")
        name = item.text("name", "") if item else ""
        part.entry += f" ({name})" if name else ""
        request, response = part.part("request"), part.optional("response")
        method = request.text("method", "GET")
        headers = headers_of(request, "header", "key", "value")
        sent = RecordedRequest(method, _url(request), headers, _request_body(request, headers))
        yield RecordedExchange(sent, _response(response, method) if response else None, part.entry)


def _url(request: Part) -> str:
    """Return the URL, which is an object with lists; a part of the path may be a variable, such as ":id"."""
    if isinstance(request.get("url"), str):
        return request.text("url").partition("#")[0]
    url = request.part("url")
    values = {item.text("key", ""): item.text("value", "") for item in url.parts("variable")}
    path = "/".join(values.get(part[1:], part) if part[:1] == ":" else part for part in _texts(url, "path", "/"))
    port = f":{url.text('port')}" if url.get("port") else ""
    kept = [item for item in url.parts("query") if item.get("disabled") is not True]
    query = "&".join(f"{item.text('key', '')}={item.text('value', '')}" for item in kept)
    base = f"{url.text('protocol', 'http')}://{'.'.join(_texts(url, 'host', '.'))}{port}"
    return f"{base}/{path}?{query}" if query else f"{base}/{path}"


def _texts(url: Part, name: str, separator: str) -> list[str]:
    """Return the parts of a host or a path, which may be a text too."""
    value = url.get(name)
    if isinstance(value, str):
        return value.removeprefix(separator).split(separator)
    return [url.checked(item, str, f"{url.place}.{name}[{index}]") for index, item in enumerate(url.items(name))]


def _request_body(request: Part, headers: RecordedHeaders) -> bytes | Absence:
    """Return a body that was given as a text; how newman has written a form or a file is not recorded."""
    body = request.optional("body")
    if body is None or body.get("disabled") is True:
        return b""
    return bodies.from_text(body.text("raw", ""), "text/", headers) if body.get("mode") == "raw" else NOT_RECORDED


def _response(response: Part, method: str) -> RecordedResponse:
    headers = headers_of(response, "header", "key", "value")
    body = b"" if method == "HEAD" else _response_body(response, headers)
    return RecordedResponse(response.number("code"), headers, body, has_all_headers=True)


def _response_body(response: Part, headers: RecordedHeaders) -> bytes | Absence:
    stream = response.optional("stream")
    if stream is None:
        return NOT_RECORDED
    try:
        return bodies.from_bytes(bytes(stream.items("data")), headers)
    except (TypeError, ValueError):
        raise stream.error("data", "must be a list of bytes, each a number from 0 to 255") from None
