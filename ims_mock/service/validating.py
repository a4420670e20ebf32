"""A request held against its operation's contract: coerced, valid, and what of it nothing reads."""

from __future__ import annotations

from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.headers import check_content_coding, content_coding, foreign_charset
from ims_mock.contract.wording import shown
from ims_mock.exchange.exchange import Exchange


def validate(exchange: Exchange) -> None:
    """Give an exchange the parameters of its operation, each of its type; raise the rejection of what is not valid."""
    operation, request = exchange.operation, exchange.request
    project_id = request.path.get("project_id", exchange.project_id)
    if operation.is_of_project and project_id != exchange.project_id:
        reason = f"/project_id: is {project_id!r}, and the credential is of project {exchange.project_id!r}"
        raise ImsError(400, "IMG.0030", reason=reason)
    parameters = operation.coerce(request.path, request.query_text, request.headers)
    exchange.path, exchange.query, exchange.headers, exchange.media_type = parameters
    if operation.reads_body:
        _validate_body(exchange)
    exchange.entry.ignored += _ignored(exchange)


def _validate_body(exchange: Exchange) -> None:
    operation, body = exchange.operation, exchange.body
    if not operation.bodies:
        # Generic clients send {} with every PUT and DELETE.
        if body.raw and body.loose_json != {}:
            raise ImsError(400, reason=f"body: {operation.id} takes none; leave it out")
    elif body.raw or operation.body_required:
        if body.raw and exchange.request.headers.get("Content-Encoding") is not None:
            check_content_coding(exchange.request.headers)
        operation.check_request_body(_parsed(exchange), exchange.media_type)


def _parsed(exchange: Exchange) -> Any:
    """Return the JSON value of a body; the error for one that has none also says that a charset was not read."""
    try:
        return exchange.body.parse()
    except ImsError as error:
        charset = foreign_charset(exchange.request.headers.get("Content-Type"))
        if not charset:
            raise
        advice = f"Content-Type says charset={shown(charset)}, but JSON is UTF-8 (RFC 8259 section 8.1)"
        raise ImsError(error.status, error.code, reason=f"{error.reason}; {advice}") from None


def _ignored(exchange: Exchange) -> tuple[str, ...]:
    """Return what of a valid request nothing reads."""
    operation, headers = exchange.operation, exchange.request.headers
    is_idle = not operation.reads_body and not operation.takes_bytes
    has_body = is_idle and (
        headers.get("Content-Length") not in (None, "0") or headers.get("Transfer-Encoding") is not None
    )
    unread = ["body"] if has_body else []
    if operation.takes_bytes and content_coding(headers):
        unread.append("Content-Encoding")
    charset = "" if is_idle else foreign_charset(headers.get("Content-Type"))
    if charset:
        unread.append(f"Content-Type; charset={charset}")
    return (*unread, *operation.find_ignored(exchange.request.query_text, exchange.body.json, exchange.media_type))
