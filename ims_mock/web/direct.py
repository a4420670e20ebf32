"""The short way from the head of a request to its operation, for what Flask would do nothing else with."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from ims_mock.contract.headers import header_name
from ims_mock.contract.routes import Route, find_route
from ims_mock.exchange.body import Body
from ims_mock.exchange.messages import Request, Response
from ims_mock.service.asked_faults import FAULT_HEADER
from ims_mock.service.service import Service
from ims_mock.state.clock import Clock
from ims_mock.web.environ import base_url_of, query_text_of, target_of
from ims_mock.web.late import IMPORTING
from ims_mock.web.wire import Connection, has_gone

if TYPE_CHECKING:
    from ims_mock.web.head import Head

_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
"""A path that is written in one way alone."""

_MANY = 1000
"""Most images of which a list is made without a wait that others would feel."""

FAULT = header_name(FAULT_HEADER)

_USUAL = {200: "200 OK", 201: "201 CREATED", 204: "204 NO CONTENT"}
"""The lines of most statuses."""

_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


class Direct:
    """Serves what an application of Flask would give to the service as it is.

    Everything else is left to Flask: a path with percent-encoding, HEAD and OPTIONS, the control API, and all requests
    once the application is not `is_as_made`, but has something of a test's own.
    """

    def __init__(self, service: Service, is_as_made: Callable[[], bool]) -> None:
        self._service = service
        self._is_as_made = is_as_made

    @property
    def clock(self) -> Clock:
        """The mock's clock, by which a response can be late."""
        return self._service.store.clock

    def route(self, head: Head) -> Route | None:
        """Return the route of a request; None for one that is Flask's."""
        path = head.target.partition("?")[0]
        route = find(head.method, path)
        return route if route is not None and self._is_as_made() else None

    def quick_route(self, head: Head) -> Route | None:
        """Return the route of a request for which nobody waits: it has no file, no fault, and no walk that is long."""
        route = self.route(head)
        if route is None or head.version != "HTTP/1.1" or head.expects_continue:
            return None
        operation, service = route.operation, self._service
        has_fault = service.faults.armed or FAULT in head.fields.headers
        is_long = len(service.store.images) > _MANY and service.walks(operation)
        return None if has_fault or is_long or operation.takes_bytes else route

    def serve(self, route: Route, head: Head, connection: Connection, root: tuple[str, str, str]) -> Response:
        """Respond to a request of a route; `root` is the scheme, and the name and the port of the mock."""
        environ, headers = head.fields
        request = Request(
            head.method,
            target_of(head.target),
            base_url_of(environ.get("HTTP_HOST", ""), *root) + head.root,
            headers,
            route.path,
            query_text_of(head.query),
            Body(connection.body, head.length),
            partial(has_gone, connection),
            head.root,
        )
        return self._service.serve(route.operation, request)


@lru_cache(maxsize=4096)
def find(method: str, path: str) -> Route | None:
    """Return the route of a path, if it is one that Flask finds as well and is the same however it is written."""
    route = find_route(method, path) if method in _METHODS and _PLAIN.fullmatch(path) else None
    if route is None:
        return None
    operation = route.operation
    # The route may be of a path that has "/image" before it, which Flask does not serve.
    is_own = path in (own.format_map(route.path) for own in operation.paths)
    has_known_values = any("enum" in parameter.schema.content for parameter in operation.path_parameters)
    return route if is_own and not has_known_values else None


@lru_cache(maxsize=128)
def status_line(status: int) -> str:
    """Return a status as Werkzeug writes it, with its phrase in capitals."""
    if status in _USUAL:
        return _USUAL[status]
    # Imported here: Werkzeug takes longer to import than the mock takes to start.
    with IMPORTING:
        from werkzeug.http import HTTP_STATUS_CODES

    return f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown').upper()}"
