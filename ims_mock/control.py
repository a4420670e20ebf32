"""The mock's own API under /_ims_mock: health, reset, images, accounts, permissions, faults. It needs no credential."""

from __future__ import annotations

import base64
from typing import Any

import flask

from ims_mock import __version__, json_body
from ims_mock.catalogue import add_image
from ims_mock.contract import load_contract
from ims_mock.errors import ImsError, header_text
from ims_mock.faults import object_members, rule_arguments
from ims_mock.service import Service, encoded, logger
from ims_mock.validation import shown


def new_blueprint(service: Service) -> flask.Blueprint:
    """Return the control API of a service."""
    control = flask.Blueprint("control", "ims_mock", url_prefix="/_ims_mock")

    @control.errorhandler(ValueError)
    def invalid(error: ValueError) -> flask.Response:
        return _error("invalid", str(error), 400)

    @control.errorhandler(ImsError)
    def malformed(error: ImsError) -> flask.Response:
        return _error("invalid", error.reason, error.status)

    @control.after_request
    def note(response: flask.Response) -> flask.Response:
        asked = header_text(f"{flask.request.method} {flask.request.path}")
        line = f"{service.backend.timestamp()} {asked} -> {response.status_code} control"
        reason = response.headers.get("X-IMS-Mock-Reason")
        logger.info("%s", f"{line}: {reason}" if reason else line)
        return response

    @control.get("/health")
    def health() -> flask.Response:
        return _json(
            {"status": "ok", "version": __version__, "seed": service.backend.seed, "now": service.backend.timestamp()}
        )

    @control.get("/openapi.json")
    def openapi() -> flask.Response:
        return _json(load_contract().document)

    @control.post("/reset")
    def reset() -> flask.Response:
        raw = json_body.read(flask.request.environ)
        changes = json_body.parse(raw) if raw else {}
        if not isinstance(changes, dict):
            raise ValueError("body: must be an object of settings, or empty")
        service.reset(**changes)
        return _empty()

    @control.post("/images")
    def add() -> flask.Response:
        attributes = _body()
        if not isinstance(attributes, dict):
            raise ValueError("body: must be an object of an image's attributes")
        members = attributes.pop("members", {})
        if not isinstance(members, dict):
            raise ValueError("/members: must be an object, from project ids to their status")
        data = _from_base64(attributes.pop("data", None))
        return _json(add_image(service.backend, service.auth.project_id, attributes, data, members), 201)

    @control.post("/accounts")
    def add_accounts() -> flask.Response:
        service.accounts.add(_body())
        return _empty()

    @control.post("/tokens")
    def add_token() -> flask.Response:
        asked = object_members(_body(), "", {"user", "project"})
        return _json({"token": service.identity.new_token_for(asked.get("user"), asked.get("project"))}, 201)

    @control.post("/denials")
    def deny() -> flask.Response:
        asked = object_members(_body(), "", {"action", "user"})
        service.deny(asked.get("action", ""), asked.get("user"))
        return _empty()

    @control.delete("/denials")
    def allow() -> flask.Response:
        service.permissions.allow_all()
        return _empty()

    @control.get("/policy")
    def policy() -> flask.Response:
        return _json(service.permissions.policy())

    @control.post("/faults")
    def add_fault() -> flask.Response:
        fault, settings = rule_arguments(_body())
        return _json(service.faults.add(fault, **settings).to_json(), 201)

    @control.get("/faults")
    def list_faults() -> flask.Response:
        return _json({"faults": [rule.to_json() for rule in service.faults]})

    @control.delete("/faults")
    def clear_faults() -> flask.Response:
        service.faults.clear()
        return _empty()

    @control.delete("/faults/<rule_id>")
    def remove_fault(rule_id: str) -> flask.Response:
        try:
            service.faults.remove(rule_id)
        except KeyError:
            ids = ", ".join(rule.id for rule in service.faults) or "none"
            return _error("not_found", f"no rule has the id {rule_id!r}; there are: {ids}", 404)
        return _empty()

    return control


def _from_base64(text: Any) -> bytes | None:
    """Return the bytes that a member `data` stands for, if there is one."""
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise ValueError(f"/data: must be the file in base64 (RFC 4648), got {shown(text)}") from None


def _body() -> Any:
    return json_body.parse(json_body.read(flask.request.environ))


def _json(document: Any, status: int = 200) -> flask.Response:
    return flask.Response(encoded(document), status, mimetype="application/json")


def _error(code: str, message: str, status: int) -> flask.Response:
    response = _json({"error": {"code": code, "message": message}}, status)
    response.headers["X-IMS-Mock-Reason"] = header_text(message)
    return response


def _empty() -> flask.Response:
    response = flask.Response(status=204)
    del response.headers["Content-Type"]
    return response
