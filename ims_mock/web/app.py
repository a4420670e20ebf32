"""The service as a Flask application: HTTP request to operation to response."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import flask
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.wsgi import ClosingIterator

from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import Operation, load_contract
from ims_mock.evidence.delivery import WHOLE
from ims_mock.exchange.messages import Response
from ims_mock.service.service import Service
from ims_mock.state.clock import Clock
from ims_mock.web.browsers import browser_error
from ims_mock.web.control import new_blueprint, refused
from ims_mock.web.environ import request_of
from ims_mock.web.hints import LONGEST, elsewhere, hint_for, is_of_control, methods_of
from ims_mock.web.wire import connection_of, deliver

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask.typing import RouteCallable

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class _Rule(Rule):
    """A route for which no URL is ever built, because preparing that takes most of the time of making an app."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return lambda *_values, **_more: ("", "")


class App(flask.Flask):
    """An app that has the routes of the first one, because parsing them takes most of the time of making an app."""

    url_rule_class = _Rule
    routes: ClassVar[Map | None] = None

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Add a route, or the view alone where the route is there."""
        if self.url_map is not self.routes:
            super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)
        elif endpoint is not None and view_func is not None:
            self.view_functions[endpoint] = view_func

    def is_as_made(self) -> bool:
        """Return whether nobody has put hooks, views or middleware of their own into the app."""
        has_hooks = None in self.before_request_funcs or None in self.after_request_funcs
        has_hooks = has_hooks or None in self.teardown_request_funcs or None in self.url_value_preprocessors
        is_wrapped = self.teardown_appcontext_funcs or "wsgi_app" in vars(self)
        return not has_hooks and not is_wrapped and self.view_functions == self._views

    def end_making(self) -> None:
        """Know the views that there are as the app's own."""
        self._views = dict(self.view_functions)

    def create_url_adapter(self, request: flask.Request | None) -> MapAdapter | None:
        """Return what finds the route of a request; raise where there is none, whatever Werkzeug would find."""
        if request is not None:
            path: str = request.environ["PATH_INFO"]
            if path.startswith("//"):
                # It begins with as many slashes as came; Werkzeug leaves one.
                request.path = path.encode("latin-1").decode("utf-8", "replace")
                raise NotFound
            if not _is_utf8(path):
                raise BadRequest("the path must be UTF-8, percent-encoded or as it is")
        adapter = super().create_url_adapter(request)
        if adapter is not None:
            # Upgrade is passed over, also where it is to a WebSocket, for which Werkzeug would look for other routes.
            adapter.websocket = False
        return adapter


def _is_utf8(text: str) -> bool:
    """Return whether a text of a WSGI environ, which is Latin-1, stands for UTF-8."""
    try:
        return text.isascii() or bool(text.encode("latin-1").decode())
    except UnicodeDecodeError:
        return False


def create_app(service: Service) -> App:
    """Return the WSGI application of a service: its operations, and the control API under /_ims_mock."""
    app = App("ims_mock", static_folder=None, template_folder=None)
    app.url_map.merge_slashes = False
    app.url_map = App.routes or app.url_map
    for operation in load_contract().operations.values():
        view = _new_view(service, operation)
        for path in operation.paths:
            app.add_url_rule(
                _route(operation, path),
                operation.id,
                view,
                methods=[operation.method],
                provide_automatic_options=False,
                strict_slashes=not operation.ends_in_slash_too,
            )
    app.register_blueprint(new_blueprint(service))
    App.routes = app.url_map

    def send(response: Response) -> flask.Response:
        return sent(response, service.store.clock)

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> flask.Response:
        request, is_control = request_of(_environ(), {}), is_of_control(flask.request.path)
        forbidden = browser_error(_environ()) if is_control else None
        if forbidden is not None:
            return refused(service, forbidden)
        if request.method == "OPTIONS" and isinstance(error, MethodNotAllowed):
            return send(service.options(_allow(error), request))
        if request.method == "OPTIONS" and request.target == "*":
            return send(service.options(", ".join(_METHODS), request))
        rejection = _gateway_error(error)
        if is_control:
            return refused(service, rejection)
        return send(service.refuse(rejection, request))

    app.end_making()
    return app


def _route(operation: Operation, path: str) -> str:
    """Return a path of an operation as a rule of Werkzeug; a parameter with known values matches no other."""
    path = path.replace("{", "<").replace("}", ">")
    for parameter in operation.path_parameters:
        if "enum" in parameter.schema.content:
            known = ", ".join(f'"{value}"' for value in parameter.schema.content["enum"])
            path = path.replace(f"<{parameter.name}>", f"<any({known}):{parameter.name}>")
    return path


def _new_view(service: Service, operation: Operation) -> Callable[..., flask.Response]:
    def view(**path: Any) -> flask.Response:
        return sent(service.serve(operation, request_of(_environ(), path)), service.store.clock)

    return view


def _environ() -> WSGIEnvironment:
    """Return the WSGI environ of the request, through Flask's proxy only once."""
    return flask.request.environ


class _Response(flask.Response):
    """A response whose headers are final, so that Werkzeug does not go over each of them again."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        return self.headers


class _WireResponse(_Response):
    """A response whose body iterator misbehaves; it is used also where there is no body, as with HEAD."""

    def get_app_iter(self, environ: WSGIEnvironment) -> Iterable[bytes]:
        return ClosingIterator(self.iter_encoded(), self.close)


def sent(response: Response, clock: Clock) -> flask.Response:
    """Return a response as Flask sends it."""
    body: Iterable[bytes] = [response.body] if response.content is None else response.content
    kind = _Response
    if response.delivery is not WHOLE:
        kind, body = _WireResponse, deliver(response, connection_of(_environ()), clock)
    made = kind(body, response.status, Headers(list(response.headers.items())))
    if "Content-Type" not in response.headers:
        # RFC 9110 section 8.3: what has no content has none of a type; Werkzeug gives it one.
        del made.headers["Content-Type"]
    return made


def _allow(error: MethodNotAllowed) -> str:
    """Return the methods of a path; OPTIONS is one everywhere (RFC 9110 section 9.3.7)."""
    return ", ".join(sorted({*(methods_of(flask.request.path) or error.valid_methods or ()), "OPTIONS"}))


def _gateway_error(error: HTTPException) -> ImsError:
    """Return the gateway's rejection of a request that Flask or Werkzeug did not route."""
    request = flask.request
    path = request.path if len(request.path) <= LONGEST else f"{request.path[:LONGEST]}..."
    if isinstance(error, MethodNotAllowed):
        allow = _allow(error)
        reason = f"{request.method} is not served on {path}; use {allow}{elsewhere(request.method, request.path)}"
        return ImsError(405, reason=reason, headers={"Allow": allow})
    if error.code == 404:
        return ImsError(
            404, "APIGW.0101", reason=f"no route has the path {path}{hint_for(request.method, request.path)}"
        )
    return ImsError(error.code or 500, "APIGW.0201", reason=f"{error.name}: {error.description}")
