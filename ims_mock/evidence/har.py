"""The journal as an HTTP archive (HAR 1.2), as a browser's network panel opens it.

https://w3c.github.io/web-performance/specs/HAR/Overview.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from ims_mock.evidence.delivery import WHOLE
from ims_mock.evidence.journal import Entry
from ims_mock.state.times import precise_timestamp
from ims_mock.version import __version__


def to_har(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return requests and responses as an archive; times are those of the mock's clock, durations real."""
    return {"log": {**LOG, "entries": [har_entry(entry) for entry in entries]}}


LOG = {"version": "1.2", "creator": {"name": "ims_mock", "version": __version__}, "pages": []}
"""What an archive has before its entries."""


def har_entry(entry: Entry) -> dict[str, Any]:
    """Return one request and its response, as an archive has them."""
    milliseconds = round(entry.seconds * 1000, 3)
    return {
        "startedDateTime": precise_timestamp(entry.received_at),
        "time": milliseconds,
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": str(entry),
        "_operation": entry.operation,
        "_caller": entry.caller,
        "_rules": list(entry.rules),
        "_ignored": list(entry.ignored),
    }


def _request(entry: Entry) -> dict[str, Any]:
    content_type = _header(entry.request_headers, "content-type")
    body = entry.request_body
    return {
        "method": entry.method,
        "url": _url(entry),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(entry.request_headers),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(_query(entry.path), keep_blank_values=True, errors="replace")
        ],
        **({"postData": _posted(body, content_type)} if body else {}),
        "headersSize": -1,
        "bodySize": _size(entry.request_headers, body),
    }


def _response(entry: Entry) -> dict[str, Any]:
    # The journal keeps for HEAD the body that GET would have got.
    body = b"" if entry.method == "HEAD" else entry.response_body
    # Status 0 is what browsers write of a request without a response.
    has_response = entry.status > 0 and not entry.delivery.is_silent
    status = entry.status if has_response else 0
    phrase = next((item.phrase for item in HTTPStatus if item == status), "")
    size = 0 if entry.method == "HEAD" else _size(entry.response_headers, body)
    return {
        "status": status,
        "statusText": phrase,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(entry.response_headers) if has_response else [],
        "content": {
            "size": size,
            "mimeType": _header(entry.response_headers, "content-type") or "x-unknown",
            **(_content(body) if body else {}),
        },
        "redirectURL": _header(entry.response_headers, "location"),
        "headersSize": -1,
        # How much of a response that was cut has arrived is not known.
        "bodySize": size if has_response and entry.delivery == WHOLE else -1,
        **({} if entry.delivery == WHOLE else {"_error": str(entry.delivery)}),
    }


def _url(entry: Entry) -> str:
    """Return the absolute URL of a request; a target may hold anything, and OPTIONS has "*" for one."""
    path = entry.path if entry.path.startswith("/") else f"/{entry.path}"
    return entry.base_url + quote(path.partition("#")[0], safe="/?&=%!$'()*+,;:@~-._")


def _size(headers: Mapping[str, str], body: bytes) -> int:
    """Return how long a body is: what is kept of it may be less, and of a file nothing is."""
    length = _header(headers, "content-length")
    return int(length) if length.isascii() and length.isdecimal() else len(body)


def _query(target: str) -> str:
    try:
        return urlsplit(target).query
    except ValueError:
        return ""


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for header, value in headers.items() if header.lower() == name), "")


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _content(body: bytes) -> dict[str, str]:
    """Return a body as text, or in base64 where it is none."""
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode("ascii"), "encoding": "base64"}


def _posted(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the body of a request; HAR has no word for its encoding, so that it is a field of ours."""
    content = _content(body)
    encoding = {"_encoding": content["encoding"]} if "encoding" in content else {}
    return {"mimeType": content_type, "params": [], "text": content["text"], **encoding}
