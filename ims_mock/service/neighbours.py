"""What requests name and other services have: servers, disks, files in buckets, backups, vaults, keys and the like.

A test says which there are; schemas/models/neighbours.json has what can be said of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from ims_mock.contract import json_text
from ims_mock.contract.errors import ImsError, is_documented
from ims_mock.contract.image_ids import in_lower_case
from ims_mock.contract.operations import load_model
from ims_mock.contract.problems import InvalidError, wrong_at
from ims_mock.contract.wording import shown
from ims_mock.exchange.exchange import Exchange
from ims_mock.state.collections import Transition
from ims_mock.state.store import Store

Neighbour = Mapping[str, Any]
"""A record of JSON types, with a value for each attribute that its kind has."""

DELETED = "deleted"
"""The status of what was deleted."""


@cache
def _kinds() -> Mapping[str, Mapping[str, Any]]:
    """Return the attributes of each kind, such as "servers", with their schemas."""
    kinds = load_model("neighbours").schema.content["properties"]
    return {kind: schema["items"]["properties"] for kind, schema in kinds.items()}


@cache
def _defaults(kind: str) -> Neighbour:
    return {name: schema["default"] for name, schema in _kinds()[kind].items() if "default" in schema}


def add(store: Store, document: Any) -> None:
    """Add what a document as the model has it names; raise InvalidError naming what is wrong, and then add nothing."""
    document = json_text.plain(document)
    check(document)
    with store.transaction():
        for kind, added in document.items():
            for given in added:
                put(store, kind, given)
        for server in document.get("servers", ()):
            for volume_id in server.get("volumes", ()):
                if _key("volumes", volume_id) not in store.neighbours:
                    put(store, "volumes", {"id": volume_id, "server": server["id"], "status": "in-use"})


def add_one(store: Store, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Add one of a kind, and return it with all its attributes; raise InvalidError naming what is wrong."""
    try:
        add(store, {kind: [dict(given)]})
    except InvalidError as error:
        # Where it stands in the document that holds it alone says nothing.
        problems = (replace(problem, path=problem.path[2:], is_setting=True) for problem in error.problems)
        raise InvalidError(*problems, in_document=False) from None
    return dict(store.neighbours[_key(kind, _id(kind, given))])


def check(document: Any) -> None:
    """Raise InvalidError for a document that the model does not allow."""
    model = load_model("neighbours")
    problems = model.schema.find_problems(document)
    if problems:
        raise InvalidError(*problems, source=model.source)
    for kind, records in document.items():
        for index, record in enumerate(records):
            code = record.get("rejected_with")
            if code and not is_documented(code):
                text = f"{shown(code)} is not documented; use one of schemas/error_codes.json"
                raise wrong_at((kind, index, "rejected_with"), "enum", text)


def check_stored(key: str, record: Neighbour) -> None:
    """Raise InvalidError for a record that could not have been added, or that is not the one of its key."""
    kind = key.partition("/")[0]
    if kind not in _kinds():
        raise wrong_at((), "enum", f"must begin with one of {', '.join(_kinds())}, got {shown(key)}")
    try:
        check({kind: [record]})
    except InvalidError as error:
        raise InvalidError(*(replace(problem, path=problem.path[2:]) for problem in error.problems)) from None
    if record.keys() != _kinds()[kind].keys():
        raise wrong_at((), "required", f"must have {', '.join(_kinds()[kind])}")
    if key != _key(kind, _id(kind, record)):
        raise wrong_at((), "const", f"must be {shown(_key(kind, _id(kind, record)))}, as in the record")


def put(store: Store, kind: str, given: Mapping[str, Any]) -> None:
    """Add one of a kind, or put it in the place of the one that has its id; inside of a transaction."""
    made = arriving(kind, given)
    store.neighbours.put(made["id"], made["attributes"])


def arriving(kind: str, given: Mapping[str, Any]) -> Transition:
    """Return the transition that adds one of a kind, or puts it in the place of the one that has its id."""
    record = {**_defaults(kind), **given}
    return {"collection": "neighbours", "id": _key(kind, _id(kind, given)), "status": "", "attributes": record}


def _id(kind: str, record: Mapping[str, Any]) -> str:
    name: str = record["name" if kind == "objects" else "id"]
    return name


def _key(kind: str, id_: str) -> str:
    return f"{kind}/{id_ if kind == 'objects' else in_lower_case(id_)}"


def documents(store: Store) -> dict[str, list[Any]]:
    """Return everything that was added, by kind, as `add` takes it."""
    found: dict[str, list[Any]] = {kind: [] for kind in _kinds()}
    for key, record in store.neighbours.items():
        found[key.partition("/")[0]].append(record)
    return found


def known(store: Store, kind: str, id_: str) -> Neighbour:
    """Return what a test has added, or one with the defaults."""
    record: Neighbour = store.neighbours.get(_key(kind, id_)) or _defaults(kind)
    return record


def is_listed(store: Store, kind: str, id_: str) -> bool:
    """Return whether a test has added one."""
    return _key(kind, id_) in store.neighbours


def exists(store: Store, kind: str, id_: str) -> bool:
    """Return whether there is one: a test has added it, or any may be; none that was deleted with its image."""
    if was_deleted(store, kind, id_):
        return False
    return store.settings.get("neighbours") != "listed" or is_listed(store, kind, id_)


def delete(store: Store, kind: str, id_: str) -> None:
    """Delete one of a kind that is listed, inside of a transaction: its record stays, and says so."""
    if is_listed(store, kind, id_):
        put(store, kind, {**known(store, kind, id_), "status": DELETED})


def was_deleted(store: Store, kind: str, id_: str) -> bool:
    """Return whether one has been deleted, and not added again."""
    return bool(known(store, kind, id_).get("status") == DELETED)


def find_of_project(store: Store, kind: str, id_: str, project_id: str) -> Neighbour | None:
    """Return what a project has, with its id; None for what does not exist, is another project's, or is gone by now."""
    if not exists(store, kind, id_):
        return None
    record = {"id": id_, **known(store, kind, id_)}
    is_visible = record["project_id"] in ("", project_id) and not is_gone(store, record)
    return record if is_visible else None


def is_gone(store: Store, record: Neighbour) -> bool:
    """Return whether the time has come for which a deletion was scheduled."""
    due: str = record.get("scheduled_deletion_date") or ""
    return bool(due) and store.clock.now() * 1000 >= int(due)


def find(exchange: Exchange, kind: str, id_: str, code: str, place: str) -> Neighbour:
    """Return what a request names at a place: what a test has added or, where any may be, one with the defaults.

    Raise 400 with a code where there is none, or with the code that the test has given.
    """
    store = exchange.store
    if not exists(store, kind, id_):
        text = f"{place}: no test has added {id_!r} to the {kind}; add it, or set neighbours to any"
        if was_deleted(store, kind, id_):
            text = f"{place}: {id_!r} was deleted with its image"
        raise ImsError(400, code, reason=text)
    record = known(store, kind, id_)
    if record["rejected_with"]:
        raise ImsError(400, record["rejected_with"], reason=f"{place}: the test rejects it (rejected_with)")
    return record
