"""The state of a mock as one JSON document: taken, kept, and gone back to."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ims_mock.contract import json_text
from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_control
from ims_mock.contract.problems import InvalidError, invalid, wrong_at
from ims_mock.contract.validation import Schema
from ims_mock.service.checking import check_state, settings_of
from ims_mock.service.service import Service
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
        document = json_text.plain(document)
        problems = _schema().find_problems(document)
        if problems:
            raise InvalidError(*problems, source="state.json")
        check_state(document)
        files = {image_id: _file(image_id, text) for image_id, text in document.pop("files").items()}
        return cls(document, files)

    def save(self, path: str | Path) -> None:
        """Write the snapshot into a file, as `--state` reads it."""
        Path(path).write_text(json.dumps(self.to_json(), indent=1), "utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Snapshot:
        """Read a snapshot from a file; raise OSError, or ValueError for what is no snapshot."""
        try:
            return cls.from_json(json_text.parse(Path(path).read_bytes()))
        except ImsError as error:
            raise ValueError(InvalidError(*error.problems).in_file(str(path))) from None
        except ValueError as error:
            raise ValueError(invalid(error).in_file(str(path))) from None


@cache
def _schema() -> Schema:
    """Return the schema of a state: each collection that a store dumps is in it, described or not."""
    components = load_control().composed["components"]["schemas"]
    state = components["state"]
    properties = {
        **state["properties"],
        **{name: {} for name in Store(ManualClock(0)).dump() if name not in state["properties"]},
    }
    required = list(dict.fromkeys([*state["required"], *properties]))
    state = {**state, "properties": properties, "required": required}
    return Schema({"components": {"schemas": {**components, "state": state}}}, "#/components/schemas/state")


def _file(image_id: str, text: str) -> File:
    try:
        return File([base64.b64decode(text, validate=True)])
    except ValueError as error:
        raise wrong_at(("files", image_id), "contentEncoding", f"must be base64 (RFC 4648): {error}") from None


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
        if transition["collection"] != "images":
            return True
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
    settings = settings_of(document)
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
