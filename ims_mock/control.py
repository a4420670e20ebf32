"""The mock's own API under /_ims_mock: health, reset, faults, openapi.json. It needs no credential."""

from __future__ import annotations

from typing import Any

import flask

from ims_mock import __version__, json_body
from ims_mock.contract import load_contract
from ims_mock.errors import ImsError, header_text
from ims_mock.faults import rule_arguments
from ims_mock.service import Service, encoded, logger


def new_blueprint(service: Service) -> flask.Blueprint:
    """Return the control API of a service."""
    control = flask.Blueprint("control", "ims_mock", url_prefix="/_ims_mock")

    @control.errorhandler(ValueError)
    def invalid(error: ValueError) -> flask.Response:
        return _json({"error": {"code": "invalid", "message": str(error)}}, 400)

    @control.errorhandler(ImsError)
    def malformed(error: ImsError) -> flask.Response:
        return _json({"error": {"code": "invalid", "message": error.reason}}, error.status)

    @control.after_request
    def note(response: flask.Response) -> flask.Response:
        request, reason = flask.request, ""
        if response.status_code >= 400:
            response.headers["X-IMS-Mock-Reason"] = reason = header_text(response.get_json()["error"]["message"])
        asked = header_text(f"{request.method} {request.path}")
        logger.info(
            "%s", f"{service.backend.timestamp()} {asked} -> {response.status_code} control: {reason}".rstrip(": ")
        )
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
            return _json(
                {"error": {"code": "not_found", "message": f"no rule has the id {rule_id!r}; there are: {ids}"}}, 404
            )
        return _empty()

    return control


def _body() -> Any:
    return json_body.parse(json_body.read(flask.request.environ))


def _json(document: Any, status: int = 200) -> flask.Response:
    return flask.Response(encoded(document), status, mimetype="application/json")


def _empty() -> flask.Response:
    response = flask.Response(status=204)
    del response.headers["Content-Type"]
    return response
