"""The mock's own API under /_ims_mock, routed from schemas/control. It needs no credential."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import flask

from ims_mock.contract.errors import ImsError, header_text
from ims_mock.contract.headers import check_content_coding
from ims_mock.contract.json_text import encoded
from ims_mock.contract.operations import Operation, load_control
from ims_mock.exchange.body import MAX_BODY
from ims_mock.service.control import FUNCTIONS
from ims_mock.service.missing import ConflictError, NotFoundError
from ims_mock.service.service import Service, logger
from ims_mock.web.browsers import browser_error
from ims_mock.web.environ import body_of, has_gone_of
from ims_mock.web.page import add_page, is_of_page

_CODES = {403: "forbidden", 404: "not_found", 405: "no_method", 410: "gone", 421: "misdirected", 500: "defect"}
"""The code of each status, but for that of what is invalid."""


def new_blueprint(service: Service) -> flask.Blueprint:
    """Return the control API of a service."""
    control = flask.Blueprint("control", "ims_mock")
    for operation in load_control().operations.values():
        route = operation.path.replace("{", "<").replace("}", ">")
        control.add_url_rule(route, operation.id, _new_view(service, operation), methods=[operation.method])
    add_page(control)

    @control.before_request
    def check() -> None:
        error = browser_error(flask.request.environ)
        if error is not None:
            raise error

    @control.errorhandler(ValueError)
    def invalid(error: ValueError) -> flask.Response:
        return _error("invalid", str(error), 400)

    @control.errorhandler(ConflictError)
    def conflict(error: ConflictError) -> flask.Response:
        return _error("conflict", str(error), 409)

    @control.errorhandler(ImsError)
    def malformed(error: ImsError) -> flask.Response:
        return refusal(error)

    @control.errorhandler(NotFoundError)
    def not_found(error: NotFoundError) -> flask.Response:
        return _error("not_found", str(error), 404)

    @control.after_request
    def note(response: flask.Response) -> flask.Response:
        return _logged(service, response)

    return control


def refused(service: Service, error: ImsError) -> flask.Response:
    """Return the response to a request under /_ims_mock that no operation of the API serves, and log it."""
    response = refusal(error)
    response.headers.update(error.headers)
    # Flask hands a defect of an operation to the handler of errors, and logs the response itself.
    return response if flask.request.blueprint else _logged(service, response)


def refusal(error: ImsError) -> flask.Response:
    """Return the response of this API that an error is."""
    return _error(_CODES.get(error.status, "invalid"), error.reason, error.status)


def _logged(service: Service, response: flask.Response) -> flask.Response:
    asked = header_text(f"{flask.request.method} {flask.request.path}")
    line = f"{service.store.timestamp()} {asked} -> {response.status_code} control"
    reason = response.headers.get("X-IMS-Mock-Reason")
    level = logging.DEBUG if is_of_page() and response.status_code < 400 else logging.INFO
    with suppress(Exception):  # A log that a test has patched is not to cost the response.
        logger.log(level, "%s", f"{line}: {reason}" if reason else line)
    return response


def _new_view(service: Service, operation: Operation) -> Callable[..., flask.Response]:
    def view(**path: str) -> flask.Response:
        query = operation.coerce_query(flask.request.query_string.decode("latin-1"))
        body = _checked_body(operation)
        values = {**operation.coerce_path(path), **query, "has_gone": has_gone_of(flask.request.environ)}
        document = service.control(FUNCTIONS[operation.id], values, body)
        return _empty() if document is None else _json(document, operation.success)

    return view


def _checked_body(operation: Operation) -> Any:
    """Return the body of the request; an object without members where it may be left out and is."""
    if not operation.bodies:
        return None
    body = body_of(flask.request.environ)
    body.limit(operation.most_bytes or MAX_BODY)
    if not body.read() and not operation.body_required:
        return {}
    check_content_coding(flask.request.headers)
    document = body.parse()
    if not operation.has_own_check:
        operation.check_request_body(document)
    return document


def _json(document: Any, status: int = 200) -> flask.Response:
    return flask.Response(encoded(document), status, mimetype="application/json")


def _error(code: str, message: str, status: int) -> flask.Response:
    # What a request has may be half of a surrogate pair, which no response can have.
    message = message.encode("utf-8", "backslashreplace").decode()
    response = _json({"error": {"code": code, "message": message}}, status)
    response.headers["X-IMS-Mock-Reason"] = header_text(message)
    # A browser keeps a 410 for ever, and a world that is gone may be made again (RFC 9110, section 15.5.11).
    response.headers["Cache-Control"] = "no-store"
    return response


def _empty() -> flask.Response:
    response = flask.Response(status=204)
    del response.headers["Content-Type"]
    return response
