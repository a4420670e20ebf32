"""What the service knows of an image: defaults, derived attributes, legal moves, who may do what."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from heapq import merge
from itertools import count
from typing import Any

from ims_mock.contract import schema_files
from ims_mock.contract.errors import ImsError, image_protected

Image = dict[str, Any]
"""A record of JSON types alone, in the form in which it is answered."""

_MODEL = schema_files.read("models/image_attributes.json")
_ATTRIBUTES = _MODEL["properties"]
_MAX_CUSTOM: int = _MODEL["x-maximum-custom-attributes"]

BASE_ATTRIBUTES = frozenset(schema_files.read("models/image.json")["required"])
"""The attributes that every image has."""

_DEFAULTS: Image = {name: attribute["default"] for name, attribute in _ATTRIBUTES.items() if "default" in attribute}

OS_VERSIONS: dict[str, dict[str, str]] = {
    name: group["x-derived"] for group in schema_files.read("models/os_version.json")["anyOf"] for name in group["enum"]
}
"""The attributes that follow from each `__os_version`."""

_TYPE_OF_VISIBILITY = {"private": "private", "public": "gold", "shared": "shared"}

LEGAL_MOVES = {
    "queued": ("saving", "deleted"),
    "saving": ("active", "killed", "queued"),
    "active": ("deleted",),
    "killed": ("deleted",),
    "deleted": (),
}
"""What an image of each status can become, as in Glance; but one that is saving cannot be deleted (IMG.0090)."""


def new_image(attributes: Image, image_id: str, owner: str, now: str) -> Image:
    """Return the record of an image whose metadata has just been created.

    `attributes` is a valid body of POST /v2/images, or what a test wants of an image; `now` is a UTC time with Z.
    Raise 413 for too many custom attributes.
    """
    check_custom_attributes(attributes)
    image = _DEFAULTS | attributes
    path = f"/v2/images/{image_id}"
    derived = {
        **OS_VERSIONS[image["__os_version"]],
        "owner": owner,
        "status": "queued",
        "created_at": now,
        "updated_at": now,
        "self": path,
        "file": f"{path}/file",
        "schema": _ATTRIBUTES["schema"]["const"],
        "virtual_env_type": "IsoImage" if image["disk_format"] == "iso" else "FusionCompute",
        "__image_source_type": _ATTRIBUTES["__image_source_type"]["const"],
        "__image_size": "0",
        "__isregistered": "true",
        "__imagetype": _TYPE_OF_VISIBILITY[image["visibility"]],
    }
    # A test may say itself what would be derived.
    return {**image, **derived, **attributes, "id": image_id, "tags": without_repetition(image["tags"])}


def without_repetition(tags: list[str]) -> list[str]:
    """Return tags, each once, where it first stands."""
    return list(dict.fromkeys(tags))


def check_custom_attributes(image: Image) -> None:
    """Raise 413 for more attributes of names that are not the contract's than Glance takes."""
    custom = len(image.keys() - _ATTRIBUTES.keys())
    if custom > _MAX_CUSTOM:
        raise ImsError(
            413,
            reason=f"body: an image has at most {_MAX_CUSTOM} attributes beside those of "
            f"schemas/models/image_attributes.json, got {custom}",
        )


def check_move(image: Image, status: str) -> None:
    """Raise 409 when an image cannot become what it is to become."""
    if status not in LEGAL_MOVES[image["status"]]:
        advice = f"it can become {' or '.join(LEGAL_MOVES[image['status']]) or 'nothing'}"
        if status == "saving":
            advice = "only a queued image takes a file; create another for it"
        raise ImsError(
            409, "IMG.0046", reason=f"/status: an image that is {image['status']} cannot become {status}; {advice}"
        )


def check_owner(image: Image, project_id: str) -> None:
    """Raise 403 for a project that sees an image and does not own it."""
    if image["owner"] != project_id:
        raise ImsError(403, "IMG.0047", reason=f"/image_id: only project {image['owner']}, which owns the image, may")


def check_deletable(image: Image, project_id: str) -> None:
    """Raise 403 for another project's image and for a protected one, 400 for one whose file is arriving."""
    if image["owner"] != project_id:
        code = "IMG.0094" if image["visibility"] == "public" else "IMG.0092"
        raise ImsError(403, code, reason=f"/image_id: only project {image['owner']}, which owns the image, may")
    if image["protected"]:
        raise image_protected(image["id"])
    if "deleted" not in LEGAL_MOVES[image["status"]]:
        raise ImsError(400, "IMG.0090", reason=f"/status: an image that is {image['status']} cannot be deleted yet")


def is_visible(image: Image, project_id: str, members: Collection[str] = ()) -> bool:
    """Tell whether a project can show an image: its own, every public one, and what is shared with it."""
    return bool(image.get("owner") == project_id or image.get("visibility") == "public" or project_id in members)


def shared_attributes(has_members: bool) -> Image:
    """Return what an image's sharing decides: it is shared while it has a member, and private otherwise."""
    visibility = "shared" if has_members else "private"
    return {"visibility": visibility, "__imagetype": _TYPE_OF_VISIBILITY[visibility]}


Place = tuple[str, int, str]
"""Where an image stands among the others: time of creation, number, id."""

_PUBLIC = "public image"
"""The index of what everybody sees; no project has such an id."""


def _telling(name: str) -> Callable[..., Any]:
    """Return a method of dict that tells of the change which it makes, before and after."""
    method = getattr(dict, name)

    def change(record: _Record, *arguments: Any, **more: Any) -> Any:
        record.changing(record)
        result = method(record, *arguments, **more)
        record.changed(record)
        return result

    return change


class _Record(dict[str, Any]):
    """A record in the collection, which is told when a test changes it in place. A copy is a plain dict."""

    __slots__ = ("changed", "changing")
    changing: Callable[[_Record], None]
    changed: Callable[[_Record], None]

    def __reduce__(self) -> tuple[type, tuple[Image]]:
        return dict, (dict(self),)


for _name in ("__setitem__", "__delitem__", "__ior__", "update", "pop", "popitem", "setdefault", "clear"):
    setattr(_Record, _name, _telling(_name))


class Images(dict[str, Image]):
    """The images of one mock: a dict from id to record, with an index of who sees what, in order of creation.

    Of two that were created in the same second the one that was put in later is the newer. What is walked, of images
    that one project sees, costs nothing for those that it does not. `lock` is the store's; `changing` is told the id
    of an image before it is put in, edited, replaced or taken out.
    """

    def __init__(self, lock: AbstractContextManager[Any], changing: Callable[[str], None] = lambda _: None) -> None:
        super().__init__()
        self._lock = lock
        self._changing = changing
        self._numbers = count()
        self._places: dict[str, Place] = {}
        self._indexes: dict[str, list[Place]] = {}
        self._indexed: dict[str, tuple[str, ...]] = {}

    def __setitem__(self, image_id: str, image: Image) -> None:
        record = _Record(image)
        record.changing, record.changed = partial(self._tell, image_id), partial(self._reindex, image_id)
        with self._lock:
            self._changing(image_id)
            super().__setitem__(image_id, record)
            self._index(image_id)

    def __delitem__(self, image_id: str) -> None:
        with self._lock:
            self._changing(image_id)
            super().__delitem__(image_id)
            self._unindex(image_id)
            del self._places[image_id]

    def pop(self, image_id: str, *default: Any) -> Any:
        """Take an image out, and return it."""
        with self._lock:
            if image_id in self:
                image = self[image_id]
                del self[image_id]
                return image
        return super().pop(image_id, *default)

    def popitem(self) -> tuple[str, Image]:
        """Take the image out that was put in last, and return it with its id."""
        with self._lock:
            image_id = next(reversed(self), "")
            return image_id, self.pop(image_id)

    def setdefault(self, image_id: str, image: Any = None) -> Image:
        """Put an image in unless its id is there, and return which is."""
        with self._lock:
            if image_id not in self:
                self[image_id] = image
            return self[image_id]

    def update(self, *others: Any, **images: Image) -> None:
        """Put several images in."""
        for image_id, image in dict(*others, **images).items():
            self[image_id] = image

    def __reduce__(self) -> tuple[type, tuple[dict[str, Image]]]:
        return dict, (dict(self),)

    def clear(self) -> None:
        """Take every image out."""
        with self._lock:
            for image_id in self:
                self._changing(image_id)
            super().clear()
            self._places.clear()
            self._indexes.clear()
            self._indexed.clear()

    def restore(self, numbered: Iterable[tuple[int, Image]], next_number: int) -> None:
        """Begin anew with images in the order of their numbers, and go on with another number."""
        with self._lock:
            self.clear()
            for number, image in numbered:
                self._numbers = count(number)
                self[image["id"]] = image
            self._numbers = count(next_number)

    def place(self, image_id: str) -> Place:
        """Return an image's place in the order of creation."""
        return self._places[image_id]

    def seen_by(
        self, project_id: str, shared: Iterable[str], after: str | None, *, newest_first: bool
    ) -> Iterator[Image]:
        """Yield the images of a project, the public ones, and those of `shared`, from behind `after` on.

        The caller holds the lock.
        """
        start = None if after is None else self._places[after]
        # A test that took an image out of the dict has left its members.
        others = sorted(self._places[image_id] for image_id in shared if image_id in self._places)
        walks = [
            _walk(places, start, newest_first=newest_first)
            for places in (self._indexes.get(project_id, []), self._indexes.get(_PUBLIC, []), others)
        ]
        last = None
        for place in merge(*walks, reverse=newest_first):
            # An image that is seen for two reasons is seen once.
            if place != last:
                yield self[place[2]]
            last = place

    def _tell(self, image_id: str, record: Image) -> None:
        with self._lock:
            if self.get(image_id) is record:
                self._changing(image_id)

    def _reindex(self, image_id: str, record: Image) -> None:
        with self._lock:
            if self.get(image_id) is record:
                self._index(image_id)

    def _index(self, image_id: str) -> None:
        """Put an image where its owner, its visibility and its time of creation belong."""
        # A test may put in whatever it likes: nobody sees an image without an owner.
        image = self[image_id]
        keys = [str(image["owner"])] if "owner" in image else []
        keys += [_PUBLIC] if image.get("visibility") == "public" else []
        stamp, place = str(image.get("created_at", "")), self._places.get(image_id)
        if place is not None and place[0] == stamp and self._indexed[image_id] == tuple(keys):
            return
        if place is not None:
            self._unindex(image_id)
        self._places[image_id] = place = (stamp, place[1] if place else next(self._numbers), image_id)
        for key in keys:
            insort(self._indexes.setdefault(key, []), place)
        self._indexed[image_id] = tuple(keys)

    def _unindex(self, image_id: str) -> None:
        for key in self._indexed.pop(image_id):
            places = self._indexes[key]
            del places[bisect_left(places, self._places[image_id])]


def _updated(images: Images, others: Any) -> Images:
    images.update(others)
    return images


# Where dict has a type for `|=` that no subclass can keep.
setattr(Images, "__ior__", _updated)  # noqa: B010


def _walk(places: list[Place], after: Place | None, *, newest_first: bool) -> Iterator[Place]:
    """Yield places in order, or those that come behind `after`."""
    if newest_first:
        end = len(places) if after is None else bisect_left(places, after)
        return map(places.__getitem__, range(end - 1, -1, -1))
    start = 0 if after is None else bisect_right(places, after)
    return map(places.__getitem__, range(start, len(places)))
