"""Tags as IMS's own API has them: keys with values, where the native one has texts.

An image stores texts: "key=value", or the key alone where the value is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_model
from ims_mock.contract.problems import InvalidError, Keys, wrong_at
from ims_mock.exchange.exchange import Exchange
from ims_mock.state.image_orders import Facet, facet_value
from ims_mock.state.images import Image
from ims_mock.state.life_cycle import change

Pair = tuple[str, str]
"""The key and the value of a tag."""


def pair_of(text: str) -> Pair:
    """Return the key and the value of a tag, split at the first "=" or, where there is none, at the first dot."""
    key, _, value = text.partition("=" if "=" in text else ".")
    return key, value


def text_of(key: str, value: str) -> str:
    """Return a tag as an image stores it."""
    return f"{key}={value}" if value else key


def pairs_of(image: Image) -> list[Pair]:
    """Return the tags of an image, in their order."""
    return [pair_of(text) for text in image.get("tags", ())]


def documents(pairs: Iterable[Pair]) -> list[dict[str, str]]:
    """Return tags as a response has them."""
    return [{"key": key, "value": value} for key, value in pairs]


def pair_in(document: Mapping[str, str]) -> Pair:
    """Return the tag of a request, without the spaces around it."""
    return document["key"].strip(), document.get("value", "").strip()


def set_tags(exchange: Exchange, image: Image, pairs: Iterable[Pair]) -> None:
    """Set tags of an image, each in the place of the one that has its key; raise 400 for too many."""
    tags = {pair_of(text)[0]: text for text in image["tags"]} | {key: text_of(key, value) for key, value in pairs}
    load_model("image_changes", writing=True).check({"tags": list(tags.values())})
    change(exchange.store, image, tags=list(tags.values()))


def remove_tags(exchange: Exchange, image: Image, keys: Iterable[str]) -> None:
    """Remove the tags of an image that have some keys, as far as they are there."""
    gone = set(keys)
    kept = [text for text in image["tags"] if pair_of(text)[0] not in gone]
    if kept != image["tags"]:
        change(exchange.store, image, tags=kept)


def check_new_tags(documents: list[dict[str, str]], path: Keys) -> None:
    """Raise 400 for tags that an image cannot get: one that breaks its model, or a key that is given twice."""
    for index, document in enumerate(documents):
        problems = load_model("resource_tag").schema.find_problems(document)
        if problems:
            reason = InvalidError(*problems, source="models/resource_tag.json").under(*path, index)
            raise ImsError(400, "IMG.0115", reason=reason)
    check_unique(documents, path)


def check_unique(documents: list[Any], path: Keys) -> None:
    """Raise 400 for a list in which a key is given twice."""
    _check_keys([document["key"].strip() for document in documents], path, ("key",))


def _check_keys(keys: list[str], path: Keys, below: Keys = ()) -> None:
    """Raise 400 for a key that is there twice; `below` is where in an item of the list it stands."""
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if key in seen:
            text = f"{key!r} is given twice; give each key once"
            raise ImsError(400, "IMG.0115", reason=wrong_at((*path, index, *below), "unique", text, key))
        seen.add(key)


def new_tags(body: Mapping[str, Any], path: Keys = ()) -> list[str]:
    """Return the tags that a body, or a part of one at a path, has in either form, as an image stores them.

    Raise 400 for both forms, and for a key that is given twice.
    """
    if "tags" in body and "image_tags" in body:
        text = "must have tags or image_tags, and not both"
        raise ImsError(400, "IMG.0115", reason=wrong_at(path, "oneOf", text))
    name = "image_tags" if "image_tags" in body else "tags"
    pairs = [pair_in(item) if isinstance(item, dict) else old_pair(item) for item in body.get(name, ())]
    _check_keys([key for key, _ in pairs], (*path, name), ("key",) if name == "image_tags" else ())
    return [text_of(key, value) for key, value in pairs]


def old_pair(text: str) -> Pair:
    """Return the key and the value of a tag in the old form, key.value."""
    key, _, value = text.strip().partition(".")
    return key, value


def chooser(body: Mapping[str, Any]) -> Callable[[Image], bool]:
    """Return which images a body of list_image_by_tags chooses by their tags; raise 400 for a key given twice."""
    if body.get("without_any_tag"):
        return lambda image: not image["tags"]
    tests: list[Callable[[Image], bool]] = []
    for name, combine, is_wanted in _CHOICES:
        if name in body:
            check_unique(body[name], (name,))
            tests.append(_carries(body[name], combine, is_wanted))
    return lambda image: all(test(image) for test in tests)


def common_tags(body: Mapping[str, Any]) -> tuple[tuple[Facet, tuple[str, ...]], ...]:
    """Return what the images have in common that such a body chooses: a tag, where it wants one of some values."""
    for item in () if body.get("without_any_tag") else body.get("tags", ()):
        if item["values"]:
            return ((("tags", ""), tuple(sorted({facet_value(text_of(item["key"], one)) for one in item["values"]}))),)
    return ()


_CHOICES: tuple[tuple[str, Callable[[Iterable[bool]], bool], bool], ...] = (
    ("tags", all, True),
    ("tags_any", any, True),
    ("not_tags", all, False),
    ("not_tags_any", any, False),
)
"""Each list of tags: whether an image has to carry all or any of them, and whether it is then chosen or left out."""


def _carries_one(tags: Mapping[str, str], item: Mapping[str, Any]) -> bool:
    """Return whether tags have a key with one of some values, or with any where there are none."""
    return item["key"] in tags and (not item["values"] or tags[item["key"]] in item["values"])


def _carries(
    wanted: list[dict[str, Any]], combine: Callable[[Iterable[bool]], bool], is_wanted: bool
) -> Callable[[Image], bool]:
    def is_chosen(image: Image) -> bool:
        tags = dict(pairs_of(image))
        carried = [
            item["key"] in tags and (not item["values"] or tags[item["key"]] in item["values"]) for item in wanted
        ]
        return combine(carried) == is_wanted

    return is_chosen
