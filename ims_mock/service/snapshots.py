"""The state of a mock as one JSON document: taken, kept, and gone back to."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ims_mock.contract import json_text
from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_control
from ims_mock.contract.problems import InvalidError, Keys, invalid, wrong_at
from ims_mock.contract.validation import Schema
from ims_mock.contract.wording import shown
from ims_mock.identity.accounts import in_other_world
from ims_mock.service.checking import check_state
from ims_mock.service.service import Service
from ims_mock.service.settings import Settings
from ims_mock.service.state_files import text_of
from ims_mock.state.clock import ManualClock
from ims_mock.state.collections import Transition
from ims_mock.state.files import File
from ims_mock.state.packed import as_packed, changed, value_of
from ims_mock.state.store import Store

if TYPE_CHECKING:
    from ims_mock.service.comparing import Difference

VERSION = 1

_OPTIONAL = ("regions", "world")
"""What the document of a state has only where there is something to say."""


@dataclass(frozen=True)
class Snapshot:
    """What a mock needs to respond as before: images, files, accounts, tokens, settings, clock, seed.

    Rules of faults, denials and the journal are a test's, and not in it. An upload that was under way has been broken
    off. Passwords and secrets are in it. It has the `records` that the mock had at that time, and no copies: they are
    replaced, and not edited. What `document` and `to_json` return shares nothing with them.
    """

    clock: Mapping[str, float] = field(repr=False)
    records: Mapping[str, Mapping[str, Any]] = field(repr=False)
    regions: Mapping[str, Snapshot] = field(default_factory=dict, repr=False)
    """The snapshots of the further regions of the setting `regions`, by name."""
    world: str = field(default="", repr=False)
    """The name of the world that it is of; "" for the default one."""

    @property
    def document(self) -> dict[str, Any]:
        """The snapshot as schemas/state.json has it, without the files."""
        document: dict[str, Any] = _plain(self._document(self.records))
        return document

    @property
    def files(self) -> Mapping[str, File]:
        """The files of images, by their ids."""
        return dict(self.records["files"])

    def _document(self, records: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return records as a document that shares them."""
        world = {"world": self.world} if self.world else {}
        return {"version": VERSION, **world, "clock": self.clock, **Store(ManualClock(0)).document_of(records)}

    def _files(self) -> dict[str, str]:
        return {
            image_id: base64.b64encode(b"".join(file.read())).decode("ascii") for image_id, file in self.files.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return the snapshot as one JSON object, with the files in base64."""
        return {**self.document, "files": self._files(), **self._regions()}

    def _regions(self) -> dict[str, Any]:
        """Return what a document has of further regions; nothing where there are none."""
        return {"regions": {name: one.to_json() for name, one in self.regions.items()}} if self.regions else {}

    @classmethod
    def from_json(cls, document: Any, *, any_records: bool = False) -> Snapshot:
        """Return the snapshot of a JSON object; raise InvalidError naming what is wrong with it.

        With `any_records`, images and jobs may be as no service has them: a test can have edited them so.
        """
        return cls._of_parsed(json_text.plain(document), any_records=any_records)

    @classmethod
    def _of_parsed(cls, document: Any, *, any_records: bool = False) -> Snapshot:
        """Return the snapshot of a JSON object that nobody else has."""
        problems = _schema(any_records).find_problems(document)
        if problems:
            raise InvalidError(*problems, source="state.json")
        check_state(document, any_records=any_records)
        files = {image_id: _file(image_id, text) for image_id, text in document["files"].items()}
        records = Store(ManualClock(0)).records_of(document)
        regions = {
            name: cls._of_region(name, given, any_records=any_records)
            for name, given in document.get("regions", {}).items()
        }
        return cls(document["clock"], {**records, "files": files}, regions, document.get("world", ""))

    @classmethod
    def _of_region(cls, name: str, document: Any, *, any_records: bool) -> Snapshot:
        try:
            return cls._of_parsed(document, any_records=any_records)
        except InvalidError as error:
            raise error.under("regions", name) from None

    def compare(self, later: Snapshot) -> list[Difference]:
        """Return what differs in a later state: which records came, went or changed. Each is readable as a text.

        >>> before = mock.snapshot()
        ... print(*before.compare(mock.snapshot()), sep="\\n")
        """
        # Imported here: few ask for it.
        from ims_mock.service.comparing import compare

        return compare(self.records, later.records)

    def save(self, path: str | Path) -> None:
        """Write the snapshot into a file, as `--state` reads it: a line for each record."""
        Path(path).write_text(self.to_text(), "utf-8")

    def to_text(self) -> str:
        """Return the text of the file that `save` writes."""
        images = map(as_packed, self.records["images"].values())
        document = self._document({**self.records, "images": {}})
        return text_of({**document, "files": self._files(), **self._regions()}, images)

    @classmethod
    def load(cls, path: str | Path) -> Snapshot:
        """Read a snapshot from a file; raise OSError, or ValueError if it is not a snapshot."""
        try:
            return cls._of_parsed(json_text.parse(Path(path).read_bytes()))
        except ImsError as error:
            raise ValueError(InvalidError(*error.problems).in_file(str(path))) from None
        except ValueError as error:
            raise ValueError(invalid(error).in_file(str(path))) from None


@cache
def _schema(any_records: bool) -> Schema:
    """Return the schema of a state: each collection that a store dumps is in it, described or not."""
    components = load_control().composed["components"]["schemas"]
    state = components["state"]
    properties = {
        **state["properties"],
        **{name: {} for name in Store(ManualClock(0)).dump() if name not in state["properties"]},
    }
    required = [name for name in dict.fromkeys([*state["required"], *properties]) if name not in _OPTIONAL]
    state = {**state, "properties": properties, "required": required}
    if any_records:
        placed = state["$defs"]["placed"]
        image = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
        any_image = {**placed, "properties": {**placed["properties"], "image": image}}
        state["$defs"] = {**state["$defs"], "placed": any_image, "job": {"type": "object"}}
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
        clock = {"now": store.clock.now(), "speed": getattr(store.clock, "speed", 1.0)}
        regions = {region.settings.region: capture(region) for region in service.further}
        return Snapshot(clock, _without_uploads(store.snapshot_records()), regions, store.world)


def _without_uploads(records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the records of a store without uploads in progress, and without those of images that are gone."""
    images, uploads = records["images"], records["uploads"]

    def is_kept(transition: Transition) -> bool:
        if transition["collection"] != "images":
            return True
        return transition["id"] in images and transition["id"] not in uploads

    arriving = {image_id: as_packed(images[image_id]) for image_id in uploads if image_id in images}
    queued = {
        image_id: changed(packed, status="queued")
        for image_id, packed in arriving.items()
        if value_of(packed, "status") == "saving"
    }
    return {
        **records,
        "images": {**images, **queued} if queued else images,
        "transitions": {key: item for key, item in records["transitions"].items() if is_kept(item)},
        **{name: _of_images(records[name], images) for name in ("members", "files")},
        "uploads": {},
    }


def _of_images(records: dict[str, Any], images: Mapping[str, Any]) -> dict[str, Any]:
    """Return the records of images that are there."""
    if records.keys() <= images.keys():
        return records
    return {image_id: record for image_id, record in records.items() if image_id in images}


def _plain(document: Any) -> Any:
    """Return a copy that shares nothing; records become dicts and tuples become lists, as in JSON."""
    if isinstance(document, Mapping):
        return {name: _plain(value) for name, value in document.items()}
    return [_plain(item) for item in document] if isinstance(document, (list, tuple)) else document


def restore(service: Service, snapshot: Snapshot) -> None:
    """Go back to a state, its time included where the clock can be moved; uploads in progress are dropped.

    A further region of which the state has nothing stays as it is. Raises InvalidError for the state of a region that
    the mock does not have, and for that of another region where there are several.
    """
    clock, store = snapshot.clock, service.store
    regions = {region.settings.region: region for region in service.further}
    for name in snapshot.regions:
        if name not in regions:
            raise wrong_at(("regions", name), "regions", "is no region of this mock; name it in the setting regions")
    every = [(service, snapshot), *((regions[name], one) for name, one in snapshot.regions.items())]
    for name, (one, taken) in zip(["", *snapshot.regions], every, strict=True):
        _check_region(one, taken, ("regions", name) if name else ())
    every = [(one, _of_world(one, taken)) for one, taken in every]
    with store.transaction():
        settings = [_begin(one, taken) for one, taken in every]
        if isinstance(store.clock, ManualClock):
            before = store.clock.now()
            store.clock.jump_to(clock["now"], clock["speed"])
            for one in (service, *service.further):
                one.faults.move(clock["now"] - before)
        for (one, taken), own in zip(every, settings, strict=True):
            # Settings that the document leaves out are as they are by default.
            one.store.put_back({**taken.records, "settings": own.saved()})


def _check_region(service: Service, snapshot: Snapshot, place: Keys) -> None:
    """Raise InvalidError for the state of another region than that of a mock, where its cloud has several."""
    own, given = service.settings.region, _settings_of(snapshot).region
    if len(service.regions) > 1 and given != own:
        text = f"must be {own}, the region that the state is loaded into, got {shown(given)}; load it into that region"
        raise wrong_at((*place, "settings", "region"), "const", text)


def _of_world(service: Service, snapshot: Snapshot) -> Snapshot:
    """Return a snapshot as the world of a mock has it: what gives access to another world is not a part of it.

    The world keeps its own token, and an access key that was not given becomes that of the world.
    """
    world, records = service.store.world, snapshot.records
    if snapshot.world == world:
        return snapshot
    before, token = _settings_of(snapshot).token, service.settings.token
    users = {name: in_other_world(user, snapshot.world, world) for name, user in records["users"].items()}
    drawn = {kind: count for kind, count in records["drawn"].items() if not kind.startswith("tokens")}
    own = {kind: count for kind, count in service.store.drawn.items() if kind.startswith("tokens")}
    other: dict[str, Mapping[str, Any]] = {
        "drawn": {**drawn, **own},
        "settings": {**records["settings"], "token": token},
        "tokens": {token: records["tokens"][before]} if before in records["tokens"] else {},
        "users": users,
        "temporary_credentials": {},
        "wrong_signatures": {},
    }
    return replace(snapshot, records={**records, **other}, world=world)


def _settings_of(snapshot: Snapshot) -> Settings:
    return Settings().changed(snapshot.records["settings"])


def _begin(service: Service, snapshot: Snapshot) -> Settings:
    """Have the settings of a state, and return them."""
    settings = _settings_of(snapshot)
    service.apply(settings.changed(service.settings.kept()))
    return settings
