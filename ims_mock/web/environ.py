"""A request as it stands in a WSGI environ (PEP 3333)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

from ims_mock.exchange.body import Body
from ims_mock.exchange.messages import Request
from ims_mock.web.head import headers_of, quoted
from ims_mock.web.wire import connection_of, has_gone

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ORIGIN = re.compile("^https?://[^/?]*", re.IGNORECASE)
"""What a target in absolute form begins with (RFC 9112 section 3.2.2)."""

_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")


def request_of(environ: WSGIEnvironment, path: Mapping[str, str]) -> Request:
    """Return the request of a WSGI environ; `path` has the values of the route's parameters."""
    server = environ["SERVER_NAME"], environ["SERVER_PORT"]
    return Request(
        method=environ["REQUEST_METHOD"].upper(),
        target=_target_of(environ),
        base_url=base_url_of(environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"], *server),
        headers=headers_of(environ),
        path=path,
        query_text=query_text_of(environ.get("QUERY_STRING", "")),
        body=body_of(environ),
        has_gone=has_gone_of(environ),
    )


@lru_cache(maxsize=256)
def base_url_of(host: str, scheme: str, name: str, port: str) -> str:
    """Return the root of the mock as a client reached it, by the host that it named or the server's own name."""
    return f"{scheme}://{host if _HOST.fullmatch(host) else f'{name}:{port}'}"


def query_text_of(query: str) -> str:
    """Return a query as it should have been sent."""
    return quoted(query) if query else ""


def has_gone_of(environ: WSGIEnvironment) -> Callable[[], bool]:
    """Return what says whether the client has closed the connection of a request."""
    return partial(_has_gone, environ)


def _has_gone(environ: WSGIEnvironment) -> bool:
    return has_gone(connection_of(environ))


def body_of(environ: WSGIEnvironment) -> Body:
    """Return the body of the request of a WSGI environ, not read yet."""
    length = environ.get("CONTENT_LENGTH", "")
    is_terminated = bool(environ.get("wsgi.input_terminated"))
    return Body(environ["wsgi.input"], int(length) if length.isdecimal() else None, ends=is_terminated)


def _target_of(environ: WSGIEnvironment) -> str:
    target = environ.get("REQUEST_URI")
    if not target:
        query = environ.get("QUERY_STRING", "")
        path = quote_from_bytes(environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~")
        target = path + (f"?{query}" if query else "")
    return target_of(target)


def target_of(target: str) -> str:
    """Return the path and the query of a target as they should have been sent."""
    if not target.startswith("/") and target != "*":
        # In absolute form a path may be left out (RFC 9110 section 4.2.3).
        target = f"/{_ORIGIN.sub('', target).removeprefix('/')}"
    return target if target.isascii() and " " not in target else quoted(target)
