"""The state of a mock as one JSON document: taken, kept, and gone back to."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.contract.operations import load_model
from ims_mock.contract.problems import InvalidError, Keys, Problem, invalid, wrong_settings
from ims_mock.contract.validation import Schema
from ims_mock.contract.wording import shown
from ims_mock.identity.accounts import new_accounts
from ims_mock.service.service import Service
from ims_mock.service.settings import Settings, is_saved
from ims_mock.state.clock import ManualClock
from ims_mock.state.collections import Transition
from ims_mock.state.files import File
from ims_mock.state.images import Image
from ims_mock.state.store import Store

VERSION = 1


@dataclass(frozen=True)
class Snapshot:
    """What a mock needs to respond as before: images, files, accounts, tokens, settings, clock, seed.

    Rules of faults, denials and the journal are a test's, and not in it. An upload that was under way has been broken
    off. Passwords and secrets are in it. `document` is as schemas/state.json has it, but for the `files`; it shares
    nothing with the mock, and neither does what `to_json` returns with it.
    """

    document: Mapping[str, Any] = field(repr=False)
    files: Mapping[str, File] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return the snapshot as one JSON object, with the files in base64."""
        files = {
            image_id: base64.b64encode(b"".join(file.read())).decode("ascii") for image_id, file in self.files.items()
        }
        return {**_plain(self.document), "files": files}

    @classmethod
    def from_json(cls, document: Any) -> Snapshot:
        """Return the snapshot of a JSON object; raise InvalidError naming what is wrong with it."""
        problems = _schema().find_problems(document)
        if problems:
            raise InvalidError(*problems, source="state.json")
        files = {image_id: _file(image_id, text) for image_id, text in document["files"].items()}
        rest = _plain({name: value for name, value in document.items() if name != "files"})
        _check({**rest, "files": files})
        return cls(rest, files)

    def save(self, path: str | Path) -> None:
        """Write the snapshot into a file, as `--state` reads it."""
        Path(path).write_text(json.dumps(self.to_json(), indent=1), "utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Snapshot:
        """Read a snapshot from a file; raise OSError, or ValueError for what is no snapshot."""
        try:
            return cls.from_json(json.loads(Path(path).read_text("utf-8")))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path} is not JSON: {error}") from None
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}: {error}") from None


@cache
def _schema() -> Schema:
    """Return the schema of a state: each collection that a store dumps is in it, described or not."""
    content = schema_files.read("state.json")
    for name in Store(ManualClock(0)).dump():
        content["properties"].setdefault(name, {})
    content["required"] = list(dict.fromkeys([*content["required"], *content["properties"]]))
    return Schema(content, "#")


def _file(image_id: str, text: str) -> File:
    try:
        return File([base64.b64decode(text, validate=True)])
    except ValueError as error:
        raise _wrong(("files", image_id), "contentEncoding", f"must be base64 (RFC 4648): {error}") from None


def _check(document: Mapping[str, Any]) -> None:
    """Raise InvalidError for a state that breaks a rule which its schema cannot express."""
    _checked_settings(document)
    try:
        json.dumps({**document, "files": {}}, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _wrong((), "json", f"is not JSON: {error}") from None
    seen: set[str] = set()
    for kind in ("images", "deleted"):
        for index, item in enumerate(document[kind]):
            if item["image"]["id"] in seen:
                text = f"two images are {item['image']['id']}; leave one out"
                raise _wrong((kind, index, "image", "id"), "unique", text)
            seen.add(item["image"]["id"])
            problems = load_model("image").schema.find_problems(item["image"]) if kind == "images" else []
            if problems:
                raise InvalidError(*problems).under(kind, index, "image")
    _check_belongings(document)


def _wrong(path: Keys, keyword: str, text: str) -> InvalidError:
    return InvalidError(Problem(path, keyword, text))


def _check_belongings(document: Mapping[str, Any]) -> None:
    """Raise InvalidError for what belongs to an image that does not exist."""
    images = {item["image"]["id"] for item in document["images"]}
    belongings: list[tuple[Keys, str]] = [
        *((("members", image_id), image_id) for image_id in document["members"]),
        *((("files", image_id), image_id) for image_id in document.get("files", ())),
        *((("transitions", index), item["id"]) for index, item in enumerate(document["transitions"])),
    ]
    for path, image_id in belongings:
        if image_id not in images:
            raise _wrong(path, "image", f"there is no image {image_id!r}; leave it out")
    for image_id, members in document["members"].items():
        for member_id, member in members.items():
            problems = load_model("member").schema.find_problems(member)
            if problems:
                raise InvalidError(*problems).under("members", image_id, member_id)


def _checked_settings(document: Mapping[str, Any]) -> Settings:
    """Return the settings of a state; raise InvalidError when they, the clock or the accounts cannot be."""
    with _under("settings"):
        given: Mapping[str, Any] = document["settings"]
        for name in given:
            if not is_saved(name):
                raise wrong_settings("settings", f"{name} are not part of a state; leave them out")
        settings = Settings().changed(given)
    with _under("clock"):
        ManualClock(document["clock"]["now"], document["clock"]["speed"])
    for kind in ("projects", "users"):
        for name, record in document[kind].items():
            if record["name"] != name:
                raise _wrong((kind, name, "name"), "const", f"must be {shown(name)}, under which it stands")
    accounts = {kind: list(document[kind].values()) for kind in ("projects", "users")}
    new_accounts(settings.project_id, settings.region).restore(accounts)
    return settings


@contextmanager
def _under(name: str) -> Iterator[None]:
    """Give the problems of a part of the document their path in the whole."""
    try:
        yield
    except ValueError as error:
        raise invalid(error).under(name).of_document() from None


def capture(service: Service) -> Snapshot:
    """Return the state of a mock as it is now."""
    store = service.store
    with store.transaction():
        document = store.dump()
        files = {image_id: file for image_id, file in store.files.items() if image_id in store.images}
        clock = {"now": store.clock.now(), "speed": getattr(store.clock, "speed", 1.0)}
        return Snapshot(_plain({"version": VERSION, "clock": clock, **_without_uploads(document, store)}), files)


def _without_uploads(document: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Return the dump of a store without uploads in progress, and without records of images that are gone."""

    def is_kept(transition: Transition) -> bool:
        return transition["id"] in store.images and transition["id"] not in store.uploads

    images = [
        {**placed, "image": {**placed["image"], "status": "queued"}} if _is_arriving(placed["image"], store) else placed
        for placed in document["images"]
    ]
    members = {image_id: members for image_id, members in document["members"].items() if image_id in store.images}
    return {
        **document,
        "images": images,
        "members": members,
        "transitions": list(filter(is_kept, document["transitions"])),
    }


def _is_arriving(image: Image, store: Store) -> bool:
    return image.get("status") == "saving" and image.get("id") in store.uploads


def _plain(document: Any) -> Any:
    """Return a copy that shares nothing; records become dicts and tuples become lists, as in JSON."""
    if isinstance(document, Mapping):
        return {name: _plain(value) for name, value in document.items()}
    return [_plain(item) for item in document] if isinstance(document, (list, tuple)) else document


def restore(service: Service, snapshot: Snapshot) -> None:
    """Go back to a state, its time included where the clock can be moved; uploads in progress are dropped."""
    document, store = _plain(snapshot.document), service.store
    settings = _checked_settings(document)
    with store.transaction():
        own = service.settings
        service.apply(settings.changed(own.kept()))
        if isinstance(store.clock, ManualClock):
            before = store.clock.now()
            store.clock.jump_to(document["clock"]["now"], document["clock"]["speed"])
            service.faults.move(document["clock"]["now"] - before)
        # Settings that the document leaves out are as they are by default.
        store.restore({**document, "settings": settings.saved()})
        store.files.load(snapshot.files)
