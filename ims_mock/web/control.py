"""The mock's own API under /_ims_mock: health, reset, images, faults, clock, journal, state. It needs no credential."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import flask

from ims_mock.contract import json_text
from ims_mock.contract.errors import ImsError, header_text
from ims_mock.contract.operations import load_contract
from ims_mock.contract.problems import wrong_at
from ims_mock.contract.wording import nearest, shown
from ims_mock.evidence.audit import audit
from ims_mock.evidence.har import to_har
from ims_mock.exchange.body import MAX_BODY
from ims_mock.exchange.messages import encoded
from ims_mock.faults.rule_text import new_rule
from ims_mock.service import snapshots
from ims_mock.service.catalogue import add_image
from ims_mock.service.service import Service, logger
from ims_mock.state.clock import ManualClock
from ims_mock.version import __version__
from ims_mock.web.environ import body_of


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
        line = f"{service.store.timestamp()} {asked} -> {response.status_code} control"
        reason = response.headers.get("X-IMS-Mock-Reason")
        logger.info("%s", f"{line}: {reason}" if reason else line)
        return response

    @control.get("/health")
    def health() -> flask.Response:
        return _json(
            {"status": "ok", "version": __version__, "seed": service.store.seed, "now": service.store.timestamp()}
        )

    @control.get("/openapi.json")
    def openapi() -> flask.Response:
        return _json(load_contract().document)

    @control.post("/reset")
    def reset() -> flask.Response:
        raw = body_of(flask.request.environ).read()
        changes = json_text.parse(raw) if raw else {}
        if not isinstance(changes, dict):
            raise wrong_at((), "type", "must be an object of settings, or empty")
        service.reset(**changes)
        return _empty()

    @control.post("/images")
    def add() -> flask.Response:
        attributes = _body()
        if not isinstance(attributes, dict):
            raise wrong_at((), "type", "must be an object of an image's attributes")
        members = attributes.pop("members", {})
        if not isinstance(members, dict):
            raise wrong_at(("members",), "type", "must be an object, from project ids to their status")
        data = _from_base64(attributes.pop("data", None))
        return _json(add_image(service.store, service.auth.project_id, attributes, data, members), 201)

    _add_accounts(control, service)
    _add_faults(control, service)
    _add_time(control, service)
    _add_journal(control, service)
    _add_state(control, service)
    return control


def _add_accounts(control: flask.Blueprint, service: Service) -> None:
    @control.post("/accounts")
    def add_accounts() -> flask.Response:
        service.accounts.add(_body())
        return _empty()

    @control.post("/tokens")
    def add_token() -> flask.Response:
        asked = _members(_body(), "user", "project")
        return _json({"token": service.identity.new_token_for(asked.get("user"), asked.get("project"))}, 201)

    @control.post("/denials")
    def deny() -> flask.Response:
        asked = _members(_body(), "action", "user")
        service.deny(asked.get("action", ""), asked.get("user"))
        return _empty()

    @control.delete("/denials")
    def allow() -> flask.Response:
        service.permissions.allow_all()
        return _empty()

    @control.get("/policy")
    def policy() -> flask.Response:
        return _json(service.permissions.policy())


def _add_faults(control: flask.Blueprint, service: Service) -> None:
    @control.post("/faults")
    def add_fault() -> flask.Response:
        given = _body()
        if not isinstance(given, (str, dict)):
            raise wrong_at((), "type", f"must be a rule, as an object or a line of text, got {shown(given)}")
        return _json(service.faults.arm(new_rule(given)).to_json(), 201)

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
            return _not_found(f"no rule has the id {rule_id!r}", [rule.id for rule in service.faults])
        return _empty()


def _add_time(control: flask.Blueprint, service: Service) -> None:
    @control.get("/clock")
    def show_clock() -> flask.Response:
        clock = service.store.clock
        return _json({"now": clock.now(), "time": service.store.timestamp(), "speed": getattr(clock, "speed", None)})

    @control.post("/clock")
    def move_clock() -> flask.Response:
        asked = _members(_body(), "advance", "run", "freeze")
        clock = service.store.clock
        if not isinstance(clock, ManualClock):
            raise wrong_at((), "clock", "the mock has a clock of its owner's, which cannot be moved")
        if asked.get("freeze", True) is not True or not asked:
            raise wrong_at((), "oneOf", 'must be {"advance": seconds}, {"run": speed} or {"freeze": true}')
        if len(asked) > 1:
            raise wrong_at((), "oneOf", f"must be one of advance, run and freeze, got {', '.join(asked)}")
        if "advance" in asked:
            clock.advance(asked["advance"])
        else:
            clock.run(asked.get("run", 0.0))
        return show_clock()


def _add_journal(control: flask.Blueprint, service: Service) -> None:
    @control.get("/journal")
    def show_journal() -> flask.Response:
        journal = service.journal
        return _json({"received": journal.received, "entries": [entry.to_json() for entry in journal]})

    @control.delete("/journal")
    def clear_journal() -> flask.Response:
        service.journal.clear()
        return _empty()

    @control.get("/journal.har")
    def export_journal() -> flask.Response:
        return _json(to_har(service.journal))

    @control.get("/audit")
    def audit_client() -> flask.Response:
        with service.store.lock:
            service.store.settle()
            found = audit(service.journal, list(service.store.images.values()))
        return _json({"findings": [finding.to_json() for finding in found]})


def _add_state(control: flask.Blueprint, service: Service) -> None:
    kept = service.snapshots

    @control.get("/state")
    def save_state() -> flask.Response:
        return _json(snapshots.capture(service).to_json())

    @control.put("/state")
    def load_state() -> flask.Response:
        snapshots.restore(service, snapshots.Snapshot.from_json(_body(snapshots.MAX_BYTES)))
        return _empty()

    @control.post("/snapshots")
    def take_snapshot() -> flask.Response:
        name = _members(_body(), "name").get("name")
        if not isinstance(name, str) or not re.fullmatch("[^/]+", name) or name in (".", ".."):
            what = f"must be a text that can be in a path, without '/', got {shown(name)}"
            raise wrong_at(("name",), "pattern", what)
        kept[name] = snapshots.capture(service)
        return _json({"name": name}, 201)

    @control.get("/snapshots")
    def list_snapshots() -> flask.Response:
        return _json({"snapshots": list(kept)})

    @control.post("/snapshots/<name>/restore")
    def restore_snapshot(name: str) -> flask.Response:
        if name not in kept:
            return _not_found(f"no snapshot has the name {name!r}", list(kept))
        snapshots.restore(service, kept[name])
        return _empty()

    @control.delete("/snapshots/<name>")
    def delete_snapshot(name: str) -> flask.Response:
        if name not in kept:
            return _not_found(f"no snapshot has the name {name!r}", list(kept))
        del kept[name]
        return _empty()


def _from_base64(text: Any) -> bytes | None:
    """Return the bytes that a member `data` stands for, if there is one."""
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        what = f"must be the file in base64 (RFC 4648), got {shown(text)}"
        raise wrong_at(("data",), "contentEncoding", what) from None


def _members(value: Any, *known: str) -> dict[str, Any]:
    """Return a JSON object; raise InvalidError for anything else, and for a member that is not known."""
    if not isinstance(value, Mapping):
        raise wrong_at((), "type", f"must be an object, got {shown(value)}")
    for name in value:
        if name not in known:
            hint = f"there are {', '.join(known)}{nearest(name, list(known))}"
            raise wrong_at((name,), "additionalProperties", f"is unknown; {hint}")
    return dict(value)


def _body(most: int = MAX_BODY) -> Any:
    body = body_of(flask.request.environ)
    body.limit(most)
    body.read()
    return body.parse()


def _not_found(what: str, known: list[str]) -> flask.Response:
    return _error("not_found", f"{what}; there are: {', '.join(known) or 'none'}", 404)


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
