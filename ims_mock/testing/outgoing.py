"""A request of a recording as somebody else is to be asked the same, or why it is not sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from ims_mock.contract.headers import header_name
from ims_mock.contract.operations import JSON, Operation
from ims_mock.contract.recorded import DAMAGED, Absence, JsonBody, RecordedExchange, RecordedRequest
from ims_mock.contract.routes import Route, find_route, path_of, query_of
from ims_mock.evidence.correspondence import Correspondence, header_of, is_file, is_masked, parts_of_text, translated
from ims_mock.evidence.differences import value_of
from ims_mock.evidence.redaction import MASK
from ims_mock.testing.credentials import IMS, Outgoing, caller_of
from ims_mock.testing.targets import Target

MOST_ZEROS = 64 * 1024 * 1024
"""Most bytes that are sent in the place of a file that is not recorded."""

_OF_CONNECTION = {
    *("Host", "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"),
    *("Accept-Encoding", "Content-Length", "Cookie", "Expect", "Proxy-Authorization"),
}
"""The headers of a recorded request that are not sent again."""

_TOKENS = {"X-Auth-Token", "X-Subject-Token", "X-Security-Token"}
"""The headers with what gives access."""

_READS = (":get", ":list")
"""How the actions end of operations that change nothing."""


class Outbox:
    """Makes of the requests of one recording what a target is to be asked, with its own ids and credentials."""

    def __init__(self, recording: Iterable[RecordedExchange], target: Target, ids: Correspondence) -> None:
        self._target = target
        self._ids = ids
        self._hosts = {_host(exchange.request.url) for exchange in recording if _is_of_ims(exchange.request)}

    def prepare(self, exchange: RecordedExchange) -> Outgoing | str:
        """Return what is to be sent for an exchange, or why nothing is."""
        request = exchange.request
        route = route_of(request)
        caller = request.caller or caller_of(request.headers)
        reason = self._reason_against(exchange, route)
        if reason:
            return reason
        if not has_failed(exchange):
            request = self._with_projects(request, route, caller)
        is_log_in = route is not None and route.operation.id == "keystone_create_token"
        # What was rejected is to be rejected again, and is nobody else's to see.
        if is_log_in and not (self._target.is_own and has_failed(exchange)):
            body: bytes | str = self._log_in(request, exchange, caller)
        else:
            body = self._body_of(request, route.operation if route else None)
        if isinstance(body, str):
            return body
        sent = translated(request, self._ids)
        query = query_of(sent.url)
        target = path_below(sent.url, route) + (f"?{query}" if query else "")
        headers = self._headers_of(sent, has_body=bool(body))
        keeps = _keeps_credential(exchange, route) or self._has_own_token(request)
        return Outgoing(request.method, target, headers, body, self._service_of(request, route), caller, keeps)

    def _service_of(self, request: RecordedRequest, route: Route | None) -> str:
        """Return the service that is to be asked; "" where the target has none, or the request is of no service."""
        service = (route.operation.dialect or IMS) if route else ""
        if service and self._target.serves(service):
            return service
        # What one host has responded to, another can be asked.
        return IMS if _host(request.url) in self._hosts | {""} else ""

    def _reason_against(self, exchange: RecordedExchange, route: Route | None) -> str:
        """Return why a request is not to be sent, whatever is in it; "" where it is."""
        if exchange.response is None or exchange.response.status == 0:
            return "no response is recorded"
        if not self._service_of(exchange.request, route):
            return f"is for another service than those of {self._target.name}"
        if not has_failed(exchange) and self._is_about_unknown_token(exchange.request):
            return "is about a token that is not of this conversation"
        if self._target.is_own or not is_write(exchange.request, route):
            return ""
        if not self._target.writes:
            return "writes, and --writes is not given"
        names = [id_ for id_ in ids_written(exchange.request, route) if not self._ids.knows(id_)]
        if names and exchange.response.status != 404:
            return f"writes to {names[0]}, which is not of this conversation"
        return ""

    def _has_own_token(self, request: RecordedRequest) -> bool:
        """Return whether the credential of a request is a token that both sides have issued."""
        token = header_of(request.headers, "X-Auth-Token")
        return token is not None and not is_masked(token) and self._ids.translated(token) != token

    def _is_about_unknown_token(self, request: RecordedRequest) -> bool:
        token = header_of(request.headers, "X-Subject-Token")
        return token is not None and self._ids.translated(token) == token

    def _body_of(self, request: RecordedRequest, operation: Operation | None) -> bytes | str:
        """Return the bytes of a body, zeros for those of a file, or why they are not known."""
        body = translated(request, self._ids).body
        if isinstance(body, bytes):
            return body
        if isinstance(body, JsonBody):
            return json.dumps(body.value).encode()
        if operation is None:
            return b""
        if operation.takes_bytes:
            return self._zeros_for(request)
        if body is DAMAGED:
            return "its body is not recorded faithfully"
        return "its body is not recorded" if operation.body_required else b""

    def _zeros_for(self, request: RecordedRequest) -> bytes | str:
        length = header_of(request.headers, "Content-Length") or ""
        if not length.isdecimal():
            return "its file is not recorded, and how long it is neither"
        if int(length) > MOST_ZEROS:
            return f"its file is not recorded, and has {length} bytes"
        self._ids.has_stand_ins = True
        return bytes(int(length))

    def _with_projects(self, request: RecordedRequest, route: Route | None, caller: str) -> RecordedRequest:
        """Let the project of the recording's caller correspond to that of the target's, also where it is masked."""
        own = self._target.project_of(caller)
        given = (route.path.get("project_id") if route else None, header_of(request.headers, "X-Project-Id"))
        for project in filter(None, given if own else ()):
            if is_masked(project):
                request = replace(request, url=request.url.replace(f"/{project}/", f"/{own}/", 1))
            elif not self._ids.knows(project):
                self._ids.pair(project, own)
        return request

    def _log_in(self, request: RecordedRequest, exchange: RecordedExchange, caller: str) -> bytes | str:
        """Return the body of a log-in for the same scope, or why there is none."""
        given = request.body.value if isinstance(request.body, JsonBody) else request.body
        if isinstance(given, bytes):
            try:
                given = json.loads(given)
            except ValueError:
                return bytes(given)
        if isinstance(given, Absence):
            given = log_in_for(value_of(exchange.response) if exchange.response else None)
        with suppress(LookupError, TypeError, AttributeError):
            given = self._target.log_in(given, caller)
        return "logs in, and a recording has no credentials" if given is None else json.dumps(given).encode()

    def _headers_of(self, request: RecordedRequest, *, has_body: bool) -> list[tuple[str, str]]:
        """Return the headers that are sent again, without those of the connection."""
        headers = [] if isinstance(request.headers, Absence) else list(request.headers)
        kept = [(name, value) for name, value in headers if header_name(name) not in _OF_CONNECTION]
        known = {value for name, value in kept if self._ids.is_issued(value)}
        # A token of the first side is not shown to the second.
        kept = [(name, MASK if header_name(name) in _TOKENS and value not in known else value) for name, value in kept]
        names = {header_name(name) for name, _ in kept}
        if has_body and "Content-Type" not in names:
            kept.append(("Content-Type", JSON))
        return kept


def route_of(request: RecordedRequest) -> Route | None:
    """Return the route of a recorded request."""
    return find_route(request.method, path_of(request.url))


def is_write(request: RecordedRequest, route: Route | None) -> bool:
    """Return whether a request may change something."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return False
    if route is None:
        return True
    operation = route.operation
    if operation.id == "keystone_create_token":
        return False
    return not operation.actions or not all(action.endswith(_READS) for action in operation.actions)


def ids_written(request: RecordedRequest, route: Route | None) -> list[str]:
    """Return the ids of what a request writes to: those in its path, and of images in its body."""
    projects = {route.path.get("project_id", "")} if route else set()
    found = [id_ for id_ in parts_of_text(path_of(request.url))[1] if id_ not in projects]
    body = request.body.value if isinstance(request.body, JsonBody) else None
    if isinstance(request.body, bytes) and not is_file(request):
        with suppress(ValueError, RecursionError):
            body = json.loads(request.body)
    if isinstance(body, dict):
        named = [body.get(name) for name in ("image_id", "resource_id")]
        images = body.get("images")
        named += images if isinstance(images, list) else []
        found += [id_ for text in named if isinstance(text, str) for id_ in parts_of_text(text)[1]]
    return found


def _is_of_ims(request: RecordedRequest) -> bool:
    route = route_of(request)
    return route is not None and not route.operation.dialect


def has_failed(exchange: RecordedExchange) -> bool:
    """Return whether a request was rejected."""
    return exchange.response is not None and exchange.response.status >= 400


def _host(url: str) -> str:
    return "" if url.startswith("/") else urlsplit(url).netloc


def _keeps_credential(exchange: RecordedExchange, route: Route | None) -> bool:
    """Return whether a request is to be sent with what it has for a credential, and no other.

    What succeeded without one had one, which is not in the recording; what was rejected for it is to be so again.
    """
    is_rejected = exchange.response is not None and exchange.response.status == 401
    return is_rejected or (route is not None and route.operation.is_anonymous)


def log_in_for(token: Any) -> dict[str, Any]:
    """Return the body of a log-in that gave a token with some scope; the password is somebody else's to know."""
    described = token.get("token", {}) if isinstance(token, dict) else {}
    scope = {name: {"name": described[name].get("name")} for name in ("project", "domain") if name in described}
    identity = {"methods": ["password"], "password": {"user": {"name": described.get("user", {}).get("name")}}}
    return {"auth": {"identity": identity, "scope": scope or "unscoped"}}


def path_below(url: str, route: Route | None) -> str:
    """Return the path of a URL without what stands before the operation's own."""
    path = path_of(url)
    if route is None:
        return path
    count = len([part for part in route.operation.path.split("/") if part])
    parts = path.rstrip("/").split("/")[-count:] if count else []
    return f"/{'/'.join(parts)}{'/' * (path.endswith('/') and bool(parts))}"
