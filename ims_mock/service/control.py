"""The operations of the control API, by which a test controls the mock. schemas/control has what they accept.

Each function has the name of its operation. It receives the service, the values in the path and the query, and the
checked body. Among the values, `has_gone` says whether the client has closed the connection. The function returns the
document of the response, or None if the response has no body.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from ims_mock.contract.operations import load_contract, load_control
from ims_mock.contract.problems import wrong_at
from ims_mock.contract.wording import shown
from ims_mock.evidence.audit import audit
from ims_mock.evidence.entry_documents import to_document
from ims_mock.evidence.exchanges import exchanges_of
from ims_mock.evidence.har import to_har
from ims_mock.evidence.journal import Mark
from ims_mock.faults.rule_text import new_rule
from ims_mock.identity.permissions import new_policy
from ims_mock.service import live, neighbours, records_control, snapshots, worlds_control
from ims_mock.service.bundle import bundle
from ims_mock.service.catalogue import add_image as add_to_catalogue
from ims_mock.service.ending import end_job as end_job_now
from ims_mock.service.missing import NotFoundError
from ims_mock.service.provider_states import check_state, provide
from ims_mock.service.service import Service
from ims_mock.service.snapshots import Snapshot
from ims_mock.service.world_names import DEFAULT
from ims_mock.state.clock import ManualClock
from ims_mock.state.jobs import is_stuck, seen
from ims_mock.state.packed import unpacked
from ims_mock.version import __version__

Values = Mapping[str, Any]
Function = Callable[[Service, Values, Any], Any]


def show_health(service: Service, _path: Values, _body: Any) -> Any:
    """Show version, world, seed and time, if the mock responds."""
    store = service.store
    return {
        "status": "ok",
        "version": __version__,
        "world": store.world or DEFAULT,
        "region": service.settings.region,
        "seed": store.seed,
        "now": store.timestamp(),
    }


def show_openapi(_service: Service, _path: Values, _body: Any) -> Any:
    """Show the API as an OpenAPI document."""
    return load_contract().document


def show_control(_service: Service, _path: Values, _body: Any) -> Any:
    """Show this API as an OpenAPI document."""
    return load_control().document


def show_settings(service: Service, _path: Values, _body: Any) -> Any:
    """Show the settings, without secrets."""
    first, own = service.regions[0].settings.to_json(), service.settings.to_json()
    is_further = service in service.regions[0].further
    return {**own, **{name: first[name] for name in ("start", "speed", "regions")}} if is_further else own


def reset(service: Service, _path: Values, body: Any) -> None:
    """Clear everything, and apply the given settings until the next reset."""
    service.reset(**body)


def add_image(service: Service, _path: Values, body: Any) -> Any:
    """Add an image with any attributes, its members and its file."""
    attributes = {name: value for name, value in body.items() if name not in ("members", "data")}
    data = _from_base64(body["data"]) if "data" in body else None
    return add_to_catalogue(service.store, service.auth.project_id, attributes, data, body.get("members", {}))


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        what = f"must be the file in base64 (RFC 4648), got {shown(text)}"
        raise wrong_at(("data",), "contentEncoding", what) from None


def list_accounts(service: Service, _path: Values, _body: Any) -> Any:
    """List projects and users, without passwords and secret keys."""
    accounts = service.accounts
    return {
        "projects": [{"id": project.id, "name": project.name} for project in accounts.projects.values()],
        "users": [
            {"id": user.id, "name": user.name, "access": user.access, "roles": dict(user.roles)}
            for user in accounts.users.values()
        ],
    }


def add_accounts(service: Service, _path: Values, body: Any) -> None:
    """Add projects and users until the next reset."""
    service.accounts.add(body)


def add_token(service: Service, _path: Values, body: Any) -> Any:
    """Issue a token for a user, scoped to a project, both by name."""
    return {"token": service.identity.new_token_for(body.get("user"), body.get("project"))}


def list_neighbours(service: Service, _path: Values, _body: Any) -> Any:
    """List the servers, disks, files, backups, vaults, keys and enterprise projects that were added."""
    with service.store.lock:
        return neighbours.documents(service.store)


def add_neighbours(service: Service, _path: Values, body: Any) -> None:
    """Add servers, disks, files, backups, vaults, keys and enterprise projects."""
    neighbours.add(service.store, body)


def clear_neighbours(service: Service, _path: Values, _body: Any) -> None:
    """Remove all servers, disks, files, backups, vaults, keys and enterprise projects that were added."""
    with service.store.transaction() as store:
        store.neighbours.clear()


def list_jobs(service: Service, _path: Values, _body: Any) -> Any:
    """List the jobs of all projects, which does not count as a poll."""
    with service.store.transaction() as store:
        jobs = [seen(store, job) for job in store.jobs.values()]
        return {"jobs": [{**{name: job[name] for name in _OF_JOB}, "is_stuck": is_stuck(store, job)} for job in jobs]}


_OF_JOB = (
    *("id", "type", "project_id", "status", "percent", "begin_time", "end_time", "error_code", "fail_reason"),
    *("entities", "parent", "sub_jobs"),
)


def end_job(service: Service, path: Values, body: Any) -> None:
    """Let a job succeed or fail now, or run for ever."""
    end_job_now(service.store, path["id"], body)


def list_denials(service: Service, _path: Values, _body: Any) -> Any:
    """List the denied actions, the earliest first."""
    return {"denials": [{"action": denial.action, "user": denial.user} for denial in service.permissions.denials]}


def add_denial(service: Service, _path: Values, body: Any) -> None:
    """Deny an action to everybody or to one user."""
    service.deny(body["action"], body.get("user"))


def clear_denials(service: Service, values: Values, _body: Any) -> None:
    """Allow every action again, or take back one denial."""
    permissions, user = service.permissions, values.get("user")
    if "action" not in values:
        permissions.allow_all()
    for denial in reversed(permissions.denials):
        if (denial.action, denial.user) == (values.get("action"), user):
            permissions.allow(denial)
            return


def show_policy(service: Service, values: Values, _body: Any) -> Any:
    """Show the smallest policy that allows all requests since the reset or the start."""
    permissions = service.permissions
    return new_policy(permissions.ever_needed) if values["since"] == "start" else permissions.policy()


def list_faults(service: Service, values: Values, _body: Any) -> Any:
    """List the rules with their hits, the outermost first."""
    faults = service.faults
    armed = [rule.to_json() for rule in faults]
    if not values["removed"]:
        return {"faults": armed}
    ids = {rule["id"] for rule in armed}
    removed = [rule.to_json() for rule in faults.ever_armed() if rule.id not in ids]
    return {"faults": armed, "removed": removed, "resets": faults.resets}


def add_fault(service: Service, _path: Values, body: Any) -> Any:
    """Add a rule, as an object or as a line of text; it becomes the innermost."""
    if not isinstance(body, (str, dict)):
        raise wrong_at((), "type", f"must be a rule, as an object or a line of text, got {shown(body)}")
    return service.faults.arm(new_rule(body)).to_json()


def clear_faults(service: Service, _path: Values, _body: Any) -> None:
    """Remove every rule."""
    service.faults.clear()


def remove_fault(service: Service, values: Values, _body: Any) -> None:
    """Remove a rule by its id."""
    faults = service.faults
    try:
        if values["drop"] and values["id"] in faults.armed:
            faults.discard(faults.armed[values["id"]])
        else:
            faults.remove(values["id"])
    except KeyError:
        raise NotFoundError(f"no rule has the id {shown(values['id'])}", [rule.id for rule in faults]) from None


def show_clock(service: Service, _path: Values, _body: Any) -> Any:
    """Show the time and the speed of the clock."""
    clock = service.store.clock
    return {"now": clock.now(), "time": service.store.timestamp(), "speed": getattr(clock, "speed", None)}


def move_clock(service: Service, path: Values, body: Any) -> Any:
    """Advance the clock by seconds, let it run at a speed, or freeze it."""
    clock = service.store.clock
    if not isinstance(clock, ManualClock):
        raise wrong_at((), "clock", "the mock has a clock of its owner's, which cannot be moved")
    if "advance" in body:
        clock.advance(body["advance"])
    else:
        clock.run(body.get("run", 0.0))
    return show_clock(service, path, None)


def show_journal(service: Service, values: Values, _body: Any) -> Any:
    """Show the last requests."""
    mark, entries = service.journal.after(values["after"])
    document = {"received": mark.received, "clearings": mark.clearings}
    if values["form"] == "text":
        return {**document, "entries": [entry.to_json() for entry in entries]}
    in_progress = [to_document(entry) for entry in service.journal.in_progress()]
    return {**document, "entries": list(map(to_document, entries)), "in_progress": in_progress}


def clear_journal(service: Service, _path: Values, _body: Any) -> None:
    """Clear the journal."""
    service.journal.clear()


def export_journal(service: Service, _path: Values, _body: Any) -> Any:
    """Show the last requests as an HTTP archive."""
    return to_har(service.journal)


def export_bundle(service: Service, _path: Values, _body: Any) -> Any:
    """Show the last requests with everything about them: rules, findings, images and jobs."""
    return bundle(service, *service.journal.since(Mark()))


def show_consumer_contract(service: Service, values: Values, _body: Any) -> Any:
    """Show what the client sent and got, as a consumer contract."""
    # Imported here: few ask for it.
    from ims_mock.evidence.consumers.learning import consumer_contract

    return consumer_contract(exchanges_of(service.journal), values["name"]).document


def audit_client(service: Service, _path: Values, _body: Any) -> Any:
    """Show what the client did wrong; due transitions are settled first."""
    with service.store.lock:
        service.store.settle()
        entries, (images, _) = list(service.journal), service.store.images.all_seen()
    found = audit(entries, list(map(unpacked, images)))
    return {"findings": [finding.to_json() for finding in found]}


def provide_state(service: Service, _path: Values, body: Any) -> None:
    """Reset, and set up the state that a Pact verifier names; an unknown state changes nothing."""
    state = body["state"] if body.get("action", "setup") == "setup" else ""
    if state:
        check_state(state)
    service.reset()
    if state:
        provide(service, state)


def save_state(service: Service, _path: Values, _body: Any) -> Any:
    """Show the whole state, passwords included."""
    return snapshots.capture(service).to_json()


def load_state(service: Service, values: Values, body: Any) -> None:
    """Load a saved state."""
    snapshots.restore(service, Snapshot.from_json(body, any_records=values["records"] == "any"))


def list_snapshots(service: Service, _path: Values, _body: Any) -> Any:
    """List the names of the snapshots."""
    return {"snapshots": list(service.snapshots)}


def take_snapshot(service: Service, _path: Values, body: Any) -> Any:
    """Take a snapshot of the state, under a name."""
    service.snapshots[body["name"]] = snapshots.capture(service)
    service.store.signal.give()
    return {"name": body["name"]}


def restore_snapshot(service: Service, path: Values, _body: Any) -> None:
    """Restore a snapshot."""
    snapshots.restore(service, _snapshot(service, path["name"]))


def compare_snapshot(service: Service, values: Values, _body: Any) -> Any:
    """Show the differences between a snapshot and another one, or the current state."""
    before = _snapshot(service, values["name"])
    after = _snapshot(service, values["with"]) if "with" in values else snapshots.capture(service)
    return {"differences": [difference.to_json() for difference in before.compare(after)]}


def delete_snapshot(service: Service, path: Values, _body: Any) -> None:
    """Delete a snapshot."""
    _snapshot(service, path["name"])
    del service.snapshots[path["name"]]
    service.store.signal.give()


def _snapshot(service: Service, name: str) -> Snapshot:
    if name not in service.snapshots:
        raise NotFoundError(f"no snapshot has the name {shown(name)}", list(service.snapshots))
    snapshot: Snapshot = service.snapshots[name]
    return snapshot


FUNCTIONS: Mapping[str, Function] = {
    name: {**vars(live), **vars(worlds_control), **vars(records_control), **globals()}[name]
    for name in load_control().operations
}
"""The functions by the ids of their operations."""
