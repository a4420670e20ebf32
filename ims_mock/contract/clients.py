"""A response of an HTTP client, read as an exchange. The client is known by its classes; none is imported.

What a client does not keep is not recorded: a body that nobody has read, and a request's body that was a stream.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ims_mock.contract.recorded import NOT_RECORDED, Absence, RecordedExchange, RecordedRequest, RecordedResponse

_Body = bytes | Absence


class _Client(NamedTuple):
    """How the responses of a client are read, by what a body is read into them, and what they are called."""

    request_of: Callable[[Any], RecordedRequest]
    body_of: Callable[[Any], _Body]
    to_read: str
    name: str


def exchange_of(response: Any, *, method: str | None = None) -> RecordedExchange:
    """Return the exchange of a client's response; after redirects, the last exchange.

    Takes responses of requests, httpx, aiohttp, urllib3 and the test clients of Werkzeug and Flask. Reads nothing from
    the network: a body that is unread is not recorded. `method` is for responses that do not know it, which are
    those of urllib3 in some versions. Raises TypeError for anything else, ValueError for a response without a request.
    """
    client = _client_of(response)
    request = client.request_of(response)
    if method is not None:
        request = RecordedRequest(method, request.url, request.headers, request.body, request.has_all_headers)
    if not request.method:
        raise ValueError(f'{client.name} does not say what the request was; pass it: method="GET"')
    return RecordedExchange(request, _response(response, client.body_of(response)))


def how_to_read(response: Any) -> str:
    """Return the expression that reads the body of a client's response and keeps it there."""
    return _client_of(response).to_read


def exchange_of_wsgi(request: Any, response: Any) -> RecordedExchange:
    """Return the exchange of a request and a response of Werkzeug, on a server's side; a stream stays as it is."""
    is_kept = response.is_sequence and not response.direct_passthrough
    body = _unpacked(response.get_data()) if is_kept else NOT_RECORDED
    return RecordedExchange(_wsgi_request(request, request.get_data()), _response(response, body))


def exchange_of_httpx(request: Any, response: Any) -> RecordedExchange:
    """Return the exchange of a request and a response of httpx that do not know each other."""
    return RecordedExchange(_httpx_sent(request), _response(response, _httpx_body(response)))


def _client_of(response: Any) -> _Client:
    """Return how a response is read, by its class or the class that it is derived from."""
    for base in type(response).__mro__:
        client = _CLIENTS.get((base.__module__.partition(".")[0], base.__name__))
        if client is not None:
            return client
    known = ", ".join(client.name for client in dict.fromkeys(_CLIENTS.values()))
    kind = f"{type(response).__module__}.{type(response).__qualname__}"
    raise TypeError(f"response: must be one of {known}, got {kind}; await a coroutine, and pass what it returns")


def _response(response: Any, body: _Body) -> RecordedResponse:
    # All of the clients have the status under one of these names.
    status = getattr(response, "status_code", None) or response.status
    headers = _pairs(response.headers.items())
    return RecordedResponse(status, headers, body, has_all_headers=True)


def _pairs(items: Iterable[tuple[Any, Any]]) -> list[tuple[str, str]]:
    return [(_text(name), _text(value)) for name, value in items]


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _sent(body: Any) -> _Body:
    """Return the body of a request; a stream is spent, and is not recorded."""
    if body is None:
        return b""
    return (
        body.encode() if isinstance(body, str) else bytes(body) if isinstance(body, bytes | bytearray) else NOT_RECORDED
    )


def _unpacked(body: bytes) -> bytes:
    """Return a body that the client has left packed by gzip without it; damaged ones stay as they are."""
    try:
        return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    except (OSError, EOFError, zlib.error):
        return body


def _requests_request(response: Any) -> RecordedRequest:
    request = response.request
    if request is None:
        raise ValueError("a response of requests without a request; take one that requests has returned")
    headers = _pairs(request.headers.items())
    return RecordedRequest(request.method, request.url, headers, _sent(request.body), has_all_headers=True)


def _requests_body(response: Any) -> _Body:
    # False is requests' own mark for what has not been read; to ask for `content` would read it.
    return NOT_RECORDED if response._content is False else response.content or b""


def _httpx_request(response: Any) -> RecordedRequest:
    try:
        request = response.request
    except RuntimeError:
        raise ValueError("a response of httpx without a request; take one that httpx has returned") from None
    return _httpx_sent(request)


def _httpx_sent(request: Any) -> RecordedRequest:
    headers = _pairs(request.headers.multi_items())
    return RecordedRequest(request.method, str(request.url), headers, _httpx_body(request), has_all_headers=True)


def _httpx_body(message: Any) -> _Body:
    try:
        body: bytes = message.content
    except RuntimeError:  # ResponseNotRead and RequestNotRead are derived from it.
        return NOT_RECORDED
    return body


def _aiohttp_request(response: Any) -> RecordedRequest:
    request = response.request_info
    headers = _pairs(request.headers.items())
    return RecordedRequest(request.method, str(request.url), headers, has_all_headers=True)


def _aiohttp_body(response: Any) -> _Body:
    # The body that read() has kept; no public name says whether it has been called.
    return NOT_RECORDED if response._body is None else bytes(response._body)


def _urllib3_request(response: Any) -> RecordedRequest:
    # The method is known to the response of the standard library beneath, where there is one.
    method = getattr(getattr(response, "_original_response", None), "_method", None)
    return RecordedRequest(method or "", response.geturl() or "")


def _urllib3_body(response: Any) -> _Body:
    body = getattr(response, "_body", None)
    return _unpacked(body) if isinstance(body, bytes) else NOT_RECORDED


def _werkzeug_request(response: Any) -> RecordedRequest:
    stream = response.request.environ["wsgi.input"]
    body: _Body = NOT_RECORDED
    if isinstance(stream, io.BytesIO) and not stream.closed:
        body = stream.getvalue()
    return _wsgi_request(response.request, body)


def _wsgi_request(request: Any, body: _Body) -> RecordedRequest:
    headers = _pairs(request.headers.items())
    return RecordedRequest(request.method, request.url, headers, body, has_all_headers=True)


def _test_client_body(response: Any) -> _Body:
    # The application is in this process, and the response keeps what is read.
    return NOT_RECORDED if response.direct_passthrough else _unpacked(response.get_data())


_URLLIB3 = _Client(_urllib3_request, _urllib3_body, "response.data", "urllib3's HTTPResponse")

_CLIENTS = {
    ("requests", "Response"): _Client(_requests_request, _requests_body, "response.content", "requests' Response"),
    ("httpx", "Response"): _Client(
        _httpx_request, _httpx_body, "response.read() or await response.aread()", "httpx's Response"
    ),
    ("aiohttp", "ClientResponse"): _Client(
        _aiohttp_request, _aiohttp_body, "await response.read()", "aiohttp's ClientResponse"
    ),
    ("urllib3", "BaseHTTPResponse"): _URLLIB3,
    ("urllib3", "HTTPResponse"): _URLLIB3,
    ("werkzeug", "TestResponse"): _Client(
        _werkzeug_request,
        _test_client_body,
        "response.get_data()",
        "the TestResponse of Werkzeug's and Flask's test clients",
    ),
}
"""The clients by the top package and the name of their responses' class."""
