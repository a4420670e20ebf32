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
    root = _root_of(environ)
    return Request(
        method=environ["REQUEST_METHOD"].upper(),
        target=_target_of(environ, root),
        base_url=base_url_of(environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"], *server) + root,
        headers=headers_of(environ),
        path=path,
        query_text=query_text_of(environ.get("QUERY_STRING", "")),
        body=body_of(environ),
        has_gone=has_gone_of(environ),
        root=root,
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


def _root_of(environ: WSGIEnvironment) -> str:
    """Return the path that the application is mounted under, percent-encoded; "" where it is at the root."""
    return _path_text(environ.get("SCRIPT_NAME", "").rstrip("/"))


def _target_of(environ: WSGIEnvironment, root: str) -> str:
    """Return the target below the root, as it was sent, or as it usually is where the server does not say that."""
    sent = environ.get("REQUEST_URI")
    if sent:
        whole = target_of(sent)
        if whole == "*" or whole.startswith(root):
            below = whole.removeprefix(root)
            return below if below.startswith(("/", "*")) else f"/{below}"
    query = environ.get("QUERY_STRING", "")
    return target_of(_path_text(environ["PATH_INFO"]) + (f"?{query}" if query else ""))


def _path_text(path: str) -> str:
    return quote_from_bytes(path.encode("latin-1"), safe="/:@!$&'()*+,;=~")


def target_of(target: str) -> str:
    """Return the path and the query of a target as they should have been sent."""
    if not target.startswith("/") and target != "*":
        # In absolute form a path may be left out (RFC 9110 section 4.2.3).
        target = f"/{_ORIGIN.sub('', target).removeprefix('/')}"
    return target if target.isascii() and " " not in target else quoted(target)
