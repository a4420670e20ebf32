"""What stands in a contract of a consumer for a text that a request had: one of the same form that says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ims_mock.contract.pointers import parts_of
from ims_mock.contract.validation import Schema
from ims_mock.evidence.consumers.documents import is_listed, schemas_at
from ims_mock.evidence.consumers.places import values_at

IMAGE = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86"
JOB = "ff8080814dbd65d7014dbe0d84db0013"
PROJECT = "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c"
"""The project of the caller."""

TOKEN = "ims-mock-token"  # noqa: S105 (it is in the documentation)
"""A token that a mock honours, unless it has another."""

OTHER = "5b0b9a1f3c7d4e2f8a6b0c1d2e3f4a5b"
"""Another project."""

IN_PATH = {"image_id": IMAGE, "job_id": JOB, "project_id": PROJECT, "member_id": OTHER, "tag": "tag", "key": "key"}
"""The values of parameters of the path."""

_UUID = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
_TIME = "2016-06-02T07:49:48Z"

_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        ("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", _UUID),
        ("[0-9a-fA-F]{32}", OTHER),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", _TIME),
        (r"(gte|gt|lte|lt|eq|neq):\d{4}-\d\d-\d\d[T ].*", r"\1:" + _TIME),
        (r"https?://[^/?#]+(?:[/?#].*)?", "https://example.com/file"),
        (r"[a-z0-9.-]{3,63}:[^,]*?(\.[A-Za-z0-9]{2,6})?", r"bucket:file\1"),
        (r"[a-z]{2}-[a-z]+-\d+", "cn-north-1"),
        ("[^=]+=.*", "key=value"),
    )
)
"""Forms of texts, and what stands for each."""

_AS_IT_IS = re.compile(r"|(?i:true|false)|\d{1,6}|all_granted_eps")
"""Texts that say nothing of the user: none, a flag, a small number, and a word of the API's own."""

_OF_IMAGES = ("id", "image_id", "images", "marker", "resource_id")
"""Names under which an id is that of an image."""


_CREDENTIALS = {
    "user/name": "demo",
    "user/password": "secret",
    "domain/name": "Default",
    "project/name": "demo",
    "user/id": "c2f0a8e4d6b94c13a57e9d1f3b5c7e90",
}
"""What stands for those who log in: the first user of a mock."""


class StandIns:
    """Replaces the texts of one request by others that the contract of its operation takes as well."""

    def __init__(self, document: Mapping[str, Any], content: Mapping[str, Any], own: str) -> None:
        """Begin with the API's document, what it has of the body (a schema, maybe an example), and the own project."""
        self._own = own
        self._document = document
        self._schema = content.get("schema")
        self._example = content.get("example")
        self.values: dict[str, set[Any]] = {}

    def body(self, value: Any, place: str = "") -> Any:
        """Return a body in which no text is the user's own, and note in `values` which of the listed ones it has."""
        if isinstance(value, dict):
            if isinstance(value.get("op"), str) and isinstance(value.get("path"), str):
                return {**value, "value": self.body(value["value"], f"{place}/value")} if "value" in value else value
            return {
                name: self.body(item, f"{place}/{name.replace('~', '~0').replace('/', '~1')}")
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self.body(item, f"{place}/*") for item in value]
        return self.text(value, place, self._schema) if isinstance(value, str) else value

    def text(self, value: str, place: str, schema: Any) -> str:
        """Return a text in place of another one; `place` is a pointer in the body, or ? and the name of a parameter."""
        schemas = schemas_at(self._document, schema, "" if place.startswith("?") else place)
        if is_listed(schemas, value):
            self.values.setdefault(place, set()).add(value)
            return value
        if _AS_IT_IS.fullmatch(value):
            return value
        if (places := "/".join(parts_of(place)[-2:])) in _CREDENTIALS:
            return _CREDENTIALS[places]
        names = [part for part in parts_of(place) if part != "*"] or [place[1:]]
        examples = [text for _, text in values_at(self._example, place) if isinstance(text, str)]
        own = [PROJECT] if value == self._own else []
        candidates = [*own, *_candidates(value, names[-1], schemas), *examples]
        return next((text for text in candidates if _fits(schemas, text)), candidates[-1])


def _candidates(value: str, name: str, schemas: list[Mapping[str, Any]]) -> Iterator[str]:
    for form, text in _FORMS:
        match = form.fullmatch(value)
        if match:
            known = {(_UUID, True): IMAGE, (OTHER, False): PROJECT if name == "project_id" else OTHER}
            yield known.get((text, name in _OF_IMAGES)) or match.expand(text)
            break
    yield "text"
    for schema in schemas:
        yield from (example for example in schema.get("examples", ()) if isinstance(example, str))


def _fits(schemas: list[Mapping[str, Any]], text: str) -> bool:
    """Return whether a text has the form that schemas want of it, each by itself."""
    return all(Schema({"text": _form(schema)}, "#/text").is_surely_valid(text) for schema in schemas)


def _form(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: schema[name] for name in ("pattern", "minLength", "maxLength") if name in schema}
