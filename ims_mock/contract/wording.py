"""The sentence for each rule that a value can break, and how a sentence shows a value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SHOWN = 80
"""Most characters of a wrong value that a reason shows."""

_NOT_IN_XML = "[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


@dataclass(frozen=True, slots=True)
class Broken:
    """One keyword of a schema that a value breaks: what the keyword wants, and the schema in which it stands.

    A value that `is_secret` is not shown, unless it is empty.
    """

    keyword: str
    wanted: Any
    value: Any
    schema: Any
    is_secret: bool = False

    @property
    def got(self) -> str:
        """The part of the sentence about the value, after what it must be."""
        return "" if self.is_secret and self.value != "" else f", got {shown(self.value)}"


def sentence(broken: Broken, otherwise: str) -> str:
    """Return the rule that a value breaks, such as "must be at least 1, got 0"; `otherwise` is for other keywords."""
    words = _SENTENCES.get(broken.keyword)
    text = words(broken) if words else ""
    return text or (f"breaks the rule {broken.keyword}" if broken.is_secret else otherwise)


def _type(broken: Broken) -> str:
    names = broken.wanted if isinstance(broken.wanted, list) else [broken.wanted]
    return f"must be of type {' or '.join(map(str, names))}{broken.got}"


def _values(broken: Broken) -> str:
    values = broken.wanted if isinstance(broken.wanted, list) else [broken.wanted]
    return f"must be {' or '.join(json.dumps(value) for value in values)}{broken.got}"


def _any_of(broken: Broken) -> str:
    if all(branch.keys() == {"required"} for branch in broken.wanted):
        names = [name for branch in broken.wanted for name in branch["required"]]
        return f"must have {' or '.join(map(json.dumps, names))}{broken.got}"
    if not isinstance(broken.value, str):
        return ""
    known = [name for branch in broken.wanted for name in branch.get("enum", ())]
    return f"must be one of {len(known)} documented values{broken.got}{nearest(broken.value, known)}"


def _length(broken: Broken) -> str:
    bound, wanted = "least" if broken.keyword == "minLength" else "most", broken.wanted
    return f"must have at {bound} {wanted} character{'' if wanted == 1 else 's'}, got {len(broken.value)}"


def _items(broken: Broken) -> str:
    bound = "least" if broken.keyword == "minItems" else "most"
    return f"must have at {bound} {broken.wanted} items, got {len(broken.value)}"


def _members(broken: Broken) -> str:
    bound = "least" if broken.keyword == "minProperties" else "most"
    return f"must have at {bound} {broken.wanted} member{'' if broken.wanted == 1 else 's'}{broken.got}"


def _required(broken: Broken) -> str:
    missing = [json.dumps(name) for name in broken.wanted if name not in broken.value]
    return f"must have {' and '.join(missing)}{broken.got}"


def _unknown_member(broken: Broken) -> str:
    known = list(broken.schema.get("properties", ()))
    unknown = next(name for name in broken.value if name not in known)
    return f"has an unknown member {shown(unknown)}; the known members are {', '.join(known)}{nearest(unknown, known)}"


_SENTENCES: Mapping[str, Callable[[Broken], str]] = {
    "type": _type,
    "enum": _values,
    "const": _values,
    "anyOf": _any_of,
    "minimum": lambda broken: f"must be at least {broken.wanted}{broken.got}",
    "maximum": lambda broken: f"must be at most {broken.wanted}{broken.got}",
    "exclusiveMinimum": lambda broken: f"must be more than {broken.wanted}{broken.got}",
    "minLength": _length,
    "maxLength": _length,
    "minItems": _items,
    "maxItems": _items,
    "uniqueItems": lambda broken: f"must have each item once{broken.got}",
    "minProperties": _members,
    "maxProperties": _members,
    "required": _required,
    "additionalProperties": _unknown_member,
    "pattern": lambda broken: (
        f"must be {broken.schema.get('x-pattern-rule', f'text that matches {broken.wanted}')}{broken.got}"
    ),
    "oneOf": lambda broken: (
        f"must have {broken.schema.get('x-oneOf-rule', 'exactly one of several forms')}{broken.got}"
    ),
    "readOnly": lambda broken: (
        f"is read-only: {broken.schema.get('x-readOnly-rule', 'the service sets it')}; leave it out"
    ),
}


def shown(value: Any) -> str:
    """Return a value as a reason shows it: JSON, cut when it is long."""
    return cut(json.dumps(value, default=repr))


def cut(text: str) -> str:
    """Return a text as a reason shows it: its beginning, when it is long."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 request", "2 requests"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def nearest(word: str, known: list[str]) -> str:
    """Return '; did you mean "..."?' for the known word nearest to a wrong one, or nothing when none is near."""
    # Imported here, as only what is wrong needs it.
    import difflib

    word = word[:_SHOWN]
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.9)
    # A name that is cut short is nearer to the whole of it than to another of its own length.
    found = found or [name for name in known if word and name.startswith(word)]
    found = found or difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {json.dumps(found[0])}?" if found else ""


def in_xml(text: str) -> str:
    """Return a text without the characters that XML does not have."""
    return re.sub(_NOT_IN_XML, "\N{REPLACEMENT CHARACTER}", text)
