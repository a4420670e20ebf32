"""Parameters of a request: texts of its path, query and headers that become values of their types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ims_mock.contract.errors import ImsError
from ims_mock.contract.image_ids import in_lower_case
from ims_mock.contract.problems import InvalidError, wrong_at
from ims_mock.contract.validation import Schema


@dataclass(frozen=True)
class Parameter:
    """A parameter of the path, the query or the headers.

    A `repeated` one is a list, with a value each time that it is given; with a `separator`, its text is split.
    """

    name: str
    schema: Schema
    is_needed: bool = False
    repeated: bool = False
    separator: str = ""

    def values_of(self, text: str) -> list[Any]:
        """Return the values that a parameter's text stands for; raise 400 when one breaks the parameter's schema."""
        texts = text.split(self.separator) if self.separator else [text]
        return [self._value_of(part) for part in texts]

    def _value_of(self, text: str) -> Any:
        content = self.schema.content
        text = text.strip(" ") if content.get("x-trimmed") else text
        value: Any = in_lower_case(text) if content.get("x-lower-case-uuids") else text
        if content["type"] == "integer" and re.fullmatch(r"[+-]?[0-9]{1,4000}", text):
            value = int(text)
        elif content["type"] == "boolean":
            value = {"true": True, "false": False}.get(text.lower(), text)
        problems = self.schema.find_problems(value)
        if problems:
            reason = InvalidError(*(problem.under(self.name) for problem in problems))
            raise ImsError(400, content.get("x-code"), reason=reason)
        return min(value, content.get("x-served-maximum", value))


class Parameters(NamedTuple):
    """The parameters of one request: those of path, query and headers by name, and the type of its body."""

    path: Mapping[str, str]
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    media_type: str


def parameter_of(item: Mapping[str, Any], document: Mapping[str, Any], pointer: str) -> Parameter:
    """Return the parameter that an entry of an operation describes; `pointer` is that of its schema."""
    is_needed = item.get("required", False)
    if item["schema"].get("type") != "array":
        return Parameter(item["name"], Schema(document, pointer), is_needed)
    separator = "" if item.get("explode", True) else ","
    return Parameter(item["name"], Schema(document, f"{pointer}/items"), is_needed, True, separator)


def wrong_parameter(name: str, keyword: str, text: str) -> ImsError:
    """Return the 400 of a parameter that breaks a rule."""
    return ImsError(400, reason=wrong_at((name,), keyword, text))
